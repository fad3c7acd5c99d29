// The same bits whatever the company: rows computed alone, in batches of every size, in chunks, on any number of
// threads.
#include <numeric>

#include "tests/backends/attention.h"
#include "tests/backends/report.h"
#include "tests/backends/values.h"

namespace infer::conformance {
namespace {

constexpr int64_t kCounts[] = {1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 33, 64, 128};  // around every switch between kernels
constexpr int64_t kMost = 128;

// A one-node case over T = n rows, `first` rows into the same seeded inputs. Weights and everything else do not depend
// on n.
struct RowOp {
  std::string name;
  Case (*make)(const RowOp& op, int64_t first, int64_t n);
  quant::Type type = quant::Type::kF32;
  int64_t a = 0, b = 0;  // sizes
};

Bytes rows_of(const std::vector<float>& all, int64_t first, int64_t n, int64_t width) {
  return bytes_of(std::vector<float>(all.begin() + first * width, all.begin() + (first + n) * width));
}
Bytes rows_of_ids(const Bytes& all, int64_t first, int64_t n, int64_t width) {
  return {all.begin() + first * width * 4, all.begin() + (first + n) * width * 4};
}

Case blank(const RowOp& op) {
  Case c;
  c.name = op.name;
  c.symbol_max = {kMost};
  return c;
}

Case matmul(const RowOp& op, int64_t first, int64_t n) {  // a: N, b: K
  Case c = blank(op);
  const uint32_t x = c.input("x", INFER_TYPE_F32, {INFER_SYMBOL(0), op.b});
  const uint32_t w =
      c.weight("w", static_cast<uint32_t>(op.type), {op.a, op.b}, random_weights(op.type, op.a * op.b, 5));
  const uint32_t bias = c.weight("bias", INFER_TYPE_F32, {op.a}, random_f32(op.a, 3));
  c.node(INFER_OP_MATMUL, {x, w, bias}, {c.output("out", INFER_TYPE_F32, {INFER_SYMBOL(0), op.a})});
  c.runs = {{{n}, {{x, rows_of(random_floats(kMost * op.b, 7), first, n, op.b)}}}};
  return c;
}

Case experts(const RowOp& op, int64_t first, int64_t n) {  // a: N, b: K
  Case c = blank(op);
  constexpr int64_t kExperts = 6, kChosen = 2;
  const uint32_t x = c.input("x", INFER_TYPE_F32, {INFER_SYMBOL(0), op.b}),
                 ids = c.input("ids", INFER_TYPE_I32, {INFER_SYMBOL(0), kChosen});
  const uint32_t w = c.weight("w", static_cast<uint32_t>(op.type), {kExperts, op.a, op.b},
                              random_weights(op.type, kExperts * op.a * op.b, 5));
  c.node(INFER_OP_MATMUL_EXPERTS, {x, w, ids}, {c.output("out", INFER_TYPE_F32, {INFER_SYMBOL(0), kChosen, op.a})});
  c.runs = {{{n},
             {{x, rows_of(random_floats(kMost * op.b, 7), first, n, op.b)},
              {ids, rows_of_ids(random_choices(kMost, kChosen, kExperts, 9), first, n, kChosen)}}}};
  return c;
}

Case rms_norm(const RowOp& op, int64_t first, int64_t n) {  // a: runs, b: D
  Case c = blank(op);
  const uint32_t x = c.input("x", INFER_TYPE_F32, {INFER_SYMBOL(0), op.a * op.b});
  c.node(INFER_OP_RMS_NORM, {x, c.weight("w", INFER_TYPE_F32, {op.b}, random_f32(op.b, 3))},
         {c.output("out", INFER_TYPE_F32, {INFER_SYMBOL(0), op.a * op.b})}, {}, {1e-5});
  c.runs = {{{n}, {{x, rows_of(random_floats(kMost * op.a * op.b, 7), first, n, op.a * op.b)}}}};
  return c;
}

Case rope(const RowOp& op, int64_t first, int64_t n) {  // a: heads, b: D
  Case c = blank(op);
  const uint32_t x = c.input("x", INFER_TYPE_F32, {INFER_SYMBOL(0), op.a * op.b}),
                 p = c.input("p", INFER_TYPE_I32, {INFER_SYMBOL(0)});
  c.node(INFER_OP_ROPE, {x, p}, {c.output("out", INFER_TYPE_F32, {INFER_SYMBOL(0), op.a * op.b})}, {op.b, op.b, 1},
         {10000, 1, 0, 1, 0, 0});
  c.runs = {{{n},
             {{x, rows_of(random_floats(kMost * op.a * op.b, 7), first, n, op.a * op.b)},
              {p, rows_of_ids(random_ids(kMost, 5000, 9), first, n, 1)}}}};
  return c;
}

Case glu(const RowOp& op, int64_t first, int64_t n) {  // a: kind, b: F
  Case c = blank(op);
  const uint32_t g = c.input("gate", INFER_TYPE_F32, {INFER_SYMBOL(0), op.b}),
                 u = c.input("up", INFER_TYPE_F32, {INFER_SYMBOL(0), op.b});
  c.node(INFER_OP_GLU, {g, u}, {c.output("out", INFER_TYPE_F32, {INFER_SYMBOL(0), op.b})}, {op.a});
  c.runs = {{{n},
             {{g, rows_of(random_floats(kMost * op.b, 7, 8), first, n, op.b)},
              {u, rows_of(random_floats(kMost * op.b, 9), first, n, op.b)}}}};
  return c;
}

Case expert_sum(const RowOp& op, int64_t first, int64_t n) {  // a: k, b: D
  Case c = blank(op);
  const uint32_t y = c.input("y", INFER_TYPE_F32, {INFER_SYMBOL(0), op.a, op.b}),
                 w = c.input("w", INFER_TYPE_F32, {INFER_SYMBOL(0), op.a});
  const uint32_t ids = c.input("ids", INFER_TYPE_I32, {INFER_SYMBOL(0), op.a});
  c.node(INFER_OP_EXPERT_SUM, {y, w, ids}, {c.output("out", INFER_TYPE_F32, {INFER_SYMBOL(0), op.b})});
  c.runs = {{{n},
             {{y, rows_of(random_floats(kMost * op.a * op.b, 7), first, n, op.a * op.b)},
              {w, rows_of(random_floats(kMost * op.a, 8), first, n, op.a)},
              {ids, rows_of_ids(random_choices(kMost, op.a, 9, 9), first, n, op.a)}}}};
  return c;
}

std::vector<RowOp> row_ops() {
  std::vector<RowOp> all;
  for (quant::Type t : weight_types()) {
    const int64_t block = quant::info(t).block_elems, k = block == 1 ? 75 : block < 256 ? block * 3 : block;
    all.push_back({str("same matmul ", quant::info(t).name), matmul, t, 37, k});
    all.push_back({str("same matmul_experts ", quant::info(t).name), experts, t, 19, k});
  }
  all.push_back({"same matmul f32 wide", matmul, quant::Type::kF32, 130, 576});
  all.push_back({"same matmul q4_1 wide", matmul, quant::Type::kQ4_1, 130, 576});
  all.push_back({"same rms_norm", rms_norm, quant::Type::kF32, 1, 577});
  all.push_back({"same rms_norm heads", rms_norm, quant::Type::kF32, 5, 64});
  all.push_back({"same rope", rope, quant::Type::kF32, 3, 64});
  all.push_back({"same glu silu", glu, quant::Type::kF32, INFER_ACT_SILU, 131});
  all.push_back({"same glu gelu", glu, quant::Type::kF32, INFER_ACT_GELU_TANH, 131});
  all.push_back({"same expert_sum", expert_sum, quant::Type::kF32, 4, 33});
  return all;
}

// Beds of one backend that must all agree: one per number of threads where it has that option.
std::vector<std::unique_ptr<Bed>> beds_of(const std::string& subject) {
  std::vector<std::unique_ptr<Bed>> beds;
  std::string why;
  auto first = Bed::open(subject, {}, why);
  if (first && first->has_option("threads"))
    for (int n = 1; n <= 4; ++n) beds.push_back(Bed::open(subject, {{"threads", std::to_string(n)}}, why));
  else
    beds.push_back(std::move(first));
  return beds;
}

void check_rows(Bed& one, const RowOp& op, Bed& bed, const std::string& threads, Report& report) {
  if (!report.wants(op.name)) return;
  const Case whole_case = op.make(op, 0, kMost);
  const Outcome whole = one.run(whole_case);
  if (!whole.supported) return report.skip(op.name, whole.message);
  if (whole.status != INFER_OK) return report.fail(op.name, whole.message);
  const uint32_t out = whole_case.nodes.back().out[0];
  const Bytes& all = whole.outputs[0].at(out);
  const size_t width = all.size() / kMost;
  for (int64_t n : kCounts) {
    for (int64_t first : {int64_t(0), kMost - n, (kMost - n) / 3}) {
      const Outcome o = bed.run(op.make(op, first, n));
      const std::string name = str(op.name, " rows ", first, "..", first + n - 1, " of ", kMost, threads);
      if (o.status != INFER_OK)
        report.fail(name, o.message);
      else if (std::memcmp(o.outputs[0].at(out).data(), all.data() + static_cast<size_t>(first) * width,
                           static_cast<size_t>(n) * width) != 0)
        report.fail(name, "not the same bits (" + o.kernel + ")");
      else
        report.pass(name);
    }
  }
}

// The rows of sequence i of an attention case, over all its runs, in order of position.
Bytes sequence_rows(const Case& c, const Outcome& o, const Chunks& chunks, size_t i) {
  Bytes rows;
  for (size_t r = 0; r < chunks.size(); ++r) {
    const Bytes& out = o.outputs[r].at(attention_output(c));
    const int64_t total = std::accumulate(chunks[r].begin(), chunks[r].end(), int64_t(0));
    const size_t width = out.size() / static_cast<size_t>(total);
    const auto before = static_cast<size_t>(
        std::accumulate(chunks[r].begin(), chunks[r].begin() + static_cast<int64_t>(i), int64_t(0)));
    rows.insert(rows.end(), out.begin() + static_cast<int64_t>(before * width),
                out.begin() + static_cast<int64_t>((before + static_cast<size_t>(chunks[r][i])) * width));
  }
  return rows;
}

Chunks cut(int64_t length, int64_t by) {
  Chunks chunks;
  for (int64_t at = 0; at < length; at += by) chunks.push_back({std::min(by, length - at)});
  return chunks;
}

void check_chunks(Bed& one, const AttentionShape& shape, int64_t length, Bed& bed, const std::string& threads,
                  Report& report) {
  const std::string name = str("same attention ", shape.text(), " length ", length);
  if (!report.wants(name)) return;
  const Chunks whole_chunks = {{length}};
  const Case whole_case = attention_case(shape, whole_chunks, {41});
  const Outcome whole = one.run(whole_case);
  if (!whole.supported) return report.skip(name, whole.message);
  if (whole.status != INFER_OK) return report.fail(name, whole.message);
  const Bytes expected = sequence_rows(whole_case, whole, whole_chunks, 0);

  std::vector<std::pair<std::string, Chunks>> ways;
  for (int64_t by : {1, 2, 3, 5, 8, 16, 17, 32, 33, 64, 128})
    if (by < length && length / by < 200) ways.emplace_back(str("in chunks of ", by), cut(length, by));
  Chunks company = cut(length, (length + 3) / 4);  // between two others, of other lengths
  for (size_t r = 0; r < company.size(); ++r)
    company[r] = {static_cast<int64_t>(2 * r + 1), company[r][0], r % 2 ? 9 : 1};
  for (const auto& [way, chunks] : ways) {
    const Case c = attention_case(shape, chunks, {41});
    const Outcome o = bed.run(c);
    const bool same = o.status == INFER_OK && sequence_rows(c, o, chunks, 0) == expected;
    same ? report.pass(str(name, " ", way, threads))
         : report.fail(str(name, " ", way, threads),
                       o.status == INFER_OK ? "not the same bits (" + o.kernel + ")" : o.message);
  }
  const Case c = attention_case(shape, company, {7, 41, 99});
  const Outcome o = bed.run(c);
  const bool same = o.status == INFER_OK && sequence_rows(c, o, company, 1) == expected;
  same ? report.pass(str(name, " in company", threads))
       : report.fail(str(name, " in company", threads),
                     o.status == INFER_OK ? "not the same bits (" + o.kernel + ")" : o.message);
}

}  // namespace

void check_same(const std::string& subject, Report& report) {
  const auto beds = beds_of(subject);
  for (size_t b = 0; b < beds.size(); ++b) {
    if (!beds[b]) return report.fail("same", "the backend cannot be opened with threads");
    const std::string threads = beds.size() > 1 ? str(", ", b + 1, " threads") : std::string();
    for (const RowOp& op : row_ops()) check_rows(*beds[0], op, *beds[b], threads, report);
    for (uint32_t kv : {INFER_TYPE_F16, INFER_TYPE_F32}) {
      for (const auto& [shape, length] : std::vector<std::pair<AttentionShape, int64_t>>{
               {{.heads = 6, .kv_heads = 2, .dim = 64, .dim_v = 64, .page = 32, .scale = 0.125, .kv_type = kv}, 131},
               {{.heads = 3, .kv_heads = 1, .dim = 24, .dim_v = 40, .page = 8, .kv_type = kv}, 70},
               {{.heads = 4,
               .kv_heads = 4,
               .dim = 32,
               .dim_v = 32,
               .page = 16,
               .window = 21,
               .softcap = 5,
               .sinks = true,
               .kv_type = kv},
                75},
               {{.heads = 2, .kv_heads = 1, .dim = 16, .dim_v = 16, .page = 32, .kv_type = kv},
                1030}})  // several attention chunks
        check_chunks(*beds[0], shape, length, *beds[b], threads, report);
    }
  }
}

}  // namespace infer::conformance
