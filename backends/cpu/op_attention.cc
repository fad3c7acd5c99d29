// Attention over pages of keys and values.
//
// Work is handed out as (sequence, block of rows, kv head); when that is too little to go round (decoding), chunks of
// positions are tasks of their own, and a second step merges them in the order in which a single thread would have.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "backends/cpu/op.h"

namespace infer::cpu {
namespace {

// What both steps of an attention node agree on in a run.
struct Shape {
  const Frame& f;
  const Node& n;
  int64_t heads = n.i[0], kv_heads = n.i[1], group = heads / kv_heads, d = n.i[2], dv = n.i[3], page = n.i[4],
          window = n.i[5];
  const Tensor &q = *f.input(n, 0), &table = *f.input(n, 5);
  const int32_t *q_start = f.input(n, 3)->i32(), *kv_len = f.input(n, 4)->i32();
  int64_t n_seqs = f.input(n, 4)->dim[0], n_rows = q.dim[0];
  int64_t state = kStateHead + dv;                   // floats of a softmax state
  int64_t block = std::max<int64_t>(1, 96 / group);  // rows of a task

  int64_t n_chunks() const {  // of the longest sequence
    int32_t longest = 1;
    for (int64_t s = 0; s < n_seqs; s++) longest = std::max(longest, kv_len[s]);
    return (longest + kAttentionChunk - 1) / kAttentionChunk;
  }
  int64_t n_blocks() const {
    int64_t blocks = 0;
    for (int64_t s = 0; s < n_seqs; s++) blocks += (q_start[s + 1] - q_start[s] + block - 1) / block;
    return blocks;
  }
  // Sequence and position of a row; rows are asked for in ascending order.
  int64_t position(int64_t row, int64_t* seq) const {
    while (q_start[*seq + 1] <= row) ++*seq;
    return kv_len[*seq] - (q_start[*seq + 1] - row);
  }
  int64_t first_chunk(int64_t position_of_row) const {
    return window > 0 && position_of_row >= window ? (position_of_row + 1 - window) / kAttentionChunk : 0;
  }
  // Chunks as tasks of their own? Changes who computes, not what.
  bool split(const AttentionPlan& plan, int parts) const {
    return parts > 1 && n_chunks() > 1 && n_blocks() * kv_heads < 4 * parts &&
           n_rows * heads * n_chunks() * state <= plan.capacity;
  }
};

class Attention final : public Op {
 public:
  Attention(const Frame& f, const Node& n, std::shared_ptr<const AttentionPlan> plan)
      : node_(n), plan_(std::move(plan)) {
    const int64_t group = n.i[0] / n.i[1], state = kStateHead + n.i[3], block = std::max<int64_t>(1, 96 / group);
    states_ = std::min(block, f.max_dim(n.in[0], 0)) * group * state;
    scratch_ = (states_ + kAttentionTileMax * (2 * kScoreStride + state)) * static_cast<int64_t>(sizeof(float)) + 64;
  }
  int64_t scratch_bytes() const override { return scratch_; }

  Pieces pieces(const Run& r) const override {
    const Shape s{r.frame, node_};
    return {s.split(*plan_, r.parts) ? s.n_rows * s.n_chunks() * s.kv_heads : s.n_blocks() * s.kv_heads, true};
  }
  void run(const Run& r, int64_t begin, int64_t end) override {
    const Shape s{r.frame, node_};
    const bool split = s.split(*plan_, r.parts);
    if (begin == 0) (split ? plan_->split : plan_->whole)->fetch_add(1, std::memory_order_relaxed);
    split ? run_split(r, s, begin, end) : run_blocks(r, s, begin, end);
  }

 private:
  AttentionArgs args(const Run& r, const Shape& s, int64_t seq, int64_t row, int64_t n_rows, int64_t position,
                     int64_t kv_head) const {
    AttentionArgs a{};
    const Tensor &k = *r.frame.input(node_, 1), &v = *r.frame.input(node_, 2);
    a.kv_type = static_cast<quant::Type>(k.type);
    a.k_state = reinterpret_cast<const uint8_t*>(k.data);
    a.v_state = reinterpret_cast<const uint8_t*>(v.data);
    a.k_page = s.page * static_cast<int64_t>(quant::row_bytes(a.kv_type, static_cast<uint64_t>(s.kv_heads * s.d)));
    a.v_page = s.page * static_cast<int64_t>(quant::row_bytes(a.kv_type, static_cast<uint64_t>(s.kv_heads * s.dv)));
    a.head_dim = static_cast<int32_t>(s.d);
    a.head_dim_v = static_cast<int32_t>(s.dv);
    a.page = static_cast<int32_t>(s.page);
    a.n_heads = static_cast<int32_t>(s.heads);
    a.n_kv_heads = static_cast<int32_t>(s.kv_heads);
    a.kv_head = static_cast<int32_t>(kv_head);
    a.block_table = s.table.i32() + seq * s.table.dim[1];
    a.q_stride = s.heads * s.d;
    a.q = s.q.f32() + row * a.q_stride;
    a.n_rows = static_cast<int32_t>(n_rows);
    a.first_position = position;
    a.window = s.window;
    a.next_position = -1;
    a.scale = static_cast<float>(node_.f[0]);
    a.softcap = static_cast<float>(node_.f[1]);
    a.state_stride = s.state;
    a.scratch = reinterpret_cast<float*>(r.scratch) + states_;
    return a;
  }

  void run_blocks(const Run& r, const Shape& s, int64_t task, int64_t end) {
    const Tensor& out = r.frame[node_.out[0]];
    const Tensor* sinks = r.frame.input(node_, 6);
    int64_t seq = 0, before = 0;  // blocks of the sequences before seq
    for (; task < end; task++) {
      const int64_t block = task / s.kv_heads, kv_head = task % s.kv_heads;
      const auto blocks_of = [&](int64_t i) { return (s.q_start[i + 1] - s.q_start[i] + s.block - 1) / s.block; };
      while (block - before >= blocks_of(seq)) before += blocks_of(seq++);
      const int64_t row = s.q_start[seq] + (block - before) * s.block;
      const int64_t n_rows = std::min<int64_t>(s.block, s.q_start[seq + 1] - row);
      const int64_t position = s.kv_len[seq] - (s.q_start[seq + 1] - row);
      AttentionArgs a = args(r, s, seq, row, n_rows, position, kv_head);
      a.state = reinterpret_cast<float*>(r.scratch);
      for (int64_t i = 0; i < n_rows * s.group; i++) clear(a.state + i * s.state, s);
      a.chunk0 = s.first_chunk(position);
      a.chunk1 = (position + n_rows - 1) / kAttentionChunk + 1;
      if (kv_head + 1 < s.kv_heads) {
        a.next_position = a.chunk0 * kAttentionChunk;
        a.next_head = static_cast<int32_t>(kv_head + 1);
      }
      r.kernels.attend(a);
      for (int64_t i = 0; i < n_rows; i++)
        for (int64_t g = 0; g < s.group; g++) {
          const int64_t head = kv_head * s.group + g;
          r.kernels.attention_finish(a.state + (i * s.group + g) * s.state, sinks ? sinks->f32()[head] : 0.0f,
                                     sinks != nullptr, out.f32() + ((row + i) * s.heads + head) * s.dv, s.dv);
        }
    }
  }

  void run_split(const Run& r, const Shape& s, int64_t task, int64_t end) {
    const int64_t n_chunks = s.n_chunks();
    int64_t seq = 0;
    for (; task < end; task++) {
      const int64_t kv_head = task % s.kv_heads, chunk = task / s.kv_heads % n_chunks,
                    row = task / s.kv_heads / n_chunks;
      const int64_t position = s.position(row, &seq);
      if (chunk < s.first_chunk(position) || chunk > position / kAttentionChunk) continue;
      AttentionArgs a = args(r, s, seq, row, 1, position, kv_head);
      a.state = plan_->parts + ((row * n_chunks + chunk) * s.heads + kv_head * s.group) * s.state;
      a.chunk0 = chunk;
      a.chunk1 = chunk + 1;
      if (const int64_t next = (task + 1) / s.kv_heads % n_chunks;
          (kv_head + 1 < s.kv_heads || next > chunk) && next <= position / kAttentionChunk) {
        a.next_position = next * kAttentionChunk;
        a.next_head = static_cast<int32_t>((task + 1) % s.kv_heads);
      }
      a.raw = 1;
      r.kernels.attend(a);
    }
  }

 public:
  static void clear(float* state, const Shape& s) {
    std::memset(state, 0, static_cast<size_t>(s.state) * sizeof(float));
    state[0] = -INFINITY;
  }

 private:
  const Node& node_;
  std::shared_ptr<const AttentionPlan> plan_;
  int64_t states_ = 0, scratch_ = 0;
};

class AttentionMerge final : public Op {
 public:
  AttentionMerge(const Node& n, std::shared_ptr<const AttentionPlan> plan) : node_(n), plan_(std::move(plan)) {}
  int64_t scratch_bytes() const override {
    return (kStateHead + node_.i[3]) * static_cast<int64_t>(sizeof(float)) + 64;
  }
  Pieces pieces(const Run& r) const override {
    const Shape s{r.frame, node_};
    return {s.split(*plan_, r.parts) ? s.n_rows * s.heads : 0, false};
  }
  void run(const Run& r, int64_t i, int64_t end) override {
    const Shape s{r.frame, node_};
    const Tensor& out = r.frame[node_.out[0]];
    const Tensor* sinks = r.frame.input(node_, 6);
    const int64_t n_chunks = s.n_chunks();
    float* state = reinterpret_cast<float*>(r.scratch);
    int64_t seq = 0;
    for (; i < end; i++) {
      const int64_t row = i / s.heads, head = i % s.heads, position = s.position(row, &seq);
      Attention::clear(state, s);
      for (int64_t c = s.first_chunk(position); c <= position / kAttentionChunk; c++)
        r.kernels.attention_merge(state, plan_->parts + ((row * n_chunks + c) * s.heads + head) * s.state, s.dv);
      r.kernels.attention_finish(state, sinks ? sinks->f32()[head] : 0.0f, sinks != nullptr, out.f32() + i * s.dv,
                                 s.dv);
    }
  }

 private:
  const Node& node_;
  std::shared_ptr<const AttentionPlan> plan_;
};

}  // namespace

int64_t attention_parts(const Frame& f, const Node& n) {
  constexpr int64_t kMost = int64_t{2} << 20;  // floats: 8 MiB
  const int64_t state = kStateHead + n.i[3], columns = f.max_dim(n.in[5], 1), page = n.i[4];
  if (columns > kMost || page > kMost) return kMost;
  const int64_t chunks = columns * page / kAttentionChunk + 1;
  // Four rows at the greatest length; shorter ones may be more.
  if (chunks > kMost || n.i[0] > kMost || state > kMost) return kMost;
  const int64_t per_row = chunks * n.i[0] > kMost ? kMost : chunks * n.i[0] * state;
  return std::min(kMost, 4 * std::min(kMost, per_row));
}
OpPtr make_attention(const Frame& f, const Node& n, std::shared_ptr<const AttentionPlan> plan) {
  return std::make_unique<Attention>(f, n, std::move(plan));
}
OpPtr make_attention_merge(const Node& n, std::shared_ptr<const AttentionPlan> plan) {
  return std::make_unique<AttentionMerge>(n, std::move(plan));
}

}  // namespace infer::cpu
