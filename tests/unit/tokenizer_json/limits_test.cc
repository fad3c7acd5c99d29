// What a hostile file may ask for costs bounded time and memory, and text that is not UTF-8 is only odd text.
#include <ctime>
#include <nlohmann/json.hpp>

#include "open.h"
#include "tests/support/memory.h"
#include "text/tokenizer/alphabet.h"

using namespace infer;
using namespace infer::testing;
using nlohmann::json;

namespace {

double processor_time() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// A WordLevel model of these words, ids from 0.
json words(const std::vector<std::string>& texts) {
  json vocabulary = json::object();
  for (const std::string& text : texts) vocabulary[text] = vocabulary.size();
  return {{"model", {{"type", "WordLevel"}, {"vocab", vocabulary}}}};
}

json replace(const json& pattern, const std::string& by) {
  return {{"type", "Replace"}, {"pattern", pattern}, {"content", by}};
}

json split(const std::string& regex) {
  return {{"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", "Isolated"}};
}

json sequence(const char* key, json steps) { return {{"type", "Sequence"}, {key, std::move(steps)}}; }

std::string refusal(const json& j) {
  const std::string text = j.dump();
  const auto made = open(text);
  REQUIRE_FALSE(made.ok());
  return std::string(made.status().message());
}

}  // namespace

TEST_CASE("expressions match broken bytes as U+FFFD, one for each broken sequence") {
  // Of the bytes 80 80 79, then of all short strings of bytes that begin, go on or break.
  for (const char* alphabet : {"\x80y", "\x80\xE2\xF0\x9F\xC3z"}) {
    const std::string_view bytes = alphabet;
    std::vector<std::string> texts{"\x80\x80y"};
    for (size_t i = 0, n = bytes.size(); i < n * n * n * n * n; ++i) {
      std::string s;
      for (size_t rest = i, k = 0; k < 5; ++k, rest /= n) s += bytes[rest % n];
      texts.push_back(s);
    }
    std::vector<std::string> spelled;
    for (const std::string& s : texts) spelled.push_back(text::spelled_in_alphabet(s));
    json j = words(spelled);
    j["decoder"] = sequence("decoders", {{{"type", "ByteLevel"}}, replace({{"Regex", "\\x{FFFD}(?:y|.{5})"}}, "!")});
    const std::string text_of_json = j.dump();
    const auto made = open(text_of_json);
    REQUIRE(made.ok());
    std::string out;
    (*made)->append_piece(j["model"]["vocab"][spelled[0]], false, false, out);
    CHECK(out == "\x80!");
    for (int32_t id = 0; id < (*made)->n_vocab(); ++id) (void)(*made)->decode(std::vector{id}, false);
  }
}

TEST_CASE("what a charsmap puts in is UTF-8, whatever its bytes are") {
  // "a" becomes the byte 80: unit 'a' has label 'a' and a rule, the value is at 'a' ^ 1.
  json j = words({"\uFFFD", "\uFFFDb"});
  std::string blob(4 + 4 * 98, '\0');
  const auto put = [&](size_t at, uint32_t v) {
    for (size_t i = 0; i < 4; ++i) blob[at + i] = static_cast<char>(static_cast<uint8_t>(v >> 8 * i));
  };
  put(0, 4 * 98);
  put(4 + 4 * 'a', 'a' | 1u << 8 | 1u << 10);
  put(4 + 4 * ('a' ^ 1), 1u << 31);
  blob.append("\x80\0", 2);
  constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  uint32_t bits = 0, n = 0;
  for (const char c : blob) {
    bits = bits << 8 | static_cast<uint8_t>(c);
    for (n += 8; n >= 6; n -= 6) encoded += kDigits[bits >> (n - 6) & 63];
  }
  if (n > 0) encoded += kDigits[bits << (6 - n) & 63];
  j["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", encoded}};
  const std::string text_of_json = j.dump();
  const auto made = open(text_of_json);
  REQUIRE(made.ok());
  std::vector<int32_t> ids;
  REQUIRE((*made)->encode("a", false, false, ids).ok());
  REQUIRE((*made)->encode("ab", false, false, ids).ok());
  CHECK(ids == std::vector<int32_t>{0, 1});
}

TEST_CASE("too much around a text is refused") {
  const auto around = [](size_t parts, size_t ids) {
    json j = words({"a"});
    json single = json::array({{{"Sequence", {{"id", "A"}}}}});
    for (size_t i = 0; i < parts; ++i) single.push_back({{"SpecialToken", {{"id", "x"}}}});
    j["post_processor"] = {{"type", "TemplateProcessing"},
                           {"single", single},
                           {"special_tokens", {{"x", {{"ids", std::vector<int>(ids, 0)}}}}}};
    return j;
  };
  const std::string fits = around(8, 8).dump();
  CHECK(open(fits).ok());
  for (const json& j : {around(64, 1), around(1, 65), around(60, 20000)})
    CHECK(refusal(j).find("post_processor: more than 64 parts or ids") != std::string::npos);
}

TEST_CASE("quantifiers behind one another are few") {
  json j = words({"a"});
  j["pre_tokenizer"] = split("a{2}{1,3}{2}?");
  const std::string fits = j.dump();
  CHECK(open(fits).ok());
  for (const std::string& more : {std::string("{2}{1,3}{2}?{2}"), std::string(16000, '?')}) {
    j["pre_tokenizer"] = split("a" + more);
    CHECK(refusal(j).find("more than 4 quantifiers behind one another") != std::string::npos);
  }
}

TEST_CASE("what a token decodes to is bounded by its text") {
  json j = words({std::string(100, 'a'), ""});
  json steps = json::array();
  for (int i = 0; i < 8; ++i) steps.push_back(replace({{"String", "a"}}, std::string(256, 'a')));
  j["decoder"] = sequence("decoders", steps);
  const std::string text_of_json = j.dump();
  const auto made = open(text_of_json);
  REQUIRE(made.ok());
  CHECK((*made)->decode(std::vector{0}, false).size() == 100 * 4 + 256);
}

TEST_CASE("a decoder's Strip is linear") {
  json j = words({std::string(65000, 'a')});
  j["decoder"] = {{"type", "Strip"}, {"content", "a"}, {"start", 40000}, {"stop", 20000}};
  const std::string text_of_json = j.dump();
  const auto made = open(text_of_json);
  REQUIRE(made.ok());
  const double start = processor_time();
  CHECK((*made)->decode(std::vector<int32_t>(60, 0), false).size() == 5000 * 60);
  CHECK(processor_time() - start < 0.5);
}

TEST_CASE("a normalizer's steps stop where a text has grown beyond measure") {
  std::string ligatures;  // NFKC makes 11 bytes of each of theirs
  for (int i = 0; i < 63; ++i) ligatures += "\uFDFA";
  json j = words({"a"});
  j["normalizer"] = sequence("normalizers", {replace({{"String", "\uFDFA"}}, ligatures), {{"type", "NFKC"}}});
  const std::string text_of_json = j.dump();
  const auto made = open(text_of_json);
  REQUIRE(made.ok());
  std::string text;
  while (text.size() < 64 << 10) text += "\uFDFA";
  std::vector<int32_t> ids;
  const MemoryWatch watch;
  CHECK((*made)->encode(text, false, false, ids).code() == INFER_E_UNSUPPORTED);
  CHECK(watch.peak() < 64 * 5 * text.size());
}

TEST_CASE("letters without regard to case are looked up once") {
  json j = words({"a"});
  std::string pattern = "(?i)";
  while (pattern.size() < 16000) pattern += "ab";
  j["pre_tokenizer"] = split(pattern);
  const double start = processor_time();
  (void)refusal(j);
  CHECK(processor_time() - start < 0.5);
}

TEST_CASE("an added token too long to search for is refused before it is normalized") {
  json j = words({"a"});
  j["normalizer"] = replace({{"String", "b"}}, "");
  j["added_tokens"] = {{{"id", 1}, {"content", std::string(257, 'b')}, {"normalized", true}}};
  CHECK(refusal(j).find("added_tokens[0].content: a text of 257 bytes; at most 256") != std::string::npos);
}

TEST_CASE("steps are few, and each expression's work is bounded") {
  for (const char* part : {"normalizer", "pre_tokenizer", "decoder"}) {
    json j = words({"a"});
    const std::string list = part == std::string("pre_tokenizer") ? "pretokenizers" : part + std::string("s");
    const json step = list == "pretokenizers" ? split("a") : replace({{"String", "a"}}, "b");
    j[part] = {{"type", "Sequence"}, {list, std::vector<json>(16, step)}};
    const std::string fits = j.dump();
    CHECK(open(fits).ok());
    j[part][list].push_back(step);
    CHECK(refusal(j).find("more than 16 steps") != std::string::npos);
  }
  json j = words({"a"});
  j["pre_tokenizer"] = split("a[abc]{20}c|[d-z]{900}");
  const double start = processor_time();
  CHECK(refusal(j).find("too many states") != std::string::npos);
  CHECK(processor_time() - start < 1);
}
