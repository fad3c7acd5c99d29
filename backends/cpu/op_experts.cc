// Mixture of experts: choosing k of E, multiplying each row with the experts it chose, adding up what they said.
#include <algorithm>
#include <cmath>
#include <vector>

#include "backends/cpu/groups.h"
#include "backends/cpu/op.h"
#include "quant/types.h"

namespace infer::cpu {

struct Buckets {
  uint32_t ids = 0;                  // tensor [T, k]
  bool row_per_choice = false;       // x is [T, k, K]
  std::vector<int32_t> first;        // [E + 2]: where each expert's rows begin in the two lists below: see groups.h
  std::vector<int32_t> x_row, slot;  // [T * k] by expert, ascending slots: row of x, and t * k + j
};

std::shared_ptr<Buckets> make_buckets(const Frame& f, const Node& n) {
  auto b = std::make_shared<Buckets>();
  b->ids = n.in[2];
  b->row_per_choice = f[n.in[0]].rank == 3;
  const size_t slots = static_cast<size_t>(f.max_dim(n.in[2], 0) * f.max_dim(n.in[2], 1));
  b->first.resize(static_cast<size_t>(f[n.in[1]].dim[0]) + 2);
  b->x_row.resize(slots);
  b->slot.resize(slots);
  return b;
}
int64_t buckets_bytes(const Buckets& b) {
  return static_cast<int64_t>((b.first.size() + b.x_row.size() + b.slot.size()) * sizeof(int32_t));
}

namespace {

class BucketsOp final : public Op {
 public:
  explicit BucketsOp(std::shared_ptr<Buckets> b) : b_(std::move(b)) {}
  Pieces pieces(const Run&) const override { return {1, true}; }
  void run(const Run& r, int64_t, int64_t) override {
    const Tensor& ids = r.frame[b_->ids];
    const int64_t k = ids.dim[1], n = ids.dim[0] * k;
    sort_by_group(ids.i32(), n, b_->first, [&](size_t at, int64_t i) {
      b_->slot[at] = static_cast<int32_t>(i);
      b_->x_row[at] = static_cast<int32_t>(b_->row_per_choice ? i : i / k);
    });
  }

 private:
  std::shared_ptr<Buckets> b_;
};

class MatmulExperts final : public Op {
 public:
  MatmulExperts(const Frame& f, const Kernels& k, const Node& n, const MatmulPlan& plan,
                std::shared_ptr<const Buckets> b)
      : node_(n), plan_(plan), b_(std::move(b)) {
    const Tensor& w = f[n.in[1]];
    row_bytes_ =
        static_cast<int64_t>(quant::row_bytes(static_cast<quant::Type>(w.type), static_cast<uint64_t>(w.dim[2])));
    scratch_ = k.scratch_bytes(w.dim[2], row_bytes_);
  }
  int64_t scratch_bytes() const override { return scratch_; }
  Pieces pieces(const Run& r) const override {
    const Tensor& w = *r.frame.input(node_, 1);
    return {w.dim[0] * blocks(w), true};
  }
  void run(const Run& r, int64_t task, int64_t end) override {
    const Tensor &x = *r.frame.input(node_, 0), &w = *r.frame.input(node_, 1);
    const Tensor* bias = r.frame.input(node_, 3);
    MatmulArgs a{};
    a.row_bytes = row_bytes_;
    a.n = w.dim[1];
    a.k = w.dim[2];
    a.x = plan_.records ? plan_.records->data : reinterpret_cast<const uint8_t*>(x.data);
    a.x_stride = plan_.records ? plan_.records->layout.bytes : a.k * static_cast<int64_t>(sizeof(float));
    a.layout = plan_.records ? &plan_.records->layout : nullptr;
    a.y = r.frame[node_.out[0]].f32();
    a.y_stride = a.n;
    a.unpacker = plan_.path.unpacker;
    a.scratch = r.scratch;
    for (const int64_t blocks = this->blocks(w); task < end; task++) {
      const int64_t expert = task / blocks;
      const auto* rows = &b_->first[static_cast<size_t>(expert)];
      const int32_t first = rows[0], n = rows[1] - first;
      if (n == 0) continue;
      if (task % blocks == 0) plan_.count(n);
      a.w = reinterpret_cast<const uint8_t*>(w.data) + expert * a.n * row_bytes_;
      const uint8_t* packed = plan_.packed_rows();
      a.packed = packed ? packed + expert * a.n * row_bytes_ : nullptr;
      a.bias = bias ? bias->f32() + expert * a.n : nullptr;
      a.n0 = task % blocks * kTaskColumns;
      a.n1 = std::min(a.n0 + kTaskColumns, a.n);
      a.m = n;
      a.x_rows = b_->x_row.data() + first;
      a.y_rows = b_->slot.data() + first;
      plan_.path.kernel.run(a);
    }
  }

 private:
  static constexpr int64_t kTaskColumns = 64;
  static int64_t blocks(const Tensor& w) { return (w.dim[1] + kTaskColumns - 1) / kTaskColumns; }
  const Node& node_;
  MatmulPlan plan_;
  std::shared_ptr<const Buckets> b_;
  int64_t row_bytes_ = 0, scratch_ = 0;
};

class Route final : public Op {
 public:
  explicit Route(const Node& n) : node_(n) {}
  Pieces pieces(const Run& r) const override { return {r.frame.input(node_, 0)->dim[0], false}; }
  void run(const Run& r, int64_t t, int64_t end) override {
    const Tensor &logits = *r.frame.input(node_, 0), &ids = r.frame[node_.out[0]], &weights = r.frame[node_.out[1]];
    const int64_t k = node_.i[0];
    for (; t < end; t++) row(logits.f32() + t * logits.dim[1], logits.dim[1], ids.i32() + t * k, weights.f32() + t * k);
  }

 private:
  // Does expert a come before b? Larger logit first, NaN last, then the lower index: a total order whatever the logits
  // are.
  static bool before(const float* x, int64_t a, int64_t b) {
    const bool nan_a = std::isnan(x[a]), nan_b = std::isnan(x[b]);
    if (nan_a != nan_b) return nan_b;
    if (!nan_a && x[a] != x[b]) return x[a] > x[b];
    return a < b;
  }
  void row(const float* x, int64_t n_experts, int32_t* ids, float* weights) const {
    const int64_t k = node_.i[0], mode = node_.i[1];
    for (int64_t j = 0; j < k; j++) {  // the first in that order after the one chosen last
      int64_t best = -1;
      for (int64_t e = 0; e < n_experts; e++)
        if ((j == 0 || before(x, ids[j - 1], e)) && (best < 0 || before(x, e, best))) best = e;
      ids[j] = static_cast<int32_t>(best);
    }
    const double top = x[ids[0]];
    double total = 0;
    if (mode == 0)
      for (int64_t e = 0; e < n_experts; e++) total += std::exp(x[e] - top);
    else
      for (int64_t j = 0; j < k; j++) total += std::exp(x[ids[j]] - top);
    for (int64_t j = 0; j < k; j++) weights[j] = static_cast<float>(std::exp(x[ids[j]] - top) / total * node_.f[0]);
  }
  const Node& node_;
};

class ExpertSum final : public Op {
 public:
  ExpertSum(const Node& n, const Records* records) : node_(n), records_(records) {}
  Pieces pieces(const Run& r) const override { return {r.frame.input(node_, 0)->dim[0], false}; }
  void run(const Run& r, int64_t t, int64_t end) override {
    const Tensor &y = *r.frame.input(node_, 0), &weights = *r.frame.input(node_, 1), &ids = *r.frame.input(node_, 2);
    const Tensor& out = r.frame[node_.out[0]];
    const int64_t k = y.dim[1], columns = y.dim[2];
    for (; t < end; t++) {
      const int32_t* id = ids.i32() + t * k;
      float* sum = out.f32() + t * columns;
      std::fill_n(sum, columns, 0.0f);
      int64_t last = -1;
      for (int64_t n = 0; n < k; n++) {  // choices by ascending (expert, place)
        int64_t next = -1;
        for (int64_t j = 0; j < k; j++)
          if ((last < 0 || after(id, j, last)) && (next < 0 || after(id, next, j))) next = j;
        last = next;
        const float by = weights.f32()[t * k + next];
        const float* from = y.f32() + (t * k + next) * columns;
        for (int64_t d = 0; d < columns; d++) sum[d] += by * from[d];
      }
      if (records_) r.kernels.quantize(sum, records_->layout, records_->row(t));
    }
  }

 private:
  static bool after(const int32_t* id, int64_t a, int64_t b) { return id[a] != id[b] ? id[a] > id[b] : a > b; }
  const Node& node_;
  const Records* records_;
};

}  // namespace

OpPtr make_route(const Node& n) { return std::make_unique<Route>(n); }
OpPtr make_expert_sum(const Node& n, const Records* records) { return std::make_unique<ExpertSum>(n, records); }
OpPtr make_buckets_op(std::shared_ptr<Buckets> b) { return std::make_unique<BucketsOp>(std::move(b)); }
OpPtr make_matmul_experts(const Frame& f, const Kernels& k, const Node& n, const MatmulPlan& plan,
                          std::shared_ptr<const Buckets> b) {
  return std::make_unique<MatmulExperts>(f, k, n, plan, std::move(b));
}

}  // namespace infer::cpu
