// Wrong programs, bindings and run-time values are answered, never run: E_INVALID or E_UNSUPPORTED with a message, and
// the same plan then takes a right run.
#include <cstring>
#include <functional>

#include "tests/backends/attention.h"
#include "tests/backends/report.h"
#include "tests/backends/values.h"

namespace infer::conformance {
namespace {

// The built-in case whose name has this part.
const Case& find(const std::vector<Case>& all, const std::string& part, Report& report) {
  for (const Case& c : all)
    if (c.name.find(part) != std::string::npos) return c;
  report.fail("refuse", "there is no case '" + part + "' to damage");
  return all.front();
}

bool refused(const Outcome& o) {
  return (o.status == INFER_E_INVALID || o.status == INFER_E_UNSUPPORTED) && !o.message.empty() && o.damage.empty();
}

void expect_refused(Bed& bed, const Case& good, const std::string& what, const std::function<void(Case&)>& damage,
                    Report& report) {
  Case bad = copy_of(good);
  damage(bad);
  const std::string name = "refuse " + what + " (" + good.name + ")";
  if (!report.wants(name)) return;
  const Outcome o = bed.run(bad);
  refused(o) ? report.pass(name, o.message)
             : report.fail(name, str("status ", static_cast<int32_t>(o.status), " ", o.message, " ", o.damage));
}

void set_int(Bytes& data, size_t i, int32_t v) { std::memcpy(data.data() + 4 * i, &v, sizeof v); }

void run_time_values(Bed& bed, const std::vector<Case>& all, Report& report) {
  const Case &embed = find(all, "embed f32 T=5", report), &gather = find(all, "gather T=9", report),
             &experts = find(all, "matmul_experts f32 T=9", report);
  for (int32_t bad : {-1, 11, INT32_MAX, INT32_MIN}) {
    expect_refused(
        bed, embed, str("token ", bad), [&](Case& c) { set_int(c.runs[0].inputs[1], 4, bad); }, report);
    expect_refused(
        bed, gather, str("row ", bad), [&](Case& c) { set_int(c.runs[0].inputs[1], 3, bad); }, report);
    expect_refused(
        bed, experts, str("expert ", bad), [&](Case& c) { set_int(c.runs[0].inputs[2], 7, bad); }, report);
  }
  const Case& adapt = find(all, "adapt f32 T=5", report);
  const uint32_t slots = adapt.nodes[0].in[4], ranks = adapt.nodes[1].in[5];
  for (int32_t bad : {-2, 2, INT32_MAX, INT32_MIN})
    expect_refused(
        bed, adapt, str("slot ", bad), [&](Case& c) { set_int(c.runs[1].inputs[slots], 3, bad); }, report);
  for (int32_t bad : {-1, 6, INT32_MAX, INT32_MIN})
    expect_refused(
        bed, adapt, str("rank ", bad), [&](Case& c) { set_int(c.runs[0].inputs[ranks], 1, bad); }, report);
  for (int64_t bad : {int64_t(0), int64_t(-1), int64_t(131), INT64_MAX, INT64_MIN})
    expect_refused(
        bed, embed, str("symbol ", bad), [&](Case& c) { c.runs[0].symbols[0] = bad; }, report);

  const Case attention = attention_case({.heads = 4, .kv_heads = 2, .page = 8}, {{19, 4}, {1, 8}}, {1, 2});
  const auto tables = [&](const std::string& what, const std::function<void(Run&)>& damage) {
    expect_refused(
        bed, attention, what, [&](Case& c) { damage(c.runs[1]); }, report);
  };
  static constexpr uint32_t kStart = 3, kLen = 4, kTable = 5;  // tensors of attention_case
  tables("q_start that begins at 1", [](Run& r) { set_int(r.inputs[kStart], 0, 1); });
  tables("q_start that falls", [](Run& r) { set_int(r.inputs[kStart], 1, 20); });
  tables("q_start below zero", [](Run& r) { set_int(r.inputs[kStart], 1, -3); });
  tables("q_start that ends early", [](Run& r) { set_int(r.inputs[kStart], 2, 8); });
  tables("q_start that ends late", [](Run& r) { set_int(r.inputs[kStart], 2, INT32_MAX); });
  tables("kv_len below the rows", [](Run& r) { set_int(r.inputs[kLen], 1, 7); });
  tables("kv_len past the table", [](Run& r) { set_int(r.inputs[kLen], 0, 25); });
  tables("kv_len huge", [](Run& r) { set_int(r.inputs[kLen], 0, INT32_MAX); });
  tables("kv_len negative", [](Run& r) { set_int(r.inputs[kLen], 0, -1); });
  for (int32_t bad : {-1, 9, INT32_MAX, INT32_MIN})
    tables(str("page ", bad), [&](Run& r) { set_int(r.inputs[kTable], 1, bad); });
  tables("S + 1 that is not S + 1", [](Run& r) { r.symbols[2] = 2; });
}

void wrong_programs(Bed& bed, const std::vector<Case>& all, Report& report) {
  const Case &matmul = find(all, "matmul q8_0 T=1 N=7", report), &rope = find(all, "rope T=5", report),
             &route = find(all, "route T=5", report), &glu = find(all, "glu 0 T=3", report);
  const Case& gather = find(all, "all_gather", report);
  const auto wrong = [&](const Case& c, const std::string& what, const std::function<void(Case&)>& damage) {
    expect_refused(bed, c, what, damage, report);
  };
  wrong(matmul, "an operator of number 9999", [](Case& c) { c.nodes[0].kind = 9999; });
  wrong(matmul, "operator 0", [](Case& c) { c.nodes[0].kind = 0; });
  wrong(matmul, "an unknown type", [](Case& c) { c.tensors[1].type = 12345; });
  wrong(matmul, "a removed type", [](Case& c) { c.tensors[1].type = 4; });
  wrong(matmul, "rank 7", [](Case& c) { c.tensors[0].rank = 7; });
  wrong(matmul, "rank 0", [](Case& c) { c.tensors[0].rank = 0; });
  wrong(matmul, "a dimension of 0", [](Case& c) { c.tensors[0].dim[1] = 0; });
  wrong(matmul, "a dimension that is no symbol", [](Case& c) { c.tensors[0].dim[0] = INFER_SYMBOL(7); });
  wrong(matmul, "rows that are not whole blocks", [](Case& c) { c.tensors[0].dim[1] = c.tensors[1].dim[1] = 33; });
  wrong(matmul, "another K", [](Case& c) { c.tensors[1].dim[1] = 64; });
  wrong(matmul, "sizes that overflow",
        [](Case& c) { c.tensors[0].dim[1] = c.tensors[1].dim[1] = INT64_MAX / 64 * 32; });
  wrong(matmul, "an input that is no tensor", [](Case& c) { c.nodes[0].in[0] = 1000; });
  wrong(matmul, "no weight", [](Case& c) { c.nodes[0].in[1] = INFER_NONE; });
  wrong(matmul, "no inputs", [](Case& c) { c.nodes[0].in.clear(); });
  wrong(matmul, "no output", [](Case& c) { c.nodes[0].out.clear(); });
  wrong(matmul, "an output that is an input", [](Case& c) { c.nodes[0].out[0] = 0; });
  wrong(matmul, "a node that reads what nobody wrote", [](Case& c) { c.tensors[0].role = INFER_ROLE_TEMP; });
  wrong(matmul, "an attribute too many", [](Case& c) { c.nodes[0].i = {1}; });
  wrong(matmul, "a weight that is not bound", [](Case& c) { c.weights.erase(1); });
  wrong(matmul, "a weight that is too short", [](Case& c) { c.weights[1].resize(8); });
  wrong(matmul, "an input too many", [](Case& c) { c.nodes[0].in.push_back(2); });
  const Case& adapt = find(all, "adapt f32 T=5", report);
  wrong(adapt, "a bank that is a weight", [](Case& c) { c.tensors[c.nodes[0].in[2]].role = INFER_ROLE_WEIGHT; });
  wrong(adapt, "a bank of blocks", [](Case& c) { c.tensors[c.nodes[0].in[2]].type = INFER_TYPE_Q8_0; });
  wrong(adapt, "banks of two types", [](Case& c) { c.tensors[c.nodes[0].in[2]].type = INFER_TYPE_F16; });
  wrong(adapt, "banks of two ranks", [](Case& c) { c.tensors[c.nodes[0].in[3]].dim[2] = 4; });
  wrong(adapt, "banks with other slots", [](Case& c) { c.tensors[c.nodes[0].in[5]].dim[0] = 3; });
  wrong(adapt, "no slots", [](Case& c) { c.nodes[0].in[4] = INFER_NONE; });
  wrong(rope, "n_rot over the head", [](Case& c) { c.nodes[0].i[1] = 66; });
  wrong(rope, "odd n_rot", [](Case& c) { c.nodes[0].i[1] = 63; });
  wrong(rope, "style 2", [](Case& c) { c.nodes[0].i[2] = 2; });
  wrong(rope, "base NaN", [](Case& c) { c.nodes[0].f[0] = NAN; });
  wrong(rope, "too few attributes", [](Case& c) { c.nodes[0].f.pop_back(); });
  wrong(route, "k over E", [](Case& c) { c.nodes[0].i[0] = 9; });
  wrong(route, "k 0", [](Case& c) { c.nodes[0].i[0] = 0; });
  wrong(route, "mode 3", [](Case& c) { c.nodes[0].i[1] = 3; });
  wrong(glu, "activation 6", [](Case& c) { c.nodes[0].i[0] = 6; });
  wrong(glu, "activation -1", [](Case& c) { c.nodes[0].i[0] = -1; });
  wrong(gather, "two ranks on one", [](Case& c) {
    c.nodes[0].i[0] = 2;
    c.tensors[1].dim[1] = 26;
  });
}

// Bindings, on a plan made for them: a right run, each wrong one, the right one again.
void wrong_bindings(Bed& bed, Report& report) {
  Case c;
  c.symbol_max = {8};
  const uint32_t a = c.input("a", INFER_TYPE_F32, {INFER_SYMBOL(0), 4}), b = c.input("b", INFER_TYPE_F32, {4});
  const uint32_t out = c.output("out", INFER_TYPE_F32, {INFER_SYMBOL(0), 4});
  c.node(INFER_OP_ADD, {a, b}, {out});
  const Program program(c);
  const infer_backend& api = bed.api();
  infer_plan* plan = nullptr;
  uint32_t bad_op = 0;
  infer_buf* buf = bed.buffer(1024);
  if (!buf || api.plan_new(bed.dev(), &program.c, nullptr, 0, &bad_op, nullptr, &plan) != INFER_OK)
    return report.fail("refuse bindings", "cannot begin: " + Bed::told());
  const int64_t symbols[] = {5};
  const std::vector<infer_binding> right = {{a, 0, buf, 0, 80}, {b, 0, buf, 128, 16}, {out, 0, buf, 256, 80}};
  const auto run = [&](const std::vector<infer_binding>& binds, const int64_t* s) {
    infer_status status = api.plan_submit(plan, s, binds.data(), static_cast<uint32_t>(binds.size()));
    if (status == INFER_OK) status = api.plan_wait(plan, -1);
    return status;
  };
  const auto wrong = [&](const std::string& what, const std::function<void(std::vector<infer_binding>&)>& damage) {
    std::vector<infer_binding> binds = right;
    damage(binds);
    const std::string name = "refuse binding: " + what;
    const infer_status s = run(binds, symbols);
    s == INFER_E_INVALID ? report.pass(name) : report.fail(name, str("status ", static_cast<int32_t>(s)));
    if (run(right, symbols) != INFER_OK) report.fail(name, "the right run after it fails: " + Bed::told());
  };
  using Binds = std::vector<infer_binding>;
  wrong("an input missing", [](Binds& v) { v.erase(v.begin()); });
  wrong("the output missing", [](Binds& v) { v.pop_back(); });
  wrong("none", [](Binds& v) { v.clear(); });
  wrong("no buffer", [](Binds& v) { v[0].buf = nullptr; });
  wrong("too few bytes", [](Binds& v) { v[0].bytes = 79; });
  wrong("past the end", [](Binds& v) { v[0].offset = 1000; });
  wrong("before the start", [](Binds& v) { v[0].offset = -4; });
  wrong("an offset that overflows", [](Binds& v) { v[0].offset = INT64_MAX - 8; });
  wrong("negative bytes", [](Binds& v) { v[0].bytes = -1; });
  wrong("a tensor that is not there", [](Binds& v) { v.push_back({77, 0, v[0].buf, 0, 80}); });
  wrong("not aligned to its elements", [](Binds& v) { v[0].offset = 2; });
  api.plan_free(plan);
  api.buffer_free(buf);

  // Reads and writes of buffers.
  buf = bed.buffer(100);
  char bytes[200] = {};
  const auto expect = [&](const std::string& what, infer_status s) {
    s == INFER_E_INVALID ? report.pass("refuse " + what)
                         : report.fail("refuse " + what, str("status ", static_cast<int32_t>(s)));
  };
  expect("write past the end", api.buffer_write(buf, 50, bytes, 51));
  expect("write before the start", api.buffer_write(buf, -1, bytes, 10));
  expect("write of a negative count", api.buffer_write(buf, 0, bytes, -1));
  expect("write at an offset that overflows", api.buffer_write(buf, INT64_MAX, bytes, 10));
  expect("read past the end", api.buffer_read(buf, 0, bytes, 101));
  expect("read before the start", api.buffer_read(buf, INT64_MIN, bytes, 1));
  api.buffer_free(buf);
  infer_buf* none = nullptr;
  for (int64_t n : {int64_t(-1), INT64_MIN, INT64_MAX, INT64_MAX / 2}) {
    const infer_status s = api.buffer_new(bed.dev(), n, INFER_USE_STATE, &none);
    s < 0 && !none ? report.pass(str("refuse a buffer of ", n))
                   : report.fail(str("refuse a buffer of ", n), str("status ", static_cast<int32_t>(s)));
  }
}

// Programs damaged at random: each is refused or runs; none crashes or writes where it must not.
void random_damage(Bed& bed, const std::vector<Case>& all, Report& report) {
  quant::Random random(2024);
  const std::vector<const Case*> seeds = {
      &find(all, "matmul q4_0 T=3", report),  &find(all, "matmul_experts f32 T=9", report),
      &find(all, "rope T=7", report),         &find(all, "route T=5", report),
      &find(all, "glu 1 T=2 k=3", report),    &find(all, "expert_sum T=5", report),
      &find(all, "embed q8_0 T=5", report),   &find(all, "attention H=9/3", report),
      &find(all, "add T=4", report),          &find(all, "gather T=9", report),
      &find(all, "rms_norm T=3 G=3", report), &find(all, "adapt f16 T=5", report)};
  const auto value = [&]() -> int64_t {
    constexpr int64_t kValues[] = {0,  1,  -1, 2,   -2,    -3,        3,         7,         8,        31,
                                   32, 33, 64, 255, 65536, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    return random.bits() % 3 ? kValues[random.bits() % std::size(kValues)] : static_cast<int64_t>(random.bits() % 70);
  };
  int n_run = 0, n_refused = 0;
  for (int i = 0; i < 3000; ++i) {
    Case c = copy_of(*seeds[static_cast<size_t>(i) % seeds.size()]);
    for (uint64_t hits = 1 + random.bits() % 2; hits > 0; --hits) {
      infer_tensor& t = c.tensors[random.bits() % c.tensors.size()];
      Case::Node& n = c.nodes[random.bits() % c.nodes.size()];
      switch (random.bits() % 9) {
        case 0:
          t.type = static_cast<uint32_t>(random.bits() % 42);
          break;
        case 1:
          t.role = static_cast<uint32_t>(random.bits() % 6);
          break;
        case 2:
          t.rank = static_cast<uint32_t>(random.bits() % 8);
          break;
        case 3:
          t.dim[random.bits() % 4] = value();
          break;
        case 4:
          n.kind = static_cast<uint32_t>(random.bits() % 20);
          break;
        case 5:
          if (!n.in.empty()) n.in[random.bits() % n.in.size()] = static_cast<uint32_t>(value());
          break;
        case 6:
          if (!n.out.empty()) n.out[random.bits() % n.out.size()] = static_cast<uint32_t>(value());
          break;
        case 7:
          if (!n.i.empty()) n.i[random.bits() % n.i.size()] = value();
          break;
        default:
          c.symbol_max[random.bits() % c.symbol_max.size()] = std::max<int64_t>(-1, std::min<int64_t>(value(), 4096));
          break;
      }
    }
    const Outcome o = bed.run(c);
    if (!o.damage.empty()) return report.fail("refuse random damage", str("round ", i, " (", c.name, "): ", o.damage));
    ++(o.status == INFER_OK ? n_run : n_refused);
  }
  n_refused > 1000 ? report.pass(str("refuse random damage: ", n_run, " ran, ", n_refused, " refused"))
                   : report.fail("refuse random damage", "almost nothing was refused");
}

}  // namespace

void check_refuse(Bed& subject, const std::vector<Case>& all, Report& report) {
  if (all.empty()) return report.fail("refuse", "there are no cases");
  run_time_values(subject, all, report);
  wrong_programs(subject, all, report);
  wrong_bindings(subject, report);
  random_damage(subject, all, report);
}

}  // namespace infer::conformance
