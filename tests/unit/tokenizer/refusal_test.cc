#include <algorithm>

#include "vocabulary.h"

using namespace infer;
using namespace infer::testing;

namespace {

Status refusal(const Shared& made) { return text::Tokenizer::create(data_of(made)).status(); }
bool says(const Status& s, std::string_view what) { return s.message().find(what) != std::string_view::npos; }

}  // namespace

TEST_CASE("an unknown kind or pre-tokenizer is refused by name") {
  BpeIds ids;
  auto made = byte_level(ids, "martian-bpe");
  CHECK(refusal(made).code() == INFER_E_UNSUPPORTED);
  CHECK(says(refusal(made), "martian-bpe"));
  for (const char* kind : {"plamo2", "hybriddna", "whitespace", "test", "Bert"}) {
    made->data.model = kind;
    CHECK(refusal(made).code() == INFER_E_UNSUPPORTED);
    CHECK(says(refusal(made), kind));
  }
  made->data.model.clear();
  CHECK(refusal(made).code() == INFER_E_UNSUPPORTED);
}

TEST_CASE("special ids outside the vocabulary are corrupt, each by name") {
  using Field = int32_t TokenizerData::*;
  const std::pair<Field, const char*> fields[] = {
      {&TokenizerData::bos, "bos"},         {&TokenizerData::eos, "eos"},         {&TokenizerData::eot, "eot"},
      {&TokenizerData::eom, "eom"},         {&TokenizerData::unk, "unknown"},     {&TokenizerData::sep, "separator"},
      {&TokenizerData::pad, "padding"},     {&TokenizerData::mask, "mask"},       {&TokenizerData::cls, "cls"},
      {&TokenizerData::fim_pre, "fim_pre"}, {&TokenizerData::fim_suf, "fim_suf"}, {&TokenizerData::fim_mid, "fim_mid"}};
  for (const auto& [field, name] : fields) {
    for (const int32_t bad : {-2, INT32_MIN, INT32_MAX}) {
      BpeIds ids;
      auto made = byte_level(ids);
      made->data.*field = bad;
      CHECK(refusal(made).code() == INFER_E_CORRUPT);
      CHECK(says(refusal(made), name));
      made->data.*field = static_cast<int32_t>(made->data.tokens.size());
      CHECK(refusal(made).code() == INFER_E_CORRUPT);
    }
  }
}

TEST_CASE("lists of different lengths, and no tokens at all, are corrupt") {
  BpeIds ids;
  auto types = byte_level(ids);
  types->data.types.pop_back();
  CHECK(refusal(types).code() == INFER_E_CORRUPT);
  auto scores = spm();
  scores->data.scores.pop_back();
  CHECK(refusal(scores).code() == INFER_E_CORRUPT);
  auto none = spm();
  none->data.scores.clear();
  CHECK(refusal(none).code() == INFER_E_CORRUPT);
  auto empty = std::make_shared<Made>();
  empty->data.model = "gpt2";
  CHECK(refusal(empty).code() == INFER_E_CORRUPT);
}

TEST_CASE("merges that are not two texts with one space between are corrupt, as are two of a kind") {
  for (const char* merge : {"", " ", "h", "h ", " e", "he  ll", "h e l", "h e"}) {
    BpeIds ids;
    auto made = byte_level(ids);
    made->merge(merge);
    CHECK(refusal(made).code() == INFER_E_CORRUPT);
  }
}

TEST_CASE("two tokens of one text are corrupt, empty ones are holes") {
  BpeIds ids;
  auto made = byte_level(ids);
  const int32_t hole = made->add("");
  made->add("");
  const auto t = make(made);
  CHECK(t->decode(std::vector{hole}, true).empty());
  made->add("hello");
  CHECK(refusal(made).code() == INFER_E_CORRUPT);
}

TEST_CASE("byte tokens are two hexadecimal digits and nothing else") {
  for (const char* text : {"<0x-1>", "<0x>", "<0x1>", "<0x123>", "<0xGG>", "<0x 1>", "<0X41>", "0x41"}) {
    auto made = spm();
    made->add(text, Type::kByte);
    CHECK(refusal(made).code() == INFER_E_CORRUPT);
  }
}

TEST_CASE("bytes that a vocabulary lacks are left out or unknown, not invented") {
  auto made = std::make_shared<Made>();
  made->data.model = "gpt2";
  const int32_t a = made->add("a");
  CHECK(encode(*make(made), "abab") == std::vector{a, a});
  auto s = std::make_shared<Made>();
  s->data.model = "llama";
  s->data.unk = s->add("<unk>", Type::kUnknown);
  s->data.add_space_prefix = 0;
  const int32_t x = s->add("x");
  CHECK(encode(*make(s), "xyzx") == std::vector{x, 0, x});
}

TEST_CASE("a special token too long to search for is refused") {
  BpeIds ids;
  auto made = byte_level(ids);
  made->add(std::string(257, 'q'), Type::kControl);
  CHECK(refusal(made).code() == INFER_E_UNSUPPORTED);
}
