// Small vocabularies made in memory.
#pragma once
#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "text/tokenizer/tokenizer.h"

namespace infer::testing {

using Type = TokenizerData::TokenType;

// Owns the strings that TokenizerData points at.
struct Made {
  TokenizerData data;
  std::deque<std::string> texts;

  int32_t add(std::string text, Type type = Type::kNormal, float score = 0) {
    data.tokens.push_back(texts.emplace_back(std::move(text)));
    data.types.push_back(type);
    if (data.model == "llama") data.scores.push_back(score);
    return static_cast<int32_t>(data.tokens.size()) - 1;
  }
  void merge(std::string merge) { data.merges.push_back(texts.emplace_back(std::move(merge))); }
};

using Shared = std::shared_ptr<Made>;

inline std::shared_ptr<const TokenizerData> data_of(const Shared& made) { return {made, &made->data}; }

// GPT-2's character for a byte.
inline std::string alphabet(int byte) {
  const auto prints = [](int b) { return (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE; };
  char32_t c = static_cast<char32_t>(byte);
  if (!prints(byte)) {
    c = 0x100;
    for (int b = 0; b < byte; ++b) c += !prints(b);
  }
  std::string s;
  append_utf8(s, c);
  return s;
}

// Byte-level BPE: ids 0..255 are the bytes; "hello" is made by merges; then <|im_start|>, <|im_end|> (control, EOS) and
// <think>, two spaces (user-defined).
struct BpeIds {
  int32_t hello, im_start, im_end, think, two_spaces;
};
inline Shared byte_level(BpeIds& ids, std::string pre = "gpt-2") {
  auto m = std::make_shared<Made>();
  m->data.model = "gpt2";
  m->data.pre = std::move(pre);
  for (int b = 0; b < 256; ++b) m->add(alphabet(b));
  m->add("he"), m->add("ll"), m->add("hell");
  ids.hello = m->add("hello");
  for (const char* s : {"h e", "l l", "he ll", "hell o"}) m->merge(s);
  ids.im_start = m->add("<|im_start|>", Type::kControl);
  ids.im_end = m->data.eos = m->add("<|im_end|>", Type::kControl);
  ids.think = m->add("<think>", Type::kUserDefined);
  ids.two_spaces = m->add("  ", Type::kUserDefined);
  return m;
}

// SPM: 0 <unk>, 1 <s>, 2 </s>, 3..258 bytes, then pieces.
inline Shared spm() {
  auto m = std::make_shared<Made>();
  m->data.model = "llama";
  m->data.unk = m->add("<unk>", Type::kUnknown);
  m->data.bos = m->add("<s>", Type::kControl);
  m->data.eos = m->add("</s>", Type::kControl);
  for (int b = 0; b < 256; ++b) {
    const char* hex = "0123456789ABCDEF";
    m->add(std::string("<0x") + hex[b >> 4] + hex[b & 15] + ">", Type::kByte);
  }
  float score = -1;
  for (const char* s : {"\u2581", "h", "e", "l", "o", "<", "s", ">", "/", "he", "ll", "hell", "hello", "\u2581hello"}) {
    m->add(s, Type::kNormal, score);
    score -= 1;
  }
  return m;
}

inline std::unique_ptr<const text::Tokenizer> make(const Shared& made) {
  auto t = text::Tokenizer::create(data_of(made));
  REQUIRE_MESSAGE(t.ok(), std::string(t.status().message()));
  return t.take();
}

inline std::vector<int32_t> encode(const text::Tokenizer& t, std::string_view text,
                                   std::span<const text::Range> trusted = {}, bool add_special = false) {
  std::vector<int32_t> ids;
  const Status s = t.encode(text, add_special, trusted, ids);
  REQUIRE_MESSAGE(s.ok(), std::string(s.message()));
  return ids;
}

inline bool holds(const std::vector<int32_t>& ids, int32_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace infer::testing
