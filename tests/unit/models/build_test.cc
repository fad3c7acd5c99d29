// Files into programs: what a good file becomes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <tuple>

#include "tests/unit/models/altered.h"

namespace infer {
namespace {

using testing::Altered;
using testing::open_tiny;

std::vector<std::string> tiny_names() {
  std::vector<std::string> names;
  for (const auto& e : std::filesystem::directory_iterator(INFER_SOURCE_DIR "/tests/golden/tiny"))
    if (e.path().extension() == ".gguf") names.push_back(e.path().stem().string());
  return names;
}

size_t count(const models::Model& m, uint32_t kind) {
  const auto nodes = m.program.nodes();
  return static_cast<size_t>(std::count_if(nodes.begin(), nodes.end(), [&](const auto& n) { return n.kind == kind; }));
}

// The attributes of the first rope node.
graph::Program::Node rope_node(const models::Model& m) {
  const auto nodes = m.program.nodes();
  const auto it = std::find_if(nodes.begin(), nodes.end(), [](const auto& n) { return n.kind == INFER_OP_ROPE; });
  REQUIRE(it != nodes.end());
  return *it;
}

models::Model built(const Altered& a, const models::BuildOptions& options = {}) {
  auto m = a.build(options);
  REQUIRE_MESSAGE(m.ok(), m.status().message());
  return m.take();
}

TEST_CASE("every tiny model becomes a program that reads each of its tensors once") {
  const auto names = tiny_names();
  REQUIRE(names.size() >= 15);
  for (const std::string& name : names) {
    CAPTURE(name);
    const auto file = open_tiny(name);
    auto m = models::build(*file, {});
    REQUIRE_MESSAGE(m.ok(), m.status().message());
    CHECK(m->weights.size() == file->tensors().size());
    CHECK(m->hyper.n_layer == 2);
    CHECK(m->hyper.n_vocab == 288);
    CHECK(m->kv.size() == 2);
    CHECK(m->program.step().logits != graph::kNone);
    int64_t elements = 0;
    for (const auto& t : file->tensors()) elements += t.dim[0] * t.dim[1] * t.dim[2] * t.dim[3];
    CHECK(m->hyper.n_parameters == elements);
    CHECK(m->hyper.weight_bytes == 4 * elements);
  }
}

TEST_CASE("hyper-parameters are those that the file states") {
  auto h = models::read_hyper(*open_tiny("qwen3moe"));
  REQUIRE(h.ok());
  CHECK(h->n_ctx_train == 256);
  CHECK(h->n_embd == 48);
  CHECK(h->n_head == 4);
  CHECK(h->n_head_kv == 2);
  CHECK(h->head_dim == 16);
  CHECK(h->head_dim_v == 16);
  CHECK(h->n_ff == 80);
  CHECK(h->n_expert == 5);
  CHECK(h->n_expert_used == 2);
}

TEST_CASE("a KV page is counted over all layers, K and V, in the type asked for") {
  // qwen3: 2 layers, 2 KV heads of 16.
  CHECK(built(Altered("qwen3"), {.kv_type = INFER_TYPE_F16, .page = 32}).kv_page_bytes == 2 * 2 * 32 * 2 * 16 * 2);
  CHECK(built(Altered("qwen3"), {.kv_type = INFER_TYPE_F32, .page = 8}).kv_page_bytes == 2 * 2 * 8 * 2 * 16 * 4);
  CHECK(built(Altered("qwen3"), {.kv_type = INFER_TYPE_BF16, .page = 8}).kv_page_bytes == 2 * 2 * 8 * 2 * 16 * 2);
}

TEST_CASE("only wanted rows go through the last layer's feed-forward part") {
  const auto m = built(Altered("llama"));
  CHECK(count(m, INFER_OP_GATHER) == 1);
  const auto& logits = m.program.tensor(m.program.step().logits);
  CHECK(logits.dim[0] == graph::sym(graph::kRows));
  size_t glu_rows = 0, glu_tokens = 0;
  for (const auto& n : m.program.nodes())
    if (n.kind == INFER_OP_GLU)
      ++(m.program.tensor(n.out[0]).dim[0] == graph::sym(graph::kRows) ? glu_rows : glu_tokens);
  CHECK(glu_rows == 1);
  CHECK(glu_tokens == 1);
}

TEST_CASE("tied embeddings are one tensor, read by the first and the last node") {
  const auto m = built(Altered("llama_tied"));
  const auto nodes = m.program.nodes();
  CHECK(nodes.front().kind == INFER_OP_EMBED);
  CHECK(nodes.back().kind == INFER_OP_MATMUL);
  CHECK(nodes.front().in[0] == nodes.back().in[1]);
}

TEST_CASE("linear rope divides angles by the factor, under its new and its old key") {
  const auto m = built(Altered("llama_linear"));
  CHECK(rope_node(m).f[1] == 0.25);
  Altered old("llama_linear");
  old.remove("llama.rope.scaling.type").remove("llama.rope.scaling.factor").set("llama.rope.scale_linear", 8.0);
  CHECK(rope_node(built(old)).f[1] == 0.125);
  Altered none("llama_linear");
  none.set("llama.rope.scaling.type", std::string_view("none"));
  CHECK(rope_node(built(none)).f[1] == 1.0);
}

TEST_CASE("YaRN's ramp and magnitude are those of the paper") {
  // 16 rotating values, base 10000, 64 positions: 32 turns at pair 16 ln(64 / 64 pi) / (2 ln 10000) = -0.99, one turn
  // at 2.02.
  const auto rope = rope_node(built(Altered("llama_yarn")));
  CHECK(rope.f[1] == 0.25);                                      // freq_scale
  CHECK(rope.f[2] == 1.0);                                       // ext_factor
  CHECK(rope.f[3] == doctest::Approx(0.1 * std::log(4.0) + 1));  // attn_factor
  CHECK(rope.f[4] == 0);                                         // corr_low
  CHECK(rope.f[5] == 3);                                         // corr_high
  CHECK(rope_node(built(Altered("qwen2_yarn"))).f[3] == 1.25);   // given: taken as it is
  Altered relative("llama_yarn");
  relative.set("llama.rope.scaling.yarn_log_multiplier", 1.0);
  CHECK(rope_node(built(relative)).f[3] == doctest::Approx(1.0));
}

TEST_CASE("llama turns adjacent pairs, the qwen families split halves") {
  CHECK(rope_node(built(Altered("llama"))).i[2] == 0);
  for (const char* name : {"qwen2", "qwen3", "qwen2moe", "qwen3moe"}) CHECK(rope_node(built(Altered(name))).i[2] == 1);
}

TEST_CASE("what a file leaves out has the family's default") {
  Altered a("llama");
  a.remove("llama.attention.head_count_kv").remove("llama.attention.key_length").remove("llama.attention.value_length");
  a.remove("llama.rope.dimension_count").remove("llama.rope.freq_base").remove("llama.vocab_size").no_tokenizer();
  const auto m = built(a);
  CHECK(m.hyper.n_head_kv == 4);
  CHECK(m.hyper.head_dim == 12);
  CHECK(m.hyper.n_vocab == 288);
  CHECK(rope_node(m).i[1] == 12);
  CHECK(rope_node(m).f[0] == 10000);
}

TEST_CASE("a sliding window is every layer's") {
  const auto m = built(Altered("mistral_window"));
  for (const auto& layer : m.kv) CHECK(layer.window == 12);
}

TEST_CASE("the factor beside an NVFP4 tensor scales its output") {
  Altered a("llama");
  auto& data = a.bytes(4);
  const float half = 0.5f;
  std::memcpy(data.data(), &half, 4);
  formats::Tensor scale{"", quant::Type::kF32, 1, {1, 1, 1, 1}, data};
  a.add_tensor("blk.1.ffn_up.scale", scale);
  const auto m = built(a);
  REQUIRE(count(m, INFER_OP_SCALE) == 1);
  for (const auto& n : m.program.nodes())
    if (n.kind == INFER_OP_SCALE) CHECK(n.f[0] == 0.5);
}

TEST_CASE("factors beside the experts or the output are refused by name, not left out") {
  for (const auto& [model, name, n] :
       {std::tuple{"mixtral", "blk.0.ffn_up_exps.scale", 4}, {"llama", "output.scale", 1}}) {
    Altered a(model);
    formats::Tensor scale{"", quant::Type::kF32, 1, {n, 1, 1, 1}, a.bytes(4 * static_cast<size_t>(n))};
    a.add_tensor(name, scale);
    const auto m = a.build();
    REQUIRE(!m.ok());
    CHECK(m.status().code() == INFER_E_UNSUPPORTED);
    CHECK(m.status().message().find(name) != std::string::npos);
  }
}

TEST_CASE("the families are listed by name") {
  const auto names = models::known_architectures();
  CHECK(names == std::vector<std::string_view>{"llama", "qwen2", "qwen2moe", "qwen3", "qwen3moe"});
}

}  // namespace
}  // namespace infer
