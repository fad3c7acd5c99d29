#include "tests/backends/record/recorded_model.h"

#include <list>

#include "formats/gguf_writer.h"
#include "tests/backends/fill.h"
#include "tests/backends/scope.h"

namespace infer::conformance {
namespace {

struct Tensors {
  formats::GgufWriter& out;
  MadeModel& made;
  const RecordedModel& m;
  uint64_t seed = 100;
  size_t next = 0;  // of m.types
  std::list<Bytes> data = {};
  Status wrong = {};

  void add(const std::string& name, const std::string& type, std::vector<int64_t> dims, const std::string& text) {
    const quant::TypeInfo* info = quant::find_type(type);
    if (!info) return void(wrong = Status::invalid(str("there is no type '", type, "'")));
    Result<Bytes> bytes = fill(text, static_cast<uint32_t>(info->type), dims, Scope().lookup());
    if (!bytes.ok()) return void(wrong = bytes.status());
    made.fills[name] = text;
    out.add_tensor(name, info->type, dims, data.emplace_back(bytes.take()));
  }
  void matrix(const std::string& name, std::vector<int64_t> dims) {
    add(name, m.types[next++ % m.types.size()], std::move(dims), str("blocks(", ++seed, ")"));
  }
  // Small enough that scores of attention are of a real model's size: what rounding adds to them is multiplied by exp.
  void norm(const std::string& name) {
    add(name, "f32", {m.embd}, str("uniform(", ++seed, ") -> (2 + v) / ", 2 * m.embd, " * sqrt(", m.embd, ")"));
  }
};

}  // namespace

Result<std::unique_ptr<MadeModel>> make_recorded_model(const RecordedModel& m) {
  auto made = std::make_unique<MadeModel>();
  formats::GgufWriter out;
  out.add("general.architecture", "llama");
  const auto key = [&](const char* name, auto value) { out.add(str("llama.", name), value); };
  key("block_count", static_cast<uint32_t>(m.layers));
  key("context_length", uint32_t{256});
  key("embedding_length", static_cast<uint32_t>(m.embd));
  key("feed_forward_length", static_cast<uint32_t>(m.ff));
  key("attention.head_count", static_cast<uint32_t>(m.heads));
  key("attention.head_count_kv", static_cast<uint32_t>(m.kv_heads));
  key("attention.layer_norm_rms_epsilon", 1e-5f);
  if (m.experts) {
    key("expert_count", static_cast<uint32_t>(m.experts));
    key("expert_used_count", uint32_t{2});
  }
  Tensors t{out, *made, m};
  const int64_t head = m.embd / m.heads;
  t.matrix("token_embd.weight", {m.vocab, m.embd});
  t.matrix("output.weight", {m.vocab, m.embd});
  t.norm("output_norm.weight");
  for (int64_t l = 0; l < m.layers; ++l) {
    const std::string b = str("blk.", l, ".");
    t.norm(b + "attn_norm.weight");
    t.matrix(b + "attn_q.weight", {m.embd, m.embd});
    t.matrix(b + "attn_k.weight", {m.kv_heads * head, m.embd});
    t.matrix(b + "attn_v.weight", {m.kv_heads * head, m.embd});
    t.matrix(b + "attn_output.weight", {m.embd, m.embd});
    t.norm(b + "ffn_norm.weight");
    if (m.experts) {
      t.add(b + "ffn_gate_inp.weight", "f32", {m.experts, m.embd}, str("blocks(", ++t.seed, ")"));
      t.matrix(b + "ffn_gate_exps.weight", {m.experts, m.ff, m.embd});
      t.matrix(b + "ffn_up_exps.weight", {m.experts, m.ff, m.embd});
      t.matrix(b + "ffn_down_exps.weight", {m.experts, m.embd, m.ff});
    } else {
      t.matrix(b + "ffn_gate.weight", {m.ff, m.embd});
      t.matrix(b + "ffn_up.weight", {m.ff, m.embd});
      t.matrix(b + "ffn_down.weight", {m.embd, m.ff});
    }
  }
  TRY(t.wrong);
  TRY_SET(made->bytes, out.bytes());
  TRY_SET(auto mapped, File::from_memory(made->bytes.data(), static_cast<int64_t>(made->bytes.size())));
  TRY_SET(made->file, formats::open_model(std::move(mapped)));
  return made;
}

Result<std::vector<std::byte>> make_recorded_adapter(const RecordedModel& m, int64_t rank) {
  formats::GgufWriter out;
  out.add("general.type", "adapter");
  out.add("general.architecture", "llama");
  out.add("adapter.type", "lora");
  out.add("adapter.lora.alpha", static_cast<float>(rank));
  const std::vector<float> zeros(static_cast<size_t>(rank * std::max(m.embd, m.ff)));  // the recorder puts others there
  const auto bytes = [&](int64_t n) { return std::as_bytes(std::span(zeros).first(static_cast<size_t>(n))); };
  for (int64_t l = 0; l < m.layers; ++l) {
    const std::string q = str("blk.", l, ".attn_q.weight"), down = str("blk.", l, ".ffn_down.weight");
    out.add_tensor(q + ".lora_a", quant::Type::kF32, {rank, m.embd}, bytes(rank * m.embd));
    out.add_tensor(q + ".lora_b", quant::Type::kF32, {m.embd, rank}, bytes(rank * m.embd));
    out.add_tensor(down + ".lora_a", quant::Type::kF32, {rank, m.ff}, bytes(rank * m.ff));
    out.add_tensor(down + ".lora_b", quant::Type::kF32, {m.embd, rank}, bytes(rank * m.embd));
  }
  return out.bytes();
}

}  // namespace infer::conformance
