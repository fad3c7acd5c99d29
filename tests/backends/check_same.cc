// The same bits whatever the company: rows computed alone, in batches of every size, in chunks, on any number of
// threads.
#include <numeric>

#include "graph/signature.h"
#include "tests/backends/attention.h"
#include "tests/backends/layers.h"
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
  bool experts = false;
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

Case adapt(const RowOp& op, int64_t first, int64_t n) {  // a: N, b: K
  Case c = blank(op);
  constexpr int64_t kSlots = 3, kRank = 9, T = INFER_SYMBOL(0);
  const uint32_t y = c.input("y", INFER_TYPE_F32, {T, op.a}), x = c.input("x", INFER_TYPE_F32, {T, op.b});
  const auto type = static_cast<uint32_t>(op.type);
  const uint32_t down = c.input("down", type, {kSlots, kRank, op.b}), up = c.input("up", type, {kSlots, op.a, kRank}),
                 slots = c.input("slots", INFER_TYPE_I32, {T}), ranks = c.input("ranks", INFER_TYPE_I32, {kSlots});
  c.node(INFER_OP_ADAPT, {y, x, down, up, slots, ranks}, {c.output("out", INFER_TYPE_F32, {T, op.a})});
  c.runs = {{{n},
             {{y, rows_of(random_floats(kMost * op.a, 5), first, n, op.a)},
              {x, rows_of(random_floats(kMost * op.b, 7), first, n, op.b)},
              {down, random_weights(op.type, kSlots * kRank * op.b, 11)},
              {up, random_weights(op.type, kSlots * op.a * kRank, 13)},
              {slots, rows_of_ids(random_slots(kMost, kSlots, 9), first, n, 1)},
              {ranks, bytes_of(std::vector<int32_t>{9, 4, 7})}}}};
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

Case embed(const RowOp& op, int64_t first, int64_t n) {  // a: entries, b: D
  Case c = blank(op);
  const uint32_t table =
      c.weight("table", static_cast<uint32_t>(op.type), {op.a, op.b}, random_weights(op.type, op.a * op.b, 5));
  const uint32_t ids = c.input("ids", INFER_TYPE_I32, {INFER_SYMBOL(0)});
  c.node(INFER_OP_EMBED, {table, ids}, {c.output("out", INFER_TYPE_F32, {INFER_SYMBOL(0), op.b})});
  c.runs = {{{n}, {{ids, rows_of_ids(random_ids(kMost, op.a, 9), first, n, 1)}}}};
  return c;
}

Case binary(const RowOp& op, int64_t first, int64_t n) {  // a: operator, b: D
  Case c = blank(op);
  const uint32_t x = c.input("x", INFER_TYPE_F32, {INFER_SYMBOL(0), op.b}),
                 y = c.input("y", INFER_TYPE_F32, {INFER_SYMBOL(0), op.b});
  c.node(static_cast<uint32_t>(op.a), {x, y}, {c.output("out", INFER_TYPE_F32, {INFER_SYMBOL(0), op.b})});
  c.runs = {{{n},
             {{x, rows_of(random_floats(kMost * op.b, 7), first, n, op.b)},
              {y, rows_of(random_floats(kMost * op.b, 9), first, n, op.b)}}}};
  return c;
}

Case act(const RowOp& op, int64_t first, int64_t n) {  // a: kind, b: D
  Case c = blank(op);
  const uint32_t x = c.input("x", INFER_TYPE_F32, {INFER_SYMBOL(0), op.b});
  c.node(INFER_OP_ACT, {x}, {c.output("out", INFER_TYPE_F32, {INFER_SYMBOL(0), op.b})}, {op.a});
  c.runs = {{{n}, {{x, rows_of(random_floats(kMost * op.b, 7, 5), first, n, op.b)}}}};
  return c;
}

Case route(const RowOp& op, int64_t first, int64_t n) {  // a: mode, b: E
  Case c = blank(op);
  const uint32_t x = c.input("logits", INFER_TYPE_F32, {INFER_SYMBOL(0), op.b});
  c.node(INFER_OP_ROUTE, {x},
         {c.output("ids", INFER_TYPE_I32, {INFER_SYMBOL(0), 3}),
          c.output("weights", INFER_TYPE_F32, {INFER_SYMBOL(0), 3})},
         {3, op.a}, {1.5});
  c.runs = {{{n}, {{x, rows_of(random_floats(kMost * op.b, 7, 4), first, n, op.b)}}}};
  return c;
}

Case layer(const RowOp& op, int64_t first, int64_t n) {  // a: D, b: F
  Case c = layer_case({op.type, op.a, op.b, op.experts}, kMost, first, n);
  c.name = op.name;
  return c;
}

std::vector<RowOp> row_ops() {
  std::vector<RowOp> all;
  for (quant::Type t : weight_types()) {
    const int64_t block = quant::info(t).block_elems, k = block == 1 ? 75 : block < 256 ? block * 3 : block;
    all.push_back({str("same matmul ", quant::info(t).name), matmul, t, 37, k});
    all.push_back({str("same matmul_experts ", quant::info(t).name), experts, t, 19, k});
    all.push_back({str("same embed ", quant::info(t).name), embed, t, 23, k});
  }
  for (const LayerShape& s : layer_shapes())
    all.push_back({"same " + s.text(), layer, s.type, s.columns, s.hidden, s.experts});
  for (quant::Type t : {quant::Type::kF32, quant::Type::kF16, quant::Type::kBF16})
    all.push_back({str("same adapt ", quant::info(t).name), adapt, t, 130, 75});
  all.push_back({"same matmul f32 wide", matmul, quant::Type::kF32, 130, 576});
  all.push_back({"same matmul q4_1 wide", matmul, quant::Type::kQ4_1, 130, 576});
  all.push_back({"same rms_norm", rms_norm, quant::Type::kF32, 1, 577});
  all.push_back({"same rms_norm heads", rms_norm, quant::Type::kF32, 5, 64});
  all.push_back({"same rope", rope, quant::Type::kF32, 3, 64});
  all.push_back({"same glu silu", glu, quant::Type::kF32, INFER_ACT_SILU, 131});
  all.push_back({"same glu gelu", glu, quant::Type::kF32, INFER_ACT_GELU_TANH, 131});
  all.push_back({"same act tanh", act, quant::Type::kF32, INFER_ACT_TANH, 131});
  all.push_back({"same act sigmoid", act, quant::Type::kF32, INFER_ACT_SIGMOID, 131});
  all.push_back({"same add", binary, quant::Type::kF32, INFER_OP_ADD, 75});
  all.push_back({"same mul", binary, quant::Type::kF32, INFER_OP_MUL, 75});
  for (int64_t mode : {0, 1, 2}) all.push_back({str("same route ", mode), route, quant::Type::kF32, mode, 60});
  all.push_back({"same expert_sum", expert_sum, quant::Type::kF32, 4, 33});
  return all;
}

// Beds of one backend that must all agree: one per number of threads where it has that option.
using Beds = std::vector<std::unique_ptr<Bed>>;
Beds beds_of(const std::string& subject, const Settings& settings) {
  Beds beds;
  std::string why;
  auto first = Bed::open(subject, settings, why);
  if (first && !first->option("threads").empty())
    for (int n = 1; n <= 4; ++n) {
      Settings with = settings;
      with.emplace_back("threads", std::to_string(n));
      beds.push_back(Bed::open(subject, with, why));
    }
  else
    beds.push_back(std::move(first));
  return beds;
}
std::string threads_text(const Beds& beds, size_t b) { return beds.size() > 1 ? str(", ", b + 1, " threads") : ""; }

// Rows first .. first + n of an op on one bed, against the same rows of the whole.
void check_rows(const RowOp& op, const Outcome& whole, Bed& bed, int64_t first, int64_t n, const std::string& threads,
                Report& report) {
  const Outcome o = bed.run(op.make(op, first, n));
  const std::string name = str(op.name, " rows ", first, "..", first + n - 1, " of ", kMost, threads);
  if (o.status != INFER_OK) return report.fail(name, o.message);
  for (const auto& [t, all] : whole.outputs[0]) {
    const size_t width = all.size() / kMost, from = static_cast<size_t>(first) * width;
    if (std::memcmp(o.outputs[0].at(t).data(), all.data() + from, static_cast<size_t>(n) * width) != 0)
      return report.fail(name, "not the same bits (" + o.kernel + ")");
  }
  report.pass(name);
}

// Every number of rows on every number of threads. Which rows they are: all three places on one thread, then one of
// them.
void check_op(const RowOp& op, const Beds& beds, Report& report) {
  if (!report.wants(op.name)) return;
  const Outcome whole = beds[0]->run(op.make(op, 0, kMost));
  if (!whole.supported) return report.skip(op.name, whole.message);
  if (whole.status != INFER_OK) return report.fail(op.name, whole.message);
  for (size_t b = 0; b < beds.size(); ++b) {
    const std::string threads = threads_text(beds, b);
    for (size_t i = 0; i < std::size(kCounts); ++i) {
      const int64_t n = kCounts[i], firsts[] = {0, kMost - n, (kMost - n) / 3};
      for (size_t place = 0; place < std::size(firsts); ++place)
        if (b == 0 || place == (b + i) % std::size(firsts))
          check_rows(op, whole, *beds[b], firsts[place], n, threads, report);
    }
  }
}

// Experts are summed in the order of their numbers, whatever the order in which a row chose them.
void check_expert_order(const Beds& beds, Report& report) {
  constexpr int64_t kRows = 9, kChosen = 8, kWidth = 70;
  const std::string name = "same expert_sum in any order of choices";
  if (!report.wants(name)) return;
  const auto y = random_floats(kRows * kChosen * kWidth, 7), w = random_floats(kRows * kChosen, 8);
  const auto ids = values_of<int32_t>(random_choices(kRows, kChosen, 20, 9));
  const auto turned = [&](int64_t by) {  // each row's choices moved round by `by` places
    std::vector<float> y2, w2;
    std::vector<int32_t> ids2;
    for (int64_t t = 0; t < kRows; ++t)
      for (int64_t j = 0; j < kChosen; ++j) {
        const int64_t from = t * kChosen + (j + by) % kChosen;
        y2.insert(y2.end(), y.begin() + from * kWidth, y.begin() + (from + 1) * kWidth);
        w2.push_back(w[static_cast<size_t>(from)]);
        ids2.push_back(ids[static_cast<size_t>(from)]);
      }
    Case c = expert_sum({name, expert_sum, quant::Type::kF32, kChosen, kWidth}, 0, kRows);
    c.runs[0].inputs = {{0, bytes_of(y2)}, {1, bytes_of(w2)}, {2, bytes_of(ids2)}};
    return c;
  };
  const Outcome first = beds[0]->run(turned(0));
  if (!first.supported) return report.skip(name, first.message);
  for (const auto& bed : beds)
    for (int64_t by = 1; by < kChosen; ++by) {
      const Outcome o = bed->run(turned(by));
      const bool same = o.status == INFER_OK && first.status == INFER_OK && o.outputs == first.outputs;
      same ? report.pass(name) : report.fail(name, str("not the same bits, turned by ", by, " ", o.message));
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

void check_chunks(const AttentionShape& shape, int64_t length, const Beds& beds, Report& report) {
  const std::string name = str("same attention ", shape.text(), " length ", length);
  if (!report.wants(name)) return;
  const Chunks whole_chunks = {{length}};
  const Case whole_case = attention_case(shape, whole_chunks, {41});
  const Outcome whole = beds[0]->run(whole_case);
  if (!whole.supported) return report.skip(name, whole.message);
  if (whole.status != INFER_OK) return report.fail(name, whole.message);
  const Bytes expected = sequence_rows(whole_case, whole, whole_chunks, 0);

  std::vector<std::pair<std::string, Chunks>> ways;
  for (int64_t by : {1, 2, 3, 5, 8, 16, 17, 32, 33, 64, 128})
    if (by < length && length / by < 200) ways.emplace_back(str("in chunks of ", by), cut(length, by));
  Chunks decode(9, {1});  // a prompt, then one row at a time
  decode[0] = {length - 8};
  ways.emplace_back("a row at a time at its end", decode);
  Chunks company = cut(length, (length + 3) / 4);  // between two others, of other lengths
  for (size_t r = 0; r < company.size(); ++r)
    company[r] = {static_cast<int64_t>(2 * r + 1), company[r][0], r % 2 ? 9 : 1};
  std::vector<Case> cases;
  for (const auto& [way, chunks] : ways) cases.push_back(attention_case(shape, chunks, {41}));
  const Case in_company = attention_case(shape, company, {7, 41, 99});
  for (size_t b = 0; b < beds.size(); ++b) {
    const auto judge = [&](const std::string& way, const Outcome& o, const auto& rows) {
      const std::string full = str(name, " ", way, threads_text(beds, b));
      if (o.status != INFER_OK) return report.fail(full, o.message);
      rows() == expected ? report.pass(full) : report.fail(full, "not the same bits (" + o.kernel + ")");
    };
    for (size_t w = 0; w < ways.size(); ++w) {
      if (b > 0 && w + 1 < ways.size() && w % 3 != b - 1) continue;  // a third of the chunk sizes each
      const Outcome o = beds[b]->run(cases[w]);
      judge(ways[w].first, o, [&] { return sequence_rows(cases[w], o, ways[w].second, 0); });
    }
    const Outcome o = beds[b]->run(in_company);
    judge("in company", o, [&] { return sequence_rows(in_company, o, company, 1); });
  }
}

}  // namespace

void check_same(const std::string& subject, const Settings& settings, Report& report) {
  const Beds beds = beds_of(subject, settings);
  for (const auto& bed : beds)
    if (!bed) return report.fail("same", "the backend cannot be opened with threads");
  for (const RowOp& op : row_ops()) check_op(op, beds, report);
  check_expert_order(beds, report);
  for (uint32_t kv : kKvTypes) {
    const bool blocks = graph::block_length(kv) > 1;
    const AttentionShape grouped{
        .heads = 6, .kv_heads = 2, .dim = 64, .dim_v = 64, .page = 32, .scale = 0.125, .kv_type = kv},
        odd{.heads = 3, .kv_heads = 1, .dim = blocks ? 96 : 24, .dim_v = blocks ? 32 : 40, .page = 8, .kv_type = kv},
        window{.heads = 4,
               .kv_heads = 4,
               .dim = 32,
               .dim_v = 32,
               .page = 16,
               .window = 21,
               .softcap = 5,
               .sinks = true,
               .kv_type = kv},
        small{.heads = 2, .kv_heads = 1, .dim = blocks ? 32 : 16, .dim_v = blocks ? 32 : 16, .page = 32, .kv_type = kv};
    check_chunks(grouped, 131, beds, report);
    check_chunks(odd, 70, beds, report);
    check_chunks(window, 75, beds, report);
    check_chunks(small, 1030, beds, report);  // several attention chunks
  }
  for (const auto& bed : beds) report.add_counters(*bed);
}

}  // namespace infer::conformance
