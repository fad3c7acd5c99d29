// What stages do in a run, and where what they bind is.
#include "device/stages.h"

namespace infer::device {

using graph::kNone;
using graph::Program;
using graph::Symbols;
using graph::TensorId;

Status Stages::bind(const Exchange& exchange, const KvPages& pages) {
  for (Stage& stage : stages_) {
    const Segment& s = segments_[stage.segment];
    size_t piece = 0;
    for (size_t i = 0; i < stage.binds.size(); ++i) {
      infer_binding& b = stage.binds[i];
      const TensorId t = stage.bound[i].tensor;
      switch (stage.bound[i].where) {
        case Where::kSlot:  // which one, each run says
          b.offset = stage.load[piece++].at;
          break;
        case Where::kState:
          for (const KvPages::State& state : pages.states())
            if (state.tensor == t) b.buf = state.buffer.get();
          break;
        case Where::kWeight: {
          TRY_SET(const Buffer* buffer, weights_.on(*devices_[s.device], t));
          b.buf = buffer->get();
          break;
        }
        case Where::kRows:
          b.buf = rows_.get();
          break;
        case Where::kOrder:
          b.buf = order_.get();
          break;
        case Where::kPart:
          b.buf = part_.get();
          break;
        case Where::kPlaces:
          b.buf = places_.get();
          break;
        case Where::kBank: {
          size_t bank = 0;
          while (stage.banks[bank].data.data() != weights_.bytes(t).data.data()) ++bank;
          b.buf = mixtures_[stage.mixture].cache->bank(bank).get();
          break;
        }
        case Where::kExchange:
          b.buf = exchange.buffer(s.device).get();
          b.offset = exchange.at(s.device, t);
      }
    }
  }
  return start_streams();
}

Status Stages::start_streams() {
  std::vector<std::vector<WeightStream::Load>> loads(devices_.size());
  for (Stage& stage : stages_)
    if (!stage.load.empty()) loads[segments_[stage.segment].device].push_back(stage.load);
  for (size_t d = 0; d < loads.size(); ++d) {
    if (loads[d].empty()) continue;
    for (Stage& stage : stages_)
      if (!stage.load.empty() && segments_[stage.segment].device == d) stage.stream = streams_.size();
    TRY_SET(auto stream, WeightStream::start(*devices_[d], std::move(loads[d]), slot_bytes_, Placement::kSlots));
    streams_.emplace_back(d, std::move(stream));
  }
  return {};
}

// ---- a run ----------------------------------------------------------------------------------------------------------

Status Stages::run(const Symbols& symbols, std::span<const int32_t> tokens, Exchange& exchange,
                   const std::atomic<bool>& cancelled) {
  const auto stopped = [&] { return cancelled.load() ? Status(INFER_E_CANCELLED, "the run was cancelled") : Status(); };
  for (const auto& [device, stream] : streams_) stream->begin();
  for (size_t i = 0; i < stages_.size(); ++i) {
    Stage& stage = stages_[i];
    TRY(stopped());
    WeightStream* const stream = stage.stream == SIZE_MAX ? nullptr : streams_[stage.stream].second.get();
    infer_buf* slot = nullptr;
    if (stream) {
      TRY_SET(slot, stream->wait(cancelled));
    }
    if (segments_[stage.segment].from == WeightsFrom::kRows) TRY(take_rows(stage, tokens));
    if (stage.mixture != SIZE_MAX) TRY(take_experts(stage, symbols, exchange, cancelled));
    for (size_t b = 0; b < stage.binds.size(); ++b) {
      stage.binds[b].bytes = bytes_of(stage.bound[b].shape, symbols);
      if (stage.bound[b].where == Where::kSlot) stage.binds[b].buf = slot;
    }
    Compiled& plan = plans_[stage.plan];
    TRY(plan.submit(symbols, stage.binds));
    TRY(plan.wait(cancelled));
    if (stream) stream->release();
    TRY(give_columns(stage, symbols, exchange));
    if (i + 1 == stages_.size() || stages_[i + 1].segment != stage.segment) TRY(exchange.cross(stage.segment, symbols));
  }
  return stopped();
}

// Of the embedding table the rows of these tokens.
Status Stages::take_rows(const Stage& s, std::span<const int32_t> tokens) {
  const TensorId table = program_.nodes()[segments_[s.segment].first].in[0];
  const Bytes all = weights_.bytes(table);
  const size_t bytes = row_.size();
  for (size_t i = 0; i < tokens.size(); ++i) {
    TRY(all.read(static_cast<size_t>(tokens[i]) * bytes, row_));
    TRY(rows_.write(static_cast<int64_t>(i * bytes), row_.data(), static_cast<int64_t>(bytes)));
  }
  return {};
}

// Of the layer's experts those that the step has chosen.
Status Stages::take_experts(const Stage& s, const Symbols& symbols, const Exchange& exchange,
                            const std::atomic<bool>& cancelled) {
  const Segment& segment = segments_[s.segment];
  TensorId ids = kNone;
  for (const Program::Node& n : program_.nodes().subspan(segment.first, segment.count))
    if (n.kind == INFER_OP_MATMUL_EXPERTS) ids = n.in[2];
  const auto n = static_cast<size_t>(bytes_of(program_.tensor(ids), symbols)) / sizeof(int32_t);
  const auto bytes = static_cast<int64_t>(n * sizeof(int32_t));
  TRY(exchange.buffer(segment.device).read(exchange.at(segment.device, ids), ids_.data(), bytes));
  TRY(mixtures_[s.mixture].cache->take(s.layer, std::span(ids_).first(n), s.banks, place_of_, cancelled));
  return places_.write(0, place_of_.data(), bytes);
}

// From part_ to where the whole output is.
Status Stages::give_columns(const Stage& s, const Symbols& symbols, const Exchange& exchange) {
  if (s.columns == 0) return {};
  const infer_tensor& whole = program_.tensor(s.out);
  const int64_t width = whole.dim[whole.rank - 1], each = s.columns * int64_t{sizeof(float)};
  if (s.columns == width) return {};
  const size_t device = segments_[s.segment].device;
  const int64_t rows = bytes_of(whole, symbols) / (width * int64_t{sizeof(float)});
  const std::byte* from = part_.host();
  if (!from) {
    TRY(part_.read(0, columns_.data(), rows * each));
    from = columns_.data();
  }
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t at = (r * width + s.first_column) * int64_t{sizeof(float)};
    TRY(exchange.buffer(device).write(exchange.at(device, s.out) + at, from + r * each, each));
  }
  return {};
}

void Stages::cancel() {
  for (Compiled& p : plans_) p.cancel();
}

// ---- facts ----------------------------------------------------------------------------------------------------------

std::string Stages::kernel(size_t segment, size_t op) const {
  for (const Stage& s : stages_)
    if (s.segment == segment) return plans_[s.plan].kernel(op);
  return {};
}

int64_t Stages::bytes() const {
  int64_t sum = rows_.bytes() + order_.bytes() + part_.bytes() + places_.bytes() +
                static_cast<int64_t>(row_.size() + columns_.size());
  for (const Compiled& p : plans_) sum += p.bytes();
  return sum;
}

void Stages::count_memory(std::span<Executor::Memory> devices) const {
  for (size_t d = 0; d < devices.size(); ++d) {
    const Device& device = *devices_[d];
    for (const Compiled& p : plans_) devices[d].workspace += p.bytes_on(device);
    for (const Buffer* b : {&rows_, &order_, &part_, &places_}) devices[d].workspace += b->bytes_on(device);
  }
  for (const auto& [device, stream] : streams_) devices[device].weights += stream->bytes();
  for (const Mixture& m : mixtures_)
    if (m.cache) devices[segments_[m.segment].device].weights += m.cache->bytes();
}

Executor::Streamed Stages::streamed() const {
  Executor::Streamed all;
  for (const auto& [device, stream] : streams_) {
    all.step_bytes += stream->step_bytes();
    all.slot_bytes += stream->bytes();
    all.bytes += stream->counts().bytes.load();
    all.read_ns += stream->counts().read_ns.load();
    all.wait_ns += stream->counts().wait_ns.load();
  }
  for (const Mixture& m : mixtures_) all.cache_bytes += m.cache->bytes();
  return all;
}

void Stages::count(std::vector<std::pair<std::string, int64_t>>& out) const {
  for (const auto& [device, stream] : streams_) {
    const auto add = [&, d = device](const char* name, int64_t n) {
      out.emplace_back(str(devices_[d]->name(), ".stream.", name), n);
    };
    add("step_bytes", stream->step_bytes());
    add("slot_bytes", stream->bytes());
    add("bytes", stream->counts().bytes.load());
    add("read_us", stream->counts().read_ns.load() / 1000);
    add("wait_us", stream->counts().wait_ns.load() / 1000);
  }
  for (size_t i = 0; i < mixtures_.size(); ++i) {
    const Mixture& m = mixtures_[i];
    const ExpertCache::Counts& counts = m.cache->counts();
    const auto add = [&](const char* name, int64_t n) {
      const std::string_view device = devices_[segments_[m.segment].device]->name();
      out.emplace_back(mixtures_.size() == 1 ? str(device, ".experts.", name) : str(device, ".experts.", i, ".", name),
                       n);
    };
    add("places", m.n_places);
    add("cache_bytes", m.cache->bytes());
    add("found", counts.found.load());
    add("read", counts.read.load());
    add("bytes", counts.bytes.load());
    add("read_us", counts.read_ns.load() / 1000);
  }
}

}  // namespace infer::device
