// What low-rank adapters add: out = y + up (down x), each row with the adapter of its slot.
//
// Two operations: x into the few dimensions of the adapter, and from there to the output, which is the memory of y
// wherever no later node wants y. Then a step without adapters has no pieces here, and costs nothing.
#include <algorithm>
#include <cstring>
#include <vector>

#include "backends/cpu/groups.h"
#include "backends/cpu/op.h"
#include "quant/types.h"

namespace infer::cpu {

// Which rows have which adapter, and what comes between the two products; of all nodes with the same slots.
struct Adapted {
  uint32_t slots = 0;                   // tensor [T] i32
  std::vector<int32_t> first;           // [A + 2] where each adapter's rows begin in `rows`: see groups.h
  std::vector<int32_t> rows;            // [T] by adapter, ascending; those without one are not among them
  std::vector<int32_t> used;            // [at most A] adapters that have rows
  std::vector<std::vector<float>> low;  // [nodes that run beside each other] of [T, r]
};

std::shared_ptr<Adapted> make_adapted(const Frame& f, const Node& n) {
  auto a = std::make_shared<Adapted>();
  a->slots = n.in[4];
  a->first.resize(static_cast<size_t>(f[n.in[2]].dim[0]) + 2);
  a->rows.resize(static_cast<size_t>(f.max_dim(n.in[4], 0)));
  a->used.reserve(a->first.size());
  return a;
}
bool same_slots(const Adapted& a, const Frame& f, const Node& n) {
  return a.slots == n.in[4] && a.first.size() == static_cast<size_t>(f[n.in[2]].dim[0]) + 2;
}
int64_t reserve_low(Adapted& a, const Frame& f, const Node& n, size_t beside) {
  if (a.low.size() <= beside) a.low.resize(beside + 1);
  const auto size = a.rows.size() * static_cast<size_t>(f[n.in[2]].dim[1]), had = a.low[beside].size();
  a.low[beside].resize(std::max(size, had));
  return static_cast<int64_t>((a.low[beside].size() - had) * sizeof(float));
}
int64_t adapted_bytes(const Adapted& a) {
  return static_cast<int64_t>((2 * a.first.size() + a.rows.size()) * sizeof(int32_t));
}

namespace {

// One piece where some row has an adapter; else no adapter is in use.
class SortRows final : public Op {
 public:
  explicit SortRows(std::shared_ptr<Adapted> a) : a_(std::move(a)) {}
  Pieces pieces(const Run& r) const override {
    const Tensor& slots = r.frame[a_->slots];
    const bool any = std::any_of(slots.i32(), slots.i32() + slots.dim[0], [](int32_t s) { return s >= 0; });
    a_->used.clear();
    return {any ? 1 : 0, true};
  }
  void run(const Run& r, int64_t, int64_t) override {
    const Tensor& slots = r.frame[a_->slots];
    sort_by_group(slots.i32(), slots.dim[0], a_->first,
                  [&](size_t at, int64_t t) { a_->rows[at] = static_cast<int32_t>(t); });
    for (size_t s = 0; s + 2 < a_->first.size(); s++)
      if (a_->first[s + 1] > a_->first[s]) a_->used.push_back(static_cast<int32_t>(s));
  }

 private:
  std::shared_ptr<Adapted> a_;
};

// The product of the rows of each adapter in use with its matrix of one of the two banks.
class Product : public Op {
 public:
  Product(const Frame& f, const Kernels& k, const Node& n, std::shared_ptr<Adapted> a, size_t beside, size_t bank,
          int64_t task_columns)
      : node_(n), bank_(bank), task_columns_(task_columns), a_(std::move(a)), beside_(beside) {
    const Tensor& w = f[n.in[bank]];
    kernel_ = matmul_path(k, w.type).kernel;
    row_bytes_ =
        static_cast<int64_t>(quant::row_bytes(static_cast<quant::Type>(w.type), static_cast<uint64_t>(w.dim[2])));
    scratch_ = k.scratch_bytes(w.dim[2], row_bytes_);
  }
  int64_t scratch_bytes() const final { return scratch_; }

 protected:
  const Tensor& bank(const Run& r) const { return *r.frame.input(node_, bank_); }
  float* low() const { return a_->low[beside_].data(); }
  int64_t low_stride(const Run& r) const { return r.frame.input(node_, 2)->dim[1]; }
  int64_t tasks(const Run& r) const { return static_cast<int64_t>(a_->used.size()) * blocks(r); }
  // down: the rank's columns of the result are wanted; else all, and the rank is what is summed over.
  void do_task(const Run& r, int64_t number, bool down, MatmulArgs& a) const {
    const Tensor& w = bank(r);
    const auto slot = static_cast<size_t>(a_->used[static_cast<size_t>(number / blocks(r))]);
    const int64_t rank = r.frame.input(node_, 5)->i32()[slot], columns = down ? rank : w.dim[1];
    if (!down) a.k = rank;
    a.n0 = number % blocks(r) * task_columns_;
    a.n1 = std::min(a.n0 + task_columns_, columns);
    if (rank == 0 || a.n0 >= a.n1) return;
    a.w = reinterpret_cast<const uint8_t*>(w.data) + static_cast<int64_t>(slot) * w.dim[1] * row_bytes_;
    a.row_bytes = row_bytes_;
    a.n = w.dim[1];
    a.m = a_->first[slot + 1] - a_->first[slot];
    a.x_rows = a.y_rows = a_->rows.data() + a_->first[slot];
    a.scratch = r.scratch;
    kernel_.run(a);
  }
  const Node& node_;

 private:
  int64_t blocks(const Run& r) const { return (bank(r).dim[1] + task_columns_ - 1) / task_columns_; }
  const size_t bank_;
  const int64_t task_columns_;
  const std::shared_ptr<Adapted> a_;
  const size_t beside_;
  MatmulKernel kernel_{};
  int64_t row_bytes_ = 0, scratch_ = 0;
};

class Down final : public Product {
 public:
  static constexpr int64_t kTaskColumns = 8;  // of few: threads share them
  Down(const Frame& f, const Kernels& k, const Node& n, std::shared_ptr<Adapted> a, size_t beside)
      : Product(f, k, n, std::move(a), beside, 2, kTaskColumns) {}
  Pieces pieces(const Run& r) const override { return {tasks(r), true}; }
  void run(const Run& r, int64_t begin, int64_t end) override {
    const Tensor& x = *r.frame.input(node_, 1);
    MatmulArgs a{};
    a.k = x.dim[1];
    a.x = reinterpret_cast<const uint8_t*>(x.data);
    a.x_stride = a.k * static_cast<int64_t>(sizeof(float));
    a.y = low();
    a.y_stride = low_stride(r);
    for (; begin < end; begin++) do_task(r, begin, true, a);
  }
};

class Up final : public Product {
 public:
  static constexpr int64_t kTaskColumns = 64;
  Up(const Frame& f, const Kernels& k, const Node& n, std::shared_ptr<Adapted> a, size_t beside)
      : Product(f, k, n, std::move(a), beside, 3, kTaskColumns) {}
  Pieces pieces(const Run& r) const override { return {in_place(r) ? tasks(r) : 1, true}; }
  void run(const Run& r, int64_t begin, int64_t end) override {
    if (!in_place(r)) {
      const Tensor &y = *r.frame.input(node_, 0), &out = r.frame[node_.out[0]];
      std::memcpy(out.data, y.data, static_cast<size_t>(y.dim[0] * y.dim[1]) * sizeof(float));
      begin = 0;
      end = tasks(r);
    }
    MatmulArgs a{};
    a.x = reinterpret_cast<const uint8_t*>(low());
    a.x_stride = low_stride(r) * static_cast<int64_t>(sizeof(float));
    a.y = r.frame[node_.out[0]].f32();
    a.y_stride = bank(r).dim[1];
    a.residual = a.y;
    for (; begin < end; begin++) do_task(r, begin, false, a);
  }

 private:
  bool in_place(const Run& r) const { return r.frame.input(node_, 0)->data == r.frame[node_.out[0]].data; }
};

}  // namespace

OpPtr make_sort_rows(std::shared_ptr<Adapted> a) { return std::make_unique<SortRows>(std::move(a)); }
OpPtr make_adapt_down(const Frame& f, const Kernels& k, const Node& n, std::shared_ptr<Adapted> a, size_t beside) {
  return std::make_unique<Down>(f, k, n, std::move(a), beside);
}
OpPtr make_adapt_up(const Frame& f, const Kernels& k, const Node& n, std::shared_ptr<Adapted> a, size_t beside) {
  return std::make_unique<Up>(f, k, n, std::move(a), beside);
}

}  // namespace infer::cpu
