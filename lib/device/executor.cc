#include "device/executor.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "device/exchange.h"
#include "device/kv_pages.h"
#include "device/placement.h"
#include "device/stages.h"
#include "device/step_check.h"
#include "graph/signature.h"

namespace infer::device {
namespace {

using graph::kNone;
using graph::Program;
using graph::Symbols;
using graph::TensorId;

class DeviceExecutor final : public Executor {
 public:
  DeviceExecutor(std::vector<std::shared_ptr<const Device>> devices, const Program& program)
      : devices_(std::move(devices)), program_(program), stages_(devices_, program_, weights_) {}
  Status init(std::span<const Weight> weights, const Limits& limits);
  Status make_pages(int64_t n) override;

  using Executor::run;
  Status run(const Step& step, std::span<float> logits, std::span<float> hidden) override;
  void cancel() override {
    cancelled_.store(true);
    stages_.cancel();
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
  std::vector<Memory> memory() const override;
  int64_t state_bytes() const override { return pages_.page_bytes() * rules_.limits.pages; }
  Streamed streamed() const override { return stages_.streamed(); }
  std::vector<std::pair<std::string, int64_t>> counters() const override;

 private:
  Status make_states();

  Symbols symbols_of(const Step& step) const;
  Status write_inputs(const Step& step);
  Status write_adapters(const Step& step);

  std::vector<std::shared_ptr<const Device>> devices_;
  const Program& program_;
  StepRules rules_;
  Symbols maxima_{};
  std::vector<Segment> segments_;
  Weights weights_;
  KvPages pages_;
  Exchange exchange_;
  std::vector<int32_t> slots_;  // [tokens] of a step, and [rows]
  bool ready_ = false;          // make_pages() was called
  Stages stages_;               // destroyed before the buffers that they point into
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
  TRY(weights_.take(program_, weights, maxima_));

  const graph::View whole(program_, maxima_);
  TRY(graph::check_program(*whole.c()));
  TRY_SET(std::vector<size_t> wish, wishes(program_, limits.place));
  rules_.limits.place = {};  // the caller's
  Placement placement(devices_, program_, limits.weights, std::move(wish));
  // A device may answer "supports" and then not compile the node: it goes to the next one. Ends, for each round takes a
  // pair away.
  for (;;) {
    TRY(placement.decide(*whole.c()));
    segments_ = placement.segments();
    size_t bad_node = SIZE_MAX, bad_device = 0;
    const Status compiled =
        stages_.make(segments_, placement.slot_bytes(), placement.expert_bytes(), maxima_, bad_node, bad_device);
    if (compiled.ok()) break;
    if (bad_node == SIZE_MAX) return compiled;
    placement.exclude(bad_node, bad_device);
  }
  TRY(exchange_.make(devices_, program_, segments_, maxima_));
  slots_.resize(static_cast<size_t>(rules_.limits.tokens + rules_.limits.rows));
  return {};
}

Status DeviceExecutor::make_pages(int64_t n) {
  if (ready_ || n < 1 || n > rules_.limits.pages)
    return Status::invalid(str(n, " pages; this executor takes 1..", rules_.limits.pages, ", once"));
  rules_.limits.pages = n;
  maxima_[graph::kPages] = n;
  TRY(make_states());
  TRY(stages_.bind(exchange_, pages_));
  ready_ = true;
  return {};
}

Status DeviceExecutor::make_states() {
  std::vector<bool> made(program_.tensors().size(), false);
  for (const Segment& s : segments_) {
    const std::vector<bool> used = tensors_of(program_, s);
    for (TensorId t = 0; t < used.size(); ++t) {
      const infer_tensor& tensor = program_.tensor(t);
      if (tensor.role != INFER_ROLE_STATE || !used[t] || made[t]) continue;
      if (tensor.dim[0] != graph::sym(graph::kPages))
        return Status::unsupported(str("state ", graph::tensor_text(tensor), " is not made of pages"));
      const auto bytes = static_cast<int64_t>(program_.bytes(t, maxima_));
      const infer_use use = rules_.limits.host_pages ? INFER_USE_EXCHANGE : INFER_USE_STATE;
      auto buffer = Buffer::make(*devices_[s.device], bytes, use, str("the KV cache ('", tensor.name, "')"));
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
  Status s = write_inputs(step);
  if (s.ok()) s = stages_.run(symbols, step.tokens, exchange_, cancelled_);
  const auto read = [&](TensorId t, float* out, size_t n) {
    const size_t device = exchange_.maker(t);
    if (s.ok() && n > 0)
      s = exchange_.buffer(device).read(exchange_.at(device, t), out, static_cast<int64_t>(n * sizeof(float)));
  };
  read(rules_.tensors.logits, logits.data(), wanted);
  if (rows > 0) read(rules_.tensors.hidden, hidden.data(), rows);
  if (s.code() == INFER_E_DEVICE_LOST) lost_ = s;
  return s;
}

Status DeviceExecutor::write(TensorId input, int64_t at, std::span<const std::byte> bytes) {
  const bool is_input = input < program_.tensors().size() && program_.tensor(input).role == INFER_ROLE_INPUT;
  const uint64_t size = is_input ? program_.bytes(input, maxima_) : 0;
  if (at < 0 || static_cast<uint64_t>(at) > size || bytes.size() > size - static_cast<uint64_t>(at))
    return Status::invalid(str("bytes ", at, ", +", bytes.size(), " of an input of ", size));
  return exchange_.write(input, bytes.data(), bytes.size(), at);
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
  TRY(exchange_.write(t.adapters, tokens.data(), tokens.size_bytes()));
  return exchange_.write(t.row_adapters, rows.data(), rows.size_bytes());
}

Status DeviceExecutor::write_inputs(const Step& step) {
  const auto write = [&](TensorId t, const std::vector<int32_t>& v) {
    return exchange_.write(t, v.data(), v.size() * sizeof(int32_t));
  };
  const graph::StepTensors& t = rules_.tensors;
  constexpr int32_t kFirstRow = 0;
  TRY(write(t.tokens, step.tokens));
  TRY(write(t.positions, step.positions));
  TRY(write(t.q_start, step.q_start));
  TRY(write(t.kv_len, step.kv_len));
  TRY(write(t.block_table, step.block_table));
  TRY(step.rows.empty() ? exchange_.write(t.rows, &kFirstRow, sizeof kFirstRow) : write(t.rows, step.rows));
  return write_adapters(step);
}

// ---- facts ----------------------------------------------------------------------------------------------------------

std::vector<Executor::Placed> DeviceExecutor::placement() const {
  std::vector<Placed> all;
  for (size_t i = 0; i < segments_.size(); ++i) {
    const Segment& s = segments_[i];
    for (size_t n = s.first; n < s.first + s.count; ++n) {
      const Program::Node& node = program_.nodes()[n];
      Placed placed{static_cast<uint32_t>(n),
                    graph::op_name(node.kind),
                    std::string(devices_[s.device]->name()),
                    stages_.kernel(i, n - s.first),
                    "",
                    ""};
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
  return stages_.bytes() + exchange_.bytes() + static_cast<int64_t>(slots_.size() * sizeof slots_[0]);
}

std::vector<Executor::Memory> DeviceExecutor::memory() const {
  std::vector<Memory> all;
  for (size_t d = 0; d < devices_.size(); ++d) {
    const Device& device = *devices_[d];
    Memory m{weights_.bytes_on(device), 0, exchange_.buffer(d).bytes_on(device)};
    for (const KvPages::State& s : pages_.states()) m.pages += s.buffer.bytes_on(device);
    all.push_back(m);
  }
  stages_.count_memory(all);
  return all;
}

std::vector<std::pair<std::string, int64_t>> DeviceExecutor::counters() const {
  constexpr int32_t kMaxCounters = 10000;  // a list that does not end is cut here
  std::vector<std::pair<std::string, int64_t>> all;
  for (size_t d = 0; d < devices_.size(); ++d) {
    const Device& device = *devices_[d];
    const bool used = std::any_of(segments_.begin(), segments_.end(), [&](const Segment& s) { return s.device == d; });
    if (!used || !INFER_HAS(&device.backend(), counter_at)) continue;
    for (int32_t i = 0; i < kMaxCounters; ++i) {
      const char* name = nullptr;
      int64_t value = 0;
      if (call_or<int32_t>(0, [&] { return device.backend().counter_at(device.dev(), i, &name, &value); }) != 1) break;
      if (name) all.emplace_back(str(device.name(), ".", name), value);
    }
  }
  stages_.count(all);
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
