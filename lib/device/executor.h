// A Program on devices: placed, compiled once, run many times. The only caller of backend.h's plan functions.
//
// Nodes go to the first device that supports them and has room (placement.h); contiguous runs of nodes on one device
// are one plan; tensors that cross devices pass through host memory. Owns the state (KV pages) and the buffers of the
// Step. After create() a run allocates nothing.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/step.h"
#include "device/buffers.h"
#include "device/place_rule.h"
#include "graph/program.h"

namespace infer::device {

class Executor {
 public:
  struct Weight {
    graph::TensorId tensor;
    std::span<const std::byte> data;  // outlives the Executor; imported in place where the device can, else copied
    Source source = {};               // of data, where it is a mapped file's
  };
  struct Limits {
    int64_t tokens = 0, seqs = 0, rows = 0, table_cols = 0, pages = 0;  // maxima of a Step, and the number of KV pages
    int64_t weights = 0;  // most bytes of weights in the memory of a device, the rest streamed; 0: as many as fit
    std::span<const PlaceRule> place = {};  // read while it is compiled
    bool host_pages = false;                // KV pages are in the host's memory
  };
  // devices: in order of preference. `program` must outlive the Executor. Has no pages yet: limits.pages is the most
  // that make_pages() may be asked for.
  static Result<std::unique_ptr<Executor>> compile(std::vector<std::shared_ptr<const Device>> devices,
                                                   const graph::Program& program, std::span<const Weight> weights,
                                                   const Limits& limits);
  // The same with limits.pages pages.
  static Result<std::unique_ptr<Executor>> create(std::vector<std::shared_ptr<const Device>> devices,
                                                  const graph::Program& program, std::span<const Weight> weights,
                                                  const Limits& limits);
  virtual ~Executor() = default;
  virtual Status make_pages(int64_t n) = 0;  // once, before the first run

  // Checks the Step against the limits (ids, pages, ranges: E_INVALID), runs it, writes logits [R, n_vocab] and, unless
  // `hidden` is empty, what they are a product of, the last norm's output [R, n_embd]. On failure
  // the pages written by this step are undefined, everything else is as before. One thread at a time.
  virtual Status run(const Step& step, std::span<float> logits, std::span<float> hidden) = 0;
  Status run(const Step& step, std::span<float> logits) { return run(step, logits, {}); }
  virtual void cancel() = 0;  // any thread: the run in flight returns E_CANCELLED soon

  // Into an input that is no array of the Step: `bytes` at `at`; they stay until they are written again. Not during a
  // run.
  virtual Status write(graph::TensorId input, int64_t at, std::span<const std::byte> bytes) = 0;

  // Copies whole pages inside the state (copy on write), and out of it and back (swap).
  virtual Status copy_page(int32_t from, int32_t to) = 0;
  virtual int64_t page_bytes() const = 0;  // one page over all states
  virtual Status read_page(int32_t page, std::span<std::byte> out) = 0;
  virtual Status write_page(int32_t page, std::span<const std::byte> in) = 0;
  // What n pages from `first` on hold is not needed any more. Bytes that devices let go of until the pages are written
  // again.
  virtual Result<int64_t> discard_pages(int32_t first, int32_t n) = 0;
  Result<int64_t> discard_pages(std::vector<int32_t> pages);  // the same of any pages

  struct Placed {
    uint32_t node;
    std::string op, device, kernel;  // "matmul", "cpu", "q4_1 avx2 4x2"
    std::string weight;              // name of the weight it reads, if any
    std::string type;                // its type
  };
  virtual std::vector<Placed> placement() const = 0;
  virtual int64_t workspace_bytes() const = 0;  // plans' own memory, inputs and outputs; does not depend on the pages
  virtual int64_t state_bytes() const = 0;
  // What is allocated on each device, in their order. weights: copies, slots and caches of them, not those that are
  // used where the file is mapped.
  struct Memory {
    int64_t weights = 0, pages = 0, workspace = 0;  // bytes
  };
  virtual std::vector<Memory> memory() const { return {}; }
  // Weights that are read anew for each step (Limits::weights).
  struct Streamed {
    int64_t step_bytes = 0;                       // that a step reads; 0: nothing is streamed
    int64_t slot_bytes = 0;                       // memory that they pass through
    int64_t cache_bytes = 0;                      // memory for experts that a step has chosen; not counted above
    int64_t bytes = 0, read_ns = 0, wait_ns = 0;  // read so far, how long that took, and how long steps waited for it
  };
  virtual Streamed streamed() const { return {}; }
  // Counters of all devices used: (name, value).
  virtual std::vector<std::pair<std::string, int64_t>> counters() const = 0;
};

}  // namespace infer::device
