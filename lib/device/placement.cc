#include "device/placement.h"

#include <algorithm>

#include "graph/signature.h"

namespace infer::device {

using graph::kNone;
using graph::Program;
using graph::TensorId;

Placement::Placement(std::span<const std::shared_ptr<const Device>> devices, const Program& program)
    : devices_(devices),
      program_(program),
      group_(program.nodes().size()),
      chosen_(program.nodes().size(), 0),
      answers_(program.nodes().size() * devices.size(), Answer::kUnknown) {
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

Status Placement::decide(const infer_program& whole) {
  for (size_t n = 0; n < group_.size(); ++n) {
    if (group_[n] != n) {
      chosen_[n] = chosen_[group_[n]];
      continue;
    }
    size_t d = 0;
    size_t stuck = n;  // the node that the last device tried does not take
    for (; d < devices_.size(); ++d) {
      bool all = true;
      for (size_t m = n; m < group_.size() && all; ++m)
        if (group_[m] == n && !takes(whole, m, d)) all = false, stuck = m;
      if (all) break;
    }
    if (d == devices_.size()) return no_device(stuck);
    chosen_[n] = d;
  }
  return {};
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
