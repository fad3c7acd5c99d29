// An operation of a compiled plan: one or a few nodes of the program, done by all threads together.
//
// Its work is so many pieces (rows, column blocks, tasks), each of which may be done by any thread, in any order and
// together with any neighbours: who does them never changes how a value is computed.
#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "backends/common/frame.h"
#include "backends/cpu/kernels.h"
#include "backends/cpu/onednn.h"

namespace infer::cpu {

using backend::Frame;
using backend::Node;
using backend::Tensor;

struct Run {
  const Frame& frame;
  const Kernels& kernels;
  int thread, parts;  // parts: in how many the pieces are handed out
  uint8_t* scratch;   // this thread's, aligned to 64; between calls anything may be in it
};

// Runs of up to so many rows are bound by reading the weights, and may have a number of threads of their own.
inline constexpr int64_t kFewRows = 8;

struct Pieces {
  int64_t n;    // 0: nothing to do in this run
  bool coarse;  // each is enough to be handed out alone, and to be worth the time that this takes
};

class Op {
 public:
  virtual ~Op() = default;
  // Of a run whose sizes are bound, when all earlier steps are done.
  virtual Pieces pieces(const Run& r) const = 0;
  virtual void run(const Run& r, int64_t begin, int64_t end) = 0;  // these pieces
  virtual int64_t scratch_bytes() const { return 0; }              // per thread
};
using OpPtr = std::unique_ptr<Op>;

// The rows of one tensor in quantised form. Written once per run, by the step that makes the tensor where that works
// row by row.
struct Records {
  RecordLayout layout{};
  int64_t rows = 0;         // at the symbols' maxima
  uint8_t* data = nullptr;  // plan's
  uint8_t* row(int64_t i) const { return data + i * layout.bytes; }
};
RecordLayout record_layout(int64_t k, int terms = 2);  // terms: the most that a group has

// How a weight type is multiplied on this device. kernel.run null: not at all.
struct MatmulPath {
  MatmulKernel kernel{};
  const Unpacker* unpacker = nullptr;
  bool quantized = false;  // reads Records
};
MatmulPath matmul_path(const Kernels& k, uint32_t type);

// Where a weight's packed rows are, once there are some (pack_set.h); null until then.
using PackSlot = std::atomic<const uint8_t*>;

// Makers. records: of the node's (last) output, or null.
OpPtr make_embed(const Frame& f, const Node& n, const Records* records, const PackSlot* packed);  // null: never packed
OpPtr make_rms_norm(const Node& n, const Records* records);
OpPtr make_elementwise(const Node& n, const Records* records);  // ADD MUL SCALE ACT GLU
OpPtr make_gather(const Node& n, const Records* records);
OpPtr make_copy(const Node& n, const Records* records);
OpPtr make_quantize(uint32_t tensor, const Records* records);

struct Turns;  // cos and sin of a run's positions
std::shared_ptr<Turns> make_turns(const Frame& f, const Node& n);
bool same_turns(const Turns& t, const Node& n);
int64_t turns_bytes(const Turns& t);
OpPtr make_turns_op(std::shared_ptr<Turns> t);
OpPtr make_rope(const Node& n, std::shared_ptr<const Turns> t);

OpPtr make_kv_write(const Frame& f, const Node& n);

// Counters of how often each form was taken; null: not counted.
using Counter = std::atomic<int64_t>;
struct AttentionPlan {
  float* parts = nullptr;  // [capacity] floats: states of chunks that different threads take
  int64_t capacity = 0;
  Counter *whole = nullptr, *split = nullptr;
};
int64_t attention_parts(const Frame& f, const Node& n);  // floats wanted
OpPtr make_attention(const Frame& f, const Node& n, std::shared_ptr<const AttentionPlan> plan);
OpPtr make_attention_merge(const Node& n, std::shared_ptr<const AttentionPlan> plan);

struct MatmulPlan {
  MatmulPath path;
  const PackSlot* packed = nullptr;         // null: the weight is never packed
  const Records* records = nullptr;         // of x; null for float weights
  uint32_t residual = INFER_NONE, out = 0;  // out = x w^T + bias (+ residual)
  Counter *few = nullptr, *many = nullptr, *from_packed = nullptr;
  OnednnProduct* onednn = nullptr;  // takes whole blocks of rows and columns; null: not used
  Counter* onednn_blocks = nullptr;
  const uint8_t* packed_rows() const { return packed ? packed->load(std::memory_order_acquire) : nullptr; }
  void count(int64_t n_rows) const {
    (n_rows <= path.kernel.few_rows ? few : many)->fetch_add(1, std::memory_order_relaxed);
    if (packed_rows()) from_packed->fetch_add(1, std::memory_order_relaxed);
  }
};
OpPtr make_matmul(const Frame& f, const Kernels& k, const Node& n, const MatmulPlan& plan);
// gate and up of the same x, then act(gate) * up into the GLU's output, column block by column block.
OpPtr make_gated(const Frame& f, const Kernels& k, const Node& gate, const MatmulPlan& gate_plan, const Node& up,
                 const MatmulPlan& up_plan, const Node& glu);

OpPtr make_route(const Node& n);
OpPtr make_expert_sum(const Node& n, const Records* records);
struct Buckets;  // which rows go to which expert
std::shared_ptr<Buckets> make_buckets(const Frame& f, const Node& n);
int64_t buckets_bytes(const Buckets& b);
OpPtr make_buckets_op(std::shared_ptr<Buckets> b);
OpPtr make_matmul_experts(const Frame& f, const Kernels& k, const Node& n, const MatmulPlan& plan,
                          std::shared_ptr<const Buckets> b);

struct Adapted;  // which rows have which adapter
std::shared_ptr<Adapted> make_adapted(const Frame& f, const Node& n);
bool same_slots(const Adapted& a, const Frame& f, const Node& n);
int64_t adapted_bytes(const Adapted& a);
// Room for node n to run as number `beside` of those that run beside each other; bytes that were added.
int64_t reserve_low(Adapted& a, const Frame& f, const Node& n, size_t beside);
OpPtr make_sort_rows(std::shared_ptr<Adapted> a);
OpPtr make_adapt_down(const Frame& f, const Kernels& k, const Node& n, std::shared_ptr<Adapted> a, size_t beside);
OpPtr make_adapt_up(const Frame& f, const Kernels& k, const Node& n, std::shared_ptr<Adapted> a, size_t beside);

}  // namespace infer::cpu
