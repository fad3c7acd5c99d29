// What a run does, one after the other: plans with their memory. Most segments of a program are one stage; where
// weights are streamed, the output matrix is several, and alike layers share a plan. stages.cc compiles, run_stages.cc
// runs.
#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "device/compiled.h"
#include "device/exchange.h"
#include "device/expert_cache.h"
#include "device/kv_pages.h"
#include "device/placement.h"
#include "device/weight_stream.h"
#include "device/weights.h"

namespace infer::device {

class Stages {
 public:
  Stages(std::span<const std::shared_ptr<const Device>> devices, const graph::Program& program, Weights& weights)
      : devices_(devices), program_(program), weights_(weights) {}

  // Compiles. When a device does not take a node after all: *bad_node is that one and *bad_device the device.
  // slot_bytes, expert_bytes: of the Placement.
  Status make(std::span<const Segment> segments, int64_t slot_bytes, int64_t expert_bytes, const graph::Symbols& maxima,
              size_t& bad_node, size_t& bad_device);
  // Where everything is that a run binds. Both outlive this.
  Status bind(const Exchange& exchange, const KvPages& pages);

  // tokens: of the step. After each stage `exchange` passes on what others read.
  Status run(const graph::Symbols& symbols, std::span<const int32_t> tokens, Exchange& exchange,
             const std::atomic<bool>& cancelled);
  void cancel();  // any thread

  std::string kernel(size_t segment, size_t op) const;
  int64_t bytes() const;  // plans' own memory, and what stages hand on to themselves
  void count_memory(std::span<Executor::Memory> devices) const;  // the same of each device, and slots and caches
  Executor::Streamed streamed() const;
  void count(std::vector<std::pair<std::string, int64_t>>& out) const;

 private:
  enum class Where : uint8_t { kExchange, kState, kSlot, kWeight, kRows, kOrder, kPart, kBank, kPlaces };
  struct Bound {             // what binds[] of the same index is
    graph::TensorId tensor;  // of the program
    infer_tensor shape;      // as its plan was told
    Where where;
  };
  struct Stage {
    size_t segment = 0, plan = 0;
    std::vector<infer_binding> binds;
    std::vector<Bound> bound;
    WeightStream::Load load;                // bound tensors that are in a slot, in their order
    size_t stream = SIZE_MAX;               // index into streams_
    int64_t first_column = 0, columns = 0;  // kParts
    graph::TensorId out = graph::kNone;     // kParts: what the columns are part of
    size_t mixture = SIZE_MAX;              // kExperts: index into mixtures_
    int64_t layer = 0;                      // which of the mixture's
    std::vector<Bytes> banks;
  };
  // Layers whose experts are of the same sizes.
  struct Mixture {
    size_t segment;      // the first of them
    int64_t layers = 0;  // so far
    int64_t n_experts = 0, n_places = 0;
    std::vector<int64_t> bytes;  // [banks] of an expert
    std::unique_ptr<ExpertCache> cache;
  };
  // With symbols of these values; INT64_MAX: more than can be counted.
  static int64_t bytes_of(const infer_tensor& t, const graph::Symbols& values);
  Status find_mixtures(int64_t expert_bytes);
  Result<Mixture> mixture_of(size_t segment) const;
  Status compile(size_t segment, const graph::Symbols& maxima, size_t& bad_node);
  Status compile_parts(size_t segment, const graph::Symbols& maxima, size_t& bad_node);
  Status declare_rows(const Segment& s, graph::View& view, const graph::Symbols& maxima);
  Status declare_experts(const Segment& s, const Mixture& m, graph::View& view, const graph::Symbols& maxima);
  Status add(size_t segment, size_t plan, const graph::View& view, const std::vector<graph::TensorId>& same);
  Where where(const Segment& s, graph::TensorId t, const infer_tensor& shape) const;
  Result<size_t> plan(size_t segment, const graph::View& view, size_t& bad_node);
  Status start_streams();
  Status take_rows(const Stage& s, std::span<const int32_t> tokens);
  Status take_experts(const Stage& s, const graph::Symbols& symbols, const Exchange& exchange,
                      const std::atomic<bool>& cancelled);
  Status give_columns(const Stage& s, const graph::Symbols& symbols, const Exchange& exchange);

  std::span<const std::shared_ptr<const Device>> devices_;
  const graph::Program& program_;
  Weights& weights_;
  std::vector<Segment> segments_;
  int64_t slot_bytes_ = 0;
  std::vector<Compiled> plans_;
  std::vector<Stage> stages_;
  std::vector<std::pair<size_t, std::unique_ptr<WeightStream>>> streams_;  // device
  std::vector<Mixture> mixtures_;
  std::vector<size_t> mixture_of_;  // [segments]
  // Rows of an embedding table; 0, 1, ...; columns of an output before they are in their place; places of experts.
  Buffer rows_, order_, part_, places_;
  std::vector<std::byte> row_, columns_;  // on their way
  std::vector<int32_t> ids_, place_of_;   // of the experts of a step
};

}  // namespace infer::device
