#include <cmath>
#include <thread>

#include "fixture.h"
#include "graph/signature.h"

using namespace infer;
using namespace infer::test;
using device::Executor;

TEST_CASE("a decoder runs, and a sequence gives the same logits whole and token by token") {
  for (uint32_t kv : {INFER_TYPE_F32, INFER_TYPE_F16}) {
    const SmallModel model(kv);
    const auto r = runtime(false);
    auto e = model.executor(*r);
    REQUIRE_MESSAGE(e.ok(), e.status().message());
    const std::vector<float> whole = run(**e, one_sequence(0, 8));
    for (float v : whole) REQUIRE(std::isfinite(v));
    CHECK(whole[0] != whole[1]);
    for (int32_t i = 0; i < 8; ++i) {
      const std::vector<float> one = run(**e, one_sequence(i, 1, 4));
      CHECK(std::memcmp(one.data(), whole.data() + i * kVocab, kVocab * sizeof(float)) == 0);
    }
  }
}

TEST_CASE("two sequences in one step give what each gives alone") {
  const SmallModel model;
  const auto r = runtime(false);
  auto e = model.executor(*r);
  REQUIRE(e.ok());
  const std::vector<float> a = run(**e, one_sequence(0, 3, 0)), b = run(**e, one_sequence(0, 5, 2));
  Step both = one_sequence(0, 3, 4);
  const Step second = one_sequence(0, 5, 6);
  both.tokens.insert(both.tokens.end(), second.tokens.begin(), second.tokens.end());
  both.positions.insert(both.positions.end(), second.positions.begin(), second.positions.end());
  both.rows = {0, 1, 2, 3, 4, 5, 6, 7};
  both.q_start = {0, 3, 8};
  both.kv_len = {3, 5};
  both.table_cols = 2;
  both.block_table = {4, 0, 6, 7};
  const std::vector<float> c = run(**e, both);
  CHECK(std::memcmp(c.data(), a.data(), a.size() * sizeof(float)) == 0);
  CHECK(std::memcmp(c.data() + a.size(), b.data(), b.size() * sizeof(float)) == 0);
}

TEST_CASE("a step that wants no row fills the cache and writes nothing") {
  const SmallModel model;
  const auto r = runtime(false);
  auto e = model.executor(*r);
  REQUIRE(e.ok());
  const std::vector<float> whole = run(**e, one_sequence(0, 6));
  Step silent = one_sequence(0, 5, 4);
  silent.rows.clear();
  CHECK((*e)->run(silent, {}).ok());
  const std::vector<float> last = run(**e, one_sequence(5, 1, 4));
  CHECK(std::memcmp(last.data(), whole.data() + 5 * kVocab, kVocab * sizeof(float)) == 0);
}

TEST_CASE("nodes that a device refuses go to the next, and the result is the same bit for bit") {
  const SmallModel model(INFER_TYPE_F16);
  const auto alone = runtime(false);
  auto e = model.executor(*alone);
  REQUIRE(e.ok());
  const std::vector<float> expected = run(**e, one_sequence(0, 8));
  const std::vector<float> expected_next = run(**e, one_sequence(8, 2));
  for (const char* memory : {"host", "device"}) {
    for (const char* refuse : {"matmul", "rope,add", "kv_write", "attention", "embed,scale", "glu,rms_norm,gather",
                               "nothing", "matmul,rope,kv_write,attention,add,glu,rms_norm,gather,embed,scale"}) {
      CAPTURE(refuse);
      CAPTURE(memory);
      const auto r = runtime(true, {{"mock.refuse", refuse}, {"mock.memory", memory}});
      REQUIRE(r->devices().size() == 2);
      REQUIRE(r->devices()[0]->name() == "mock");
      auto shared = model.executor(*r);
      REQUIRE_MESSAGE(shared.ok(), shared.status().message());
      CHECK(run(**shared, one_sequence(0, 8)) == expected);
      CHECK(run(**shared, one_sequence(8, 2)) == expected_next);
      for (const Executor::Placed& p : (*shared)->placement()) {
        const std::string list = str(",", refuse, ",");
        const auto refused = [&](const std::string& op) { return list.find("," + op + ",") != std::string::npos; };
        const bool cache = p.op == "kv_write" || p.op == "attention";  // share the pages, so they go together
        const bool elsewhere = cache ? refused("kv_write") || refused("attention") : refused(p.op);
        CHECK(p.device == (elsewhere ? "reference" : "mock"));
      }
    }
  }
}

TEST_CASE("a device that promised a node and does not compile it is passed over for that node") {
  const SmallModel model;
  const auto alone = runtime(false), r = runtime(true, {{"mock.pretend", "matmul,attention"}});
  auto e = model.executor(*alone), shared = model.executor(*r);
  REQUIRE(e.ok());
  REQUIRE_MESSAGE(shared.ok(), shared.status().message());
  CHECK(run(**shared, one_sequence(0, 8)) == run(**e, one_sequence(0, 8)));
  size_t on_mock = 0;
  for (const Executor::Placed& p : (*shared)->placement()) {
    on_mock += p.device == "mock";
    CHECK(!(p.op == "matmul" && p.device == "mock"));
  }
  CHECK(on_mock > 0);
}

TEST_CASE("a device takes the first nodes as far as its memory goes, and the next one the rest") {
  const SmallModel model;
  const auto plain = runtime(false);
  auto want = model.executor(*plain);
  REQUIRE(want.ok());
  const std::vector<float> expected = run(**want, one_sequence(0, 8));
  size_t before = 0;
  for (const char* size : {"1", "12000", "30000", "50000", "10000000"}) {  // of 86 KB of weights and a fifth
    const auto r = runtime(true, {{"mock.size", size}});
    auto e = model.executor(*r);
    REQUIRE_MESSAGE(e.ok(), e.status().message());
    size_t on_mock = 0, changes = 0;
    std::string last;
    for (const auto& p : (*e)->placement()) {
      on_mock += p.device == "mock";
      changes += p.device != last;
      last = p.device;
    }
    CHECK(changes <= 2);
    CHECK(on_mock >= before);
    before = on_mock;
    CHECK(run(**e, one_sequence(0, 8)) == expected);
  }
  CHECK(before == model.program.nodes().size());
  const auto alone = runtime(true, {{"mock.size", "1"}});
  auto e = Executor::create({alone->devices()[0]}, model.program, model.weights, kLimits);  // no other: it must try
  CHECK(e.ok());
}

TEST_CASE("an operator that no device takes is named with its tensors and who was asked") {
  const SmallModel model;
  const auto r = runtime(true, {{"mock.refuse", "rope"}});
  const std::vector<std::shared_ptr<const device::Device>> only_mock = {r->devices()[0]};
  const auto e = Executor::create(only_mock, model.program, model.weights, kLimits);
  REQUIRE(!e.ok());
  CHECK(e.status().code() == INFER_E_UNSUPPORTED);
  const std::string message(e.status().message());
  for (const char* part : {"rope", "f32[T,32]", "asked: mock"})
    CHECK_MESSAGE(message.find(part) != std::string::npos, message);
}

TEST_CASE("a step is held against the limits before a device sees it") {
  const SmallModel model;
  const auto r = runtime(false);
  auto e = model.executor(*r);
  REQUIRE(e.ok());
  const std::vector<float> before = run(**e, one_sequence(0, 4));
  const auto refused = [&](const char* what, auto&& damage, infer_status code = INFER_E_INVALID) {
    Step s = one_sequence(0, 4);
    damage(s);
    std::vector<float> logits(16 * kVocab);
    const Status status = (*e)->run(s, logits);
    CHECK_MESSAGE(status.code() == code, what, ": ", status.message());
  };
  refused("no tokens", [](Step& s) { s.clear(); });
  refused("too many tokens", [](Step& s) { s = one_sequence(0, 17); });
  refused("a token past the vocabulary", [](Step& s) { s.tokens[2] = kVocab; });
  refused("a negative token", [](Step& s) { s.tokens[2] = -1; });
  refused("a negative position", [](Step& s) { s.positions[1] = -1; });
  refused("positions missing", [](Step& s) { s.positions.pop_back(); });
  refused("q_start too short", [](Step& s) { s.q_start = {0}; });
  refused("q_start that skips rows", [](Step& s) { s.q_start = {1, 4}; });
  refused("q_start that ends early", [](Step& s) { s.q_start = {0, 3}; });
  refused("q_start that falls", [](Step& s) {
    s.q_start = {0, 5, 4};
    s.kv_len = {5, 4};
    s.block_table = {0, 1};
    s.table_cols = 1;
  });
  refused("kv_len below the rows", [](Step& s) { s.kv_len = {3}; });
  refused("kv_len past the table", [](Step& s) { s.kv_len = {5}; });
  refused("a page that is not there", [](Step& s) { s.block_table[0] = 9; });
  refused("a negative page", [](Step& s) { s.block_table[0] = -1; });
  refused("a table of another shape", [](Step& s) { s.table_cols = 2; });
  refused("no columns", [](Step& s) {
    s.table_cols = 0;
    s.block_table.clear();
  });
  refused("negative columns", [](Step& s) { s.table_cols = -1; });
  refused("too many columns", [](Step& s) {
    s.table_cols = 5;
    s.block_table.resize(5);
  });
  refused("a row that is not there", [](Step& s) { s.rows = {4}; });
  refused("rows out of order", [](Step& s) { s.rows = {2, 1}; });
  refused("too many rows", [](Step& s) { s = one_sequence(0, 9); });
  refused("too many sequences", [](Step& s) {
    s.q_start = {0, 1, 2, 3, 4};
    s.kv_len = {1, 1, 1, 1};
    s.block_table = {0, 1, 2, 3};
  });
  refused(
      "embeddings", [](Step& s) { s.embeddings.resize(4 * kWidth); }, INFER_E_UNSUPPORTED);
  refused(
      "tree parents", [](Step& s) { s.parents.resize(4); }, INFER_E_UNSUPPORTED);
  std::vector<float> too_small(kVocab);
  CHECK((*e)->run(one_sequence(0, 4), too_small).code() == INFER_E_INVALID);
  CHECK(run(**e, one_sequence(0, 4)) == before);
}

TEST_CASE("weights and limits that do not fit are refused by name") {
  const SmallModel model;
  const auto r = runtime(false);
  const auto made = [&](std::vector<Executor::Weight> weights, Executor::Limits limits) {
    return Executor::create(r->devices(), model.program, weights, limits).status();
  };
  auto weights = model.weights;
  weights.pop_back();
  CHECK(made(weights, kLimits).message().find("'output'") != std::string_view::npos);
  weights = model.weights;
  weights[0].data = weights[0].data.first(8);
  CHECK(made(weights, kLimits).message().find("'embed'") != std::string_view::npos);
  weights = model.weights;
  weights.push_back({model.program.step().tokens, weights[0].data});
  CHECK(made(weights, kLimits).code() == INFER_E_INVALID);
  weights = model.weights;
  weights.push_back({1000000, weights[0].data});
  CHECK(made(weights, kLimits).code() == INFER_E_INVALID);
  for (int64_t bad : {int64_t(0), int64_t(-1), int64_t(INT32_MAX), INT64_MAX, INT64_MIN}) {
    Executor::Limits l = kLimits;
    l.tokens = bad;
    CHECK(made(model.weights, l).code() == INFER_E_INVALID);
    l = kLimits;
    l.pages = bad;
    CHECK(made(model.weights, l).code() == INFER_E_INVALID);
  }
  Executor::Limits huge = kLimits;
  huge.pages = INT32_MAX -
               1;  // 2 * 2 * 2^31 * 256 bytes of cache: more than address space gives on most machines, or lazily ours
  const Status s = made(model.weights, huge);
  CHECK((s.ok() || s.code() == INFER_E_NO_MEMORY));
  CHECK(!Executor::create({}, model.program, model.weights, kLimits).ok());
  CHECK(!Executor::create({nullptr}, model.program, model.weights, kLimits).ok());
}

TEST_CASE("weights whose address does not suit the type are copied") {
  SmallModel model;
  std::deque<std::vector<std::byte>> shifted;
  for (Executor::Weight& w : model.weights) {
    std::vector<std::byte>& copy = shifted.emplace_back(w.data.size() + 20);
    const size_t skip = (16 - reinterpret_cast<uintptr_t>(copy.data()) % 16) % 16 + 1;
    std::memcpy(copy.data() + skip, w.data.data(), w.data.size());
    w.data = {copy.data() + skip, w.data.size()};
  }
  const auto r = runtime(false);
  auto e = model.executor(*r), straight = SmallModel().executor(*r);
  REQUIRE_MESSAGE(e.ok(), e.status().message());
  const SmallModel same;
  auto f = same.executor(*r);
  CHECK(run(**e, one_sequence(0, 8)) == run(**f, one_sequence(0, 8)));
}

TEST_CASE("a device that reads weights in place is told which file they come from") {
  SmallModel model;
  const auto file = File::open(INFER_SOURCE_DIR "/README.md");
  REQUIRE(file.ok());
  model.weights[1].source = {file->get(), "readme", 77};
  for (const char* memory : {"host", "device"}) {
    const auto r = runtime(true, {{"mock.memory", memory}});
    auto e = model.executor(*r);
    REQUIRE_MESSAGE(e.ok(), e.status().message());
    const auto told = mock::take_sources();
    if (std::string(memory) == "host")
      CHECK(told == std::vector<std::string>{"readme 77 1"});
    else
      CHECK(told.empty());
  }
}

TEST_CASE("pages can be copied inside the cache, taken out and put back") {
  const SmallModel model(INFER_TYPE_F16);
  for (const char* memory : {"host", "device"}) {
    const auto r = runtime(true, {{"mock.memory", memory}, {"mock.refuse", "rope"}});
    auto e = model.executor(*r);
    REQUIRE(e.ok());
    const std::vector<float> expected = run(**e, one_sequence(0, 8));
    CHECK((*e)->page_bytes() == 4 * 4 * 16 * 2);  // k and v of two layers, 4 positions of 16 halves
    CHECK((*e)->state_bytes() == 9 * (*e)->page_bytes());
    REQUIRE((*e)->copy_page(0, 5).ok());
    CHECK(run(**e, one_sequence(4, 4, 4)) != std::vector<float>());  // pages 4, 5: writes page 5
    run(**e, one_sequence(0, 8));
    REQUIRE((*e)->copy_page(0, 7).ok());
    const std::vector<float> tail = run(**e, one_sequence(4, 4, 7));  // page 7 is the copy, page 8 is written
    CHECK(std::memcmp(tail.data(), expected.data() + 4 * kVocab, tail.size() * sizeof(float)) == 0);

    std::vector<std::byte> out(static_cast<size_t>((*e)->page_bytes())), zero(out.size());
    REQUIRE((*e)->read_page(7, out).ok());
    REQUIRE((*e)->write_page(7, zero).ok());
    CHECK(run(**e, one_sequence(4, 4, 7)) != tail);
    REQUIRE((*e)->write_page(7, out).ok());
    CHECK(run(**e, one_sequence(4, 4, 7)) == tail);

    CHECK((*e)->copy_page(0, 9).code() == INFER_E_INVALID);
    CHECK((*e)->copy_page(-1, 0).code() == INFER_E_INVALID);
    CHECK((*e)->read_page(9, out).code() == INFER_E_INVALID);
    CHECK((*e)->read_page(0, std::span(out).first(5)).code() == INFER_E_INVALID);
    CHECK((*e)->write_page(0, std::span(out).first(5)).code() == INFER_E_INVALID);
  }
}

TEST_CASE("placement names operators, kernels, weights and types; counters count") {
  const SmallModel model;
  const auto r = runtime(false);
  auto e = model.executor(*r);
  REQUIRE(e.ok());
  const auto placed = (*e)->placement();
  REQUIRE(placed.size() == model.program.nodes().size());
  CHECK(placed[0].op == "embed");
  CHECK(placed[0].weight == "embed");
  CHECK(placed[0].type == "f32");
  CHECK(placed[0].kernel == "plain");
  CHECK((*e)->workspace_bytes() > 0);
  const auto count = [&](const char* name) {
    for (const auto& [key, value] : (*e)->counters())
      if (key == name) return value;
    return int64_t(-1);
  };
  const int64_t before = count("reference.matmul");
  run(**e, one_sequence(0, 2));
  CHECK(count("reference.matmul") == before + 15);
  CHECK(count("reference.embed") >= 1);
}

TEST_CASE("a run in flight ends soon after cancel, from another thread, and the next one works") {
  const SmallModel model;
  const auto r = runtime(true, {{"mock.fault", "plan_wait@2=hang"}});
  auto e = model.executor(*r);
  REQUIRE(e.ok());
  const std::vector<float> expected = run(**e, one_sequence(0, 4));
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    (*e)->cancel();
  });
  std::vector<float> logits(4 * kVocab);
  CHECK((*e)->run(one_sequence(0, 4, 4), logits).code() == INFER_E_CANCELLED);
  other.join();
  (*e)->cancel();  // nothing in flight: no effect on the next run
  CHECK(run(**e, one_sequence(0, 4)) == expected);
}
