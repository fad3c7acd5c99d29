// Answers that are held to something: what comes is a text of it, whatever the model prefers, and the same one in any
// company, with guesses or without.
#include <future>
#include <regex>

#include "engine/constrained.h"
#include "tests/unit/engine/toy.h"
#include "tests/unit/tokenizer/vocabulary.h"

using namespace infer;
using namespace toy;
using text::Constraint;

namespace {

constexpr int32_t kCall = 47, kDone = 48, kEnd = 49;

// Letters, some longer pieces, two control tokens, and the end.
std::shared_ptr<const text::Tokenizer> vocabulary() {
  std::vector<std::string> pieces;
  for (char c = 'a'; c <= 'z'; ++c) pieces.emplace_back(1, c);
  for (const char* p : {" ",  "{",   "}",   "\"", ":", ",", "ab", "abc", "hello", "hell",     " world",   "yes",
                        "no", "\":", "x\"", "0",  "1", "2", "12", "cd",  "de",    "<|call|>", "<|done|>", "<end>"})
    pieces.emplace_back(p);
  return tokenizer(pieces, kEnd);
}

std::shared_ptr<Constraint> compile(const text::Tokenizer& t, Constraint::Kind kind, std::vector<std::string> source) {
  auto made = Constraint::compile(kind, source, engine::make_trie(t));
  REQUIRE_MESSAGE(made.ok(), made.status().message());
  return made.take();
}

engine::Task held(std::shared_ptr<Constraint> c, int32_t salt, double temperature = 1) {
  engine::Task t = task(prompt(5, salt), 30);
  t.sampling.temperature = temperature;
  t.sampling.seed = static_cast<uint64_t>(salt);
  t.constraint = std::move(c);
  return t;
}

// All of them at once, over few pages: they preempt each other, and guess.
void check_in_company(const std::shared_ptr<const text::Tokenizer>& vocab, const std::shared_ptr<Constraint>& c,
                      const std::vector<Output>& alone) {
  for (const int32_t lookup : {0, 4}) {
    CAPTURE(lookup);
    engine::Sizes small = sizes();
    small.n_pages = 12;
    Bench b(small, 50, vocab);
    std::promise<void> all_there;
    b.executor->before_run = [&, there = all_there.get_future().share()](int64_t n) {
      if (n == 0) there.wait();
      return Status();
    };
    std::vector<std::shared_ptr<engine::Request>> all;
    for (int32_t salt = 0; salt < static_cast<int32_t>(alone.size()); ++salt) {
      engine::Task t = held(c, salt);
      t.lookup = lookup;
      t.priority = salt % 3;
      all.push_back(*b.engine->submit(std::move(t)));
    }
    all_there.set_value();
    for (size_t i = 0; i < all.size(); ++i) CHECK(collect(*all[i]).tokens == alone[i].tokens);
    settle(*b.engine);
    CHECK(counter(*b.engine, "requests.preempted") > 0);
    CHECK((counter(*b.engine, "tokens.draft") > 0) == (lookup > 0));
  }
}

}  // namespace

TEST_CASE("an answer that is held to an expression matches it, and ends where it must") {
  const auto vocab = vocabulary();
  const auto c = compile(*vocab, Constraint::Kind::kRegex, {"a(b|cd)+ (yes|no){1,2}"});
  Bench b(sizes(), 50, vocab);
  int ended = 0;
  const std::regex expected("a(b|cd)+ (yes|no){1,2}");
  for (int32_t salt = 0; salt < 40; ++salt) {
    auto r = b.engine->submit(held(c, salt, salt % 2));
    REQUIRE(r.ok());
    const Output out = collect(**r);
    REQUIRE(out.status == INFER_DONE);
    CAPTURE(out.text);
    if (out.finish != INFER_FINISH_STOP) continue;  // it was still in the middle
    ended++;
    CHECK(std::regex_match(out.text, expected));
  }
  CHECK(ended > 20);
}

TEST_CASE("what must follow is not asked of the model, and comes as the tokenizer cuts it") {
  const auto vocab = vocabulary();
  const auto c = compile(*vocab, Constraint::Kind::kGrammar,
                         {"root ::= \"ab\" (\"x\" | \"z\") \" world\" \"{hello}\" (\"yes\"|\"no\")"});
  Bench b(sizes(), 50, vocab);
  auto r = b.engine->submit(held(c, 1));
  REQUIRE(r.ok());
  const Output out = collect(**r);
  CHECK(out.finish == INFER_FINISH_STOP);
  CHECK(out.text.find(" world{hello}") == 3);
  CHECK(counter(*b.engine, "tokens.forced") >= 3);
  CHECK(b.executor->runs.load() < static_cast<int64_t>(out.tokens.size()));
  // With log-probabilities every token has its row.
  auto again = held(c, 1);
  again.sampling.n_logprobs = 0;
  auto s = b.engine->submit(std::move(again));
  REQUIRE(s.ok());
  const Output all = collect(**s);
  CHECK(all.logprobs.size() == all.tokens.size());
}

TEST_CASE("held answers are the same alone, in company, preempted, and with guesses") {
  const auto vocab = vocabulary();
  const auto c = compile(*vocab, Constraint::Kind::kRegex, {"(ab|dd|bb) (hello,? ?)+(world|12+0)"});
  std::vector<Output> alone;
  for (int32_t salt = 0; salt < 12; ++salt) {
    Bench b(sizes(), 50, vocab);
    auto r = b.engine->submit(held(c, salt));
    REQUIRE(r.ok());
    alone.push_back(collect(**r));
  }
  check_in_company(vocab, c, alone);
}

TEST_CASE("characters that no token has end the request with a sentence, and others go on") {
  const auto vocab = vocabulary();
  const auto c = compile(*vocab, Constraint::Kind::kChoice, {"abcX", "abcY"});
  Bench b(sizes(), 50, vocab);
  auto r = b.engine->submit(held(c, 3)), free = b.engine->submit(task(prompt(5, 1)));
  REQUIRE(r.ok());
  REQUIRE(free.ok());
  const Output out = collect(**r);
  CHECK(out.status == INFER_E_INVALID);
  CHECK(out.why.message().find("no token of the vocabulary") != std::string_view::npos);
  CHECK(collect(**free).tokens == solo(prompt(5, 1)));
}

TEST_CASE("one of some texts, and nothing else") {
  const auto vocab = vocabulary();
  const auto c = compile(*vocab, Constraint::Kind::kChoice, {"yes", "no", "hello world", "hello"});
  Bench b(sizes(), 50, vocab);
  std::vector<std::string> seen;
  for (int32_t salt = 0; salt < 60; ++salt) {
    auto r = b.engine->submit(held(c, salt));
    REQUIRE(r.ok());
    const Output out = collect(**r);
    CHECK(out.finish == INFER_FINISH_STOP);
    CHECK((out.text == "yes" || out.text == "no" || out.text == "hello world" || out.text == "hello"));
    if (std::find(seen.begin(), seen.end(), out.text) == seen.end()) seen.push_back(out.text);
  }
  CHECK(seen.size() == 4);
}

TEST_CASE("tags alone: control tokens come as tokens, and are forced as such") {
  const auto vocab = vocabulary();
  const auto c = compile(*vocab, Constraint::Kind::kTags, {R"({"free_text": false, "stop_after_first": true, "tags": [
                             {"begin": "<|call|>hello{", "regex": "(ab|cd)+", "end": "}<|done|>"}]})"});
  Bench b(sizes(), 50, vocab);
  int ended = 0;
  for (int32_t salt = 0; salt < 20; ++salt) {
    auto r = b.engine->submit(held(c, salt));
    REQUIRE(r.ok());
    const Output out = collect(**r);
    REQUIRE(out.status == INFER_DONE);
    CAPTURE(out.text);
    CHECK(out.tokens.front() == kCall);
    CHECK(std::count(out.tokens.begin(), out.tokens.end(), kCall) == 1);
    CHECK(out.text.starts_with("hello{"));
    if (out.finish != INFER_FINISH_STOP) continue;
    ended++;
    CHECK(std::regex_match(out.text, std::regex("hello\\{(ab|cd)+\\}")));
    CHECK(out.tokens.back() == kDone);
  }
  CHECK(ended > 5);
  CHECK(counter(*b.engine, "tokens.forced") >= 20);
}

TEST_CASE("free text until a trigger, also in the middle of a token; the same alone, in company, preempted, guessed") {
  const auto vocab = vocabulary();
  const auto c =
      compile(*vocab, Constraint::Kind::kTags,
              {R"({"triggers": ["b", "<|call|>"], "tags": [{"begin": "b", "regex": "(c|x:){6,}", "end": "de"},
                                                                    {"begin": "<|call|>", "text": true, "end": "e"}]})"});
  const std::regex expected("([^b]|b(c|x:){6,}de)*(b((c|x:)*x?|(c|x:){6,}d))?");
  std::vector<Output> alone;
  int called = 0;
  for (int32_t salt = 0; salt < 24; ++salt) {
    Bench b(sizes(), 50, vocab);
    auto r = b.engine->submit(held(c, salt));
    REQUIRE(r.ok());
    alone.push_back(collect(**r));
    CAPTURE(alone.back().text);
    CHECK(alone.back().status == INFER_DONE);
    const auto& tokens = alone.back().tokens;
    const bool call = std::find(tokens.begin(), tokens.end(), kCall) != tokens.end();
    called += call;
    if (!call) CHECK(std::regex_match(alone.back().text, expected));
  }
  CHECK(called > 2);
  CHECK(called < 22);
  check_in_company(vocab, c, alone);
}

TEST_CASE("a vocabulary that puts a space before texts is forced what stands there, without one") {
  const std::shared_ptr<const text::Tokenizer> vocab = infer::testing::make(infer::testing::spm());
  const std::string text = "hello hello<s> hello";
  engine::Constrained held(compile(*vocab, Constraint::Kind::kRegex, {text}), vocab);
  std::vector<int32_t> tokens;
  held.forced(tokens);
  std::string spelled;
  for (const int32_t token : tokens) vocab->append_piece(token, false, false, spelled);
  CHECK(spelled == text);
  CHECK(held.complete());
}
