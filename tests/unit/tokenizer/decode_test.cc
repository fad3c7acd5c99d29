#include <algorithm>

#include "vocabulary.h"

using namespace infer;
using namespace infer::testing;

namespace {

std::string streamed(const text::Tokenizer& t, const std::vector<int32_t>& ids, bool first = true) {
  text::Detokenizer d(t, false, first);
  std::string out;
  for (const int32_t id : ids) {
    std::string part;
    d.feed(id, part);
    CHECK(valid_utf8(part));
    out += part;
  }
  d.finish(out);
  return out;
}

}  // namespace

TEST_CASE("a stream gives whole characters and together the text") {
  BpeIds ids;
  const auto t = make(byte_level(ids));
  const std::string text = "h\u00E9llo \u4F60\u597D \U0001F600 hello";
  CHECK(streamed(*t, encode(*t, text)) == text);
  const auto s = make(spm());
  CHECK(streamed(*s, encode(*s, text)) == text);
}

TEST_CASE("a stream that breaks off inside a character ends in one U+FFFD") {
  BpeIds ids;
  const auto t = make(byte_level(ids));
  auto tokens = encode(*t, "a\U0001F600");
  tokens.pop_back();
  CHECK(streamed(*t, tokens) == "a\uFFFD");
  // And a character that another interrupts is broken at once.
  std::string out;
  text::Detokenizer d(*t);
  for (const int32_t id : tokens) d.feed(id, out);
  d.feed(ids.hello, out);
  CHECK(out == "a\uFFFDhello");
}

TEST_CASE("broken UTF-8 is read as U+FFFD, once for each broken sequence") {
  BpeIds ids;
  const auto t = make(byte_level(ids));
  CHECK(t->decode(encode(*t, "a\xF0\x9F\x98z\x80\xFF"), false) == "a\uFFFDz\uFFFD\uFFFD");
  const auto s = make(spm());
  CHECK(s->decode(encode(*s, "\xC3(\xED\xA0\x80"), false) == "\uFFFD(\uFFFD\uFFFD\uFFFD");
}

TEST_CASE("SPM drops the space it put before the text, and only that") {
  const auto t = make(spm());
  CHECK(t->decode(encode(*t, "hello hello"), false) == "hello hello");
  CHECK(t->decode(encode(*t, " hello"), false) == " hello");
  CHECK(streamed(*t, encode(*t, "hello"), false) == " hello");
  auto gemma = spm();
  gemma->data.add_space_prefix = 0;
  const auto g = make(gemma);
  CHECK(g->decode(encode(*g, " hello"), false) == " hello");
  CHECK(g->decode(encode(*g, "hello"), false) == "hello");
}

TEST_CASE("control tokens decode to nothing unless asked for") {
  BpeIds ids;
  const auto t = make(byte_level(ids));
  const std::vector<int32_t> tokens{ids.im_start, ids.hello, ids.im_end};
  CHECK(t->decode(tokens, false) == "hello");
  CHECK(t->decode(tokens, true) == "<|im_start|>hello<|im_end|>");
  const auto s = make(spm());
  CHECK(s->decode(std::vector{1, 2}, false).empty());
}

TEST_CASE("special tokens decode as written, whatever their characters stand for in the alphabet") {
  BpeIds ids;
  auto made = byte_level(ids);
  const int32_t accent =
      made->add("\u00E9", Type::kUserDefined) >= 0 ? static_cast<int32_t>(made->data.tokens.size()) - 1 : -1;
  // The byte 0xE9 is written so too; a file may not have both.
  CHECK_FALSE(text::Tokenizer::create(data_of(made)).ok());
  made->data.tokens[static_cast<size_t>(accent)] = "\u00E9\u00E9";
  const auto t = make(made);
  CHECK(t->decode(std::vector{accent}, false) == "\u00E9\u00E9");
}

TEST_CASE("byte tokens of SPM spell what has no token") {
  const auto t = make(spm());
  CHECK(encode(*t, "hello\n") == std::vector<int32_t>{3 + 256 + 13, 3 + '\n'});
}

TEST_CASE("a text that goes on behind another is spelled as it stands") {
  BpeIds ids;
  const auto bytes = make(byte_level(ids));
  const auto words = make(spm());
  for (const text::Tokenizer* t : {bytes.get(), words.get()}) {
    for (const std::string before : {"hello", "hello ", " "}) {
      for (const std::string more : {"hello", " hello", "h", "  ", "\u00E9", ""}) {
        std::vector<int32_t> all = encode(*t, before);
        REQUIRE(t->encode_more(more, false, all).ok());
        CHECK(t->decode(all, false) == before + more);
      }
    }
  }
}
