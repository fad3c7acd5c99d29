#include "device/executor.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/checked.h"
#include "device/buffers.h"
#include "device/compiled.h"
#include "device/kv_pages.h"
#include "device/placement.h"
#include "device/step_check.h"
#include "graph/signature.h"

namespace infer::device {
namespace {

using graph::kNone;
using graph::Program;
using graph::Symbols;
using graph::TensorId;

// Inputs, outputs and what crosses between segments, on one device: one buffer, a place per tensor.
struct Exchange {
  Buffer buffer;
  std::vector<int64_t> at;  // [n_tensors] offset; -1: not here
};

// A tensor that one segment computed and others read.
struct Crossing {
  TensorId tensor;
  size_t from, to;  // devices
  size_t after;     // segment that computes it
};

class DeviceExecutor final : public Executor {
 public:
  DeviceExecutor(std::vector<std::shared_ptr<const Device>> devices, const Program& program)
      : devices_(std::move(devices)), program_(program) {}
  Status init(std::span<const Weight> weights, const Limits& limits);
  Status make_pages(int64_t n) override;

  using Executor::run;
  Status run(const Step& step, std::span<float> logits, std::span<float> hidden) override;
  void cancel() override {
    cancelled_.store(true);
    for (Compiled& p : plans_) p.cancel();
  }
  Status write(TensorId input, int64_t at, std::span<const std::byte> bytes) override;
  Status copy_page(int32_t from, int32_t to) override { return pages_.copy(from, to); }
  int64_t page_bytes() const override { return pages_.page_bytes(); }
  Status read_page(int32_t page, std::span<std::byte> out) override { return pages_.read(page, out); }
  Status write_page(int32_t page, std::span<const std::byte> in) override { return pages_.write(page, in); }
  using Executor::discard_pages;
  Result<int64_t> discard_pages(int32_t first, int32_t n) override { return pages_.discard(first, n); }
  std::vector<Placed> placement() const override;
  int64_t workspace_bytes() const override;
  int64_t state_bytes() const override { return pages_.page_bytes() * rules_.limits.pages; }
  std::vector<std::pair<std::string, int64_t>> counters() const override;

 private:
  Status take_weights(std::span<const Weight> weights);
  Status compile(std::span<const Segment> segments, size_t& bad_node, size_t& bad_device);
  Result<const Buffer*> weight_on(TensorId t, size_t device);
  Status make_states();
  Status make_exchanges();
  void make_bindings();

  Symbols symbols_of(const Step& step) const;
  Status write_inputs(const Step& step, const Symbols& symbols);
  Status write_input(TensorId t, const void* data, size_t bytes, int64_t at = 0);
  Status write_adapters(const Step& step);
  Status run_plans(const Symbols& symbols);
  Status cross(const Crossing& c, const Symbols& symbols);

  std::vector<std::shared_ptr<const Device>> devices_;
  const Program& program_;
  StepRules rules_;
  Symbols maxima_{};
  std::vector<std::span<const std::byte>> weight_data_;          // [n_tensors]
  std::vector<Source> weight_source_;                            // [n_tensors]
  std::vector<std::vector<std::pair<size_t, Buffer>>> weights_;  // [n_tensors] per device that needs it
  KvPages pages_;
  std::vector<Exchange> exchanges_;  // [devices]
  size_t logits_device_ = 0, hidden_device_ = 0;
  std::vector<Crossing> crossings_;
  std::vector<int32_t> slots_;      // [tokens] of a step, and [rows]
  std::vector<std::byte> staging_;  // host memory for what goes from device to device
  bool ready_ = false;              // make_pages() was called
  std::vector<Compiled> plans_;     // destroyed before the buffers that they point into
  std::atomic<bool> cancelled_{false};
  Status lost_;  // set once a device is gone
};

// ---- creation -----------------------------------------------------------------------------------------------------

Status check_limits(const Executor::Limits& l) {
  for (int64_t v : {l.tokens, l.seqs, l.rows, l.table_cols, l.pages})
    if (v < 1 || v >= INT32_MAX)
      return Status::invalid(str("limits of an executor must be 1..", INT32_MAX - 1, "; one is ", v));
  return {};
}

Status DeviceExecutor::init(std::span<const Weight> weights, const Limits& limits) {
  if (devices_.empty()) return Status::invalid("an executor needs a device");
  for (const auto& d : devices_)
    if (!d) return Status::invalid("a device of the executor is null");
  TRY(check_limits(limits));
  TRY_SET(rules_, step_rules(program_, limits));
  if (rules_.tensors.logits == kNone) return Status::invalid("the program has no logits");
  maxima_ = {limits.tokens, limits.seqs, limits.seqs + 1, limits.rows, limits.table_cols, limits.pages};
  TRY(take_weights(weights));

  const graph::View whole(program_, maxima_);
  TRY(graph::check_program(*whole.c()));
  std::vector<int64_t> room;
  for (const auto& d : devices_) room.push_back(room_for_weights(d->info()));
  Placement placement(devices_, program_, std::move(room));
  // A device may answer "supports" and then not compile the node: it goes to the next one. Ends, for each round takes a
  // pair away.
  for (;;) {
    TRY(placement.decide(*whole.c()));
    size_t bad_node = SIZE_MAX, bad_device = 0;
    const Status compiled = compile(placement.segments(), bad_node, bad_device);
    if (compiled.ok()) break;
    if (bad_node == SIZE_MAX) return compiled;
    placement.exclude(bad_node, bad_device);
  }
  return make_exchanges();
}

Status DeviceExecutor::make_pages(int64_t n) {
  if (ready_ || n < 1 || n > rules_.limits.pages)
    return Status::invalid(str(n, " pages; this executor takes 1..", rules_.limits.pages, ", once"));
  rules_.limits.pages = n;
  maxima_[graph::kPages] = n;
  TRY(make_states());
  make_bindings();
  ready_ = true;
  return {};
}

Status DeviceExecutor::take_weights(std::span<const Weight> weights) {
  weight_data_.resize(program_.tensors().size());
  weight_source_.resize(program_.tensors().size());
  weights_.resize(program_.tensors().size());
  for (const Weight& w : weights) {
    if (w.tensor >= weight_data_.size() || program_.tensor(w.tensor).role != INFER_ROLE_WEIGHT)
      return Status::invalid(str("data for tensor ", w.tensor, ", which is no weight of this program"));
    const uint64_t needed = program_.bytes(w.tensor, maxima_);
    if (w.data.size() != needed || !w.data.data())
      return Status::invalid(str("weight ", graph::tensor_text(program_.tensor(w.tensor)), " has ", w.data.size(),
                                 " bytes; needs ", needed));
    weight_data_[w.tensor] = w.data;
    weight_source_[w.tensor] = w.source;
  }
  for (TensorId t = 0; t < weight_data_.size(); ++t)
    if (program_.tensor(t).role == INFER_ROLE_WEIGHT && !weight_data_[t].data())
      return Status::invalid(str("weight ", graph::tensor_text(program_.tensor(t)), " has no data"));
  return {};
}

Status DeviceExecutor::compile(std::span<const Segment> segments, size_t& bad_node, size_t& bad_device) {
  plans_.clear();
  plans_.reserve(segments.size());
  for (const Segment& s : segments) {
    const std::vector<bool> used = tensors_of(program_, s);
    std::vector<infer_binding> weights;
    for (TensorId t = 0; t < used.size(); ++t) {
      if (program_.tensor(t).role != INFER_ROLE_WEIGHT || !used[t]) continue;
      TRY_SET(const Buffer* buffer, weight_on(t, s.device));
      weights.push_back({t, 0, buffer->get(), 0, buffer->bytes()});
    }
    bad_device = s.device;
    auto plan = Compiled::make(*devices_[s.device], program_, maxima_, s, weights, &bad_node);
    TRY(plan.status());
    plans_.push_back(plan.take());
  }
  return {};
}

Result<const Buffer*> DeviceExecutor::weight_on(TensorId t, size_t device) {
  for (const auto& [d, buffer] : weights_[t])
    if (d == device) return &buffer;
  TRY_SET(Buffer buffer, Buffer::hold(*devices_[device], weight_data_[t], weight_source_[t],
                                      str("weight '", program_.tensor(t).name, "'")));
  weights_[t].reserve(devices_.size());  // pointers into it stay
  weights_[t].emplace_back(device, std::move(buffer));
  return &weights_[t].back().second;
}

Status DeviceExecutor::make_states() {
  std::vector<bool> made(program_.tensors().size(), false);
  for (const Compiled& p : plans_) {
    const std::vector<bool> used = tensors_of(program_, p.segment());
    for (TensorId t = 0; t < used.size(); ++t) {
      const infer_tensor& tensor = program_.tensor(t);
      if (tensor.role != INFER_ROLE_STATE || !used[t] || made[t]) continue;
      if (tensor.dim[0] != graph::sym(graph::kPages))
        return Status::unsupported(str("state ", graph::tensor_text(tensor), " is not made of pages"));
      const auto bytes = static_cast<int64_t>(program_.bytes(t, maxima_));
      auto buffer = Buffer::make(p.device(), bytes, INFER_USE_STATE, str("the KV cache ('", tensor.name, "')"));
      if (buffer.status().code() == INFER_E_NO_MEMORY)
        return Status::no_memory(std::string(buffer.status().message()),
                                 "use a shorter context, fewer KV pages, or an f16 KV cache");
      TRY(buffer.status());
      pages_.add({t, bytes / rules_.limits.pages, buffer.take()});
      made[t] = true;
    }
  }
  return {};
}

// Places for the inputs, outputs and crossing tensors of every device.
Status DeviceExecutor::make_exchanges() {
  exchanges_.resize(devices_.size());
  int64_t largest = 0;  // of what passes through staging_
  std::vector<Size> total(devices_.size(), 0u);
  for (Exchange& e : exchanges_) e.at.assign(program_.tensors().size(), -1);
  const auto place = [&](TensorId t, size_t device) {
    int64_t& at = exchanges_[device].at[t];
    if (at >= 0) return;
    at = static_cast<int64_t>(total[device].value());
    total[device] = total[device] + Size(program_.bytes(t, maxima_)).padded(64);
  };
  std::vector<size_t> maker(program_.tensors().size(), SIZE_MAX);  // plan that computes a tensor
  for (size_t p = 0; p < plans_.size(); ++p) {
    const Segment& s = plans_[p].segment();
    const std::vector<uint32_t> roles = roles_in(program_, s);
    for (size_t n = s.first; n < s.first + s.count; ++n) {
      const Program::Node& node = program_.nodes()[n];
      for (TensorId t : node.out) {
        maker[t] = p;
        if (t == rules_.tensors.logits) logits_device_ = s.device;
        if (t == rules_.tensors.hidden) hidden_device_ = s.device;
        if (roles[t] == INFER_ROLE_OUTPUT) place(t, s.device);
      }
      for (TensorId t : node.in) {
        if (t == kNone || roles[t] != INFER_ROLE_INPUT) continue;
        const bool crossed = exchanges_[s.device].at[t] >= 0;
        place(t, s.device);
        if (maker[t] == SIZE_MAX || crossed || plans_[maker[t]].segment().device == s.device) continue;
        crossings_.push_back({t, plans_[maker[t]].segment().device, s.device, maker[t]});
        largest = std::max(largest, static_cast<int64_t>(program_.bytes(t, maxima_)));
      }
    }
  }
  for (size_t d = 0; d < devices_.size(); ++d) {
    if (!total[d].fits(INT64_MAX)) return Status::no_memory("a step's inputs and outputs need more than 2^63 bytes");
    if (!total[d].value()) continue;
    TRY_SET(exchanges_[d].buffer, Buffer::make(*devices_[d], static_cast<int64_t>(total[d].value()), INFER_USE_EXCHANGE,
                                               "a step's inputs and outputs"));
  }
  slots_.resize(static_cast<size_t>(rules_.limits.tokens + rules_.limits.rows));
  staging_.resize(static_cast<size_t>(largest));
  return {};
}

void DeviceExecutor::make_bindings() {
  for (Compiled& p : plans_) {
    const std::vector<uint32_t> roles = roles_in(program_, p.segment());
    const std::vector<bool> used = tensors_of(program_, p.segment());
    for (TensorId t = 0; t < roles.size(); ++t) {
      if (!used[t]) continue;
      const Exchange& exchange = exchanges_[p.segment().device];
      if (roles[t] == INFER_ROLE_INPUT || roles[t] == INFER_ROLE_OUTPUT)
        p.binds.push_back({t, 0, exchange.buffer.get(), exchange.at[t], 0});
      for (const KvPages::State& s : pages_.states())
        if (s.tensor == t) p.binds.push_back({t, 0, s.buffer.get(), 0, s.buffer.bytes()});
    }
  }
}

// ---- a run ----------------------------------------------------------------------------------------------------------

// A step without wanted rows still computes one, which nobody gets: symbols start at 1.
Symbols DeviceExecutor::symbols_of(const Step& step) const {
  const int64_t n_seqs = std::max(step.n_seqs(), 1);
  return {step.n_tokens(),    n_seqs, n_seqs + 1, std::max(step.n_rows(), 1), std::max(step.table_cols, 1),
          rules_.limits.pages};
}

Status DeviceExecutor::run(const Step& step, std::span<float> logits, std::span<float> hidden) {
  TRY(lost_);
  if (!ready_) return Status::invalid("the executor has no pages yet");
  cancelled_.store(false);
  TRY(check_step(step, rules_));
  const auto size_of = [&](TensorId t) {
    return static_cast<size_t>(step.n_rows()) * static_cast<size_t>(program_.tensor(t).dim[1]);
  };
  if (!hidden.empty() && rules_.tensors.hidden == kNone) return Status::unsupported("the program gives no hidden rows");
  const size_t wanted = size_of(rules_.tensors.logits), rows = hidden.empty() ? 0 : size_of(rules_.tensors.hidden);
  if (logits.size() < wanted)
    return Status::invalid(str("room for ", logits.size(), " logits; this step writes ", wanted));
  if (hidden.size() < rows) return Status::invalid(str("room for ", hidden.size(), " of ", rows, " hidden values"));

  const Symbols symbols = symbols_of(step);
  Status s = write_inputs(step, symbols);
  if (s.ok()) s = run_plans(symbols);
  const auto read = [&](TensorId t, size_t device, float* out, size_t n) {
    const Exchange& e = exchanges_[device];
    if (s.ok() && n > 0) s = e.buffer.read(e.at[t], out, static_cast<int64_t>(n * sizeof(float)));
  };
  read(rules_.tensors.logits, logits_device_, logits.data(), wanted);
  read(rules_.tensors.hidden, hidden_device_, hidden.data(), rows);
  if (s.code() == INFER_E_DEVICE_LOST) lost_ = s;
  return s;
}

Status DeviceExecutor::write_input(TensorId t, const void* data, size_t bytes, int64_t at) {
  if (t == kNone) return {};
  for (const Exchange& e : exchanges_)
    if (e.at[t] >= 0) TRY(e.buffer.write(e.at[t] + at, data, static_cast<int64_t>(bytes)));
  return {};
}

Status DeviceExecutor::write(TensorId input, int64_t at, std::span<const std::byte> bytes) {
  const bool is_input = input < program_.tensors().size() && program_.tensor(input).role == INFER_ROLE_INPUT;
  const uint64_t size = is_input ? program_.bytes(input, maxima_) : 0;
  if (at < 0 || static_cast<uint64_t>(at) > size || bytes.size() > size - static_cast<uint64_t>(at))
    return Status::invalid(str("bytes ", at, ", +", bytes.size(), " of an input of ", size));
  return write_input(input, bytes.data(), bytes.size(), at);
}

// A step in which no row has an adapter says so for each.
Status DeviceExecutor::write_adapters(const Step& step) {
  const graph::StepTensors& t = rules_.tensors;
  if (t.adapters == kNone && t.row_adapters == kNone) return {};
  const auto n_tokens = static_cast<size_t>(step.n_tokens()), n_rows = static_cast<size_t>(std::max(step.n_rows(), 1));
  const auto tokens = std::span(slots_).first(n_tokens), rows = std::span(slots_).last(n_rows);
  std::ranges::fill(tokens, -1);
  std::ranges::copy(step.adapters, tokens.begin());
  rows[0] = tokens[0];
  for (size_t r = 0; r < step.rows.size(); ++r) rows[r] = tokens[static_cast<size_t>(step.rows[r])];
  TRY(write_input(t.adapters, tokens.data(), tokens.size_bytes()));
  return write_input(t.row_adapters, rows.data(), rows.size_bytes());
}

Status DeviceExecutor::write_inputs(const Step& step, const Symbols& symbols) {
  const auto write = [&](TensorId t, const std::vector<int32_t>& v) {
    return write_input(t, v.data(), v.size() * sizeof(int32_t));
  };
  const graph::StepTensors& t = rules_.tensors;
  constexpr int32_t kFirstRow = 0;
  TRY(write(t.tokens, step.tokens));
  TRY(write(t.positions, step.positions));
  TRY(write(t.q_start, step.q_start));
  TRY(write(t.kv_len, step.kv_len));
  TRY(write(t.block_table, step.block_table));
  TRY(step.rows.empty() ? write_input(t.rows, &kFirstRow, sizeof kFirstRow) : write(t.rows, step.rows));
  TRY(write_adapters(step));
  for (Compiled& p : plans_)
    for (infer_binding& b : p.binds)
      if (program_.tensor(b.tensor).role != INFER_ROLE_STATE)
        b.bytes = static_cast<int64_t>(program_.bytes(b.tensor, symbols));
  return {};
}

Status DeviceExecutor::run_plans(const Symbols& symbols) {
  const auto stopped = [&] {
    return cancelled_.load() ? Status(INFER_E_CANCELLED, "the run was cancelled") : Status();
  };
  for (size_t p = 0; p < plans_.size(); ++p) {
    TRY(stopped());
    TRY(plans_[p].submit(symbols));
    TRY(plans_[p].wait(cancelled_));
    for (const Crossing& c : crossings_)
      if (c.after == p) TRY(cross(c, symbols));
  }
  return stopped();
}

Status DeviceExecutor::cross(const Crossing& c, const Symbols& symbols) {
  const Exchange &from = exchanges_[c.from], &to = exchanges_[c.to];
  const auto bytes = static_cast<int64_t>(program_.bytes(c.tensor, symbols));
  if (from.buffer.host()) return to.buffer.write(to.at[c.tensor], from.buffer.host() + from.at[c.tensor], bytes);
  TRY(from.buffer.read(from.at[c.tensor], staging_.data(), bytes));
  return to.buffer.write(to.at[c.tensor], staging_.data(), bytes);
}

// ---- facts ----------------------------------------------------------------------------------------------------------

std::vector<Executor::Placed> DeviceExecutor::placement() const {
  std::vector<Placed> all;
  for (const Compiled& p : plans_) {
    for (size_t n = p.segment().first; n < p.segment().first + p.segment().count; ++n) {
      const Program::Node& node = program_.nodes()[n];
      Placed placed{
          static_cast<uint32_t>(n), graph::op_name(node.kind), std::string(p.device().name()), p.kernel(n), "", ""};
      for (TensorId t : node.in) {
        if (t == kNone || program_.tensor(t).role != INFER_ROLE_WEIGHT || !placed.weight.empty()) continue;
        placed.weight = program_.tensor(t).name;
        placed.type = graph::type_name(program_.tensor(t).type);
      }
      all.push_back(std::move(placed));
    }
  }
  return all;
}

int64_t DeviceExecutor::workspace_bytes() const {
  auto bytes = static_cast<int64_t>(staging_.size());
  for (const Compiled& p : plans_) bytes += p.bytes();
  for (const Exchange& e : exchanges_) bytes += e.buffer.bytes();
  return bytes;
}

std::vector<std::pair<std::string, int64_t>> DeviceExecutor::counters() const {
  constexpr int32_t kMaxCounters = 10000;  // a list that does not end is cut here
  std::vector<std::pair<std::string, int64_t>> all;
  for (size_t d = 0; d < devices_.size(); ++d) {
    const Device& device = *devices_[d];
    const bool used =
        std::any_of(plans_.begin(), plans_.end(), [&](const Compiled& p) { return p.segment().device == d; });
    if (!used || !INFER_HAS(&device.backend(), counter_at)) continue;
    for (int32_t i = 0; i < kMaxCounters; ++i) {
      const char* name = nullptr;
      int64_t value = 0;
      if (call_or<int32_t>(0, [&] { return device.backend().counter_at(device.dev(), i, &name, &value); }) != 1) break;
      if (name) all.emplace_back(str(device.name(), ".", name), value);
    }
  }
  return all;
}

}  // namespace

Result<int64_t> Executor::discard_pages(std::vector<int32_t> pages) {
  int64_t freed = 0;
  std::sort(pages.begin(), pages.end());
  for (size_t begin = 0, end = 0; begin < pages.size(); begin = end) {
    for (end = begin + 1; end < pages.size() && pages[end] == pages[end - 1] + 1;) ++end;
    TRY_SET(const int64_t run, discard_pages(pages[begin], static_cast<int32_t>(end - begin)));
    freed += run;
  }
  return freed;
}

Result<std::unique_ptr<Executor>> Executor::compile(std::vector<std::shared_ptr<const Device>> devices,
                                                    const Program& program, std::span<const Weight> weights,
                                                    const Limits& limits) {
  auto executor = std::make_unique<DeviceExecutor>(std::move(devices), program);
  TRY(executor->init(weights, limits));
  return std::unique_ptr<Executor>(std::move(executor));
}

Result<std::unique_ptr<Executor>> Executor::create(std::vector<std::shared_ptr<const Device>> devices,
                                                   const Program& program, std::span<const Weight> weights,
                                                   const Limits& limits) {
  TRY_SET(auto executor, compile(std::move(devices), program, weights, limits));
  TRY(executor->make_pages(limits.pages));
  return executor;
}

}  // namespace infer::device
