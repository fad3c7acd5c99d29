// The tiny models against what Hugging Face transformers computed with the same weights: formats -> models -> device.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "graph/signature.h"
#include "tests/support/golden.h"
#include "tests/support/session.h"
#include "tests/unit/models/altered.h"

namespace infer {
namespace {

using namespace testing;

constexpr const char* kBackends[] = {"reference", "cpu"};

std::unique_ptr<Session> open(const std::string& tiny, const SessionOptions& options) {
  auto file = formats::open_model(golden_path("tiny/" + tiny + ".gguf"));
  REQUIRE_MESSAGE(file.ok(), file.status().message());
  auto s = Session::open(*file, options);
  REQUIRE_MESSAGE(s.ok(), tiny << ": " << s.status().message());
  return s.take();
}

std::vector<float> logits(Session& s, std::span<const int32_t> tokens, int64_t chunk = 0) {
  s.restart();
  auto r = s.feed(tokens, chunk);
  REQUIRE_MESSAGE(r.ok(), r.status().message());
  return r.take();
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Every model; the bound is on the worst.
void hold_against_golden(const std::string& backend, uint32_t kv_type, double bound) {
  double worst = 0;
  for (const std::string& name : tiny_models()) {
    CAPTURE(name);
    const Golden g = read_golden("tiny/" + name + ".golden");
    const auto tokens = g.ints("tokens");
    const auto s = open(name, {.backend = backend, .kv_type = kv_type});
    const double e = nmse(logits(*s, tokens), g.data);
    CHECK(e <= bound);
    worst = std::max(worst, e);

    s->restart();
    const auto prompt = std::span(tokens).first(static_cast<size_t>(g.number("prompt")));
    const auto ids = s->greedy(prompt, 64);
    REQUIRE_MESSAGE(ids.ok(), ids.status().message());
    CHECK(*ids == g.ints("greedy"));
  }
  MESSAGE(backend << ", " << std::string(graph::type_name(kv_type)) << " KV: worst NMSE " << worst);
}

TEST_CASE("with f32 KV every backend gives the logits and greedy ids of transformers") {
  for (const char* backend : kBackends) hold_against_golden(backend, INFER_TYPE_F32, 1e-6);
}
// binary16 rounds K and V to 11 bits; measured 1.5e-6 on the worst model.
TEST_CASE("with f16 KV every backend stays near them") {
  for (const char* backend : kBackends) hold_against_golden(backend, INFER_TYPE_F16, 1e-5);
}

TEST_CASE("chunks of any size, pages of any size and pages in any order give the same bits") {
  for (const std::string backend : kBackends)
    for (const uint32_t kv_type : {INFER_TYPE_F32, INFER_TYPE_F16})
      for (const std::string& name : tiny_models()) {
        CAPTURE(backend);
        CAPTURE(name);
        const auto tokens = read_golden("tiny/" + name + ".golden").ints("tokens");
        const auto whole = open(name, {.backend = backend, .kv_type = kv_type});
        const auto expected = logits(*whole, tokens);
        for (const int64_t chunk : {1, 2, 3, 7, 16, 17, 33}) {
          CAPTURE(chunk);
          CHECK(same_bits(logits(*whole, tokens, chunk), expected));
        }
        for (const int64_t page : {1, 5, 16, 64}) {
          CAPTURE(page);
          const auto shuffled = open(name, {.backend = backend, .kv_type = kv_type, .page = page, .shuffle = 7});
          CHECK(same_bits(logits(*shuffled, tokens, 9), expected));
        }
      }
}

TEST_CASE("a factor beside a tensor, as NVFP4 files have it, multiplies that tensor, also before a bias") {
  for (const char* backend : kBackends) {
    CAPTURE(backend);
    const Golden g = read_golden("tiny/qwen2.golden");
    Altered a("qwen2");
    for (const std::string name :
         {"blk.0.attn_q", "blk.0.attn_output", "blk.1.attn_v", "blk.1.ffn_up", "blk.1.ffn_down"}) {
      // Weights four times as large, and a factor of a quarter.
      formats::Tensor& t = a.tensor(name + ".weight");
      auto& data = a.bytes(t.data.size());
      for (size_t at = 0; at < data.size(); at += sizeof(float)) {
        float v;
        std::memcpy(&v, t.data.data() + at, sizeof v);
        v *= 4;
        std::memcpy(data.data() + at, &v, sizeof v);
      }
      t.data = data;
      auto& factor = a.bytes(sizeof(float));
      const float quarter = 0.25f;
      std::memcpy(factor.data(), &quarter, sizeof quarter);
      a.add_tensor(name + ".scale", {"", quant::Type::kF32, 1, {1, 1, 1, 1}, factor});
    }
    auto s = Session::open(a.file(), {.backend = backend});
    REQUIRE_MESSAGE(s.ok(), s.status().message());
    CHECK(nmse(logits(**s, g.ints("tokens")), g.data) <= 1e-6);
  }
}

// Proof that the bounds above can fail for what each variant is about: the same weights, one setting left out.
TEST_CASE("a rope scaling, window or router setting that is left out is far from the golden logits") {
  const auto error = [](const char* tiny, const Altered& a) {
    const Golden g = read_golden(std::string("tiny/") + tiny + ".golden");
    auto s = Session::open(a.file(), {});
    REQUIRE_MESSAGE(s.ok(), s.status().message());
    return nmse(logits(**s, g.ints("tokens")), g.data);
  };
  const auto without = [&](const char* tiny, const char* key) { return error(tiny, Altered(tiny).remove(key)); };
  const auto with = [&](const char* tiny, const char* key, formats::Value v) {
    return error(tiny, Altered(tiny).set(key, v));
  };
  CHECK(error("llama3", Altered("llama3").remove_tensor("rope_freqs.weight")) > 1e-3);
  CHECK(without("llama_linear", "llama.rope.scaling.factor") > 1e-3);
  CHECK(with("llama_yarn", "llama.rope.scaling.type", std::string_view("linear")) > 1e-3);
  CHECK(with("llama_yarn", "llama.rope.scaling.attn_factor", 1.05) > 1e-4);
  CHECK(without("qwen2_yarn", "qwen2.rope.scaling.yarn_attn_factor") > 1e-4);
  CHECK(without("qwen2_yarn", "qwen2.rope.scaling.yarn_beta_fast") > 1e-4);
  CHECK(without("qwen2_yarn", "qwen2.rope.scaling.yarn_beta_slow") > 1e-4);
  CHECK(without("mistral_window", "llama.attention.sliding_window") > 1e-3);
  CHECK(with("mistral_window", "llama.attention.sliding_window", int64_t{13}) > 1e-4);
  CHECK(with("mixtral", "llama.expert_weights_norm", false) > 1e-3);
  CHECK(with("qwen2moe", "qwen2moe.expert_weights_norm", true) > 1e-3);
  CHECK(with("qwen3moe", "qwen3moe.expert_used_count", int64_t{3}) > 1e-3);
  CHECK(with("llama", "llama.attention.layer_norm_rms_epsilon", 0.1) > 1e-3);
  CHECK(with("llama", "llama.rope.freq_base", 20000.0) > 1e-4);
}

}  // namespace
}  // namespace infer
