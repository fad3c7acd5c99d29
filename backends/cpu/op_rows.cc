// Operators that work row by row; a row is quantised as soon as it is made, while it is in the cache.
#include <cstring>
#include <limits>

#include "backends/cpu/op.h"
#include "backends/cpu/packing.h"
#include "quant/types.h"

namespace infer::cpu {
namespace {

class RowOp : public Op {
 public:
  RowOp(const Node& n, const Records* records) : node_(n), records_(records) {}
  Pieces pieces(const Run& r) const final { return {r.frame[node_.out[0]].rows(), false}; }
  void run(const Run& r, int64_t row, int64_t end) final {
    const Tensor& out = r.frame[node_.out[0]];
    const int64_t columns = out.columns();
    for (; row < end; row++) {
      float* y = out.f32() + row * columns;
      make_row(r, row, y);
      if (records_) r.kernels.quantize(y, records_->layout, records_->row(row));
    }
  }

 protected:
  virtual void make_row(const Run& r, int64_t row, float* y) const = 0;
  const Node& node_;  // in the plan's Frame

 private:
  const Records* records_;
};

// Rows of a table that is also a matrix to multiply with are taken from its packed form once that is there: the file's
// pages are then nobody's.
class Embed final : public RowOp {
 public:
  Embed(const Frame& f, const Node& n, const Records* records, const PackSlot* packed)
      : RowOp(n, records), packed_(packed), row_bytes_(bytes_of_row(*f.input(n, 0))) {}
  int64_t scratch_bytes() const override { return packed_ ? row_bytes_ : 0; }

 private:
  static int64_t bytes_of_row(const Tensor& table) {
    return static_cast<int64_t>(
        quant::row_bytes(static_cast<quant::Type>(table.type), static_cast<uint64_t>(table.dim[1])));
  }
  void make_row(const Run& r, int64_t row, float* y) const override {
    const Tensor& table = *r.frame.input(node_, 0);
    const auto type = static_cast<quant::Type>(table.type);
    const int64_t id = r.frame.input(node_, 1)->i32()[row];
    const uint8_t* packed = packed_ ? packed_->load(std::memory_order_acquire) : nullptr;
    if (!packed) return quant::decode_row(type, table.data + id * row_bytes_, y, table.dim[1]);
    unpack_row(type, row_bytes_, packed, id, r.scratch);
    quant::decode_row(type, r.scratch, y, table.dim[1]);
  }

  const PackSlot* packed_;  // null: the table is never packed
  int64_t row_bytes_;
};

class RmsNorm final : public RowOp {
  using RowOp::RowOp;
  void make_row(const Run& r, int64_t row, float* y) const override {
    const Tensor &x = *r.frame.input(node_, 0), &weight = *r.frame.input(node_, 1);
    const int64_t columns = x.columns(), run = weight.dim[0];
    const float* in = x.f32() + row * columns;
    for (int64_t d = 0; d < columns; d += run)
      r.kernels.rms_norm(in + d, weight.f32(), y + d, run, static_cast<float>(node_.f[0]));
  }
};

class Elementwise final : public RowOp {
  using RowOp::RowOp;
  void make_row(const Run& r, int64_t row, float* y) const override {
    const Tensor& a = *r.frame.input(node_, 0);
    const int64_t n = a.columns();
    const float* x = a.f32() + row * n;
    const int32_t act = node_.i.empty() ? 0 : static_cast<int32_t>(node_.i[0]);
    switch (node_.kind) {
      case INFER_OP_SCALE:
        return r.kernels.scale(x, static_cast<float>(node_.f[0]), y, n);
      case INFER_OP_ACT:
        return r.kernels.act(act, x, y, n);
      case INFER_OP_GLU:
        return r.kernels.glu(act, x, r.frame.input(node_, 1)->f32() + row * n, y, n);
      default:
        return with(r, *r.frame.input(node_, 1), x, row, y, n);
    }
  }
  // ADD or MUL with b [T,D], [D] or [T,1].
  void with(const Run& r, const Tensor& b, const float* x, int64_t row, float* y, int64_t n) const {
    const bool add = node_.kind == INFER_OP_ADD;
    if (b.rank > 1 && b.columns() == 1 && n != 1) {
      const float by = b.f32()[row];
      if (!add) return r.kernels.scale(x, by, y, n);
      for (int64_t d = 0; d < n; d++) y[d] = x[d] + by;
      return;
    }
    const float* other = b.rank == 1 ? b.f32() : b.f32() + row * n;
    add ? r.kernels.add(x, other, y, n) : r.kernels.mul(x, other, y, n);
  }
};

class Gather final : public RowOp {
  using RowOp::RowOp;
  void make_row(const Run& r, int64_t row, float* y) const override {
    const Tensor& x = *r.frame.input(node_, 0);
    const int64_t columns = x.dim[1];
    std::memcpy(y, x.f32() + r.frame.input(node_, 1)->i32()[row] * columns,
                static_cast<size_t>(columns) * sizeof(float));
  }
};

class Copy final : public RowOp {
  using RowOp::RowOp;
  void make_row(const Run& r, int64_t row, float* y) const override {
    const Tensor& x = *r.frame.input(node_, 0);
    std::memcpy(y, x.f32() + row * x.columns(), static_cast<size_t>(x.columns()) * sizeof(float));
  }
};

class Quantize final : public Op {
 public:
  Quantize(uint32_t tensor, const Records* records) : tensor_(tensor), records_(records) {}
  Pieces pieces(const Run& r) const override { return {r.frame[tensor_].rows(), false}; }
  void run(const Run& r, int64_t row, int64_t end) override {
    const Tensor& x = r.frame[tensor_];
    for (; row < end; row++) r.kernels.quantize(x.f32() + row * x.columns(), records_->layout, records_->row(row));
  }

 private:
  uint32_t tensor_;
  const Records* records_;
};

}  // namespace

RecordLayout record_layout(int64_t k, int terms) {
  RecordLayout l{};
  const int64_t groups = k / 32, panels = (k + kPanelValues - 1) / kPanelValues;
  l.k = k;
  l.scale = (k + 63) / 64 * 64;
  l.sum = l.scale + groups * 4;
  l.isum16 = l.sum + groups * 4;
  l.group = l.isum16 + groups * 4;
  l.panel = l.group + groups * 4;
  l.term = (l.panel + (panels + 1) * 4 + 63) / 64 * 64;
  l.bytes = 2 * l.term;
  l.stands_out = terms == 1 ? std::numeric_limits<float>::infinity() : k <= kShortRow ? 0.0f : kStandsOut;
  return l;
}

OpPtr make_embed(const Frame& f, const Node& n, const Records* records, const PackSlot* packed) {
  return std::make_unique<Embed>(f, n, records, packed);
}
OpPtr make_rms_norm(const Node& n, const Records* records) { return std::make_unique<RmsNorm>(n, records); }
OpPtr make_elementwise(const Node& n, const Records* records) { return std::make_unique<Elementwise>(n, records); }
OpPtr make_gather(const Node& n, const Records* records) { return std::make_unique<Gather>(n, records); }
OpPtr make_copy(const Node& n, const Records* records) { return std::make_unique<Copy>(n, records); }
OpPtr make_quantize(uint32_t tensor, const Records* records) { return std::make_unique<Quantize>(tensor, records); }

}  // namespace infer::cpu
