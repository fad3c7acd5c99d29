#include "device/placement.h"

#include <algorithm>
#include <utility>

#include "base/checked.h"
#include "graph/signature.h"

namespace infer::device {

using graph::kNone;
using graph::Program;
using graph::TensorId;

namespace {

// Bytes of weights for a device that says how much memory it has: a part stays free for KV pages and workspaces.
int64_t room_of(const infer_dev_info& device) {
  if (in_host_memory(device)) return INT64_MAX;
  const int64_t memory = device.memory_free > 0 ? device.memory_free : device.memory_total;
  return memory > 0 ? memory / 5 * 4 : INT64_MAX;
}

constexpr int64_t kMostParts = 16;  // of a matrix that is larger than a layer

}  // namespace

bool in_host_memory(const infer_dev_info& device) {
  return device.kind != INFER_DEV_DISCRETE && device.kind != INFER_DEV_OTHER;
}

int64_t room_for_weights(std::span<const std::shared_ptr<const Device>> devices, int64_t most) {
  bool host = false;
  Size sum(0u);
  for (const auto& d : devices) {
    const int64_t room = room_of(d->info());
    if (room == INT64_MAX && std::exchange(host, true)) continue;  // they share it
    sum = sum + Size(most > 0 ? std::min(most, room) : room);
  }
  return sum.fits(INT64_MAX) ? static_cast<int64_t>(sum.value()) : INT64_MAX;
}

bool is_streamed(const Program::Node& n, size_t i, const Program& program) {
  const TensorId t = n.in[i];
  return t != kNone && program.tensor(t).role == INFER_ROLE_WEIGHT && n.kind != INFER_OP_ROPE;
}

bool is_bank(const Program::Node& n, size_t i) {
  return n.kind == INFER_OP_MATMUL_EXPERTS && n.layer >= 0 && (i == 1 || i == 3);
}

Placement::Placement(std::span<const std::shared_ptr<const Device>> devices, const Program& program, int64_t most,
                     std::vector<size_t> wish)
    : devices_(devices),
      program_(program),
      group_(program.nodes().size()),
      chosen_(program.nodes().size(), 0),
      answers_(program.nodes().size() * devices.size(), Answer::kUnknown),
      most_(most),
      wish_(std::move(wish)),
      ruled_(std::any_of(wish_.begin(), wish_.end(), [](size_t d) { return d != SIZE_MAX; })),
      producer_(program.tensors().size(), SIZE_MAX),
      streamed_(program.nodes().size(), false),
      behind_(program.nodes().size(), false) {
  for (size_t n = 0; n < program.nodes().size(); ++n)
    for (TensorId t : program.nodes()[n].out) producer_[t] = n;
  int64_t routed = -1;  // layer
  for (size_t n = 0; n < behind_.size(); ++n) {
    const Program::Node& node = program.nodes()[n];
    behind_[n] = node.layer >= 0 && node.layer == routed;
    if (node.kind == INFER_OP_ROUTE) routed = node.layer;
  }
  size_t host = SIZE_MAX;
  for (size_t d = 0; d < devices.size(); ++d) {
    const int64_t room = room_of(devices[d]->info());
    if (room == INT64_MAX) host = std::min(host, d);
    pool_.push_back(room == INT64_MAX ? host : d);
    room_.push_back(most > 0 ? std::min(most, room) : room);
  }
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

// The device that a group is offered to before all others: what a rule says, else where there are rules and the group
// has neither weights nor a state, the one that computes the last of its inputs.
size_t Placement::first_choice(size_t group) const {
  for (size_t m : members_[group])
    if (wish_[m] != SIZE_MAX) return wish_[m];
  if (!ruled_) return 0;
  size_t from = SIZE_MAX;
  for (size_t m : members_[group]) {
    for (TensorId t : program_.nodes()[m].in) {
      if (t == kNone) continue;
      const uint32_t role = program_.tensor(t).role;
      if (role == INFER_ROLE_WEIGHT || role == INFER_ROLE_STATE) return 0;
      if (producer_[t] != SIZE_MAX && (from == SIZE_MAX || producer_[t] > from)) from = producer_[t];
    }
  }
  return from == SIZE_MAX ? 0 : chosen_[from];
}

Status Placement::decide(const infer_program& whole) {
  size_t full = SIZE_MAX;
  TRY(choose(whole, full));
  if (full == SIZE_MAX || slot_ > 0) return {};
  int64_t all = 0, experts = 0;
  TRY_SET(const int64_t slot, largest_load(whole, all, experts));
  int64_t& room = room_[pool_[full]];
  const int64_t least = kSlots * slot + experts;
  if (room < least) {
    if (most_ == 0) return {};  // its allocation will say so
    return Status::no_memory(
        str("weights.max allows ", room, " bytes of ", all, "; streaming the rest takes ", kSlots,
            " times the largest layer, ", slot, " bytes", experts > 0 ? str(", and ", experts, " for experts") : ""),
        str("set weights.max to ", least, " or more"));
  }
  room -= least;
  slot_ = slot;
  experts_ = experts;
  size_t still_full = SIZE_MAX;
  TRY(choose(whole, still_full));
  // What is left, and the slots where only experts have no room.
  if (experts_ > 0 && still_full == SIZE_MAX) experts_ += kSlots * slot + std::max<int64_t>(0, left_[pool_[full]]);
  return {};
}

// Bytes that a device does not hold yet, of a group of nodes; when some of the model is streamed, of all of its layer.
int64_t Placement::weights_of(const infer_program& whole, size_t group, const std::vector<bool>& held) const {
  std::vector<TensorId> seen;
  int64_t sum = 0;
  const auto add = [&](size_t node) {
    const Program::Node& n = program_.nodes()[node];
    if (slot_ > 0 && n.kind == INFER_OP_EMBED) return;
    for (size_t i = 0; i < n.in.size(); ++i) {
      const TensorId t = n.in[i];
      int64_t bytes = 0;
      if (slot_ > 0 && is_bank(n, i)) continue;
      if (t == kNone || program_.tensor(t).role != INFER_ROLE_WEIGHT || held[t] ||
          std::find(seen.begin(), seen.end(), t) != seen.end() ||
          !graph::tensor_bytes(program_.tensor(t), whole.symbol_max, whole.n_symbols, &bytes))
        continue;
      seen.push_back(t);
      sum += slot_ > 0 ? padded(bytes) : bytes;
    }
  };
  for (size_t m : members_[group]) add(m);
  const int64_t layer = program_.nodes()[group].layer;
  if (slot_ > 0 && layer >= 0)
    for (size_t n = 0; n < group_.size(); ++n)
      if (program_.nodes()[n].layer == layer) add(n);
  return sum;
}

Status Placement::choose(const infer_program& whole, size_t& full_device) {
  std::vector<std::vector<bool>> held(devices_.size(), std::vector<bool>(program_.tensors().size(), false));
  left_ = room_;
  full_device = SIZE_MAX;
  std::fill(streamed_.begin(), streamed_.end(), false);
  for (size_t n = 0; n < group_.size(); ++n) {
    if (group_[n] != n) {
      chosen_[n] = chosen_[group_[n]];
      streamed_[n] = streamed_[group_[n]];
      continue;
    }
    size_t chosen = SIZE_MAX, full = SIZE_MAX;  // full: the first that takes it but has no room
    size_t stuck = n;                           // node that the last device tried does not take
    const size_t favourite = first_choice(n);
    for (size_t i = 0; i <= devices_.size() && chosen == SIZE_MAX; ++i) {
      const size_t d = i == 0 ? favourite : i - 1;
      if ((i > 0 && d == favourite) || !takes_group(whole, n, d, stuck)) continue;
      const int64_t need = weights_of(whole, n, held[d]);
      if (need <= left_[pool_[d]]) {
        chosen = d;
      } else {
        left_[pool_[d]] = -1;
        full = std::min(full, d);
      }
    }
    if (chosen == SIZE_MAX) {
      chosen = full;
      full_device = std::min(full_device, full);
      streamed_[n] = slot_ > 0;
    } else if (left_[pool_[chosen]] >= 0) {
      left_[pool_[chosen]] -= weights_of(whole, n, held[chosen]);
    }
    if (chosen == SIZE_MAX) return no_device(stuck);
    const auto hold = [&](size_t node) {
      for (TensorId t : program_.nodes()[node].in)
        if (t != kNone && (slot_ == 0 || program_.nodes()[node].kind != INFER_OP_EMBED)) held[chosen][t] = true;
    };
    chosen_[n] = chosen;
    if (streamed_[n]) continue;
    for (size_t m : members_[n]) hold(m);
    if (const int64_t layer = program_.nodes()[n].layer; slot_ > 0 && layer >= 0)
      for (size_t m = 0; m < group_.size(); ++m)
        if (program_.nodes()[m].layer == layer) hold(m);
  }
  return {};
}

// What a slot must hold: the weights of any one layer, without experts, and a part worth the trouble of a matrix that
// stands alone. experts: what a layer of each kind has of them.
Result<int64_t> Placement::largest_load(const infer_program& whole, int64_t& all, int64_t& experts) const {
  struct Layer {
    int64_t number = -1;
    Size dense = 0u, banks = 0u;
    std::string kind;  // of its banks
  };
  std::vector<Layer> layers;
  std::vector<bool> seen(program_.tensors().size(), false);
  Size total(0u);
  int64_t most = 0;
  for (const Program::Node& n : program_.nodes()) {
    if (layers.empty() || layers.back().number != n.layer) layers.emplace_back().number = n.layer;
    Layer& layer = layers.back();
    for (size_t i = 0; i < n.in.size(); ++i) {
      int64_t bytes = 0;
      if (!is_streamed(n, i, program_) ||
          !graph::tensor_bytes(program_.tensor(n.in[i]), whole.symbol_max, whole.n_symbols, &bytes))
        continue;
      if (n.layer < 0 && n.kind == INFER_OP_MATMUL && i == 1) {
        const int64_t row = bytes / program_.tensor(n.in[i]).dim[0] + int64_t{sizeof(float)};  // with its bias
        most = std::max(most, padded(std::min(bytes, std::max(bytes / kMostParts, kColumns * row)) + kAlignment));
      }
      if (seen[n.in[i]]) continue;
      seen[n.in[i]] = true;
      total = total + Size(bytes).padded(kAlignment);
      Size& part = is_bank(n, i) ? layer.banks : layer.dense;
      part = part + Size(bytes).padded(kAlignment);
      if (is_bank(n, i)) layer.kind += graph::shape_text(program_.tensor(n.in[i]));
    }
  }
  if (!total.fits(INT64_MAX / kSlots)) return Status::no_memory("the weights are more than 63 bits can count");
  all = static_cast<int64_t>(total.value());
  experts = 0;
  std::vector<std::string_view> kinds;
  for (const Layer& layer : layers) {
    if (layer.number < 0) continue;
    most = std::max(most, static_cast<int64_t>(layer.dense.value()));
    if (layer.kind.empty() || std::find(kinds.begin(), kinds.end(), layer.kind) != kinds.end()) continue;
    kinds.push_back(layer.kind);
    experts += static_cast<int64_t>(layer.banks.value());
  }
  return most > 0 ? most : all;  // a program without layers: as one
}

WeightsFrom Placement::from(size_t node) const {
  const Program::Node& n = program_.nodes()[node];
  if (slot_ == 0) return WeightsFrom::kMemory;
  if (n.kind == INFER_OP_EMBED && n.in[1] == program_.step().tokens) return WeightsFrom::kRows;
  if (n.layer >= 0 && experts_ > 0) return behind_[node] ? WeightsFrom::kExperts : WeightsFrom::kInputs;
  if (!streamed_[node]) return WeightsFrom::kMemory;
  if (n.layer >= 0) return WeightsFrom::kInputs;
  return n.kind == INFER_OP_MATMUL ? WeightsFrom::kParts : WeightsFrom::kMemory;
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
    const WeightsFrom its = from(n);
    const bool same_kind = !all.empty() && all.back().device == chosen_[n] && all.back().from == its;
    // A layer with bound weights is a plan, so that alike layers can share one; and so is a node whose matrix is cut.
    const bool in_layer = its == WeightsFrom::kInputs || its == WeightsFrom::kExperts;
    const bool goes_on =
        same_kind && (its == WeightsFrom::kMemory ||
                      (in_layer && program_.nodes()[n].layer == program_.nodes()[all.back().first].layer));
    if (!goes_on) all.push_back({chosen_[n], n, 0, its, streamed_[n] && in_layer});
    ++all.back().count;
  }
  return all;
}

std::vector<bool> tensors_of(const Program& program, const Segment& segment) {
  std::vector<bool> used(program.tensors().size(), false);
  for (const Program::Node& node : program.nodes().subspan(segment.first, segment.count)) {
    for (TensorId t : node.out) used[t] = true;
    for (TensorId t : node.in)
      if (t != kNone) used[t] = true;
  }
  return used;
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
