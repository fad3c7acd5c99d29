// New keys and values into their pages, in the form that stored.h draws: rows are encoded as the type says, then spread
// over the cells and scales of each head's part.
#include <algorithm>
#include <cstring>

#include "backends/cpu/op.h"
#include "quant/encode.h"

namespace infer::cpu {
namespace {

// How the numbers of a state's type lie in encoded rows.
struct Coded {
  quant::Type type;
  int64_t cell, n_cells, block;  // bytes of a cell; cells of a block (with scale: behind it); bytes of a block
  bool scaled;
  explicit Coded(uint32_t t) : type(static_cast<quant::Type>(t)) {
    const quant::TypeInfo& info = quant::info(type);
    block = info.block_bytes;
    scaled = info.block_elems > 1;
    cell = scaled ? 1 : block;
    n_cells = scaled ? block - kScale : 1;
  }
  static constexpr int64_t kScale = 2;  // a half before the cells
  int64_t bytes(int64_t values) const {
    return static_cast<int64_t>(quant::row_bytes(type, static_cast<uint64_t>(values)));
  }
  int64_t blocks(int64_t values) const { return bytes(values) / block; }
};

class KvWrite final : public Op {
 public:
  KvWrite(const Frame& f, const Node& n) : node_(n) {
    for (size_t i : {0, 1}) scratch_ = std::max(scratch_, Coded(f[n.in[i + 2]].type).bytes(f.max_dim(n.in[i], 1)));
  }
  int64_t scratch_bytes() const override { return scratch_ + 64; }
  Pieces pieces(const Run& r) const override { return {r.frame.input(node_, 0)->dim[0], false}; }
  void run(const Run& r, int64_t row, int64_t end) override {
    const int32_t *q_start = r.frame.input(node_, 4)->i32(), *kv_len = r.frame.input(node_, 5)->i32();
    const Tensor& table = *r.frame.input(node_, 6);
    const int64_t page = node_.i[3];
    int64_t s = 0;
    for (; row < end; row++) {
      while (q_start[s + 1] <= row) s++;
      const int64_t position = kv_len[s] - (q_start[s + 1] - row);
      const int64_t p = table.i32()[s * table.dim[1] + position / page];
      write(r, 0, row, p, position % page);
      write(r, 1, row, p, position % page);
    }
  }

 private:
  // which: 0 keys, 1 values.
  void write(const Run& r, size_t which, int64_t row, int64_t p, int64_t slot) const {
    const Tensor &x = *r.frame.input(node_, which), &state = *r.frame.input(node_, which + 2);
    const int64_t heads = node_.i[0], dim = node_.i[1 + which], page = node_.i[3];
    const Coded coded(state.type);
    const std::byte* from = encode(r, coded, x.f32() + row * heads * dim, heads * dim);
    std::byte* part = state.data + p * heads * page * coded.bytes(dim);
    for (int64_t h = 0; h < heads; h++, from += coded.bytes(dim), part += page * coded.bytes(dim))
      which == 0 ? spread_keys(coded, from, part, dim, page, slot) : spread_values(coded, from, part, dim, page, slot);
  }

  static const std::byte* encode(const Run& r, const Coded& coded, const float* x, int64_t n) {
    if (coded.type == quant::Type::kF32) return reinterpret_cast<const std::byte*>(x);
    if (coded.type == quant::Type::kF16)
      r.kernels.to_f16(x, reinterpret_cast<uint16_t*>(r.scratch), n);
    else
      quant::encode_row(coded.type, x, r.scratch, n);
    return reinterpret_cast<const std::byte*>(r.scratch);
  }

  static void spread_keys(const Coded& c, const std::byte* from, std::byte* part, int64_t dim, int64_t page,
                          int64_t slot) {
    const int64_t n = c.blocks(dim);
    if (!c.scaled) {
      if (c.cell == 2) return spread<uint16_t>(from, part, n, page, slot);
      return spread<uint32_t>(from, part, n, page, slot);
    }
    std::byte* scales = part + n * c.n_cells * page;
    for (int64_t g = 0; g < n; g++, from += c.block) {
      std::memcpy(scales + (g * page + slot) * c.kScale, from, c.kScale);
      spread<uint8_t>(from + c.kScale, part + g * c.n_cells * page, c.n_cells, page, slot);
    }
  }
  template <class Cell>
  static void spread(const std::byte* from, std::byte* part, int64_t n, int64_t page, int64_t slot) {
    std::byte* to = part + slot * static_cast<int64_t>(sizeof(Cell));
    for (int64_t i = 0; i < n; i++)
      std::memcpy(to + i * page * static_cast<int64_t>(sizeof(Cell)), from + i * static_cast<int64_t>(sizeof(Cell)),
                  sizeof(Cell));
  }

  static void spread_values(const Coded& c, const std::byte* from, std::byte* part, int64_t dim, int64_t page,
                            int64_t slot) {
    const int64_t n = c.blocks(dim), width = n * c.n_cells * c.cell;  // of a row of cells
    if (!c.scaled) return void(std::memcpy(part + slot * width, from, static_cast<size_t>(width)));
    std::byte* scales = part + width * page;
    for (int64_t g = 0; g < n; g++, from += c.block) {
      std::memcpy(scales + (g * page + slot) * c.kScale, from, c.kScale);
      std::memcpy(part + slot * width + g * c.n_cells, from + c.kScale, static_cast<size_t>(c.n_cells));
    }
  }

  const Node& node_;
  int64_t scratch_ = 0;
};

}  // namespace

OpPtr make_kv_write(const Frame& f, const Node& n) { return std::make_unique<KvWrite>(f, n); }

}  // namespace infer::cpu
