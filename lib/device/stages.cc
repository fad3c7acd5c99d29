#include "device/stages.h"

#include <algorithm>
#include <numeric>

#include "base/checked.h"
#include "device/alike.h"
#include "graph/signature.h"

namespace infer::device {

using graph::kNone;
using graph::Program;
using graph::Symbols;
using graph::TensorId;

namespace {

// Tensors whose bytes come with each run instead of staying: [n_tensors].
std::vector<bool> coming(const Program& program, const Segment& s) {
  std::vector<bool> is(program.tensors().size(), false);
  if (s.from == WeightsFrom::kMemory) return is;
  for (const Program::Node& n : program.nodes().subspan(s.first, s.count))
    for (size_t i = 0; i < n.in.size(); ++i)
      if (is_streamed(n, i, program)) is[n.in[i]] = true;
  return is;
}

}  // namespace

int64_t Stages::bytes_of(const infer_tensor& t, const Symbols& values) {
  int64_t bytes = 0;
  return graph::tensor_bytes(t, values.data(), graph::kSymbolCount, &bytes) ? bytes : INT64_MAX;
}

// ---- compiling ------------------------------------------------------------------------------------------------------

Status Stages::make(std::span<const Segment> segments, int64_t slot_bytes, int64_t expert_bytes, const Symbols& maxima,
                    size_t& bad_node, size_t& bad_device) {
  streams_.clear();
  stages_.clear();
  plans_.clear();
  plans_.reserve(2 * segments.size());
  segments_.assign(segments.begin(), segments.end());
  slot_bytes_ = slot_bytes;
  TRY(find_mixtures(expert_bytes));
  for (size_t s = 0; s < segments_.size(); ++s) {
    bad_device = segments_[s].device;
    TRY(segments_[s].from == WeightsFrom::kParts ? compile_parts(s, maxima, bad_node) : compile(s, maxima, bad_node));
  }
  return {};
}

// A new plan of what the view declares. Weights that stay are bound to their buffers.
Result<size_t> Stages::plan(size_t segment, const graph::View& view, size_t& bad_node) {
  const Segment& s = segments_[segment];
  const Device& device = *devices_[s.device];
  const std::vector<bool> used = tensors_of(program_, s);
  std::vector<infer_binding> weights;
  for (TensorId t = 0; t < used.size(); ++t) {
    if (view.c()->tensors[t].role != INFER_ROLE_WEIGHT || !used[t]) continue;
    TRY_SET(const Buffer* buffer, weights_.on(device, t));
    weights.push_back({t, 0, buffer->get(), 0, buffer->bytes()});
  }
  size_t bad_op = SIZE_MAX;
  auto made = Compiled::make(device, view, weights, str("nodes ", s.first, "..", s.first + s.count - 1), &bad_op);
  bad_node = bad_op == SIZE_MAX ? SIZE_MAX : s.first + bad_op;
  TRY(made.status());
  plans_.push_back(made.take());
  return plans_.size() - 1;
}

// Layers whose experts are of the same sizes share a cache; what room there is beyond one layer of each kind is
// shared as their sizes say.
Status Stages::find_mixtures(int64_t expert_bytes) {
  mixtures_.clear();
  mixture_of_.assign(segments_.size(), SIZE_MAX);
  for (size_t s = 0; s < segments_.size(); ++s) {
    if (segments_[s].from != WeightsFrom::kExperts) continue;
    TRY_SET(Mixture made, mixture_of(s));
    if (made.bytes.empty()) continue;  // another device has this layer's experts
    const auto known = std::find_if(mixtures_.begin(), mixtures_.end(), [&](const Mixture& m) {
      return segments_[m.segment].device == segments_[s].device && m.n_experts == made.n_experts &&
             m.bytes == made.bytes;
    });
    mixture_of_[s] = static_cast<size_t>(known - mixtures_.begin());
    if (known == mixtures_.end()) mixtures_.push_back(std::move(made));
    ++mixtures_[mixture_of_[s]].layers;
  }
  const auto each = [](const Mixture& m) { return std::accumulate(m.bytes.begin(), m.bytes.end(), int64_t{0}); };
  int64_t least = 0, beyond = 0;
  for (const Mixture& m : mixtures_) {
    least += m.n_experts * each(m);
    beyond += (m.layers - 1) * m.n_experts * each(m);
  }
  const int64_t spare = std::clamp<int64_t>(expert_bytes - least, 0, beyond);
  for (Mixture& m : mixtures_) {
    const double part = beyond > 0 ? static_cast<double>(spare) / static_cast<double>(beyond) : 0;
    m.n_places = m.n_experts + static_cast<int64_t>(part * static_cast<double>((m.layers - 1) * m.n_experts));
    const Device& device = *devices_[segments_[m.segment].device];
    TRY_SET(m.cache, ExpertCache::make(device, m.layers, m.n_experts, m.n_places, m.bytes));
    m.layers = 0;  // counted anew as their stages are made
  }
  return {};
}

Result<Stages::Mixture> Stages::mixture_of(size_t segment) const {
  const Segment& s = segments_[segment];
  const std::vector<uint32_t> roles = roles_in(program_, s);
  Mixture m;
  m.segment = segment;
  TensorId ids = kNone;
  for (const Program::Node& n : program_.nodes().subspan(s.first, s.count)) {
    for (size_t i = 0; i < n.in.size(); ++i) {
      if (n.in[i] == kNone || !is_bank(n, i)) continue;
      const infer_tensor& bank = program_.tensor(n.in[i]);
      if (ids == kNone) ids = n.in[2], m.n_experts = bank.dim[0];
      if (n.in[2] != ids || bank.dim[0] != m.n_experts || roles[ids] != INFER_ROLE_INPUT)
        return Status::unsupported("experts of one layer that are chosen in different ways cannot be streamed",
                                   "set weights.max to 0");
      m.bytes.push_back(bytes_of(bank, Symbols{}) / bank.dim[0]);
    }
  }
  return m;
}

Status Stages::compile(size_t segment, const Symbols& maxima, size_t& bad_node) {
  const Segment& s = segments_[segment];
  const std::vector<bool> comes = coming(program_, s);
  std::vector<uint32_t> roles = roles_in(program_, s);
  for (TensorId t = 0; t < roles.size(); ++t)
    if (comes[t]) roles[t] = INFER_ROLE_INPUT;
  graph::View view(program_, maxima, s.first, s.count, roles);
  std::vector<TensorId> same(program_.tensors().size());
  const size_t mixture = mixture_of_[segment];
  if (s.from == WeightsFrom::kRows) TRY(declare_rows(s, view, maxima));
  if (mixture != SIZE_MAX) TRY(declare_experts(s, mixtures_[mixture], view, maxima));
  size_t plan = SIZE_MAX;
  if (s.from == WeightsFrom::kInputs || s.from == WeightsFrom::kExperts) {
    for (const Stage& known : stages_)
      if (plan == SIZE_MAX && alike(program_, segments_[known.segment], s, same)) plan = known.plan;
  }
  if (plan == SIZE_MAX) {
    std::iota(same.begin(), same.end(), 0u);
    TRY_SET(plan, this->plan(segment, view, bad_node));
  }
  same.push_back(static_cast<TensorId>(same.size()));  // the places of experts
  TRY(add(segment, plan, view, same));
  if (mixture == SIZE_MAX) return {};
  Stage& stage = stages_.back();
  stage.mixture = mixture;
  stage.layer = mixtures_[mixture].layers++;
  return {};
}

// The table has as many rows as the step has tokens, each its own.
Status Stages::declare_rows(const Segment& s, graph::View& view, const Symbols& maxima) {
  infer_tensor& table = view.tensor(program_.nodes()[s.first].in[0]);
  table.dim[0] = graph::sym(graph::kTokens);
  const int64_t bytes = bytes_of(table, maxima), tokens = maxima[graph::kTokens];
  if (bytes == INT64_MAX) return Status::no_memory("rows of an embedding table that 63 bits cannot count");
  std::vector<int32_t> order(static_cast<size_t>(tokens));
  std::iota(order.begin(), order.end(), 0);
  const auto order_bytes = static_cast<int64_t>(order.size() * sizeof order[0]);
  const Device& device = *devices_[s.device];
  TRY_SET(rows_, Buffer::make(device, bytes, INFER_USE_EXCHANGE, "rows of the embedding table"));
  TRY_SET(order_, Buffer::make(device, order_bytes, INFER_USE_EXCHANGE, "rows of the embedding table"));
  row_.resize(static_cast<size_t>(bytes / tokens));
  return order_.write(0, order.data(), order_bytes);
}

// Banks have as many experts as the cache has places, and nodes choose places. The last tensor of the view.
Status Stages::declare_experts(const Segment& s, const Mixture& m, graph::View& view, const Symbols& maxima) {
  TensorId places = kNone;
  for (size_t i = 0; i < s.count; ++i) {
    const Program::Node& n = program_.nodes()[s.first + i];
    if (n.kind != INFER_OP_MATMUL_EXPERTS) continue;
    if (places == kNone) {
      infer_tensor t = program_.tensor(n.in[2]);
      t.role = INFER_ROLE_INPUT;
      const int64_t bytes = bytes_of(t, maxima);
      if (bytes == INT64_MAX) return Status::no_memory("choices of experts that 63 bits cannot count");
      places = view.add(t);
      if (bytes > places_.bytes()) {
        TRY_SET(places_, Buffer::make(*devices_[s.device], bytes, INFER_USE_EXCHANGE, "the places of experts"));
        ids_.resize(static_cast<size_t>(bytes) / sizeof(int32_t));
        place_of_.resize(ids_.size());
      }
    }
    view.replace_input(i, 2, places);
    for (size_t in = 0; in < n.in.size(); ++in)
      if (n.in[in] != kNone && is_bank(n, in)) view.tensor(n.in[in]).dim[0] = m.n_places;
  }
  return {};
}

// Columns of an output matrix that fit a slot, as few times as possible; all with one plan, so the last part begins
// where it ends with the matrix.
Status Stages::compile_parts(size_t segment, const Symbols& maxima, size_t& bad_node) {
  const Segment& s = segments_[segment];
  const Program::Node& n = program_.nodes()[s.first];
  const TensorId w = n.in[1], bias = n.in.size() > 2 ? n.in[2] : kNone, out = n.out[0];
  const infer_tensor& matrix = program_.tensor(w);
  const int64_t all = matrix.dim[0], row = bytes_of(matrix, maxima) / all;
  const int64_t room = slot_bytes_ - (bias == kNone ? 0 : Placement::kAlignment);
  const int64_t fit = room / (row + (bias == kNone ? 0 : int64_t{sizeof(float)}));
  int64_t columns = all;
  if (fit < all) {
    const int64_t most = fit / Placement::kColumns * Placement::kColumns;
    if (most == 0)
      return Status::no_memory(str("a slot for streamed weights of ", slot_bytes_, " bytes is too small for ",
                                   Placement::kColumns, " rows of ", graph::tensor_text(matrix)),
                               "set weights.max to more");
    const int64_t parts = (all + most - 1) / most;
    columns = std::min(most, Placement::padded((all + parts - 1) / parts, Placement::kColumns));
  }

  std::vector<uint32_t> roles = roles_in(program_, s);
  roles[w] = INFER_ROLE_INPUT;
  if (bias != kNone) roles[bias] = INFER_ROLE_INPUT;
  roles[out] = INFER_ROLE_OUTPUT;
  graph::View view(program_, maxima, s.first, s.count, roles);
  view.tensor(w).dim[0] = columns;
  if (bias != kNone) view.tensor(bias).dim[0] = columns;
  infer_tensor& part = view.tensor(out);
  part.dim[part.rank - 1] = columns;
  const int64_t part_bytes = bytes_of(part, maxima);
  if (part_bytes == INT64_MAX) return Status::no_memory("an output that 63 bits cannot count");
  if (columns < all && part_bytes > part_.bytes()) {
    TRY_SET(part_, Buffer::make(*devices_[s.device], part_bytes, INFER_USE_EXCHANGE, "a part of the output"));
    if (!part_.host()) columns_.resize(static_cast<size_t>(part_bytes));
  }
  std::vector<TensorId> same(program_.tensors().size());
  std::iota(same.begin(), same.end(), 0u);
  TRY_SET(const size_t plan, this->plan(segment, view, bad_node));
  for (int64_t first = 0; first < all; first += columns) {
    TRY(add(segment, plan, view, same));
    Stage& stage = stages_.back();
    stage.first_column = std::min(first, all - columns);
    stage.columns = columns;
    for (WeightStream::Piece& p : stage.load) {
      const size_t each = p.bytes.data.size() / static_cast<size_t>(all);
      p.bytes = p.bytes.part(static_cast<size_t>(stage.first_column) * each, static_cast<size_t>(columns) * each);
    }
    if (columns < all)
      for (Bound& bound : stage.bound)
        if (bound.tensor == out) bound.where = Where::kPart;
    // Offsets as of parts, not of the whole.
    int64_t at = 0;
    for (WeightStream::Piece& p : stage.load) {
      p.at = at;
      at += Placement::padded(static_cast<int64_t>(p.bytes.data.size()));
    }
  }
  return {};
}

Stages::Where Stages::where(const Segment& s, TensorId t, const infer_tensor& shape) const {
  const Program::Node& first = program_.nodes()[s.first];
  if (shape.role == INFER_ROLE_STATE) return Where::kState;
  if (t == program_.tensors().size()) return Where::kPlaces;
  if (s.from == WeightsFrom::kRows && t == first.in[0]) return Where::kRows;
  if (s.from == WeightsFrom::kRows && t == first.in[1]) return Where::kOrder;
  if (program_.tensor(t).role != INFER_ROLE_WEIGHT) return Where::kExchange;
  if (s.from == WeightsFrom::kExperts) {
    for (const Program::Node& n : program_.nodes().subspan(s.first, s.count))
      for (size_t i = 0; i < n.in.size(); ++i)
        if (n.in[i] == t && is_bank(n, i)) return Where::kBank;
  }
  return s.streamed || s.from == WeightsFrom::kParts ? Where::kSlot : Where::kWeight;
}

// A stage of this plan; same[t]: what the plan calls tensor t.
Status Stages::add(size_t segment, size_t plan, const graph::View& view, const std::vector<TensorId>& same) {
  const Segment& s = segments_[segment];
  Stage stage;
  stage.segment = segment;
  stage.plan = plan;
  std::vector<bool> used = tensors_of(program_, s);
  used.resize(view.c()->n_tensors, true);
  int64_t at = 0;
  for (TensorId t = 0; t < used.size(); ++t) {
    const infer_tensor& shape = view.c()->tensors[t];
    if (!used[t] || shape.role == INFER_ROLE_WEIGHT || shape.role == INFER_ROLE_TEMP) continue;
    stage.binds.push_back({same[t], 0, nullptr, 0, 0});
    stage.bound.push_back({t, shape, where(s, t, shape)});
    if (stage.bound.back().where != Where::kSlot) continue;
    stage.load.push_back({weights_.bytes(t), at});
    at += Placement::padded(static_cast<int64_t>(weights_.bytes(t).data.size()));
  }
  if (s.from != WeightsFrom::kParts && at > slot_bytes_)
    return Status::internal(str("nodes from ", s.first, " on need ", at, " bytes of a slot of ", slot_bytes_));
  for (const Program::Node& n : program_.nodes().subspan(s.first, s.count))
    for (size_t i = 0; i < n.in.size(); ++i)
      if (s.from == WeightsFrom::kExperts && n.in[i] != kNone && is_bank(n, i))
        stage.banks.push_back(weights_.bytes(n.in[i]));
  if (s.from == WeightsFrom::kParts) stage.out = program_.nodes()[s.first].out[0];
  stages_.push_back(std::move(stage));
  return {};
}

}  // namespace infer::device
