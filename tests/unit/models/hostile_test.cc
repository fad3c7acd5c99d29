// Files into refusals: every hyper-parameter with every kind of wrong value, tensors missing, misshapen and unknown.
// Each is answered by a Status whose message names what is wrong; none crashes, hangs or asks for memory.
#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>

#include "tests/unit/models/altered.h"

namespace infer {
namespace {

using formats::Array;
using formats::Value;
using testing::Altered;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

void refused(const Altered& a, infer_status code, std::initializer_list<std::string_view> said) {
  const auto m = a.build();
  REQUIRE(!m.ok());
  CHECK(m.status().code() == code);
  const std::string message(m.status().message());
  CAPTURE(message);
  for (std::string_view s : said) CHECK(message.find(s) != std::string::npos);
  CHECK(!m.status().hint().empty());
}

struct Key {
  const char* tiny;
  const char* key;
};
// Integers. Values that are wrong for all of them are tried on all of them.
constexpr Key kInts[] = {
    {"llama", "llama.block_count"},
    {"llama", "llama.context_length"},
    {"llama", "llama.embedding_length"},
    {"llama", "llama.feed_forward_length"},
    {"llama", "llama.attention.head_count"},
    {"llama", "llama.attention.head_count_kv"},
    {"llama", "llama.attention.key_length"},
    {"llama", "llama.attention.value_length"},
    {"llama", "llama.rope.dimension_count"},
    {"llama", "llama.vocab_size"},
    {"mistral_window", "llama.attention.sliding_window"},
    {"llama_yarn", "llama.rope.scaling.original_context_length"},
    {"mixtral", "llama.expert_count"},
    {"mixtral", "llama.expert_used_count"},
    {"qwen2moe", "qwen2moe.expert_count"},
    {"qwen2moe", "qwen2moe.expert_used_count"},
    {"qwen2moe", "qwen2moe.expert_feed_forward_length"},
    {"qwen2moe", "qwen2moe.expert_shared_feed_forward_length"},
    {"qwen3moe", "qwen3moe.expert_gating_func"},
};
constexpr Key kNums[] = {
    {"llama", "llama.attention.layer_norm_rms_epsilon"},
    {"llama", "llama.attention.scale"},
    {"llama", "llama.rope.freq_base"},
    {"llama_linear", "llama.rope.scaling.factor"},
    {"llama", "llama.rope.scale_linear"},
    {"llama_yarn", "llama.rope.scaling.yarn_attn_factor"},
    {"llama_yarn", "llama.rope.scaling.yarn_beta_fast"},
    {"llama_yarn", "llama.rope.scaling.yarn_beta_slow"},
    {"llama_yarn", "llama.rope.scaling.yarn_ext_factor"},
    {"llama_yarn", "llama.rope.scaling.yarn_log_multiplier"},
    {"llama_yarn", "llama.rope.scaling.attn_factor"},
    {"mixtral", "llama.expert_weights_scale"},
};
constexpr const char* kRequired[] = {"block_count",         "context_length",       "embedding_length",
                                     "feed_forward_length", "attention.head_count", "attention.layer_norm_rms_epsilon"};

TEST_CASE("an integer out of range or of another type is refused by name, whichever key it is") {
  const Value bad[] = {int64_t{-1},
                       int64_t{-kMax},
                       int64_t{1} << 31,
                       int64_t{1} << 32,
                       (int64_t{1} << 32) + 1,
                       int64_t{1} << 62,
                       kMax,
                       uint64_t{1} << 63,
                       std::numeric_limits<uint64_t>::max(),
                       2.5,
                       true,
                       std::string_view("48")};
  for (const Key& k : kInts)
    for (const Value& v : bad) {
      CAPTURE(k.key);
      CAPTURE(v.index());
      Altered a(k.tiny);
      a.set(k.key, v);
      refused(a, INFER_E_CORRUPT, {k.key});
    }
}

TEST_CASE("one above its limit is refused by name") {
  const std::pair<const char*, int64_t> limits[] = {{"block_count", 1024},          {"context_length", 1 << 30},
                                                    {"embedding_length", 1 << 17},  {"feed_forward_length", 1 << 20},
                                                    {"attention.head_count", 4096}, {"attention.head_count_kv", 4096},
                                                    {"attention.key_length", 4096}, {"attention.value_length", 4096},
                                                    {"expert_count", 4096}};
  for (const auto& [key, most] : limits) {
    Altered a("llama");
    a.set(str("llama.", key), most + 1);
    refused(a, INFER_E_CORRUPT, {key, std::to_string(most + 1), std::to_string(most)});
  }
}

TEST_CASE("zero is refused by name where nothing can be zero") {
  for (const Key& k : kInts) {
    const std::string_view key = k.key;
    if (key.ends_with("sliding_window") || key.ends_with("gating_func") ||
        (key.ends_with("expert_count") && key.starts_with("llama")))
      continue;
    CAPTURE(key);
    Altered a(k.tiny);
    a.set(k.key, int64_t{0});
    refused(a, INFER_E_CORRUPT, {key});
  }
}

TEST_CASE("every small integer in every key ends in a program or a refusal") {
  // 1, odd, larger than the tensors: not all are wrong for all keys; what must not happen is a crash or a wrong shape.
  int refusals = 0;
  for (const Key& k : kInts)
    for (int64_t v : {0, 1, 2, 3, 5, 7, 12, 13, 47, 48, 49, 64, 255, 256, 1024, 4096, 65536, 1 << 20}) {
      CAPTURE(k.key);
      CAPTURE(v);
      Altered a(k.tiny);
      a.set(k.key, v);
      const auto m = a.build();
      if (m.ok()) continue;
      ++refusals;
      const bool clean = m.status().code() == INFER_E_CORRUPT || m.status().code() == INFER_E_UNSUPPORTED;
      CHECK_MESSAGE(clean, m.status().message());
    }
  CHECK(refusals > 200);
}

TEST_CASE("a number out of range, not finite or of another type is refused by name") {
  const Value bad[] = {-1.0,
                       -std::numeric_limits<double>::max(),
                       std::numeric_limits<double>::max(),
                       1e30,
                       std::nan(""),
                       std::numeric_limits<double>::infinity(),
                       true,
                       std::string_view("1")};
  for (const Key& k : kNums)
    for (const Value& v : bad) {
      const std::string_view key = k.key;
      if (key.ends_with("log_multiplier") && std::holds_alternative<double>(v) && std::get<double>(v) == -1.0) continue;
      CAPTURE(key);
      CAPTURE(v.index());
      Altered a(k.tiny);
      a.set(k.key, v);
      refused(a, INFER_E_CORRUPT, {key});
    }
}

TEST_CASE("a required key that is missing is named") {
  for (const char* key : kRequired) {
    const std::string full = str("llama.", key);
    CAPTURE(full);
    Altered a("llama");
    a.remove(full);
    refused(a, INFER_E_CORRUPT, {full});
  }
}

TEST_CASE("one value per layer is refused by name") {
  static const std::array<uint32_t, 2> values{80, 80};
  for (const char* key : {"llama.feed_forward_length", "llama.attention.head_count", "llama.attention.head_count_kv"}) {
    Altered a("llama");
    a.set(key, Array(Array::Type::kU32, 2, reinterpret_cast<const std::byte*>(values.data())));
    refused(a, INFER_E_UNSUPPORTED, {key, "array"});
  }
}

TEST_CASE("numbers that contradict each other are refused with both") {
  Altered kv("llama");
  kv.set("llama.attention.head_count_kv", int64_t{3});
  refused(kv, INFER_E_CORRUPT, {"head_count_kv", "3", "head_count", "4"});

  Altered heads("llama");
  heads.remove("llama.attention.key_length")
      .set("llama.attention.head_count", int64_t{5})
      .set("llama.attention.head_count_kv", int64_t{5});
  refused(heads, INFER_E_CORRUPT, {"head_count", "5", "embedding_length", "48"});

  Altered odd("llama");
  odd.set("llama.rope.dimension_count", int64_t{11});
  refused(odd, INFER_E_CORRUPT, {"rope.dimension_count", "11", "even"});

  Altered wide("llama");
  wide.set("llama.rope.dimension_count", int64_t{14});
  refused(wide, INFER_E_CORRUPT, {"rope.dimension_count", "14", "12"});

  Altered used("mixtral");
  used.set("llama.expert_used_count", int64_t{5});
  refused(used, INFER_E_CORRUPT, {"expert_used_count", "5", "expert_count", "4"});

  Altered betas("llama_yarn");
  betas.set("llama.rope.scaling.yarn_beta_fast", 1.0).set("llama.rope.scaling.yarn_beta_slow", 2.0);
  refused(betas, INFER_E_CORRUPT, {"yarn_beta_fast", "yarn_beta_slow"});

  Altered shrink("llama_yarn");
  shrink.set("llama.rope.scaling.factor", 0.5);
  refused(shrink, INFER_E_CORRUPT, {"rope.scaling.factor", "0.5"});

  Altered vocabulary("llama");
  vocabulary.set("llama.vocab_size", int64_t{289});
  refused(vocabulary, INFER_E_CORRUPT, {"vocab_size", "289", "288", "token_embd.weight"});
}

TEST_CASE("a vocabulary of another size than the embedding table is refused with both sizes") {
  Altered a("llama");
  for (const char* name : {"token_embd.weight", "output.weight"}) a.tensor(name).dim[0] = 287;
  a.set("llama.vocab_size", int64_t{287});
  refused(a, INFER_E_CORRUPT, {"287", "288", "vocabulary"});
}

TEST_CASE("an unknown architecture is named beside the known ones") {
  Altered a("llama");
  a.architecture("falcon");
  refused(a, INFER_E_UNSUPPORTED, {"falcon", "llama", "qwen2", "qwen2moe", "qwen3", "qwen3moe"});
  a.architecture("");
  refused(a, INFER_E_UNSUPPORTED, {"llama"});
  const auto h = models::read_hyper(*a.file());
  REQUIRE(!h.ok());
  CHECK(h.status().code() == INFER_E_UNSUPPORTED);
}

TEST_CASE("an unknown rope scaling is named") {
  for (std::string_view type : {"longrope", "dynamic", ""}) {
    Altered a("llama");
    a.set("llama.rope.scaling.type", type);
    refused(a, INFER_E_UNSUPPORTED, {"rope.scaling.type", "yarn"});
  }
  Altered number("llama");
  number.set("llama.rope.scaling.type", int64_t{1});
  refused(number, INFER_E_CORRUPT, {"rope.scaling.type"});
}

TEST_CASE("settings that would change the arithmetic are refused unless they change nothing") {
  Altered a("llama");
  a.set("llama.final_logit_softcapping", 30.0);
  refused(a, INFER_E_UNSUPPORTED, {"final_logit_softcapping"});
  a.set("llama.final_logit_softcapping", 0.0);
  CHECK(a.build().ok());
  a.set("llama.attention.causal", false);
  refused(a, INFER_E_UNSUPPORTED, {"attention.causal"});
  a.set("llama.attention.causal", true);
  CHECK(a.build().ok());
}

TEST_CASE("each tensor that is missing is named with its shape, for every family") {
  for (const char* tiny : {"llama", "mixtral", "qwen2", "qwen3", "qwen2moe", "qwen3moe"}) {
    const auto base = testing::open_tiny(tiny);
    for (const auto& t : base->tensors()) {
      if (t.name == "output.weight") continue;  // its absence means tied embeddings
      CAPTURE(t.name);
      Altered a(tiny);
      a.remove_tensor(t.name);
      refused(a, INFER_E_CORRUPT, {t.name, "missing"});
    }
  }
}

TEST_CASE("each tensor of another shape is named with both shapes, for every family") {
  for (const char* tiny : {"llama_bias", "mixtral", "qwen2", "qwen3", "qwen2moe", "llama3"}) {
    const auto base = testing::open_tiny(tiny);
    for (const auto& t : base->tensors())
      for (int axis = 0; axis < t.rank; ++axis)
        for (int64_t by : {-1, 1}) {
          CAPTURE(t.name);
          Altered a(tiny);
          a.tensor(t.name).dim[axis] += by;
          refused(a, INFER_E_CORRUPT, {t.name, std::to_string(t.dim[axis] + by)});
        }
  }
}

TEST_CASE("a matrix that is transposed or of another rank is refused") {
  Altered a("llama");
  auto& t = a.tensor("blk.0.ffn_up.weight");
  std::swap(t.dim[0], t.dim[1]);
  refused(a, INFER_E_CORRUPT, {"blk.0.ffn_up.weight", "[48, 80]", "[80, 48]"});
  Altered b("llama");
  b.tensor("blk.0.ffn_up.weight").rank = 3;
  b.tensor("blk.0.ffn_up.weight").dim[2] = 2;
  refused(b, INFER_E_CORRUPT, {"blk.0.ffn_up.weight", "[80, 48, 2]"});
}

TEST_CASE("a norm or bias that is not f32 is refused by name, a matrix of integers too") {
  Altered a("llama");
  a.tensor("blk.1.attn_norm.weight").type = quant::Type::kF16;
  refused(a, INFER_E_UNSUPPORTED, {"blk.1.attn_norm.weight", "f16"});
  Altered b("qwen2");
  b.tensor("blk.0.attn_k.bias").type = quant::Type::kBF16;
  refused(b, INFER_E_UNSUPPORTED, {"blk.0.attn_k.bias", "bf16"});
  Altered c("llama");
  c.tensor("blk.0.attn_q.weight").type = quant::Type::kI32;
  refused(c, INFER_E_UNSUPPORTED, {"blk.0.attn_q.weight", "i32"});
}

TEST_CASE("a tensor that the family does not know is refused by name, never ignored") {
  for (const char* name :
       {"blk.0.attn_q_norm.weight", "blk.1.attn_sinks.weight", "blk.2.attn_norm.weight", "mm.0.weight"}) {
    Altered a("llama");
    a.add_tensor(name, a.base().tensors()[0]);
    refused(a, INFER_E_UNSUPPORTED, {name, "llama"});
  }
  Altered harmless("llama");
  harmless.add_tensor("blk.0.attn_rot_embd.weight", harmless.base().tensors()[0]);
  CHECK(harmless.build().ok());
}

TEST_CASE("experts in the layout of 2023 are refused with the way out") {
  Altered a("mixtral");
  a.remove_tensor("blk.0.ffn_gate_exps.weight").add_tensor("blk.0.ffn_gate.0.weight", a.base().tensors()[0]);
  refused(a, INFER_E_UNSUPPORTED, {"blk.0.ffn_gate.0.weight"});
}

TEST_CASE("rope factors that are zero, negative or not finite are refused") {
  for (float bad : {0.0f, -1.0f, std::nanf(""), std::numeric_limits<float>::infinity()}) {
    Altered a("llama3");
    auto& t = a.tensor("rope_freqs.weight");
    auto& copy = a.bytes(t.data.size());
    std::copy(t.data.begin(), t.data.end(), copy.begin());
    std::memcpy(copy.data() + 12, &bad, 4);
    t.data = copy;
    refused(a, INFER_E_CORRUPT, {"rope_freqs.weight", "at 3"});
  }
}

TEST_CASE("keys and values in blocks are refused where a head is not made of whole blocks, with what to do") {
  for (const uint32_t type : {INFER_TYPE_Q8_0, INFER_TYPE_Q4_0}) {
    const auto r = Altered("qwen3").build({.kv_type = type});  // heads of 16
    CHECK(r.status().code() == INFER_E_UNSUPPORTED);
    CHECK(std::string(r.status().message()).find("heads have 16") != std::string::npos);
    CHECK(std::string(r.status().hint()).find("set kv.type to f16") != std::string::npos);
  }
}

TEST_CASE("options of the caller are held against their limits") {
  for (const uint32_t type : {3u, 12u, 26u, 999u})  // q4_1, q4_K, i32, none
    CHECK(Altered("llama").build({.kv_type = type}).status().code() == INFER_E_INVALID);
  CHECK(Altered("llama").build({.page = 0}).status().code() == INFER_E_INVALID);
  CHECK(Altered("llama").build({.page = -1}).status().code() == INFER_E_INVALID);
  CHECK(Altered("llama").build({.page = int64_t{1} << 40}).status().code() == INFER_E_INVALID);
}

TEST_CASE("the largest numbers that pass every range still end at once") {
  Altered a("llama");
  a.set("llama.block_count", int64_t{1024}).set("llama.context_length", int64_t{1} << 30);
  const auto start = std::chrono::steady_clock::now();
  refused(a, INFER_E_CORRUPT, {"blk.2.", "missing"});
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
}

}  // namespace
}  // namespace infer
