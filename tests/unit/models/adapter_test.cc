// Adapter files against the model: what fits is read, everything else is refused by a sentence that names it.
#include "models/adapter.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "quant/types.h"
#include "tests/unit/models/altered.h"

namespace infer {
namespace {

using testing::Altered;

struct Base {
  std::shared_ptr<const formats::ModelFile> file = testing::open_tiny("llama_gqa");
  models::Model model;
  explicit Base(int64_t rank = 8, uint32_t type = INFER_TYPE_F32) {
    auto built = models::build(*file, {.adapter_slots = 2, .adapter_rank = rank, .adapter_type = type});
    REQUIRE_MESSAGE(built.ok(), built.status().message());
    model = built.take();
  }
  Result<models::Adapter> read(const Altered& a, double scale = 1) const {
    return models::read_adapter(*a.file(), *file, model, scale);
  }
};

Altered adapter(const std::string& name = "llama_gqa-all") {
  auto file = formats::open_model(INFER_SOURCE_DIR "/tests/golden/adapters/" + name + ".gguf");
  REQUIRE_MESSAGE(file.ok(), file.status().message());
  return Altered(*file);
}

float first_value(const formats::Tensor& t) {
  float v[256] = {};
  quant::decode_row(t.type, t.data.data(), v, t.dim[t.rank - 1]);
  return v[0];
}
float first_of(const std::vector<std::byte>& bytes) {
  float v = 0;
  std::memcpy(&v, bytes.data(), sizeof v);
  return v;
}

void refused(const Result<models::Adapter>& r, infer_status code, std::initializer_list<std::string_view> said) {
  REQUIRE(!r.ok());
  CHECK(r.status().code() == code);
  const std::string message(r.status().message());
  CAPTURE(message);
  for (std::string_view s : said) CHECK(message.find(s) != std::string::npos);
  CHECK(!r.status().hint().empty());
}

TEST_CASE("a model has a bank for each projection of its layers, and none unless slots are wanted") {
  const Base b;
  CHECK(b.model.banks.size() == 14);  // 2 layers of q k v o, gate up down
  for (const models::Bank& bank : b.model.banks) {
    const infer_tensor &down = b.model.program.tensor(bank.down), &up = b.model.program.tensor(bank.up);
    CHECK(down.dim[0] == 2);
    CHECK(down.dim[1] == 8);
    CHECK(down.dim[2] == bank.n_in);
    CHECK(up.dim[1] == bank.n_out);
    CHECK(up.dim[2] == 8);
  }
  CHECK(Altered("llama_gqa").build()->banks.empty());
  CHECK(Altered("llama_gqa").build({.adapter_slots = -1}).status().code() == INFER_E_INVALID);
  CHECK(Altered("llama_gqa").build({.adapter_slots = 1, .adapter_rank = 0}).status().code() == INFER_E_INVALID);
  CHECK(Altered("llama_gqa").build({.adapter_slots = 1, .adapter_type = INFER_TYPE_Q8_0}).status().code() ==
        INFER_E_INVALID);
}

TEST_CASE("A comes as it is, B times alpha over its rank and the scale, with zeros behind the rank") {
  const Base b;
  const Altered a = adapter();
  const auto read = b.read(a, 0.5);
  REQUIRE_MESSAGE(read.ok(), read.status().message());
  CHECK(read->parts.size() == 14);
  for (const models::Adapter::Part& p : read->parts) {
    const models::Bank& bank = b.model.banks[p.bank];
    const std::string name = bank.weight;
    const bool k = name.find("attn_k") != std::string::npos;
    CAPTURE(name);
    CHECK(p.rank == (k ? 2 : 4));
    CHECK(p.down.size() == static_cast<size_t>(p.rank * bank.n_in) * 4);
    CHECK(p.up.size() == static_cast<size_t>(bank.n_out) * 8 * 4);
    CHECK(first_of(p.down) == first_value(*a.base().tensor(name + ".lora_a")));
    const double by = 0.5 * 8 / p.rank;
    CHECK(first_of(p.up) == static_cast<float>(first_value(*a.base().tensor(name + ".lora_b")) * by));
    for (size_t j = static_cast<size_t>(p.rank); j < 8; ++j) {
      float zero = 1;
      std::memcpy(&zero, p.up.data() + 4 * j, 4);
      CHECK(zero == 0);
    }
  }
}

TEST_CASE("an adapter that is none, or for another model, is refused") {
  const Base b;
  refused(b.read(Altered("llama_gqa")), INFER_E_UNSUPPORTED, {"not an adapter"});
  refused(b.read(adapter().set("general.type", std::string_view("imatrix"))), INFER_E_UNSUPPORTED, {"imatrix"});
  refused(b.read(adapter().set("adapter.type", std::string_view("dora"))), INFER_E_UNSUPPORTED, {"dora"});
  refused(b.read(adapter().set("adapter.alora.invocation_tokens", int64_t{1})), INFER_E_UNSUPPORTED, {"alora"});
  CHECK(!b.read(adapter().remove("adapter.type")).ok());
  CHECK(!b.read(adapter().set("adapter.lora.alpha", std::nan(""))).ok());
  refused(b.read(adapter().architecture("qwen2")), INFER_E_UNSUPPORTED, {"qwen2", "llama"});
}

TEST_CASE("tensors that are missing, misshapen, unknown or hold what is no number are named") {
  const Base b;
  refused(b.read(adapter().remove_tensor("blk.1.ffn_up.weight.lora_a")), INFER_E_CORRUPT,
          {"blk.1.ffn_up.weight.lora_a"});
  refused(b.read(adapter().remove_tensor("blk.1.ffn_up.weight.lora_b")), INFER_E_CORRUPT,
          {"blk.1.ffn_up.weight.lora_b"});
  const auto like = *adapter().base().tensor("blk.0.attn_q.weight.lora_a");
  refused(b.read(adapter().add_tensor("blk.0.attn_norm.weight", like)), INFER_E_UNSUPPORTED,
          {"blk.0.attn_norm.weight"});
  for (const char* weight : {"token_embd.weight", "output.weight", "blk.9.attn_q.weight"})
    refused(b.read(adapter().add_tensor(str(weight, ".lora_a"), like).add_tensor(str(weight, ".lora_b"), like)),
            INFER_E_UNSUPPORTED, {weight});
  for (const char* end : {".lora_a", ".lora_b"})
    for (int32_t d : {0, 1}) {
      Altered a = adapter();
      a.tensor(str("blk.0.attn_v.weight", end)).dim[d] -= 1;
      refused(b.read(a), INFER_E_CORRUPT, {"blk.0.attn_v.weight"});
    }
  {
    Altered a = adapter();
    a.tensor("blk.0.attn_v.weight.lora_a").rank = 3;
    refused(b.read(a), INFER_E_CORRUPT, {"blk.0.attn_v.weight"});
  }
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Altered a = adapter();
    formats::Tensor& t = a.tensor("blk.1.ffn_down.weight.lora_b");
    std::vector<std::byte>& bytes = a.bytes(t.data.size());
    std::memcpy(bytes.data(), t.data.data(), bytes.size());
    std::memcpy(bytes.data() + 12, &bad, 4);
    t.data = bytes;
    refused(b.read(a), INFER_E_CORRUPT, {"blk.1.ffn_down.weight.lora_b"});
  }
}

TEST_CASE("what has no room is refused with the option to set") {
  refused(Base(3).read(adapter()), INFER_E_UNSUPPORTED, {"rank 4", "room for 3"});
  CHECK(Base(4).read(adapter()).ok());
  const auto large = Base(8, INFER_TYPE_F16).read(adapter(), 1e6);
  refused(large, INFER_E_UNSUPPORTED, {"too large"});
  CHECK(large.status().hint().find("adapter.type") != std::string_view::npos);
  CHECK(Base(8, INFER_TYPE_BF16).read(adapter(), 1e6).ok());
  CHECK(Base(8, INFER_TYPE_F16).read(adapter("llama_gqa-qv")).ok());
}

}  // namespace
}  // namespace infer
