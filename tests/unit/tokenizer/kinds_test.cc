// Unigram, WordPiece, charsmaps and RWKV's tokens by hand; the ids of whole texts are golden_test's.
#include <doctest/doctest.h>

#include <algorithm>

#include "text/tokenizer/bert_normalizer.h"
#include "text/tokenizer/precompiled.h"
#include "text/tokenizer/unigram.h"
#include "text/tokenizer/wordpiece.h"
#include "vocabulary.h"

using namespace infer;
using namespace infer::testing;
using namespace std::string_literals;

namespace {

using Ids = std::vector<int32_t>;

Ids ids_of(const text::Unigram& model, std::string_view s) {
  Ids out;
  model.append(s, out);
  return out;
}

text::Unigram unigram(std::vector<text::Unigram::Piece> pieces, const text::Unigram::Unknown& unknown) {
  auto made = text::Unigram::create(pieces, unknown);
  REQUIRE(made.ok());
  return made.take();
}

Shared kind(const char* model) {
  auto made = std::make_shared<Made>();
  made->data.model = model;
  return made;
}

Status refusal(const Shared& made) { return text::Tokenizer::create(data_of(made)).status(); }

}  // namespace

TEST_CASE("Unigram takes the pieces with the best sum, and of equal sums the longest last piece") {
  const auto best = unigram({{"a", -3, 1}, {"b", -3, 2}, {"ab", -5, 3}, {"aba", -7, 4}}, {.id = 0});
  CHECK(ids_of(best, "ab") == Ids{3});
  CHECK(ids_of(best, "aba") == Ids{4});
  CHECK(ids_of(best, "abab") == Ids{3, 3});
  const auto equal = unigram({{"a", -1, 1}, {"aa", -2, 2}}, {.id = 0});
  CHECK(ids_of(equal, "aaa") == Ids{1, 2});
}

TEST_CASE("what Unigram does not know is one token, or each character one, or spelled in bytes") {
  CHECK(ids_of(unigram({{"a", -1, 1}}, {.id = 0}), "axya\u00E9") == Ids{1, 0, 1, 0});
  CHECK(ids_of(unigram({{"a", -1, 1}}, {.id = 0, .fuse = false}), "axya") == Ids{1, 0, 0, 1});
  CHECK(ids_of(unigram({{"a", -1, 1}}, {}), "axya") == Ids{1, 1});
  text::Unigram::Unknown bytes{.id = 0};
  bytes.bytes[0xC3] = 7;
  bytes.bytes[0xA9] = 8;
  CHECK(ids_of(unigram({{"a", -1, 1}}, bytes), "a\u00E9x") == Ids{1, 7, 8, 0});
  CHECK(ids_of(unigram({}, {.id = 0}), "xy") == Ids{0});
}

TEST_CASE("two pieces of one text are corrupt, a very long one unsupported") {
  const text::Unigram::Piece twice[] = {{"a", 0, 0}, {"a", 0, 1}};
  CHECK(text::Unigram::create(twice, {}).status().code() == INFER_E_CORRUPT);
  const std::string large(513, 'a');
  const text::Unigram::Piece one[] = {{large, 0, 0}};
  CHECK(text::Unigram::create(one, {}).status().code() == INFER_E_UNSUPPORTED);
}

TEST_CASE("WordPiece takes the longest piece each time, or nothing of the word") {
  const text::WordPiece::Piece pieces[] = {{"un", 1, false}, {"una", 2, false}, {"ble", 3, true}, {"a", 4, true}};
  auto model = text::WordPiece::create(pieces, {.unknown = 0, .max_characters = 5});
  REQUIRE(model.ok());
  const auto ids = [&](std::string_view word) {
    Ids out;
    model->append(word, out);
    return out;
  };
  CHECK(ids("una") == Ids{2});
  CHECK(ids("unble") == Ids{1, 3});
  CHECK(ids("unbla") == Ids{0});
  CHECK(ids("ble") == Ids{0});
  CHECK(ids("unblea") == Ids{0});  // six characters
  CHECK(ids("unaa") == Ids{2, 4});
  auto quiet = text::WordPiece::create(pieces, {});
  REQUIRE(quiet.ok());
  Ids out;
  quiet->append("zz", out);
  CHECK(out.empty());
}

TEST_CASE("BERT's normaliser cleans, spaces ideographs, strips accents and lower-cases, each only when asked") {
  const std::string s = "\x01\u00C9t\u00E9\u00A0\u4E2D\u0130";
  CHECK(text::bert_normalized(s, {}) == "ete  \u4E2D i");
  CHECK(text::bert_normalized(s, {.strip_accents = false}) == "\u00E9t\u00E9  \u4E2D i\u0307");
  CHECK(text::bert_normalized(s, {.strip_accents = false, .lowercase = false}) == "\u00C9t\u00E9  \u4E2D \u0130");
  CHECK(text::bert_normalized(s, {false, false, false, false}) == s);
}

TEST_CASE("BERT puts CLS before and SEP behind, and decodes to words") {
  auto made = kind("bert");
  made->data.unk = made->add("[UNK]", Type::kControl);
  const int32_t cls = made->add("[CLS]", Type::kControl), sep = made->add("[SEP]", Type::kControl);
  const int32_t hello = made->add("\u2581hello"), ing = made->add("ing"), mark = made->add("\u2581!");
  made->data.add_bos = 0;  // some files say so; llama.cpp does not ask either
  const auto t = make(made);
  CHECK(encode(*t, "Hello helloing!", {}, true) == Ids{cls, hello, hello, ing, mark, sep});
  CHECK(t->decode(Ids{cls, hello, hello, ing, mark, sep}, false) == "hello helloing!");
  CHECK(encode(*t, "[SEP]") == Ids{0, 0, 0});
}

TEST_CASE("RWKV's tokens are read as Python writes bytes") {
  auto made = kind("rwkv");
  const int32_t quote = made->add("\\'"), slash = made->add("\\\\"), newline = made->add("\\n\\t\\r");
  const int32_t high = made->add("\\xe4\\xBD"), tail = made->add("\\xa0"), odd = made->add("\\q\\x4");
  const auto t = make(made);
  CHECK(encode(*t, "'\\\n\t\r\u4F60\\q\\x4") == Ids{quote, slash, newline, high, tail, odd});
  CHECK(t->decode(Ids{quote, slash, newline, high, tail, odd}, false) == "'\\\n\t\r\u4F60\\q\\x4");
  CHECK(encode(*t, "zz") == Ids{});
}

TEST_CASE("a charsmap that is not laid out as one is corrupt") {
  const auto code = [](const std::string& blob) { return text::Precompiled::create(blob).status().code(); };
  CHECK(code("") == INFER_OK);
  CHECK(code("\4\0\0\0\0\0\0\0a\0"s) == INFER_OK);
  for (const std::string& bad :
       {"\4"s, "\4\0\0\0"s, "\4\0\0\0\0\0\0\0"s, "\3\0\0\0\0\0\0\0\0"s, "\0\0\0\0\0"s, "\xFF\xFF\xFF\xFF\0\0\0\0\0"s,
        "\4\0\0\0\0\0\0\0a"s, "\4\0\0\0\0\0\0\0"s + std::string(257, 'a') + "\0"s}) {
    CHECK(code(bad) == INFER_E_CORRUPT);
  }
  auto made = kind("t5");
  made->add("a");
  made->data.scores = {0};
  made->data.precompiled_charsmap = {1, 2, 3};
  CHECK(refusal(made).code() == INFER_E_CORRUPT);
}

TEST_CASE("a replacement far longer than what it stands for is no rule") {
  for (const size_t length : {size_t{16}, size_t{17}}) {
    std::vector<uint32_t> units(98, 0);
    units['a'] = 'a' | 1u << 8 | 1u << 10;  // a rule ends here; its value is at 'a' ^ 1
    units['a' ^ 1] = 1u << 31;
    std::string blob("\x88\1\0\0"s);
    for (const uint32_t u : units) {
      for (int i = 0; i < 4; ++i) blob += static_cast<char>(static_cast<uint8_t>(u >> 8 * i));
    }
    blob += std::string(length, 'x') + "\0"s;
    const auto map = text::Precompiled::create(blob);
    REQUIRE(map.ok());
    CHECK(map->longest("ab").length == (length == 16 ? 1 : 0));
    CHECK(map->shortest("ab").replacement == (length == 16 ? std::string(16, 'x') : ""));
  }
}

TEST_CASE("kinds that need scores or merges in order say so") {
  auto t5 = kind("t5");
  t5->add("a");
  CHECK(refusal(t5).code() == INFER_E_CORRUPT);
  auto gemma = kind("gemma4");
  gemma->add("a");
  gemma->merge("a");
  CHECK(refusal(gemma).code() == INFER_E_CORRUPT);
  for (const char* model : {"rwkv", "bert", "gemma4"}) {
    auto twice = kind(model);
    twice->add("a");
    twice->add("a");
    CHECK(refusal(twice).code() == INFER_E_CORRUPT);
  }
}

TEST_CASE("merges that are out of order, or cross characters, give what merging from bytes gives") {
  // Bytes of U+4F60 are E4 BD A0, of U+597D E5 A5 BD.
  const auto made_with = [](std::vector<std::string> merges) {
    auto m = std::make_shared<Made>();
    m->data.model = "gpt2";
    for (int b = 0; b < 256; ++b) m->add(alphabet(b));
    for (std::string& merge : merges) {
      std::string token = merge;
      token.erase(token.find(' '), 1);
      if (std::ranges::find(m->data.tokens, token) == m->data.tokens.end()) m->add(token);
      m->merge(merge);
    }
    return make(m);
  };
  const std::string e4 = alphabet(0xE4), bd = alphabet(0xBD), a0 = alphabet(0xA0), e5 = alphabet(0xE5);
  const std::string a5 = alphabet(0xA5), ni = e4 + bd + a0, hao = e5 + a5 + bd;
  const std::string text = "\u4F60\u597D\u4F60\u597D";
  // A0 E5 comes first: neither character is ever whole.
  const auto crossing =
      made_with({a0 + " " + e5, e4 + " " + bd, e4 + bd + " " + a0, e5 + " " + a5, e5 + a5 + " " + bd});
  CHECK(encode(*crossing, "\u4F60\u597D") == Ids{257, 256, 0xA5, 0xBD});
  CHECK(crossing->decode(encode(*crossing, text), false) == text);
  // "ni ni" merges before "hao" is whole, though "ni hao" has the lower rank: beginning with characters would take
  // that.
  const auto early =
      made_with({ni + " " + hao, ni + " " + ni, e4 + " " + bd, e4 + bd + " " + a0, e5 + " " + a5, e5 + a5 + " " + bd});
  CHECK(encode(*early, "\u4F60\u4F60\u597D") == Ids{257, 261});
}

TEST_CASE("where a vocabulary lacks bytes, a word's other bytes merge across the gap") {
  // U+4F60 U+597D is E4 BD A0 E5 A5 BD. Without A0, BD and E5 meet, and merge first.
  const std::string e4 = alphabet(0xE4), bd = alphabet(0xBD), e5 = alphabet(0xE5), a5 = alphabet(0xA5);
  auto m = std::make_shared<Made>();
  m->data.model = "gpt2";
  m->data.pre = "gpt-2";
  for (const std::string& s : {e4, bd, e5, a5, bd + e5, e4 + bd, e5 + a5, e5 + a5 + bd}) m->add(s);
  for (const std::string& s : {bd + " " + e5, e4 + " " + bd, e5 + " " + a5, e5 + a5 + " " + bd}) m->merge(s);
  CHECK(encode(*make(m), "\u4F60\u597D") == Ids{0, 4, 3, 1});
}
