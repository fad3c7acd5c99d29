// embed, matmul and matmul_experts: every weight type, odd shapes.
#include "tests/backends/report.h"
#include "tests/backends/values.h"

namespace infer::conformance {
namespace {

constexpr int64_t kMaxRows = 130;

double matmul_tolerance(quant::Type t) { return t == quant::Type::kF32 ? 1e-11 : plain(t) ? 1e-9 : 5e-4; }

Case embed(quant::Type type, int64_t n_ids, int64_t columns) {
  constexpr int64_t kVocab = 11;
  Case c;
  c.name = str("embed ", quant::info(type).name, " T=", n_ids, " D=", columns);
  c.symbol_max = {kMaxRows};
  const uint32_t table =
      c.weight("table", static_cast<uint32_t>(type), {kVocab, columns}, random_weights(type, kVocab * columns, 7));
  const uint32_t ids = c.input("ids", INFER_TYPE_I32, {INFER_SYMBOL(0)});
  c.node(INFER_OP_EMBED, {table, ids}, {c.output("out", INFER_TYPE_F32, {INFER_SYMBOL(0), columns})});
  c.runs = {{{n_ids}, {{ids, random_ids(n_ids, kVocab, 3)}}}};
  return c;
}

// Of all products w[n][k] x[t][k]: what the rounding of a sum of products is relative to. (The sums themselves may
// cancel, a single one even to nearly nothing.)
double products_power(quant::Type type, const Bytes& w, const Bytes& x, int64_t n_out, int64_t n_in) {
  const auto row = static_cast<size_t>(quant::row_bytes(type, static_cast<uint64_t>(n_in)));
  const std::vector<float> input = values_of<float>(x);
  std::vector<float> weights(static_cast<size_t>(n_in));
  std::vector<double> squares(static_cast<size_t>(n_in));  // of the weights, over all n
  for (int64_t n = 0; n < n_out; ++n) {
    quant::decode_row(type, w.data() + static_cast<size_t>(n) * row, weights.data(), n_in);
    for (size_t k = 0; k < weights.size(); ++k) squares[k] += double(weights[k]) * weights[k];
  }
  double power = 0;
  for (size_t i = 0; i < input.size(); ++i) power += double(input[i]) * input[i] * squares[i % squares.size()];
  return power;
}

Case matmul(quant::Type type, int64_t n_rows, int64_t n_out, int64_t n_in, bool bias) {
  Case c;
  c.name = str("matmul ", quant::info(type).name, " T=", n_rows, " N=", n_out, " K=", n_in, bias ? " bias" : "");
  c.tolerance = matmul_tolerance(type);
  c.symbol_max = {kMaxRows};
  const uint32_t x = c.input("x", INFER_TYPE_F32, {INFER_SYMBOL(0), n_in});
  const uint32_t w = c.weight("w", static_cast<uint32_t>(type), {n_out, n_in}, random_weights(type, n_out * n_in, 11));
  std::vector<uint32_t> in = {x, w};
  if (bias) in.push_back(c.weight("bias", INFER_TYPE_F32, {n_out}, random_f32(n_out, 5)));
  c.node(INFER_OP_MATMUL, in, {c.output("out", INFER_TYPE_F32, {INFER_SYMBOL(0), n_out})});
  c.runs = {{{n_rows}, {{x, random_f32(n_rows * n_in, 13)}}}};
  if (!plain(type) && !bias) c.power = products_power(type, c.weights[w], c.runs[0].inputs.at(x), n_out, n_in);
  return c;
}

Case experts(quant::Type type, int64_t n_rows, int64_t k, int64_t n_out, int64_t n_in, bool per_slot, bool bias) {
  constexpr int64_t kExperts = 5;
  Case c;
  c.name = str("matmul_experts ", quant::info(type).name, " T=", n_rows, " k=", k, " N=", n_out, " K=", n_in,
               per_slot ? " x[T,k,K]" : "", bias ? " bias" : "");
  c.tolerance = matmul_tolerance(type);
  c.symbol_max = {kMaxRows};
  const uint32_t x = per_slot ? c.input("x", INFER_TYPE_F32, {INFER_SYMBOL(0), k, n_in})
                              : c.input("x", INFER_TYPE_F32, {INFER_SYMBOL(0), n_in});
  const uint32_t w = c.weight("w", static_cast<uint32_t>(type), {kExperts, n_out, n_in},
                              random_weights(type, kExperts * n_out * n_in, 17));
  const uint32_t ids = c.input("ids", INFER_TYPE_I32, {INFER_SYMBOL(0), k});
  std::vector<uint32_t> in = {x, w, ids};
  if (bias) in.push_back(c.weight("bias", INFER_TYPE_F32, {kExperts, n_out}, random_f32(kExperts * n_out, 5)));
  c.node(INFER_OP_MATMUL_EXPERTS, in, {c.output("out", INFER_TYPE_F32, {INFER_SYMBOL(0), k, n_out})});
  c.runs = {
      {{n_rows},
       {{x, random_f32(n_rows * (per_slot ? k : 1) * n_in, 19)}, {ids, random_choices(n_rows, k, kExperts, 23)}}}};
  return c;
}

// Two products of one x that adapters are added to; `inside`: as temps, which may be changed in place, of nodes that
// may run beside each other.
struct AdaptShape {
  quant::Type type;
  int64_t rows, slots, rank, n_out, n_in;
  bool inside;
};
Case adapt(const AdaptShape& s) {
  constexpr int64_t T = INFER_SYMBOL(0);
  constexpr uint32_t kF32 = INFER_TYPE_F32, kI32 = INFER_TYPE_I32;
  const auto type = static_cast<uint32_t>(s.type);
  Case c;
  c.name = str("adapt ", quant::info(s.type).name, " T=", s.rows, " A=", s.slots, " r=", s.rank, " N=", s.n_out,
               " K=", s.n_in, s.inside ? " inside" : "");
  c.tolerance = matmul_tolerance(s.type);
  c.symbol_max = {kMaxRows};
  const uint32_t x = c.input("x", kF32, {T, s.n_in}), slots = c.input("slots", kI32, {T});
  Run run{{s.rows}, {{x, random_f32(s.rows * s.n_in, 3)}, {slots, random_slots(s.rows, s.slots, 5)}}};
  std::vector<uint32_t> from, to;
  for (int64_t i = 0; i < 2; ++i) {
    const int64_t n = s.n_out + i;
    const uint32_t y = c.input("y", kF32, {T, n}), out = c.output("out", kF32, {T, n});
    run.inputs[y] = random_f32(s.rows * n, 7 + static_cast<uint64_t>(i));
    from.push_back(y);
    to.push_back(out);
    if (!s.inside) continue;
    from.back() = c.tensor(INFER_ROLE_TEMP, "before", kF32, {T, n});
    to.back() = c.tensor(INFER_ROLE_TEMP, "after", kF32, {T, n});
    c.node(INFER_OP_SCALE, {y}, {from.back()}, {}, {0.5});
  }
  for (size_t i = 0; i < 2; ++i) {
    const int64_t n = s.n_out + static_cast<int64_t>(i);
    const uint32_t down = c.input("down", type, {s.slots, s.rank, s.n_in}),
                   up = c.input("up", type, {s.slots, n, s.rank}), ranks = c.input("ranks", kI32, {s.slots});
    run.inputs[down] = random_weights(s.type, s.slots * s.rank * s.n_in, 11 + i);
    run.inputs[up] = random_weights(s.type, s.slots * n * s.rank, 13 + i);
    run.inputs[ranks] = random_ids(s.slots, s.rank + 1, 17 + i);
    c.node(INFER_OP_ADAPT, {from[i], x, down, up, slots, ranks}, {to[i]});
  }
  for (size_t i = 0; s.inside && i < 2; ++i)
    c.node(INFER_OP_SCALE, {to[i]}, {static_cast<uint32_t>(3 + 4 * i)}, {}, {2});
  c.runs = {run, run};
  std::vector<int32_t> none(static_cast<size_t>(s.rows), -1);
  c.runs[1].inputs[slots] = bytes_of(none);
  return c;
}

}  // namespace

std::vector<Case> matmul_cases() {
  std::vector<Case> all;
  const struct {
    int64_t rows, out, blocks;
    bool bias;
  } shapes[] = {{1, 1, 1, false},  {1, 7, 1, true},  {1, 64, 3, false}, {2, 5, 2, false},   {3, 33, 1, true},
                {4, 16, 2, false}, {5, 3, 5, false}, {7, 12, 1, true},  {8, 31, 2, false},  {16, 17, 1, false},
                {17, 8, 3, false}, {33, 9, 1, true}, {64, 4, 2, false}, {129, 2, 1, false}, {1, 130, 4, false}};
  for (quant::Type type : weight_types()) {
    const int64_t block = quant::info(type).block_elems;
    const int64_t columns = block == 1 ? 37 : block;
    for (int64_t n : {1, 5}) {
      all.push_back(embed(type, n, columns));
      all.push_back(embed(type, n, columns * 3));
    }
    for (const auto& s : shapes)
      all.push_back(matmul(type, s.rows, s.out, block == 1 ? s.blocks * 37 - 5 : s.blocks * block, s.bias));
    all.push_back(matmul(type, 3, 6, 2048, false));
    if (plain(type)) all.push_back(matmul(type, 130, 133, 76, true));  // enough rows and columns for any tiling
    all.push_back(experts(type, 1, 2, 7, columns, false, false));
    all.push_back(experts(type, 9, 2, 16, columns * 2, false, true));
    all.push_back(experts(type, 6, 3, 5, columns, true, false));
    all.push_back(experts(type, 33, 1, 3, columns, true, true));
    all.push_back(experts(type, 40, 5, 9, columns, false, false));
  }
  for (quant::Type type : {quant::Type::kF32, quant::Type::kF16, quant::Type::kBF16})
    for (bool inside : {false, true}) {
      all.push_back(adapt({type, 1, 1, 1, 1, 1, inside}));
      all.push_back(adapt({type, 1, 3, 16, 130, 65, inside}));
      all.push_back(adapt({type, 5, 2, 5, 33, 40, inside}));
      all.push_back(adapt({type, 64, 4, 70, 67, 31, inside}));
      all.push_back(adapt({type, 129, 3, 8, 96, 128, inside}));
    }
  return all;
}

}  // namespace infer::conformance
