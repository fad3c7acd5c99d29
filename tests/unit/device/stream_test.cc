// Models larger than what their weights may take: the same answers, from a few slots.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "tests/unit/device/fixture.h"
#include "tests/unit/folder.h"

namespace infer::test {
namespace {

using device::Executor;

constexpr int kLayers = 6;

int64_t weight_bytes(const SmallModel& m) {
  int64_t sum = 0;
  for (const auto& w : m.weights) sum += static_cast<int64_t>(w.data.size());
  return sum;
}

Executor::Limits limited(int64_t weights) {
  Executor::Limits l = kLimits;
  l.weights = weights;
  return l;
}

int64_t counter(const Executor& e, std::string_view name) {
  for (const auto& [key, value] : e.counters())
    if (key.ends_with(name)) return value;
  return -1;
}

// What the answer is when everything is in memory: whole prompt, next tokens, another sequence.
std::vector<std::vector<float>> answers(Executor& e) {
  return {run(e, one_sequence(0, 8)), run(e, one_sequence(8, 1)), run(e, one_sequence(9, 2)),
          run(e, one_sequence(0, 3, 4))};
}

}  // namespace

TEST_CASE("streamed weights give the same logits bit for bit, whatever part of the model may stay") {
  const SmallModel model(INFER_TYPE_F16, kLayers);
  const auto plain = runtime(false);
  auto whole = model.executor(*plain);
  REQUIRE(whole.ok());
  const auto expected = answers(**whole);
  CHECK(counter(**whole, "stream.bytes") == -1);
  const int64_t all = weight_bytes(model);
  for (const char* memory : {"host", "device"}) {
    const auto r = runtime(true, {{"mock.memory", memory}});
    int64_t last = INT64_MAX;
    for (const int64_t part : {all / 2, all / 2 + all / 5, all - 1}) {
      CAPTURE(memory);
      CAPTURE(part);
      auto e = Executor::create({r->devices()[0]}, model.program, model.weights, limited(part));
      REQUIRE_MESSAGE(e.ok(), e.status().message());
      CHECK(answers(**e) == expected);
      const int64_t each = counter(**e, "stream.step_bytes"), slots = counter(**e, "stream.slot_bytes");
      CHECK(each > 0);
      CHECK(each < last);  // the more may stay, the less is read
      last = each;
      CHECK(slots <= part);
      // Four steps were computed, and no more was read ahead than there are slots.
      CHECK(counter(**e, "stream.bytes") >= 4 * each);
      CHECK(counter(**e, "stream.bytes") <= 4 * each + slots);
    }
  }
}

TEST_CASE("what the streaming device refuses goes to another one, and the answer stays") {
  const SmallModel model(INFER_TYPE_F32, kLayers);
  const auto plain = runtime(false);
  auto whole = model.executor(*plain);
  REQUIRE(whole.ok());
  const auto expected = answers(**whole);
  for (const char* refuse : {"matmul", "rope,add", "kv_write", "embed", "glu,rms_norm", "gather,scale"}) {
    for (const char* pretend : {"", "matmul", "attention"}) {
      CAPTURE(refuse);
      CAPTURE(pretend);
      const auto r = runtime(true, {{"mock.memory", "device"}, {"mock.refuse", refuse}, {"mock.pretend", pretend}});
      auto e = Executor::create(r->devices(), model.program, model.weights, limited(weight_bytes(model) / 2));
      REQUIRE_MESSAGE(e.ok(), e.status().message());
      CHECK(answers(**e) == expected);
      CHECK(counter(**e, "stream.step_bytes") > 0);
    }
  }
}

TEST_CASE("layers that are alike share a plan, so streaming takes hardly more memory than one layer's") {
  const SmallModel few(INFER_TYPE_F32, 3), many(INFER_TYPE_F32, 9);
  const auto r = runtime(false);
  const auto least = [&](const SmallModel& m) {
    auto e = Executor::create(r->devices(), m.program, m.weights, limited(2 * 40960));
    REQUIRE_MESSAGE(e.ok(), e.status().message());
    return (*e)->workspace_bytes();
  };
  CHECK(least(few) == least(many));
}

TEST_CASE("an output matrix larger than a slot comes in parts") {
  graph::Builder b;
  std::deque<std::vector<float>> storage;
  std::vector<Executor::Weight> weights;
  Random random;
  const auto w = [&](std::string name, std::vector<int64_t> dims) {
    size_t n = 1;
    for (int64_t d : dims) n *= static_cast<size_t>(d);
    std::vector<float>& data = storage.emplace_back(n);
    for (float& v : data) v = random.real();
    const graph::TensorId t = b.weight(std::move(name), INFER_TYPE_F32, std::move(dims));
    weights.push_back({t, std::as_bytes(std::span(data))});
    return t;
  };
  constexpr int64_t kWords = 1000;  // not a multiple of anything that parts are
  const graph::TensorId table = w("table", {kWords, kWidth});
  graph::TensorId x = b.embed(table, b.tokens());
  for (int layer = 0; layer < 3; ++layer) {
    b.enter_layer(layer);
    x = b.add(x, b.matmul(x, w("w", {kWidth, kWidth})));
  }
  b.enter_layer(-1);
  x = b.gather(x, b.rows());
  auto made = b.finish(b.scale(b.matmul(x, table, w("bias", {kWords})), 0.25));
  REQUIRE_MESSAGE(made.ok(), made.status().message());
  const graph::Program program = made.take();
  for (const bool own : {false, true}) {
    const auto r = runtime(true, {{"mock.memory", own ? "device" : "host"}});
    Step s = one_sequence(0, 6);
    s.rows = {0, 3, 5};
    std::vector<float> expected(3 * kWords), got(3 * kWords);
    auto whole = Executor::create({r->devices()[0]}, program, weights, kLimits);
    REQUIRE_MESSAGE(whole.ok(), whole.status().message());
    const Status computed = (*whole)->run(s, expected);
    REQUIRE_MESSAGE(computed.ok(), computed.message());
    auto e = Executor::create({r->devices()[0]}, program, weights, limited(2 * (64 * (kWidth + 1) * 4 + 512)));
    REQUIRE_MESSAGE(e.ok(), e.status().message());
    for (int again = 0; again < 3; ++again) {
      std::ranges::fill(got, -1.f);
      REQUIRE((*e)->run(s, got).ok());
      CHECK(got == expected);
    }
  }
}

TEST_CASE("experts are read when they are chosen, kept while there is room, and the answer is the same") {
  constexpr int64_t kExperts = 6, kUsed = 2;
  constexpr int kMixed = 4;
  graph::Builder b;
  std::deque<std::vector<float>> storage;
  std::vector<Executor::Weight> weights;
  Random random;
  const auto w = [&](std::string name, std::vector<int64_t> dims) {
    size_t n = 1;
    for (int64_t d : dims) n *= static_cast<size_t>(d);
    std::vector<float>& data = storage.emplace_back(n);
    for (float& v : data) v = random.real() * 0.5f;
    const graph::TensorId t = b.weight(std::move(name), INFER_TYPE_F32, std::move(dims));
    weights.push_back({t, std::as_bytes(std::span(data))});
    return t;
  };
  graph::TensorId x = b.embed(w("table", {kVocab, kWidth}), b.tokens());
  for (int layer = 0; layer < kMixed; ++layer) {
    b.enter_layer(layer);
    const graph::TensorId h = b.rms_norm(x, w("norm", {kWidth}), 1e-5);
    const auto routed = b.route(b.matmul(h, w("router", {kExperts, kWidth})), kUsed, 1, 1);
    // One layer's down projection is of another shape than the others': a cache of its own.
    const int64_t inner = layer == 1 ? 32 : 16;
    const auto gate = b.matmul_experts(h, w("gate", {kExperts, inner, kWidth}), routed.ids);
    const auto up = b.matmul_experts(h, w("up", {kExperts, inner, kWidth}), routed.ids, w("bias", {kExperts, inner}));
    const auto down =
        b.matmul_experts(b.glu(gate, up, INFER_ACT_SILU), w("down", {kExperts, kWidth, inner}), routed.ids);
    x = b.add(b.add(x, b.expert_sum(down, routed)), b.matmul(h, w("shared", {kWidth, kWidth})));
  }
  b.enter_layer(-1);
  auto made = b.finish(b.matmul(b.gather(x, b.rows()), w("output", {kVocab, kWidth})));
  REQUIRE_MESSAGE(made.ok(), made.status().message());
  const graph::Program program = made.take();
  int64_t all = 0, of_experts = 0;
  for (const auto& weight : weights) {
    all += static_cast<int64_t>(weight.data.size());
    if (program.tensor(weight.tensor).rank == 3) of_experts += static_cast<int64_t>(weight.data.size());
  }
  for (const char* memory : {"host", "device"}) {
    const auto r = runtime(true, {{"mock.memory", memory}});
    auto whole = Executor::create({r->devices()[0]}, program, weights, kLimits);
    REQUIRE_MESSAGE(whole.ok(), whole.status().message());
    const auto refused = Executor::create({r->devices()[0]}, program, weights, limited(100));
    REQUIRE(refused.status().code() == INFER_E_NO_MEMORY);
    const std::string hint(refused.status().hint());
    const int64_t least = std::stoll(hint.substr(hint.find_first_of("0123456789")));
    CHECK(least < all - of_experts / 3);
    int64_t last = INT64_MAX;
    for (const int64_t most : {least, (least + all) / 2, all - 1}) {
      CAPTURE(memory);
      CAPTURE(most);
      auto e = Executor::create({r->devices()[0]}, program, weights, limited(most));
      REQUIRE_MESSAGE(e.ok(), e.status().message());
      for (int round = 0; round < 3; ++round) {
        for (int n : {1, 13, 3, 1, 7}) {
          Step s = one_sequence(round, n);
          s.rows.resize(static_cast<size_t>(std::min(n, 8)));
          std::vector<float> expected(s.rows.size() * kVocab), got(s.rows.size() * kVocab, -1.f);
          REQUIRE((*whole)->run(s, expected).ok());
          REQUIRE((*e)->run(s, got).ok());
          CHECK(got == expected);
        }
      }
      int64_t read = 0, held = 0, found = 0;
      for (const auto& [name, value] : (*e)->counters()) {
        if (name.ends_with(".read") && name.find("experts") != std::string::npos) read += value;
        if (name.ends_with(".found")) found += value;
        if (name.ends_with("cache_bytes")) held += value;
      }
      CHECK(read > 0);
      CHECK(found > 0);
      CHECK(held <= most);
      CHECK(read < last);  // the more may stay, the fewer are read
      last = read;
    }
    CHECK(last <= kExperts * kMixed);  // with room for nearly all, hardly any twice
  }
  // A layer's nodes on two devices, whichever of them has the experts.
  for (const char* refuse : {"expert_sum", "route", "matmul_experts", "glu", "matmul", "expert_sum,matmul"}) {
    CAPTURE(refuse);
    const auto r = runtime(true, {{"mock.memory", "device"}, {"mock.refuse", refuse}});
    auto whole = Executor::create({r->devices()[1]}, program, weights, kLimits);
    auto e = Executor::create(r->devices(), program, weights, limited(all * 2 / 3));
    REQUIRE(whole.ok());
    REQUIRE_MESSAGE(e.ok(), e.status().message());
    Step s = one_sequence(0, 5);
    std::vector<float> expected(s.rows.size() * kVocab), got(s.rows.size() * kVocab, -1.f);
    REQUIRE((*whole)->run(s, expected).ok());
    const Status ran = (*e)->run(s, got);
    REQUIRE_MESSAGE(ran.ok(), ran.message());
    CHECK(got == expected);
  }
}

TEST_CASE("too little memory for two layers is refused with the least that would do") {
  const SmallModel model(INFER_TYPE_F32, kLayers);
  const auto r = runtime(false);
  const auto e = Executor::create(r->devices(), model.program, model.weights, limited(1000));
  REQUIRE(e.status().code() == INFER_E_NO_MEMORY);
  CAPTURE(std::string(e.status().message()));
  CHECK(e.status().message().find("weights.max allows 1000 bytes") != std::string_view::npos);
  const std::string hint(e.status().hint());
  const size_t at = hint.find_first_of("0123456789");
  REQUIRE(at != std::string::npos);
  const int64_t least = std::stoll(hint.substr(at));
  CHECK(Executor::create(r->devices(), model.program, model.weights, limited(least - 1)).status().code() ==
        INFER_E_NO_MEMORY);
  CHECK(Executor::create(r->devices(), model.program, model.weights, limited(least)).ok());
}

TEST_CASE("a discrete device that is too small by itself streams without being told") {
  const SmallModel model(INFER_TYPE_F32, kLayers);
  const auto plain = runtime(false);
  auto whole = model.executor(*plain);
  REQUIRE(whole.ok());
  const auto r = runtime(true, {{"mock.memory", "device"}, {"mock.size", "150000"}});
  auto e = Executor::create({r->devices()[0]}, model.program, model.weights, kLimits);
  REQUIRE_MESSAGE(e.ok(), e.status().message());
  CHECK(answers(**e) == answers(**whole));
  CHECK(counter(**e, "stream.slot_bytes") > 0);
}

TEST_CASE("a file that is cut while it is streamed fails the step with a sentence, and whole again it goes on") {
  const Folder folder;
  const SmallModel model(INFER_TYPE_F32, kLayers);
  const auto r = runtime(false);
  auto whole = model.executor(*r);
  REQUIRE(whole.ok());
  const auto expected = answers(**whole);
  std::vector<std::span<const std::byte>> pieces;
  int64_t size = 0;
  for (const auto& w : model.weights) pieces.push_back(w.data), size += static_cast<int64_t>(w.data.size());
  REQUIRE(write_file(folder / "weights", pieces).ok());
  const auto file = File::open(folder / "weights");
  REQUIRE(file.ok());
  auto weights = model.weights;
  int64_t at = 0;
  for (auto& w : weights) {
    w.data = (*file)->bytes().subspan(static_cast<size_t>(at), w.data.size());
    w.source = {file->get(), "test", at};
    at += static_cast<int64_t>(w.data.size());
  }
  auto e = Executor::create(r->devices(), model.program, weights, limited(size / 2));
  REQUIRE_MESSAGE(e.ok(), e.status().message());
  CHECK(answers(**e) == expected);
#ifndef _WIN32
  std::filesystem::resize_file(folder / "weights", static_cast<uintmax_t>(size - 20000));
  std::vector<float> logits(8 * kVocab);
  Status failed;
  for (int i = 0; i < 3 && failed.ok(); ++i) failed = (*e)->run(one_sequence(0, 8), logits);  // some is read ahead
  CHECK(failed.code() == INFER_E_IO);
  CHECK(failed.message().find("was cut to") != std::string_view::npos);
  CHECK((*e)->run(one_sequence(0, 8), logits).code() == INFER_E_IO);
  std::filesystem::remove(folder / "weights");
#endif
}

TEST_CASE("a step that is cancelled while it waits for weights leaves the next one whole") {
  const SmallModel model(INFER_TYPE_F32, kLayers);
  const auto plain = runtime(false);
  auto whole = model.executor(*plain);
  REQUIRE(whole.ok());
  const auto expected = answers(**whole);
  const auto r = runtime(true, {{"mock.memory", "device"}});
  auto e = Executor::create({r->devices()[0]}, model.program, model.weights, limited(weight_bytes(model) / 2));
  REQUIRE(e.ok());
  std::vector<float> logits(8 * kVocab);
  int cancelled = 0;
  for (int i = 0; i < 50; ++i) {
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(i * 20));
      (*e)->cancel();
    });
    cancelled += (*e)->run(one_sequence(0, 8), logits).code() == INFER_E_CANCELLED;
    other.join();
    if (i % 10 == 0) CHECK(answers(**e) == expected);
  }
  MESSAGE(cancelled, " of 50 were cancelled");
  CHECK(answers(**e) == expected);
}

}  // namespace infer::test
