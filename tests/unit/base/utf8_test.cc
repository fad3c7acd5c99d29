#include "base/utf8.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace infer;

TEST_CASE("every scalar value survives append and decode") {
  int wrong = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    std::string s;
    append_utf8(s, c);
    const Utf8 d = decode_utf8(s, 0);
    const bool surrogate = c >= 0xD800 && c < 0xE000;
    wrong += !(d.valid && d.length == s.size() && d.value == (surrogate ? kReplacement : c));
  }
  CHECK(wrong == 0);
  std::string s;
  append_utf8(s, 0x110000);
  CHECK(s == "\xEF\xBF\xBD");
}

TEST_CASE("each maximal subpart of a broken sequence is one error") {
  // Expected texts: Python's bytes.decode("utf-8", "replace").
  const struct {
    std::string_view in, out;
  } rows[] = {
      {"", ""},
      {"a\x80z", "a\uFFFDz"},
      {"\xC0\xAF", "\uFFFD\uFFFD"},
      {"\xE0\x80\x80", "\uFFFD\uFFFD\uFFFD"},
      {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
      {"\xF0\x9F\x98", "\uFFFD"},
      {"\xF0\x9F\x98z", "\uFFFDz"},
      {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"\xFE\xFF", "\uFFFD\uFFFD"},
      {"\xE2\x82\xE2\x82\xAC", "\uFFFD\u20AC"},
  };
  for (const auto& r : rows) {
    std::string got;
    append_as_utf8(got, r.in);
    CHECK(got == r.out);
    CHECK(valid_utf8(r.in) == (r.in == r.out));
  }
}

TEST_CASE("only a sequence that the end of the text breaks is cut") {
  CHECK(decode_utf8("\xF0\x9F\x98", 0).cut);
  CHECK(decode_utf8("\xC3", 0).cut);
  CHECK_FALSE(decode_utf8("\xF0\x9F\x98z", 0).cut);
  CHECK_FALSE(decode_utf8("\x80", 0).cut);
  CHECK_FALSE(decode_utf8("\xED\xA0", 0).cut);
}

TEST_CASE("from the end, any bytes are cut where they are cut from the beginning") {
  const std::string_view kinds = "a\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC2\xDF\xE0\xE1\xED\xEF\xF0\xF1\xF4\xF5\xFF";
  uint64_t random = 1;
  const auto next = [&] { return random = random * 6364136223846793005u + 1442695040888963407u, random >> 33; };
  int wrong = 0;
  for (int round = 0; round < 200000; ++round) {
    std::string s;
    for (size_t n = 1 + next() % 12; s.size() < n;) {
      s += next() % 2 ? kinds[next() % kinds.size()] : static_cast<char>(0x80 + next() % 64);
    }
    std::vector<size_t> forward, backward;
    for (size_t at = 0; at < s.size(); at += decode_utf8(s, at).length) forward.push_back(at);
    for (size_t end = s.size(); end > 0;) backward.push_back(end = utf8_before(s, end));
    std::reverse(backward.begin(), backward.end());
    wrong += forward != backward;
  }
  CHECK(wrong == 0);
}
