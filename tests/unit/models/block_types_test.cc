// A one-layer model in every block type, dense and with experts: the blocks as they are against the same model with its
// matrices decoded to float32 beforehand.
#include <doctest/doctest.h>

#include <algorithm>

#include "quant/random_blocks.h"
#include "tests/support/golden.h"
#include "tests/support/make_model.h"
#include "tests/support/session.h"

namespace infer {
namespace {

using namespace testing;

std::vector<int32_t> some_tokens(size_t n) {
  quant::Random random(11);
  std::vector<int32_t> ids(n);
  for (auto& id : ids) id = static_cast<int32_t>(random.bits() % 256);
  return ids;
}

struct Outcome {
  std::vector<float> logits;
  std::vector<device::Executor::Placed> placed;
};
Outcome evaluate(const std::shared_ptr<const formats::ModelFile>& file, const char* backend) {
  auto s = Session::open(file, {.backend = backend, .n_ctx = 64});
  REQUIRE_MESSAGE(s.ok(), s.status().message());
  auto logits = (*s)->feed(some_tokens(33));
  REQUIRE_MESSAGE(logits.ok(), logits.status().message());
  return {logits.take(), (*s)->executor().placement()};
}

template <class T>
T good(Result<T> r) {
  REQUIRE_MESSAGE(r.ok(), r.status().message());
  return r.take();
}

// A model that can judge a kernel: its f32 answer must not jump when its input moves by a few percent, as that of a
// router does where two experts are all but equally likely.
std::shared_ptr<const formats::ModelFile> settled_model(quant::Type type, bool experts) {
  for (uint64_t seed = 1;; seed++) {
    REQUIRE(seed < 20);
    auto file = good(make_block_model({.type = type, .experts = experts, .seed = seed}));
    const Outcome still = evaluate(good(decode_to_f32(*file)), "reference"),
                  moved = evaluate(good(decode_to_f32(*file, 0.03f)), "reference");
    if (nmse(moved.logits, still.logits) < 2e-3) return file;
  }
}

// Each block type as a dense model and with experts.
template <class F>
void for_every_model(F check) {
  for (const bool experts : {false, true})
    for (const quant::TypeInfo& t : quant::all_types()) {
      if (t.type == quant::Type::kI32) continue;
      const std::string name = str(t.name, experts ? " experts" : "");
      CAPTURE(name);
      check(settled_model(t.type, experts), t, experts);
    }
}

TEST_CASE("every block type: reference equals the decoded model") {
  double worst = 0;
  for_every_model([&](const auto& file, const auto&, bool) {
    const double e = nmse(evaluate(file, "reference").logits, evaluate(good(decode_to_f32(*file)), "reference").logits);
    CHECK(e <= 1e-10);
    worst = std::max(worst, e);
  });
  MESSAGE("worst NMSE " << worst);
}

TEST_CASE("every block type: cpu is near the decoded model, in kernels of its own on the blocks") {
  double worst = 0;
  for_every_model([&](const auto& file, const quant::TypeInfo& t, bool experts) {
    const auto cpu = evaluate(file, "cpu");
    const double e = nmse(cpu.logits, evaluate(good(decode_to_f32(*file)), "reference").logits);
    CHECK(e <= 5e-4);
    worst = std::max(worst, e);

    int matrices = 0;
    for (const auto& p : cpu.placed) {
      CHECK(p.device == "cpu");
      if (p.op != "matmul" && p.op != "matmul_experts") continue;
      CAPTURE(p.weight);
      ++matrices;
      CHECK(!p.kernel.empty());
      CHECK(p.kernel.find("reference") == std::string::npos);
      if (p.type == t.name) CHECK(p.kernel.find(t.name) != std::string::npos);
    }
    CHECK(matrices == (experts ? 9 : 8));
  });
  MESSAGE("worst NMSE " << worst);
}

// Two kv heads of 64: two blocks each.
TEST_CASE("keys and values in blocks: cpu is near reference, and neither depends on chunks, pages and threads") {
  const auto file = good(make_block_model({.type = quant::Type::kF32}));
  const auto tokens = some_tokens(300);
  for (const uint32_t kv : {INFER_TYPE_BF16, INFER_TYPE_Q8_0, INFER_TYPE_Q4_0}) {
    std::vector<float> of_backend[2];
    for (const int i : {0, 1}) {
      const char* backend = i == 0 ? "reference" : "cpu";
      CAPTURE(backend);
      CAPTURE(kv);
      const auto whole = good(Session::open(file, {.backend = backend, .kv_type = kv, .n_ctx = 320}));
      CHECK(whole->model().kv_page_bytes == 2 * 32 * 2 *
                                                (kv == INFER_TYPE_BF16   ? 128
                                                 : kv == INFER_TYPE_Q8_0 ? 68
                                                                         : 36));
      of_backend[i] = good(whole->feed(tokens));
      for (const int64_t page : {32, 7}) {
        for (const int64_t chunk : {1, 19, 256}) {
          if (i == 0 && chunk == 1) continue;  // the same code, slowly
          CAPTURE(page);
          CAPTURE(chunk);
          const auto cut = good(Session::open(file, {.backend = backend,
                                                     .kv_type = kv,
                                                     .page = page,
                                                     .n_ctx = 320,
                                                     .shuffle = 5,
                                                     .settings = {{"cpu.threads", chunk == 1 ? "1" : "3"}}}));
          CHECK(good(cut->feed(tokens, chunk)) == of_backend[i]);
        }
      }
    }
    // Sums in another order: now and then a number lies on the other side of a rounding when it is stored.
    CHECK(nmse(of_backend[1], of_backend[0]) <= 1e-7);
  }
}

}  // namespace
}  // namespace infer
