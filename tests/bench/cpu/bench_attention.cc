// Speed of attention over long caches, without a model: bench_attention [decode|prefill|all [KV,KV,.. [DEPTH,..
// [THREADS,.. [HEADS KV_HEADS DIM LAYERS [ISA]]]]]].
//
// decode: one row at each depth through LAYERS x (KV_WRITE, ATTENTION): milliseconds of a step, GB/s of keys and values
// read, and that beside the 8-stream read of as many threads, measured in turns with it. prefill: 512 rows that end at
// that depth, one layer: GFLOP/s beside the multiply-adds that registers alone allow. Best of the repeats, wall clock.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/plan.h"
#include "base/processors.h"
#include "examples/infer/machine_probes.h"
#include "quant/types.h"
#include "tests/unit/cpu/kernel_bed.h"

using namespace infer;
using namespace infer::cpu;

namespace {

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

[[noreturn]] void fail(const Status& s) {
  std::fprintf(stderr, "%s\n", std::string(s.message()).c_str());
  std::exit(1);
}

struct Shape {
  int64_t heads = 32, kv_heads = 8, dim = 64, layers = 16, page = 32;  // Llama-3.2-1B
};

// Memory of the kind that engines have, full of bytes that are small and normal numbers of every KV type.
infer_buf* filled(int64_t bytes) {
  auto made = backend::HostBuffer::make(bytes);
  if (!made.ok()) fail(made.status());
  uint32_t state = 1;
  for (int64_t i = 0; i < bytes; i++) {
    state = state * 1664525u + 1013904223u;
    (*made)->data[i] = static_cast<std::byte>(0x29 + (state >> 24) % 16);
  }
  return backend::as_buf(made->release());
}

// LAYERS x (KV_WRITE, ATTENTION) of `rows` rows at the end of a sequence of `depth` positions.
class Bench {
 public:
  Bench(const Kernels& kernels, int threads, const Shape& s, quant::Type type, int64_t depth, int64_t rows)
      : device_(kernels, {threads, threads, usable_processors(), {}}) {
    const int64_t pages = (depth + s.page - 1) / s.page;
    const uint32_t q = input({rows, s.heads * s.dim}, INFER_TYPE_F32), k = input({rows, s.kv_heads * s.dim}, 0),
                   v = input({rows, s.kv_heads * s.dim}, 0);
    const uint32_t q_start = input({2}, INFER_TYPE_I32), kv_len = input({1}, INFER_TYPE_I32),
                   table = input({1, pages}, INFER_TYPE_I32);
    ints(q_start)[0] = 0;
    ints(q_start)[1] = static_cast<int32_t>(rows);
    ints(kv_len)[0] = static_cast<int32_t>(depth);
    for (int64_t p = 0; p < pages; p++) ints(table)[p] = static_cast<int32_t>(p * 7919 % pages);
    const auto position = static_cast<int64_t>(quant::row_bytes(type, static_cast<uint64_t>(s.kv_heads * s.dim)));
    for (int64_t layer = 0; layer < s.layers; layer++) {
      const auto state = [&] {
        const uint32_t t = tensor({pages, s.page, s.kv_heads, s.dim}, static_cast<uint32_t>(type), INFER_ROLE_STATE);
        bind(t, pages * s.page * position);
        return t;
      };
      const uint32_t k_state = state(), v_state = state();
      const uint32_t out = tensor({rows, s.heads * s.dim}, INFER_TYPE_F32, INFER_ROLE_TEMP);
      node(INFER_OP_KV_WRITE, {k, v, k_state, v_state, q_start, kv_len, table}, {}, {s.kv_heads, s.dim, s.dim, s.page},
           {});
      node(INFER_OP_ATTENTION, {q, k_state, v_state, q_start, kv_len, table}, {out},
           {s.heads, s.kv_heads, s.dim, s.dim, s.page, 0}, {0.125, 0.0});
    }
    bytes_read = 2 * position * depth * s.layers;
    compile();
  }
  ~Bench() {
    for (const infer_binding& b : binds_) delete backend::host_buffer(b.buf);
  }
  Bench(const Bench&) = delete;

  double step() {
    const double start = seconds();
    if (const Status s = plan_->submit(nullptr, binds_.data(), static_cast<uint32_t>(binds_.size())); !s.ok()) fail(s);
    return seconds() - start;
  }
  // GB/s of the 8-stream read, every thread on a part of its own.
  double read_speed() {
    static infer_buf* const memory = filled(kProbe);
    struct Read final : Work {
      int64_t parts;
      bool begun = false;
      std::atomic<uint64_t> sum{0};
      explicit Read(int64_t n) : parts(n) {}
      int64_t next() override { return std::exchange(begun, true) ? 0 : parts; }
      void unit(int, int64_t i) override {
        const auto* data = reinterpret_cast<const char*>(backend::host_buffer(memory)->data);
        sum += tool::best_probes().read(data + i * (kProbe / parts), static_cast<size_t>(kProbe / parts));
      }
    } read(device_.pool().parts(true));
    const double start = seconds();
    device_.pool().run(read, true);
    return static_cast<double>(kProbe) / (seconds() - start) * 1e-9;
  }

  int64_t bytes_read = 0;

 private:
  static constexpr int64_t kProbe = 256 << 20;

  uint32_t tensor(std::vector<int64_t> dims, uint32_t type, uint32_t role) {
    infer_tensor t{};
    t.type = type;
    t.role = role;
    t.rank = static_cast<uint32_t>(dims.size());
    for (int64_t& d : t.dim) d = 1;
    std::copy(dims.begin(), dims.end(), t.dim);
    t.name = "";
    tensors_.push_back(t);
    return static_cast<uint32_t>(tensors_.size() - 1);
  }
  uint32_t input(std::vector<int64_t> dims, uint32_t type) {
    int64_t n = 4;
    for (int64_t d : dims) n *= d;
    const uint32_t t = tensor(std::move(dims), type, INFER_ROLE_INPUT);
    bind(t, n);
    return t;
  }
  void bind(uint32_t t, int64_t bytes) { binds_.push_back({t, 0, filled(bytes), 0, bytes}); }
  int32_t* ints(uint32_t t) { return reinterpret_cast<int32_t*>(backend::host_buffer(binds_[t].buf)->data); }
  struct Lists {
    std::vector<uint32_t> in, out;
    std::vector<int64_t> i;
    std::vector<double> f;
  };
  void node(uint32_t kind, std::vector<uint32_t> in, std::vector<uint32_t> out, std::vector<int64_t> i,
            std::vector<double> f) {
    const Lists& l = *lists_.emplace_back(std::make_unique<Lists>(Lists{in, out, i, f}));
    ops_.push_back({kind, static_cast<uint32_t>(in.size()), static_cast<uint32_t>(out.size()),
                    static_cast<uint32_t>(i.size()), static_cast<uint32_t>(f.size()), 0, l.in.data(), l.out.data(),
                    l.i.data(), l.f.data()});
  }
  void compile() {
    infer_program p{};
    p.abi = {sizeof p, INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR};
    p.tensor_size = sizeof(infer_tensor);
    p.n_tensors = static_cast<uint32_t>(tensors_.size());
    p.op_size = sizeof(infer_op);
    p.n_ops = static_cast<uint32_t>(ops_.size());
    p.tensors = tensors_.data();
    p.ops = ops_.data();
    auto made = Plan::make(device_, p, nullptr, 0, nullptr);
    if (!made.ok()) fail(made.status());
    plan_ = made.take();
  }

  Device device_;
  std::vector<infer_tensor> tensors_;
  std::vector<std::unique_ptr<Lists>> lists_;
  std::vector<infer_op> ops_;
  std::vector<infer_binding> binds_;  // inputs first, in the order of their tensors
  std::unique_ptr<Plan> plan_;
};

void decode(const Kernels& kernels, int threads, const Shape& s, const quant::TypeInfo& type, int64_t depth) {
  Bench b(kernels, threads, s, type.type, depth, 1);
  double best = 1e9, read = 0;
  const double until = seconds() + 2;
  for (int pass = 0; pass < 4 || seconds() < until; pass++) {
    read = std::max(read, b.read_speed());
    for (const double turn = seconds() + 0.1; seconds() < turn;) best = std::min(best, b.step());
  }
  const double speed = static_cast<double>(b.bytes_read) / best * 1e-9;
  std::printf("decode  %-9s %-5s depth %-6ld threads %d %8.2f ms/token %7.2f GB/s of %6.2f: %3.0f %%\n", kernels.name,
              type.name, static_cast<long>(depth), threads, best * 1e3, speed, read, 100 * speed / read);
}

double multiply_adds() {  // GFLOP/s of one thread
  constexpr int64_t kRounds = 2000000;
  double best = 1e9;
  for (int pass = 0; pass < 10; pass++) {
    const double start = seconds();
    tool::best_probes().f32(kRounds);
    best = std::min(best, seconds() - start);
  }
  return tool::best_probes().f32_ops * static_cast<double>(kRounds) / best * 1e-9;
}

void prefill(const Kernels& kernels, int threads, Shape s, const quant::TypeInfo& type, int64_t depth) {
  static const double peak = multiply_adds();
  const int64_t rows = std::min<int64_t>(512, depth);
  s.layers = 1;
  Bench b(kernels, threads, s, type.type, depth, rows);
  double best = 1e9;
  for (int pass = 0; pass < 4; pass++) best = std::min(best, b.step());
  const double pairs = static_cast<double>(rows) * (static_cast<double>(depth) - static_cast<double>(rows - 1) / 2);
  const double speed = pairs * static_cast<double>(s.heads * s.dim) * 4 / best * 1e-9, most = peak * threads;
  std::printf("prefill %-9s %-5s depth %-6ld threads %d %8.2f ms/layer %7.1f GFLOP/s of %6.1f: %3.0f %%\n",
              kernels.name, type.name, static_cast<long>(depth), threads, best * 1e3, speed, most, 100 * speed / most);
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= list.size();) {
    const size_t comma = std::min(list.find(',', at), list.size());
    parts.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

}  // namespace

int main(int argc, char** argv) {
  const auto text = [&](int i, const char* otherwise) { return std::string(argc > i ? argv[i] : otherwise); };
  const std::string what = text(1, "all");
  Shape s;
  if (argc > 8) s = {std::atol(argv[5]), std::atol(argv[6]), std::atol(argv[7]), std::atol(argv[8]), 32};
  const std::string isa = text(9, runnable_kernels().front()->name);
  for (const Kernels* kernels : runnable_kernels()) {
    if (kernels->name != isa) continue;
    for (const std::string& name : split(text(2, "f32,f16,bf16,q8_0,q4_0"))) {
      const quant::TypeInfo* type = quant::find_type(name);
      if (!type) return std::fprintf(stderr, "no type '%s'\n", name.c_str()), 2;
      for (const std::string& threads : split(text(4, "1,2")))
        for (const std::string& depth : split(text(3, "8192,32768"))) {
          if (what != "prefill") decode(*kernels, std::atoi(threads.c_str()), s, *type, std::atol(depth.c_str()));
          if (what != "decode") prefill(*kernels, std::atoi(threads.c_str()), s, *type, std::atol(depth.c_str()));
        }
    }
  }
}
