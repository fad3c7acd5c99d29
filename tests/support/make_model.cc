#include "tests/support/make_model.h"

#include <cmath>
#include <cstring>
#include <deque>

#include "formats/gguf_writer.h"
#include "quant/random_blocks.h"

namespace infer::testing {
namespace {

constexpr int64_t kEmbd = 256, kFf = 512, kFfExpert = 256, kHeads = 4, kHeadsKv = 2, kHeadDim = 64, kVocab = 288,
                  kExperts = 4;

std::vector<float> decoded(quant::Type type, const std::byte* data, int64_t n_rows, int64_t n) {
  std::vector<float> values(static_cast<size_t>(n_rows * n));
  const uint64_t row = quant::row_bytes(type, static_cast<uint64_t>(n));
  for (int64_t r = 0; r < n_rows; ++r)
    quant::decode_row(type, data + static_cast<uint64_t>(r) * row, values.data() + r * n, n);
  return values;
}

// Draws tensors and keeps their bytes until the file is written.
class Tensors {
 public:
  Tensors(formats::GgufWriter& out, uint64_t seed) : out_(out), seed_(seed) {}

  // Returns the root mean square of the matrix's values.
  double matrix(const char* name, quant::Type type, std::vector<int64_t> dims) {
    int64_t rows = 1;
    for (size_t i = 0; i + 1 < dims.size(); ++i) rows *= dims[i];
    const int64_t n = dims.back();
    const uint64_t row = quant::row_bytes(type, static_cast<uint64_t>(n));
    auto& data = data_.emplace_back(static_cast<uint64_t>(rows) * row);
    for (int64_t r = 0; r < rows; ++r)
      quant::fill_random_blocks(type, n, seed_++, data.data() + static_cast<uint64_t>(r) * row);
    out_.add_tensor(name, type, dims, data);
    double power = 0;
    for (float v : decoded(type, data.data(), rows, n)) power += double(v) * v;
    return std::sqrt(power / static_cast<double>(rows * n));
  }
  // Each odd row is the one before it, negated. So of every two experts one is clearly preferred, and which 2 of 4 are
  // the likeliest differs from row to row but hangs on rounding in none.
  void router(const char* name, int64_t n_experts, int64_t n) {
    quant::Random random(seed_++);
    std::vector<float> w(static_cast<size_t>(n_experts * n));
    for (size_t i = 0; i < w.size(); ++i) {
      const auto row = i / static_cast<size_t>(n);
      w[i] = row % 2 ? -w[i - static_cast<size_t>(n)] : random.within(-1, 1);
    }
    auto& data = data_.emplace_back(w.size() * sizeof(float));
    std::memcpy(data.data(), w.data(), data.size());
    out_.add_tensor(name, quant::Type::kF32, {n_experts, n}, data);
  }
  // Norm weights around `mean`.
  void norm(const char* name, int64_t n, double mean) {
    quant::Random random(seed_++);
    std::vector<float> w(static_cast<size_t>(n));
    for (float& v : w) v = static_cast<float>(mean) * random.within(0.7f, 1.3f);
    auto& data = data_.emplace_back(w.size() * sizeof(float));
    std::memcpy(data.data(), w.data(), data.size());
    out_.add_tensor(name, quant::Type::kF32, {n}, data);
  }

 private:
  formats::GgufWriter& out_;
  uint64_t seed_;
  std::deque<std::vector<std::byte>> data_;
};

// A ModelFile together with the memory it points into.
struct Held {
  std::vector<std::byte> bytes;
  std::shared_ptr<const formats::ModelFile> file;
};
Result<std::shared_ptr<const formats::ModelFile>> open_bytes(std::vector<std::byte> bytes) {
  auto held = std::make_shared<Held>();
  held->bytes = std::move(bytes);
  TRY_SET(auto mapped, File::from_memory(held->bytes.data(), static_cast<int64_t>(held->bytes.size())));
  TRY_SET(held->file, formats::open_model(std::move(mapped)));
  return std::shared_ptr<const formats::ModelFile>(held, held->file.get());
}

}  // namespace

Result<std::vector<std::byte>> block_model_bytes(const BlockModel& m, const formats::ModelFile* vocabulary) {
  formats::GgufWriter out;
  out.add("general.architecture", "llama");
  out.add("general.name", str("one layer of ", quant::info(m.type).name, m.experts ? " experts" : ""));
  const auto key = [&](const char* name, auto value) { out.add(str("llama.", name), value); };
  key("block_count", uint32_t{1});
  key("context_length", uint32_t{512});
  key("embedding_length", static_cast<uint32_t>(kEmbd));
  key("feed_forward_length", static_cast<uint32_t>(m.experts ? kFfExpert : kFf));
  key("attention.head_count", static_cast<uint32_t>(kHeads));
  key("attention.head_count_kv", static_cast<uint32_t>(kHeadsKv));
  key("attention.layer_norm_rms_epsilon", 1e-5f);
  if (m.experts) {
    key("expert_count", static_cast<uint32_t>(kExperts));
    key("expert_used_count", uint32_t{2});
  }
  if (vocabulary) out.copy(*vocabulary, "tokenizer.");

  Tensors t(out, m.seed * 1'000'003);
  const double unit =
      1 / std::sqrt(static_cast<double>(kEmbd));  // a norm weight of unit / rms makes outputs of about 1
  t.matrix("token_embd.weight", m.type, {kVocab, kEmbd});
  t.norm("output_norm.weight", kEmbd, 3 * unit / t.matrix("output.weight", m.type, {kVocab, kEmbd}));
  t.norm("blk.0.attn_norm.weight", kEmbd, unit / t.matrix("blk.0.attn_q.weight", m.type, {kHeads * kHeadDim, kEmbd}));
  t.matrix("blk.0.attn_k.weight", m.type, {kHeadsKv * kHeadDim, kEmbd});
  t.matrix("blk.0.attn_v.weight", m.type, {kHeadsKv * kHeadDim, kEmbd});
  t.matrix("blk.0.attn_output.weight", m.type, {kEmbd, kHeads * kHeadDim});
  if (m.experts) {
    t.router("blk.0.ffn_gate_inp.weight", kExperts, kEmbd);
    t.norm("blk.0.ffn_norm.weight", kEmbd,
           unit / t.matrix("blk.0.ffn_gate_exps.weight", m.type, {kExperts, kFfExpert, kEmbd}));
    t.matrix("blk.0.ffn_up_exps.weight", m.type, {kExperts, kFfExpert, kEmbd});
    t.matrix("blk.0.ffn_down_exps.weight", m.type, {kExperts, kEmbd, kFfExpert});
  } else {
    t.norm("blk.0.ffn_norm.weight", kEmbd, unit / t.matrix("blk.0.ffn_gate.weight", m.type, {kFf, kEmbd}));
    t.matrix("blk.0.ffn_up.weight", m.type, {kFf, kEmbd});
    t.matrix("blk.0.ffn_down.weight", m.type, {kEmbd, kFf});
  }
  return out.bytes();
}

Result<std::shared_ptr<const formats::ModelFile>> make_block_model(const BlockModel& m) {
  TRY_SET(auto bytes, block_model_bytes(m));
  return open_bytes(std::move(bytes));
}

Result<std::shared_ptr<const formats::ModelFile>> decode_to_f32(const formats::ModelFile& file, float noise) {
  quant::Random random(3);
  formats::GgufWriter out;
  out.copy(file, "general.");
  out.copy(file, file.architecture());
  std::deque<std::vector<float>> data;
  for (const formats::Tensor& t : file.tensors()) {
    const int64_t n = t.dim[t.rank - 1];
    int64_t rows = 1;
    for (int i = 0; i + 1 < t.rank; ++i) rows *= t.dim[i];
    auto& values = data.emplace_back(decoded(t.type, t.data.data(), rows, n));
    if (t.name == "token_embd.weight")
      for (float& v : values) v *= random.within(1 - noise, 1 + noise);
    out.add_tensor(t.name, quant::Type::kF32, std::span(t.dim, static_cast<size_t>(t.rank)),
                   std::as_bytes(std::span(values)));
  }
  TRY_SET(auto bytes, out.bytes());
  return open_bytes(std::move(bytes));
}

}  // namespace infer::testing
