// The operators that work row by row: norms, rope, sums, activations, gather, routing.
#include "tests/backends/report.h"
#include "tests/backends/values.h"

namespace infer::conformance {
namespace {

constexpr int64_t T = INFER_SYMBOL(0), kMaxRows = 70;
constexpr uint32_t kF32 = INFER_TYPE_F32, kI32 = INFER_TYPE_I32;

Case start(std::string name, double tolerance) {
  Case c;
  c.name = std::move(name);
  c.tolerance = tolerance;
  c.symbol_max = {kMaxRows};
  return c;
}

Case norm(int64_t rows, int64_t runs, int64_t d, float reach) {
  Case c = start(str("rms_norm T=", rows, " G=", runs, " D=", d, " reach=", reach), 1e-11);
  const uint32_t x = c.input("x", kF32, {T, runs * d}), w = c.weight("weight", kF32, {d}, random_f32(d, 3));
  c.node(INFER_OP_RMS_NORM, {x, w}, {c.output("out", kF32, {T, runs * d})}, {}, {1e-5});
  c.runs = {{{rows}, {{x, random_f32(rows * runs * d, 5, reach)}}}};
  return c;
}

struct RopeShape {
  int64_t rows, heads, dim, n_rot, style, farthest;
  bool factors;
  double base, freq_scale, ext, attn;
};
Case rope(const RopeShape& s) {
  // Angles of far positions are large; a turn computed in f32 would be wrong by more than this.
  Case c = start(str("rope T=", s.rows, " H=", s.heads, " D=", s.dim, " n_rot=", s.n_rot, " style=", s.style, " up to ",
                     s.farthest, s.factors ? " factors" : "", s.ext != 0 ? " yarn" : ""),
                 1e-9);
  const uint32_t x = c.input("x", kF32, {T, s.heads * s.dim}), p = c.input("positions", kI32, {T});
  std::vector<uint32_t> in = {x, p};
  std::vector<float> factors = random_floats(s.n_rot / 2, 9);
  for (float& f : factors) f = 1 + std::abs(f) * 7;
  if (s.factors) in.push_back(c.weight("factors", kF32, {s.n_rot / 2}, bytes_of(factors)));
  c.node(INFER_OP_ROPE, in, {c.output("out", kF32, {T, s.heads * s.dim})}, {s.dim, s.n_rot, s.style},
         {s.base, s.freq_scale, s.ext, s.attn, 2.5, 9.25});
  c.runs = {{{s.rows}, {{x, random_f32(s.rows * s.heads * s.dim, 5)}, {p, random_ids(s.rows, s.farthest, 7)}}}};
  return c;
}

Case binary(uint32_t kind, int64_t rows, int64_t d, int broadcast) {  // 0: [T,D], 1: [D] weight, 2: [T,1], 3: [D] input
  Case c = start(str(kind == INFER_OP_ADD ? "add" : "mul", " T=", rows, " D=", d, " b", broadcast), 0);
  const uint32_t a = c.input("a", kF32, {T, d});
  const uint32_t b = broadcast == 0   ? c.input("b", kF32, {T, d})
                     : broadcast == 1 ? c.weight("b", kF32, {d}, random_f32(d, 3))
                     : broadcast == 2 ? c.input("b", kF32, {T, 1})
                                      : c.input("b", kF32, {d});
  c.node(kind, {a, b}, {c.output("out", kF32, {T, d})});
  Run run{{rows}, {{a, random_f32(rows * d, 5)}}};
  if (broadcast != 1) run.inputs[b] = random_f32(broadcast == 0 ? rows * d : broadcast == 2 ? rows : d, 7);
  c.runs = {run};
  return c;
}

Case scale(int64_t rows, int64_t d, double by) {
  Case c = start(str("scale T=", rows, " D=", d, " by ", by), 1e-13);
  const uint32_t x = c.input("x", kF32, {T, d});
  c.node(INFER_OP_SCALE, {x}, {c.output("out", kF32, {T, d})}, {}, {by});
  c.runs = {{{rows}, {{x, random_f32(rows * d, 5)}}}};
  return c;
}

Case act(int64_t kind, int64_t rows, int64_t d, float reach) {
  Case c = start(str("act ", kind, " T=", rows, " D=", d, " reach=", reach), 1e-11);
  const uint32_t x = c.input("x", kF32, {T, d});
  c.node(INFER_OP_ACT, {x}, {c.output("out", kF32, {T, d})}, {kind});
  c.runs = {{{rows}, {{x, random_f32(rows * d, 5, reach)}}}};
  return c;
}

Case glu(int64_t kind, int64_t rows, int64_t k, int64_t f, float reach) {  // k 0: [T,F]
  Case c = start(str("glu ", kind, " T=", rows, " k=", k, " F=", f, " reach=", reach), 1e-11);
  const std::vector<int64_t> dims = k ? std::vector<int64_t>{T, k, f} : std::vector<int64_t>{T, f};
  const uint32_t gate = c.input("gate", kF32, dims), up = c.input("up", kF32, dims);
  c.node(INFER_OP_GLU, {gate, up}, {c.output("out", kF32, dims)}, {kind});
  const int64_t n = rows * std::max<int64_t>(k, 1) * f;
  c.runs = {{{rows}, {{gate, random_f32(n, 5, reach)}, {up, random_f32(n, 7)}}}};
  return c;
}

Case gather(int64_t rows, int64_t wanted, int64_t d) {
  Case c = start(str("gather T=", rows, " R=", wanted, " D=", d), 0);
  c.symbol_max = {kMaxRows, kMaxRows};
  const uint32_t x = c.input("x", kF32, {T, d}), r = c.input("rows", kI32, {INFER_SYMBOL(1)});
  c.node(INFER_OP_GATHER, {x, r}, {c.output("out", kF32, {INFER_SYMBOL(1), d})});
  c.runs = {{{rows, wanted}, {{x, random_f32(rows * d, 5)}, {r, random_ids(wanted, rows, 7)}}}};
  return c;
}

Case route(int64_t rows, int64_t n_experts, int64_t k, int64_t mode, bool ties) {
  Case c = start(str("route T=", rows, " E=", n_experts, " k=", k, " mode=", mode, ties ? " ties" : ""), 1e-11);
  const uint32_t x = c.input("logits", kF32, {T, n_experts});
  c.node(INFER_OP_ROUTE, {x}, {c.output("ids", kI32, {T, k}), c.output("weights", kF32, {T, k})}, {k, mode}, {1.5});
  std::vector<float> logits = random_floats(rows * n_experts, 5, 4);
  if (ties)
    for (float& v : logits) v = std::round(v / 3);
  c.runs = {{{rows}, {{x, bytes_of(logits)}}}};
  return c;
}

Case expert_sum(int64_t rows, int64_t k, int64_t d) {
  Case c = start(str("expert_sum T=", rows, " k=", k, " D=", d), 1e-12);
  const uint32_t y = c.input("y", kF32, {T, k, d}), w = c.input("weights", kF32, {T, k}),
                 ids = c.input("ids", kI32, {T, k});
  c.node(INFER_OP_EXPERT_SUM, {y, w, ids}, {c.output("out", kF32, {T, d})});
  c.runs = {{{rows},
             {{y, random_f32(rows * k * d, 5)}, {w, random_f32(rows * k, 7)}, {ids, random_choices(rows, k, 9, 11)}}}};
  return c;
}

Case one_rank(uint32_t kind) {
  Case c = start(kind == INFER_OP_ALL_REDUCE ? "all_reduce" : "all_gather", 0);
  const uint32_t x = c.input("x", kF32, {T, 13});
  c.node(kind, {x}, {c.output("out", kF32, {T, 13})}, {1});
  c.runs = {{{5}, {{x, random_f32(65, 5)}}}};
  return c;
}

}  // namespace

std::vector<Case> row_cases() {
  std::vector<Case> all;
  for (int64_t d : {1, 2, 7, 8, 31, 64, 128, 576, 1000})
    for (int64_t g : {1, 3}) all.push_back(norm(d % 5 + 1, g, d, 1));
  all.push_back(norm(3, 1, 64, 1e6f));
  all.push_back(norm(3, 1, 64, 1e-6f));
  for (int64_t style : {0, 1}) {
    for (const RopeShape& s : {RopeShape{1, 1, 2, 2, style, 5, false, 10000, 1, 0, 1},
                               RopeShape{5, 3, 64, 64, style, 300, false, 10000, 1, 0, 1},
                               RopeShape{2, 9, 64, 32, style, 300, false, 1e6, 1, 0, 1},
                               RopeShape{7, 2, 80, 26, style, 4000, true, 500000, 1, 0, 1},
                               RopeShape{33, 4, 128, 128, style, 131072, false, 10000, 0.25, 0, 1},
                               RopeShape{4, 2, 96, 96, style, 9000, false, 10000, 0.25, 1, 1.1386},
                               RopeShape{4, 2, 32, 30, style, 9000, true, 10000, 0.125, 0.5, 0.9}})
      all.push_back(rope(s));
  }
  for (uint32_t kind : {INFER_OP_ADD, INFER_OP_MUL})
    for (int broadcast : {0, 1, 2, 3})
      for (int64_t d : {1, 5, 8, 37, 576}) all.push_back(binary(kind, 3 + d % 2, d, broadcast));
  for (int64_t d : {1, 9, 64}) all.push_back(scale(4, d, 0.125 + static_cast<double>(d) / 7));
  for (int64_t kind = 0; kind <= INFER_ACT_TANH; ++kind) {
    for (int64_t d : {1, 5, 37, 64}) {
      all.push_back(act(kind, 3, d, 6));
      all.push_back(glu(kind, 3, 0, d, 6));
      all.push_back(glu(kind, 2, 3, d, 6));
    }
    all.push_back(act(kind, 2, 33, 120));  // exp overflows and underflows
    all.push_back(glu(kind, 2, 0, 33, 120));
    all.push_back(act(kind, 2, 33, 1e-3f));
  }
  for (int64_t d : {1, 7, 64}) {
    all.push_back(gather(1, 1, d));
    all.push_back(gather(9, 4, d));
    all.push_back(gather(3, 20, d));
  }
  for (int64_t mode : {0, 1, 2})
    for (bool ties : {false, true}) {
      all.push_back(route(1, 1, 1, mode, ties));
      all.push_back(route(5, 8, 2, mode, ties));
      all.push_back(route(33, 60, 4, mode, ties));
      all.push_back(route(3, 128, 128, mode, ties));
    }
  for (int64_t k : {1, 2, 8})
    for (int64_t d : {1, 33, 64}) all.push_back(expert_sum(5, k, d));
  all.push_back(one_rank(INFER_OP_ALL_REDUCE));
  all.push_back(one_rank(INFER_OP_ALL_GATHER));
  return all;
}

}  // namespace infer::conformance
