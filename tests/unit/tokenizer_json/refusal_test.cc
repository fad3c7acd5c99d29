// What is not supported, or wrong, is refused by name and place.
#include <nlohmann/json.hpp>

#include "open.h"

using namespace infer;
using namespace infer::testing;
using nlohmann::json;

namespace {

json valid() {
  return json::parse(R"({"added_tokens": [{"id": 2, "content": "<s>", "special": true}],
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 3}, "merges": [["a", "b"]]}})");
}

struct Refused {
  const char* at;     // JSON pointer of what is put in
  const char* value;  // JSON
  infer_status status;
  const char* says;
};
constexpr infer_status kNo = INFER_E_UNSUPPORTED, kBad = INFER_E_CORRUPT;

constexpr Refused kRefused[] = {
    {"/normalizer", R"({"type":"Rot13"})", kNo, "normalizer: the normalizer 'Rot13' is not supported"},
    {"/normalizer", R"({"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"X"}]})", kNo,
     "normalizer.normalizers[1]: the normalizer 'X'"},
    {"/normalizer", R"({"kind":"NFC"})", kBad, "normalizer.type: there is no such text"},
    {"/normalizer", R"({"type":"Replace","pattern":{"Regex":"(a)\\1"},"content":""})", kNo,
     "normalizer.pattern.Regex: regular expression, byte 3: the backreference '\\1' is not supported"},
    {"/normalizer", R"({"type":"Precompiled","precompiled_charsmap":"!"})", kBad, "this is not base64"},
    {"/normalizer", R"({"type":"Precompiled","precompiled_charsmap":"AAAA"})", kBad, "charsmap"},
    {"/pre_tokenizer", R"({"type":"Scissors"})", kNo, "pre_tokenizer: the pre-tokenizer 'Scissors' is not supported"},
    {"/pre_tokenizer", R"({"type":"Split","pattern":{"String":" "},"behavior":"Folded"})", kNo,
     "pre_tokenizer.behavior: the behavior 'Folded' is not supported"},
    {"/pre_tokenizer", R"({"type":"Metaspace","replacement":"ab"})", kBad, "is not one character"},
    {"/pre_tokenizer", R"({"type":"Metaspace","replacement":"_","prepend_scheme":"last"})", kNo, "'last'"},
    {"/pre_tokenizer", R"({"type":"FixedLength","length":0})", kBad, "pre_tokenizer.length"},
    {"/decoder", R"({"type":"Reader"})", kNo, "decoder: the decoder 'Reader' is not supported"},
    {"/decoder", R"({"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"WordPiece"}]})", kNo,
     "decoder.decoders[1]: the decoder 'WordPiece' behind 'Fuse'"},
    {"/decoder",
     R"({"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Strip","content":" ","start":0,"stop":1}]})", kNo,
     "it would have to see the whole text"},
    {"/post_processor", R"({"type":"Stamp"})", kNo, "post_processor: the post-processor 'Stamp' is not supported"},
    {"/post_processor", R"({"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}},{"Sequence":{"id":"A"}}]})",
     kNo, "twice"},
    {"/post_processor",
     R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}},{"Sequence":{"id":"A"}}],"special_tokens":{"x":{"ids":[99]}}})",
     kBad, "post_processor.special_tokens.x.ids[0]: this is 99"},
    {"/post_processor", R"({"type":"BertProcessing","cls":["a",0],"sep":["b"]})", kBad, "post_processor.sep"},
    {"/model", R"({"type":"Neural","vocab":{"a":0}})", kNo, "model: the model 'Neural' is not supported"},
    {"/model", "null", kBad, "tokenizer.json has no model"},
    {"/model/dropout", "0.5", kBad, "model.dropout"},
    {"/model/unk_token", R"("?")", kBad, "model.unk_token: '?' is not in the vocabulary"},
    {"/model/vocab/c", "-1", kBad, "a token's id is -1"},
    {"/model/vocab/c", "0", kBad, "'a' and 'c' have the same id 0"},
    {"/model/vocab/c", "1e9", kBad, "ids are 0..4194303"},
    {"/model/vocab/c", R"("x")", kBad, "model.vocab"},
    {"/model/vocab", R"([["a",0],["b"]])", kBad, "model.vocab"},
    {"/model/merges", R"([["a","c"]])", kBad, "model.merges[0]: 'c' is not in the vocabulary"},
    {"/model/merges", R"([["b","a"]])", kBad, "model.merges[0]: 'ba' is not in the vocabulary"},
    {"/model/merges", R"(["a b c"])", kBad, "model.merges[0] is not two texts"},
    {"/model/merges", R"([["a","b","c"]])", kBad, "model.merges[0] is not two texts"},
    {"/model/type", R"("Unigram")", kBad, "model.vocab: this is not the vocabulary of a model of type Unigram"},
    {"/added_tokens/0/id", "null", kBad, "added_tokens[0].id"},
    {"/added_tokens/0/id", "3", kBad, "'ab' and '<s>' have the same id 3"},
    {"/added_tokens", "7", kBad, "added_tokens: this is not a list"},
};

Result<std::unique_ptr<const text::Tokenizer>> with_regex(const std::string& regex) {
  json j = valid();
  j["pre_tokenizer"] = {{"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", "Isolated"}};
  return open(j.dump());
}

}  // namespace

TEST_CASE("what a file says wrong is refused, with its place") {
  REQUIRE(open(valid().dump()).ok());
  for (const Refused& r : kRefused) {
    json j = valid();
    j[json::json_pointer(r.at)] = json::parse(r.value);
    const std::string text = j.dump();
    const auto made = open(text);
    CAPTURE(text);
    REQUIRE_FALSE(made.ok());
    CHECK(made.status().code() == r.status);
    CHECK_MESSAGE(made.status().message().find(r.says) != std::string_view::npos, std::string(made.status().message()));
  }
}

TEST_CASE("what is no JSON, or too much of it, is refused") {
  for (const std::string text : {"", "{", "[]", "7", "{\"model\":{}", "{\"a\":\"\xff\"}", "{\"a\":\"\\ud800\"}"}) {
    CAPTURE(text);
    CHECK_FALSE(open(text).ok());
  }
  CHECK_FALSE(open(std::string(100000, '[')).ok());
  CHECK_FALSE(open(std::string("{\"a\":") + std::string(100000, '[')).ok());
  std::string many = "{\"a\":[0";
  for (int i = 0; i < 500000; ++i) many += ",0";
  CHECK(open(many + "]}").status().message().find("values") != std::string_view::npos);
}

TEST_CASE("constructs of regular expressions that cannot be matched in linear time are refused by name") {
  for (const char* regex : {"(a)\\1",      "\\k<x>",   "(?<=ab)c",        "(?<!a*)b",
                            "(?>ab|a)c",   "(?:ab)*+", "\\Gab",           "a\\Kb",
                            "\\X",         "\\R",      "(?x:a)",          "(?~a)",
                            "\\g<0>",      "(?:a*)*",  "(?i:ss)",         "\\p{Emoji}",
                            "[[:graph:]]", "a{2000}",  "(?:a{500}){500}", "(?:(?:(?:){1000}){1000}){1000}",
                            "a{3,1}",      "\\p{L"}) {
    const auto made = with_regex(regex);
    CAPTURE(regex);
    REQUIRE_FALSE(made.ok());
    CHECK(made.status().message().find("pre_tokenizer.pattern.Regex: ") != std::string_view::npos);
    CHECK(made.status().message().find("regular expression") != std::string_view::npos);
  }
  for (const char* regex :
       {"(", ")", "[", "[a", "\\", "*", "(?", "(?<", "[b-a]", "a{1", "\\x{110000}", "(?P", "[[:", "[&&", "\\p"})
    (void)with_regex(regex);  // taken or not, in bounded time
  CHECK_FALSE(with_regex(std::string(1000, '(') + std::string(1000, ')')).ok());
  CHECK_FALSE(with_regex(std::string(20000, 'a')).ok());
  std::string properties;
  for (int i = 0; i < 1000; ++i) properties += "\\p{L}";
  CHECK_FALSE(with_regex(properties).ok());
  CHECK(with_regex("a[abc]{20}c").status().message().find("too many states") != std::string_view::npos);
}
