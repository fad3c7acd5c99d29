// Structural tags: random ones against a reader that tries everything, every token at every state; control tokens in
// them; what is refused.
#include "text/constraint/tags.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "tests/unit/constraint/refusal.h"
#include "text/constraint/constraint.h"
#include "text/constraint/control_code.h"

namespace infer::text {
namespace {

struct Tag {
  std::string begin, end;
  std::vector<std::string> content;  // none: any text up to the end
};

struct Tags {
  std::vector<std::string> triggers;
  std::vector<Tag> tags;
  bool at_least_one = false, stop_after_first = false, free_text = true;
  std::string separator;
};

std::string json(const Tags& t) {
  const auto quoted = [](const std::string& s) { return "\"" + s + "\""; };
  std::string out = "{\"tags\": [";
  for (size_t i = 0; i < t.tags.size(); ++i) {
    const Tag& tag = t.tags[i];
    out += str(i ? ", " : "", "{\"begin\": ", quoted(tag.begin), ", \"end\": ", quoted(tag.end), ", ");
    std::string any_of;
    for (size_t c = 0; c < tag.content.size(); ++c) any_of += str(c ? "|" : "", tag.content[c]);
    out += tag.content.empty() ? "\"text\": true}" : str("\"regex\": ", quoted(any_of), "}");
  }
  out += "], \"triggers\": [";
  for (size_t i = 0; i < t.triggers.size(); ++i) out += str(i ? ", " : "", quoted(t.triggers[i]));
  const auto flag = [](bool b) { return b ? "true" : "false"; };
  return str(out, "], \"at_least_one\": ", flag(t.at_least_one), ", \"stop_after_first\": ", flag(t.stop_after_first),
             ", \"free_text\": ", flag(t.free_text), t.free_text ? "" : str(", \"separator\": ", quoted(t.separator)),
             "}");
}

// What the tags mean, by reading a text in all ways. Texts have codes of control tokens, and so have the tags here.
class Reader {
 public:
  explicit Reader(Tags tags) : t_(std::move(tags)) {}
  struct Answer {
    bool begins = false, whole = false;  // of some answer; of one
    Answer& operator|=(const Answer& o) { return begins |= o.begins, whole |= o.whole, *this; }
  };
  Answer read(std::string_view text) const { return t_.free_text ? free(text, false) : tag(text, "", false); }

 private:
  // had: a tag was written.
  Answer free(std::string_view text, bool had) const {
    for (size_t end = 1; end <= text.size(); ++end) {
      Answer all;
      bool hit = false;
      for (const std::string& trigger : t_.triggers) {
        if (!text.substr(0, end).ends_with(trigger)) continue;
        if (!allowed(text.substr(0, end - trigger.size()), {}, false)) continue;
        hit = true;
        all |= tag(text.substr(end), trigger, true);
      }
      if (hit) return all;
    }
    const bool yes = allowed(text, t_.triggers, true);
    return {yes, yes && (had || !t_.at_least_one)};
  }

  // Behind a trigger: the rest of a tag, then what may follow.
  Answer tag(std::string_view text, std::string_view trigger, bool free_text) const {
    Answer all;
    for (const Tag& tag : t_.tags) {
      if (!std::string_view(tag.begin).starts_with(trigger)) continue;
      const std::string begin = tag.begin.substr(trigger.size());
      for (const std::string& c : tag.content) {
        const std::string whole = begin + c + tag.end;
        if (std::string_view(whole).starts_with(text)) all.begins = true;
        if (text.starts_with(whole)) all |= behind(text.substr(whole.size()), free_text);
      }
      if (!tag.content.empty()) continue;
      if (std::string_view(begin).starts_with(text)) all.begins = true;
      if (!text.starts_with(begin)) continue;
      const std::string_view rest = text.substr(begin.size());
      if (const size_t end = rest.find(tag.end); end != rest.npos) {
        if (plain(rest.substr(0, end))) all |= behind(rest.substr(end + tag.end.size()), free_text);
      } else if (plain(without_begun(rest, {tag.end}))) {
        all.begins = true;
      }
    }
    return all;
  }

  Answer behind(std::string_view text, bool free_text) const {
    if (t_.stop_after_first) return {text.empty(), text.empty()};
    if (free_text) return free(text, true);
    if (text.empty()) return {true, true};
    if (text.starts_with(t_.separator)) return tag(text.substr(t_.separator.size()), "", false);
    return {t_.separator.starts_with(text), false};
  }

  static bool plain(std::string_view text) { return ControlCode::find(text) == text.npos; }
  static std::string_view without_begun(std::string_view text, const std::vector<std::string>& words) {
    size_t most = 0;
    for (const std::string& w : words)
      for (size_t n = 1; n < w.size() && n <= text.size(); ++n)
        if (text.ends_with(w.substr(0, n))) most = std::max(most, n);
    return text.substr(0, text.size() - most);
  }
  // As free text: tokens that end an answer are no part of it, unless a word has begun with them.
  static bool allowed(std::string_view text, const std::vector<std::string>& words, bool begun) {
    return (begun ? without_begun(text, words) : text).find('\xfe') == text.npos;
  }

  const Tags t_;
};

constexpr int32_t kControl = 40, kEnd = 41;  // spelled "ac" and "cb"

struct Vocabulary {
  std::vector<std::string> tokens;
  std::shared_ptr<const TokenTrie> trie;
  Vocabulary() {
    std::vector<std::string> last{""};
    for (size_t n = 1; n <= 3; ++n) {
      std::vector<std::string> next;
      for (const std::string& t : last)
        for (const char c : {'a', 'b', 'c'}) next.push_back(t + c);
      tokens.insert(tokens.end(), next.begin(), next.end());
      last = std::move(next);
    }
    tokens.push_back("\xfd");
    tokens.resize(kEnd + 1);
    ControlCode::append(tokens[kControl], kControl, false);
    ControlCode::append(tokens[kEnd], kEnd, true);
    const std::array<TokenTrie::Control, 2> controls{{{"ac", kControl}, {"cb", kEnd}}};
    trie = std::make_shared<const TokenTrie>(tokens, std::vector{kEnd}, controls);
  }
  std::string coded(const std::string& text) const {
    std::string out;
    for (size_t at = 0; at < text.size(); ++at) {
      const std::string two = text.substr(at, 2);
      if (two == "ac" || two == "cb") {
        out += tokens[two == "ac" ? kControl : kEnd], ++at;
      } else {
        out += text[at];
      }
    }
    return out;
  }
  Tags coded(Tags t) const {
    for (std::string& s : t.triggers) s = coded(s);
    for (Tag& tag : t.tags) tag.begin = coded(tag.begin), tag.end = coded(tag.end);
    t.separator = coded(t.separator);
    return t;
  }
};

struct Random {
  std::mt19937 engine;
  size_t below(size_t n) { return engine() % n; }
  bool maybe() { return below(2) == 1; }
  std::string text(size_t least, size_t most) {
    std::string s;
    for (size_t n = least + below(most - least + 1); n > 0; --n) s += static_cast<char>('a' + below(3));
    return s;
  }
  Tags tags() {
    Tags t;
    for (size_t n = 1 + below(3); n > 0; --n) {
      Tag tag{text(1, 5), text(0, 3), {}};
      if (tag.end.empty() || maybe())
        for (size_t c = 1 + below(3); c > 0; --c) tag.content.push_back(text(0, 3));
      t.triggers.push_back(tag.begin.substr(0, 1 + below(tag.begin.size())));
      t.tags.push_back(std::move(tag));
    }
    t.at_least_one = maybe(), t.stop_after_first = maybe(), t.free_text = below(4) > 0;
    if (!t.free_text) t.separator = text(0, 2);
    return t;
  }
};

bool has(std::span<const uint32_t> mask, size_t token) { return (mask[token / 32] >> token % 32 & 1) != 0; }

std::shared_ptr<Constraint> compile(const std::string& source, std::shared_ptr<const TokenTrie> trie) {
  CAPTURE(source);
  auto made = Constraint::compile(Constraint::Kind::kTags, std::array{source}, std::move(trie));
  REQUIRE_MESSAGE(made.ok(), std::string(made.status().message()));
  return made.take();
}

TEST_CASE(
    "a mask has the tokens that some answer goes on with, for random tags, also where triggers end within tokens") {
  const Vocabulary v;
  int made = 0, states = 0, inside = 0;
  for (unsigned seed = 0; seed < 1500; ++seed) {
    CAPTURE(seed);
    Random random{std::mt19937(seed)};
    const Tags tags = random.tags();
    const std::string source = json(tags);
    CAPTURE(source);
    auto compiled = Constraint::compile(Constraint::Kind::kTags, std::array{source}, v.trie);
    if (!compiled.ok()) {  // a trigger within another, or that is half a control token
      CHECK(tags.free_text);
      continue;
    }
    ++made;
    Constraint& c = **compiled;
    const Reader reader(v.coded(tags));
    std::vector<uint32_t> mask(v.trie->words());
    for (int walk = 0; walk < 4; ++walk) {
      Constraint::Place place;
      std::string text;
      for (int step = 0; step < 8; ++step) {
        CAPTURE(text);
        ++states;
        c.mask(place, mask);
        std::vector<size_t> next, tag;
        for (size_t t = 0; t < v.tokens.size(); ++t) {
          if (v.tokens[t].empty()) continue;
          CAPTURE(t);
          bool expected = reader.read(text + v.tokens[t]).begins;
          if (t == kEnd) expected = expected || reader.read(text).whole;
          CHECK(has(mask, t) == expected);
          Constraint::Place tried = place;
          if (c.accept(tried, v.tokens[t])) next.push_back(t);
        }
        CHECK(c.may_end(place) == reader.read(text).whole);
        const std::string forced = c.forced(place, 8);
        for (size_t n = 0; n < forced.size(); ++n)  // nothing else of these bytes
          for (const char other : {'a', 'b', 'c'})
            if (other != forced[n]) CHECK(!reader.read(text + forced.substr(0, n) + other).begins);
        if (next.empty()) break;
        inside += next.size() < 10;
        const size_t token = next[random.below(next.size())];
        REQUIRE(c.accept(place, v.tokens[token]));
        text += v.tokens[token];
        CHECK(place.text() == text);
      }
    }
  }
  CHECK(made > 800);
  CHECK(states > 15'000);
  CHECK(inside > 2000);
}

// A vocabulary of single bytes, some longer texts, and control tokens by their texts.
struct Words {
  std::vector<std::string> tokens;
  std::shared_ptr<const TokenTrie> trie;
  explicit Words(const std::vector<std::string>& more, const std::vector<std::string>& controls, bool end = true) {
    for (int b = 0; b < 0xfe; ++b) tokens.emplace_back(1, static_cast<char>(b));
    tokens.insert(tokens.end(), more.begin(), more.end());
    std::vector<TokenTrie::Control> spelled;
    std::vector<int32_t> ends;
    for (const std::string& text : controls) {
      spelled.push_back({text, static_cast<int32_t>(tokens.size())});
      ControlCode::append(tokens.emplace_back(), spelled.back().token, false);
    }
    if (end) {
      ends = {static_cast<int32_t>(tokens.size())};
      spelled.push_back({"<end>", ends[0]});
      ControlCode::append(tokens.emplace_back(), ends[0], true);
    }
    trie = std::make_shared<const TokenTrie>(tokens, ends, spelled);
  }
  size_t id(std::string_view text) const {
    const auto at = std::find(tokens.begin(), tokens.end(), text);
    REQUIRE(at != tokens.end());
    return static_cast<size_t>(at - tokens.begin());
  }
  std::string control(const std::string& text) const { return trie->coded(text); }
};

struct Held {
  std::shared_ptr<Constraint> c;
  Constraint::Place place;
  std::vector<uint32_t> mask;
  Held(const std::string& source, const Words& w) : c(compile(source, w.trie)), mask(c->trie().words()) {}
  bool may(size_t token) {
    c->mask(place, mask);
    return has(mask, token);
  }
  size_t how_many() {
    c->mask(place, mask);
    size_t n = 0;
    for (const uint32_t w : mask) n += static_cast<size_t>(__builtin_popcount(w));
    return n;
  }
};

TEST_CASE("free text takes every token until a trigger; a tag's schema holds; then text is free again") {
  const Words w({"<tool", "_call>", "l><too", "{\"", "hello <"}, {"<|sep|>"});
  Held h(R"({"triggers": ["<tool_call>"], "tags": [{"begin": "<tool_call>{\"name\": \"get\", \"arguments\": ",
             "schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
             "end": "}</tool_call>"}]})",
         w);
  CHECK(h.how_many() == w.tokens.size());
  REQUIRE(h.c->accept(h.place, "hello <"));
  CHECK(h.how_many() == w.tokens.size());
  CHECK(h.c->may_end(h.place));
  CHECK(h.c->forced(h.place, 100).empty());
  REQUIRE(h.c->accept(h.place, "tool_cal"));
  CHECK_FALSE(h.may(w.id("l><too")));  // the trigger, and on in a way in which no tag goes on
  CHECK(h.how_many() == w.tokens.size() - 1);
  REQUIRE(h.c->accept(h.place, "l>"));
  CHECK_FALSE(h.c->may_end(h.place));
  CHECK(h.c->forced(h.place, 100) == R"({"name": "get", "arguments": {"city": ")");
  REQUIRE(h.c->accept(h.place, R"({"name": "get", "arguments": {"city": ")"));
  CHECK_FALSE(h.may(w.id(w.control("<|sep|>"))));  // no control token in a string
  REQUIRE(h.c->accept(h.place, R"(<tool_call> <|sep|>"}}</tool_call>)"));
  CHECK(h.how_many() == w.tokens.size());
  Constraint::Place again;
  REQUIRE(h.c->accept(again, h.place.text()));
  CHECK(h.c->may_end(again));
}

TEST_CASE("a control token is asked for as a token, and its characters are ordinary text") {
  const Words w({"<|py|>"}, {"<|py|>", "<|py|>x", "<|other|>"});
  const size_t py = w.tokens.size() - 4, other = py + 2;
  Held h(R"({"triggers": ["<|py|>"], "stop_after_first": true,
             "tags": [{"begin": "<|py|>run(", "regex": "[0-9]{2}", "end": ")<|other|>"},
                      {"begin": "<|py|>go", "text": true, "end": "<|other|>."}]})",
         w);
  REQUIRE(h.c->accept(h.place, "<|py|>"));  // the characters
  CHECK(h.how_many() == w.tokens.size());
  REQUIRE(h.c->accept(h.place, w.tokens[other]));
  CHECK(h.how_many() == w.tokens.size());
  REQUIRE(h.c->accept(h.place, w.tokens[py]));
  CHECK(h.how_many() == 2);  // r, g
  Constraint::Place text = h.place;
  REQUIRE(h.c->accept(h.place, "run(12"));
  CHECK(h.c->forced(h.place, 100) == ")" + w.tokens[other]);
  CHECK_FALSE(h.c->accept(h.place, ")<|other|>"));
  REQUIRE(h.c->accept(h.place, ")" + w.tokens[other]));
  CHECK(h.c->ended(h.place));
  // Text: no control token but the one that begins the end, and that must go on as the end does.
  REQUIRE(h.c->accept(text, "goto"));
  CHECK_FALSE(h.c->accept(text, w.tokens[py]));
  CHECK_FALSE(h.c->accept(text, w.tokens[other] + "x"));
  CHECK_FALSE(h.c->accept(text, w.tokens[other] + w.tokens[other]));
  REQUIRE(h.c->accept(text, w.tokens[other] + "."));
  CHECK(h.c->ended(text));
}

TEST_CASE("a tag may end with a token that ends the answer") {
  const Words w({}, {});
  const size_t end = w.tokens.size() - 1;
  Held h(
      R"({"triggers": ["<c>"], "tags": [{"begin": "<c>", "regex": "[a-z]+", "end": ";<end>"}], "at_least_one": true})",
      w);
  CHECK_FALSE(h.may(end));
  REQUIRE(h.c->accept(h.place, "a <c>abc"));
  CHECK_FALSE(h.may(end));
  REQUIRE(h.c->accept(h.place, ";"));
  CHECK(h.how_many() == 1);
  CHECK(h.may(end));
  CHECK(h.c->forced(h.place, 100) == w.tokens[end]);
}

TEST_CASE("tags alone, one behind the other, with what separates them") {
  const Words w({}, {});
  Held h(
      R"x({"free_text": false, "separator": "\n", "tags": [{"begin": "a(", "schema": {"type": "integer"}, "end": ")"},
                                                          {"begin": "b(", "grammar": "root ::= [x-z]+", "end": ")"}]})x",
      w);
  CHECK(h.how_many() == 2);
  REQUIRE(h.c->accept(h.place, "a(12)"));
  CHECK(h.c->may_end(h.place));
  CHECK(h.how_many() == 2);  // the end, or a line's
  REQUIRE(h.c->accept(h.place, "\nb(xyz)"));
  CHECK_FALSE(h.c->accept(h.place, "\n\n"));
}

TEST_CASE("what cannot be meant is refused by name") {
  const Words w({}, {"<|x|>"});
  const auto compile = [&](const std::string& s) {
    return Constraint::compile(Constraint::Kind::kTags, std::array{s}, w.trie).status();
  };
  const auto tag = [](const std::string& t) { return R"({"triggers": ["<"], "tags": [)" + t + "]}"; };
  const auto triggers = [](const std::string& t) {
    return R"({"tags": [{"begin": "<a><|x|>", "text": true, "end": ">"}], "triggers": [)" + t + "]}";
  };
  struct Case {
    std::string source, because;
  };
  const std::vector<Case> cases{
      {"", "not JSON"},
      {"[]", "the whole must be an object"},
      {"{}", "tags must be a list of at least one tag"},
      {R"({"tags": {}})", "tags must be a list"},
      {R"({"tag": []})", "\"tag\" is not known"},
      {R"({"at_least_one": 1})", "at_least_one must be true or false"},
      {tag("1"), "tags[0]: a tag must be an object"},
      {tag(R"({"begin": 1})"), "begin must be a text"},
      {tag(R"({"begin": "<"})"), "one of schema, regex, grammar, text"},
      {tag(R"({"begin": "<", "begins": ""})"), "\"begins\" is not known"},
      {tag(R"({"begin": "<", "text": true})"), "end must be a text"},
      {tag(R"({"begin": "<", "text": false, "end": ">"})"), "text must be true"},
      {tag(R"({"begin": "<", "text": true, "regex": "a", "end": ">"})"), "text and regex"},
      {tag(R"({"begin": "<", "schema": {"type": "int"}})"), "tags[0]: schema: "},
      {tag(R"({"begin": "<", "regex": "("})"), "tags[0]: regex: "},
      {tag(R"({"begin": "<", "grammar": "root ::="},{"begin": "<", "grammar": "a ::="})"), "tags[1]: grammar: "},
      {triggers(""), "triggers must be a list of at least one"},
      {triggers("\"\""), "not empty"},
      {triggers("\"<b\""), "triggers[0] begins no tag"},
      {triggers("\"<a><|x\""), "triggers[0] begins no tag"},  // half a control token
      {triggers("\"<a>\", \"a\""), "triggers[1] begins no tag"},
      {R"({"tags": [{"begin": "<a>", "regex": "x"}, {"begin": "a>", "regex": "x"}], "triggers": ["<a>", "a"]})",
       "tags[0] can never be written: triggers[1] ends within it"},
      {R"({"tags": [{"begin": "<a>", "regex": "x"}, {"begin": "b", "regex": "x"}], "triggers": ["<a>"]})",
       "tags[1] can never be written: no trigger begins it"},
      {R"({"tags": [{"begin": "<", "regex": "x"}], "separator": ",", "triggers": ["<"]})",
       "separator is for tags without"},
      {triggers("\"" + repeated("<", 8000) + "\""), "8000 bytes, more than 5000"},
      {tag(R"({"begin": "<", "regex": "x", "end": )" + ("\"" + repeated("x", 600'000)) + "\"}"), "more than 524288"},
      {tag(repeated("[", 100'000)), "nests deeper than"},
  };
  for (const Case& c : cases) check_refused(compile, c.source, INFER_E_INVALID, c.because);
}

TEST_CASE("many tags, and much free text, take little time and memory") {
  const Words w({"<tool_call>"}, {});
  std::string tags;
  for (int i = 0; i < 128; ++i)
    tags += str(i ? "," : "", R"({"begin": "<tool_call>{\"name\": \"tool)", i, R"(\", \"arguments\": ",
      "schema": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"enum": [1, "x"]}, "c)",
                i, R"(": {"type": "number"}}}, "end": "}</tool_call>"})");
  const double started = seconds();
  Held h(R"({"triggers": ["<tool_call>"], "tags": [)" + tags + "]}", w);
  for (int i = 0; i < 3000; ++i) {
    REQUIRE(h.c->accept(h.place, repeated("some text < ", 10)));
    CHECK(h.may(0));
  }
  REQUIRE(h.c->accept(h.place, R"(<tool_call>{"name": "tool77", "arguments": {"a": ")"));
  CHECK(h.may('c'));
  CHECK(seconds() - started < kSoon);
}

}  // namespace
}  // namespace infer::text
