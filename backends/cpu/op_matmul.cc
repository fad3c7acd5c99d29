// Matrix products. Few rows: pieces are the smallest blocks of columns (weight rows) there are, and as many go into one
// call as threads are handed together. Many rows: blocks of columns that are worth a call each.
#include <algorithm>

#include "backends/cpu/op.h"
#include "backends/cpu/unpack.h"
#include "quant/types.h"

namespace infer::cpu {

MatmulPath matmul_path(const Kernels& k, uint32_t type) {
  MatmulPath p;
  if (type < kQuantTypes && k.matmul[type].run) {
    p.kernel = k.matmul[type];
    p.quantized = type != INFER_TYPE_F32 && type != INFER_TYPE_F16 && type != INFER_TYPE_BF16;
  } else if (const Unpacker* u = find_unpacker(static_cast<quant::Type>(type), k.avx2)) {
    p.kernel = k.unpacked[u->group == 16];
    p.unpacker = u;
    p.quantized = true;
  }
  return p;
}

namespace {

constexpr int64_t kTaskColumns = OnednnProduct::kColumns;

int64_t weight_row_bytes(const Tensor& w) {
  return static_cast<int64_t>(quant::row_bytes(static_cast<quant::Type>(w.type), static_cast<uint64_t>(w.columns())));
}

Pieces column_pieces(int64_t m, int64_t n) {
  const bool few = m <= kFewRows;
  const int64_t each = few ? kColumnUnit : kTaskColumns;
  return {(n + each - 1) / each, !few};
}

// Hands the columns [n0, n1) of n that are pieces begin .. end-1 to body, by the rule above.
template <class Body>
void each_columns(int64_t m, int64_t n, int64_t begin, int64_t end, Body body) {
  if (m <= kFewRows) return body(begin * kColumnUnit, std::min(end * kColumnUnit, n));
  for (; begin < end; begin++) body(begin * kTaskColumns, std::min((begin + 1) * kTaskColumns, n));
}

class Multiply {
 public:
  Multiply(const Frame& f, const Kernels& k, const Node& n, const MatmulPlan& plan) : node_(n), plan_(plan) {
    const Tensor& w = *f.input(n, 1);
    scratch_ = k.scratch_bytes(w.dim[1], weight_row_bytes(w));
  }
  int64_t scratch_bytes() const { return plan_.onednn ? std::max(scratch_, plan_.onednn->scratch_bytes()) : scratch_; }
  void count(const Run& r) const { plan_.count(rows(r)); }
  void columns(const Run& r, int64_t n0, int64_t n1) const {
    const Tensor &x = *r.frame.input(node_, 0), &w = *r.frame.input(node_, 1);
    const Tensor* bias = r.frame.input(node_, 2);
    MatmulArgs a{};
    a.w = reinterpret_cast<const uint8_t*>(w.data);
    a.packed = plan_.packed_rows();
    a.row_bytes = weight_row_bytes(w);
    a.n = w.dim[0];
    a.k = w.dim[1];
    a.n0 = n0;
    a.n1 = n1;
    a.x = plan_.records ? plan_.records->data : reinterpret_cast<const uint8_t*>(x.data);
    a.x_stride = plan_.records ? plan_.records->layout.bytes : a.k * static_cast<int64_t>(sizeof(float));
    a.layout = plan_.records ? &plan_.records->layout : nullptr;
    a.m = x.dim[0];
    a.y = r.frame[plan_.out].f32();
    a.y_stride = a.n;
    a.bias = bias ? bias->f32() : nullptr;
    a.residual = plan_.residual == INFER_NONE ? nullptr : r.frame[plan_.residual].f32();
    a.unpacker = plan_.path.unpacker;
    a.scratch = r.scratch;
    if (plan_.onednn && a.m >= OnednnProduct::kRows && n1 - n0 == OnednnProduct::kColumns) skip(a, blocks(r, a));
    if (a.m > 0) plan_.path.kernel.run(a);
  }
  int64_t rows(const Run& r) const { return r.frame.input(node_, 0)->dim[0]; }
  int64_t n(const Run& r) const { return r.frame.input(node_, 1)->dim[0]; }

 private:
  // The rows that oneDNN does, from the first on; float products have no residual.
  int64_t blocks(const Run& r, const MatmulArgs& a) const {
    const int64_t done = plan_.onednn->run(a, r.thread);
    plan_.onednn_blocks->fetch_add(done / OnednnProduct::kRows, std::memory_order_relaxed);
    if (a.bias)
      for (int64_t m = 0; m < done; m++) {
        float* y = a.y + m * a.y_stride + a.n0;
        r.kernels.add(y, a.bias + a.n0, y, a.n1 - a.n0);
      }
    return done;
  }
  static void skip(MatmulArgs& a, int64_t rows) {
    a.m -= rows;
    a.x += rows * a.x_stride;
    a.y += rows * a.y_stride;
  }
  const Node& node_;
  MatmulPlan plan_;
  int64_t scratch_ = 0;
};

class Matmul final : public Op {
 public:
  Matmul(const Frame& f, const Kernels& k, const Node& n, const MatmulPlan& plan) : multiply_(f, k, n, plan) {}
  int64_t scratch_bytes() const override { return multiply_.scratch_bytes(); }
  Pieces pieces(const Run& r) const override { return column_pieces(multiply_.rows(r), multiply_.n(r)); }
  void run(const Run& r, int64_t begin, int64_t end) override {
    if (begin == 0) multiply_.count(r);
    each_columns(multiply_.rows(r), multiply_.n(r), begin, end,
                 [&](int64_t n0, int64_t n1) { multiply_.columns(r, n0, n1); });
  }

 private:
  Multiply multiply_;
};

class Gated final : public Op {
 public:
  Gated(const Frame& f, const Kernels& k, const Node& gate, const MatmulPlan& gate_plan, const Node& up,
        const MatmulPlan& up_plan, const Node& glu)
      : gate_(f, k, gate, gate_plan), up_(f, k, up, up_plan), glu_(glu) {}
  int64_t scratch_bytes() const override { return std::max(gate_.scratch_bytes(), up_.scratch_bytes()); }
  Pieces pieces(const Run& r) const override { return column_pieces(gate_.rows(r), gate_.n(r)); }
  void run(const Run& r, int64_t begin, int64_t end) override {
    if (begin == 0) {
      gate_.count(r);
      up_.count(r);
    }
    const Tensor &gate = *r.frame.input(glu_, 0), &up = *r.frame.input(glu_, 1), &out = r.frame[glu_.out[0]];
    const int64_t rows = out.dim[0], n = out.dim[1];
    each_columns(rows, n, begin, end, [&](int64_t n0, int64_t n1) {
      gate_.columns(r, n0, n1);
      up_.columns(r, n0, n1);
      for (int64_t t = 0; t < rows; t++) {
        const int64_t at = t * n + n0;
        r.kernels.glu(static_cast<int32_t>(glu_.i[0]), gate.f32() + at, up.f32() + at, out.f32() + at, n1 - n0);
      }
    });
  }

 private:
  Multiply gate_, up_;
  const Node& glu_;
};

}  // namespace

OpPtr make_matmul(const Frame& f, const Kernels& k, const Node& n, const MatmulPlan& plan) {
  return std::make_unique<Matmul>(f, k, n, plan);
}
OpPtr make_gated(const Frame& f, const Kernels& k, const Node& gate, const MatmulPlan& gate_plan, const Node& up,
                 const MatmulPlan& up_plan, const Node& glu) {
  return std::make_unique<Gated>(f, k, gate, gate_plan, up, up_plan, glu);
}

}  // namespace infer::cpu
