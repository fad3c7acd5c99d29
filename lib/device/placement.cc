#include "device/placement.h"

#include <algorithm>
#include <utility>

#include "graph/signature.h"

namespace infer::device {

using graph::kNone;
using graph::Program;
using graph::TensorId;

Placement::Placement(std::span<const std::shared_ptr<const Device>> devices, const Program& program,
                     std::vector<int64_t> room)
    : devices_(devices),
      program_(program),
      group_(program.nodes().size()),
      chosen_(program.nodes().size(), 0),
      answers_(program.nodes().size() * devices.size(), Answer::kUnknown),
      room_(std::move(room)) {
  std::vector<size_t> first_user(program.tensors().size(), SIZE_MAX);  // of a state
  for (size_t n = 0; n < group_.size(); ++n) {
    group_[n] = n;
    for (TensorId t : program.nodes()[n].in) {
      if (t == kNone || program.tensor(t).role != INFER_ROLE_STATE) continue;
      if (first_user[t] == SIZE_MAX) {
        first_user[t] = n;
        continue;
      }
      const size_t a = group_[first_user[t]], b = group_[n];  // two groups become one
      for (size_t m = 0; m <= n; ++m)
        if (group_[m] == std::max(a, b)) group_[m] = std::min(a, b);
    }
  }
  members_.resize(group_.size());
  for (size_t n = 0; n < group_.size(); ++n) members_[group_[n]].push_back(n);
}

bool Placement::takes(const infer_program& whole, size_t node, size_t device) {
  Answer& answer = answers_[node * devices_.size() + device];
  if (answer == Answer::kUnknown) {
    const Device& d = *devices_[device];
    const int32_t yes =
        call_or<int32_t>(0, [&] { return d.backend().supports(d.dev(), &whole, static_cast<uint32_t>(node)); });
    answer = yes == 1 ? Answer::kYes : Answer::kNo;
  }
  return answer == Answer::kYes;
}

void Placement::exclude(size_t node, size_t device) { answers_[node * devices_.size() + device] = Answer::kNo; }

// Every node of the group that begins at `first`; stuck: the one that it does not take.
bool Placement::takes_group(const infer_program& whole, size_t first, size_t device, size_t& stuck) {
  for (size_t m : members_[first])
    if (!takes(whole, m, device)) return stuck = m, false;
  return true;
}

Status Placement::decide(const infer_program& whole) {
  std::vector<std::vector<bool>> held(devices_.size(), std::vector<bool>(program_.tensors().size(), false));
  std::vector<int64_t> left = room_;
  for (size_t n = 0; n < group_.size(); ++n) {
    if (group_[n] != n) {
      chosen_[n] = chosen_[group_[n]];
      continue;
    }
    const auto each_weight = [&](auto f) {
      for (size_t m : members_[n])
        for (TensorId t : program_.nodes()[m].in)
          if (t != kNone && program_.tensor(t).role == INFER_ROLE_WEIGHT) f(t);
    };
    const auto need = [&](size_t d) {  // bytes that the device does not hold yet
      int64_t sum = 0;
      each_weight([&](TensorId t) {
        int64_t bytes = 0;
        if (!held[d][t] && graph::tensor_bytes(program_.tensor(t), whole.symbol_max, whole.n_symbols, &bytes))
          sum += bytes;
      });
      return sum;
    };
    size_t chosen = SIZE_MAX, full = SIZE_MAX;  // full: the first that takes it but has no room
    size_t stuck = n;                           // node that the last device tried does not take
    for (size_t d = 0; d < devices_.size() && chosen == SIZE_MAX; ++d) {
      if (!takes_group(whole, n, d, stuck)) continue;
      if (need(d) <= left[d]) {
        chosen = d;
      } else {
        left[d] = -1;
        full = std::min(full, d);
      }
    }
    if (chosen == SIZE_MAX) chosen = full;  // nobody has room: its allocation will say so
    if (chosen == SIZE_MAX) return no_device(stuck);
    if (left[chosen] >= 0) left[chosen] -= need(chosen);
    each_weight([&](TensorId t) { held[chosen][t] = true; });
    chosen_[n] = chosen;
  }
  return {};
}

int64_t room_for_weights(const infer_dev_info& device) {
  if (device.kind != INFER_DEV_DISCRETE && device.kind != INFER_DEV_OTHER) return INT64_MAX;  // the host's memory
  const int64_t memory = device.memory_free > 0 ? device.memory_free : device.memory_total;
  return memory > 0 ? memory / 5 * 4 : INT64_MAX;
}

Status Placement::no_device(size_t node) const {
  const Program::Node& n = program_.nodes()[node];
  std::string inputs, tried;
  for (TensorId t : n.in)
    if (t != kNone) inputs += str(inputs.empty() ? "" : ", ", graph::tensor_text(program_.tensor(t)));
  for (const auto& d : devices_) tried += str(tried.empty() ? "" : ", ", d->name());
  return Status::unsupported(
      str("no device takes node ", node, ", ", graph::op_name(n.kind), " of ", inputs, " (asked: ", tried, ")"),
      "load a backend that does; 'reference' takes every operator");
}

std::vector<Segment> Placement::segments() const {
  std::vector<Segment> all;
  for (size_t n = 0; n < chosen_.size(); ++n) {
    if (all.empty() || all.back().device != chosen_[n]) all.push_back({chosen_[n], n, 0});
    ++all.back().count;
  }
  return all;
}

std::vector<uint32_t> roles_in(const Program& program, const Segment& segment) {
  std::vector<uint32_t> roles;
  for (const infer_tensor& t : program.tensors()) roles.push_back(t.role);
  const auto computed = [&](TensorId t) { return roles[t] == INFER_ROLE_TEMP || roles[t] == INFER_ROLE_OUTPUT; };
  std::vector<bool> here(roles.size(), false), needed_elsewhere(roles.size(), false);
  for (size_t n = 0; n < program.nodes().size(); ++n) {
    const bool inside = n >= segment.first && n < segment.first + segment.count;
    for (TensorId t : program.nodes()[n].out)
      if (inside) here[t] = true;
    for (TensorId t : program.nodes()[n].in)
      if (t != kNone && !inside) needed_elsewhere[t] = true;
  }
  for (TensorId t = 0; t < roles.size(); ++t) {
    if (!computed(t)) continue;
    if (!here[t])
      roles[t] = INFER_ROLE_INPUT;
    else if (needed_elsewhere[t])
      roles[t] = INFER_ROLE_OUTPUT;
  }
  return roles;
}

}  // namespace infer::device
