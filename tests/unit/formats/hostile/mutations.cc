// One valid file, changed in every place: each length that it can be cut to, each field at its extremes, each bit.
#include <set>

#include "tests/unit/formats/hostile/corpus.h"
#include "tests/unit/formats/hostile/raw.h"

namespace infer::formats {
namespace {

// `header`: bytes before the data.
Raw sample(size_t& header) {
  Raw r;
  r.header(4, 17).key("general.architecture", "llama").key("general.alignment", kU32, 32u);
  r.key("u8", kU8, uint8_t{1}).key("i16", kI16, int16_t{-2}).key("u64", kU64, uint64_t{3}).key("f32", kF32, 1.5f);
  r.key("f64", kF64, 2.5).key("flag", kBool, uint8_t{1}).array("bools", kBool, std::vector<uint8_t>{1, 0});
  r.key("tokenizer.ggml.model", "llama").array("tokenizer.ggml.tokens", {"<unk>", "a", "b"});
  r.array("tokenizer.ggml.scores", kF32, std::vector<float>{0, -1, -2});
  r.array("tokenizer.ggml.token_type", kI32, std::vector<int32_t>{2, 1, 1});
  r.array("tokenizer.ggml.merges", {"a b"}).key("tokenizer.ggml.bos_token_id", kU32, 1u);
  r.key("tokenizer.ggml.add_bos_token", kBool, uint8_t{0}).key("tokenizer.chat_template", "{{ x }}");
  r.tensor("a", {4, 3, 2, 1}, 0, 0).tensor("b", {32, 2}, 8, 96).tensor("c", {5}, 1, 192).tensor("d", {256}, 12, 224);
  header = r.bytes.size();
  r.data(368);
  return r;
}

}  // namespace

std::string valid_file() {
  size_t header;
  return sample(header).bytes;
}

void mutations(const Visit& visit) {
  size_t header;
  const Raw whole = sample(header);
  visit({"the valid file", "ok", whole.bytes});
  for (size_t n = 1; n < header; ++n) visit({str("cut to ", n, " bytes"), "refused", whole.bytes.substr(0, n)});
  for (size_t n = header; n < whole.bytes.size(); ++n)
    visit({str("cut to ", n, " bytes"), "data_outside", whole.bytes.substr(0, n)});

  constexpr uint64_t k1 = 1;
  for (const Raw::Field& f : whole.fields) {
    uint64_t old = 0;
    std::memcpy(&old, whole.bytes.data() + f.at, f.width);
    const uint64_t most = f.width == 8 ? UINT64_MAX : (k1 << (8 * f.width)) - 1;
    std::set<uint64_t> values;
    for (const uint64_t v :
         {uint64_t{0}, k1, most - 1, most, most / 2, most / 2 + 1, k1 << 31, (k1 << 32) - 1, k1 << 32, k1 << 33,
          k1 << 40, (k1 << 61) + 1, k1 << 63, UINT64_MAX, UINT64_MAX - 7, old + 1, old - 1, old * 2, old + 256})
      values.insert(v & most);
    for (const uint64_t v : values) {
      Case c{str(f.name, " = ", v), "any", whole.bytes};
      std::memcpy(c.bytes.data() + f.at, &v, f.width);
      visit(c);
    }
  }
  for (size_t bit = 0; bit < 8 * header; ++bit) {
    Case c{str("bit ", bit, " flipped"), "any", whole.bytes};
    c.bytes[bit / 8] = static_cast<char>(c.bytes[bit / 8] ^ (1 << bit % 8));
    visit(c);
  }
}

}  // namespace infer::formats
