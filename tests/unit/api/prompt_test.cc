// Prompts written by turns: the same tokens as requests that are given the whole text, and every way to go wrong.
#include "open.h"

using namespace open_api;
using libinfer::Prompt;

namespace {

std::vector<int32_t> encode(const Stack& s, const std::string& text, bool special) {
  return must(s.model.encode(text, special ? INFER_ENCODE_SPECIAL : 0));
}

std::vector<int32_t> plus(std::vector<int32_t> a, const std::vector<int32_t>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Mean log-probability of a continuation, as a request of its own gives it.
double mean_score(Stack& s, const std::vector<int32_t>& before, const std::vector<int32_t>& more) {
  auto r = must(s.engine.tokens(plus(before, more), Options().set("score.from", before.size()).set("logprobs", 0)));
  const Answer a = collect(r);
  REQUIRE(a.logprobs.size() == more.size());
  double sum = 0;
  for (const float l : a.logprobs) sum += l;
  return sum / static_cast<double>(more.size());
}

}  // namespace

TEST_CASE("a prompt's answers are those of requests with the same tokens") {
  Stack s(tiny("qwen2"));
  Prompt p = must(s.engine.prompt(greedy(5)));
  const std::string before = "One two", between = " three four";
  REQUIRE(p.append(before));
  REQUIRE(p.gen("first"));
  const std::string first = must(p.value("first"));
  REQUIRE(p.append(between));
  REQUIRE(p.gen("second", Options().set("max_tokens", 7)));
  const std::string second = must(p.value("second"));
  CHECK(must(p.text()) == before + first + between + second);

  std::vector<int32_t> ids = encode(s, before, true);
  auto one = must(s.engine.tokens(ids, greedy(5)));
  const Answer a = collect(one);
  CHECK(a.text == first);
  ids = plus(plus(ids, a.tokens), encode(s, between, false));
  auto two = must(s.engine.tokens(ids, greedy(7)));
  CHECK(collect(two).text == second);
}

TEST_CASE("an answer can be pulled while it is generated") {
  Stack s(tiny("qwen2"));
  Prompt p = must(s.engine.prompt(greedy(6)));
  REQUIRE(p.append("One two"));
  auto r = must(p.stream("x"));
  const Answer a = collect(r);
  CHECK(a.tokens.size() == 6);
  CHECK(must(p.value("x")) == a.text);
}

TEST_CASE("an empty text, and what fails, leave a prompt as it was") {
  Stack s(tiny("qwen2"));
  Prompt p = must(s.engine.prompt(greedy(5)));
  REQUIRE(p.append(""));
  CHECK(!p.gen("x", Options().set("response.regex", "(")));
  CHECK(!p.select("x", {"a", ""}));
  REQUIRE(p.append("One two"));
  auto r = must(p.stream("x"));
  collect(r);
  auto direct = must(s.engine.text("One two", greedy(5)));
  collect(direct);
  CHECK(must(r.tokens()) == must(direct.tokens()));
}

TEST_CASE("what was computed is found again") {
  Stack s(tiny("qwen2"), "reference", Options().set("kv.page", 4));
  Prompt p = must(s.engine.prompt(greedy(8)));
  REQUIRE(p.append("One two three four five six seven eight nine ten"));
  REQUIRE(p.gen(""));
  REQUIRE(p.wait());
  settle(s.engine);
  auto r = must(p.stream(""));
  collect(r);
  const auto usage = must(r.usage());
  CHECK(usage.cached_tokens >= usage.prompt_tokens - 8);
}

TEST_CASE("a stop string is neither text nor token") {
  Stack s(tiny("qwen2"));
  Prompt p = must(s.engine.prompt(greedy(40).set("response.regex", "[a-z ]{12}")));
  REQUIRE(p.append("One two"));
  Prompt whole = must(p.fork());
  REQUIRE(whole.gen("x"));
  const std::string all = must(whole.value("x"));
  // Every place where the answer could be cut, also inside of a token.
  for (size_t at = 1; at + 2 < all.size(); ++at) {
    const std::string stop = all.substr(at, 2);
    Prompt cut = must(p.fork());
    REQUIRE(cut.gen("x", Options().set("stop", stop)));
    const std::string kept = must(cut.value("x"));
    CHECK(kept == all.substr(0, all.find(stop)));
    CHECK(must(cut.text()) == "One two" + kept);
    // It goes on from there, on tokens that spell that text.
    REQUIRE(cut.append("!"));
    auto r = must(cut.stream("y", greedy(3).set("response.regex", "[a-z]*")));
    collect(r);
    const auto ids = must(r.tokens());
    const auto usage = must(r.usage());
    const std::vector<int32_t> prompt(ids.begin(), ids.begin() + usage.prompt_tokens);
    CHECK(must(s.model.decode(prompt)) == "One two" + kept + "!");
  }
}

TEST_CASE("select takes the likeliest choice, by the mean of its tokens") {
  Stack s(tiny("qwen2"));
  const std::vector<std::string> choices = {" one", " two three", " four five six", "!"};
  Prompt p = must(s.engine.prompt());
  REQUIRE(p.append("One two"));
  const auto selected = must(p.select("c", choices));
  const auto before = encode(s, "One two", true);
  size_t best = 0;
  for (size_t i = 0; i < choices.size(); ++i) {
    CHECK(selected.scores[i] == doctest::Approx(mean_score(s, before, encode(s, choices[i], false))).epsilon(1e-9));
    if (selected.scores[i] > selected.scores[best]) best = i;
  }
  CHECK(selected.which == best);
  CHECK(must(p.value("c")) == choices[best]);
  CHECK(must(p.text()) == "One two" + choices[best]);
}

TEST_CASE("forks go on by themselves, and what they named is joined") {
  Stack s(tiny("qwen2"));
  Prompt p = must(s.engine.prompt(greedy(6)));
  REQUIRE(p.append("One two"));
  std::vector<Prompt> forks;
  for (int i = 0; i < 4; ++i) {
    forks.push_back(must(p.fork()));
    REQUIRE(forks.back().append(" " + std::to_string(i)));
    REQUIRE(forks.back().gen("f" + std::to_string(i)));
  }
  for (Prompt& f : forks) REQUIRE(p.join(f));
  for (int i = 0; i < 4; ++i) {
    Prompt alone = must(s.engine.prompt(greedy(6)));
    REQUIRE(alone.append("One two"));
    REQUIRE(alone.append(" " + std::to_string(i)));
    REQUIRE(alone.gen("x"));
    CHECK(must(p.value("f" + std::to_string(i))) == must(alone.value("x")));
  }
  CHECK(must(p.text()) == "One two");
}

TEST_CASE("answers of a prompt are held to what it asks") {
  Stack s(tiny("qwen2"));
  Prompt p = must(s.engine.prompt(greedy(40)));
  REQUIRE(p.append("One two "));
  REQUIRE(p.gen("digits", Options().set("response.regex", "[0-9]{3}")));
  REQUIRE(p.append(", "));
  REQUIRE(p.gen("word", Options().set("response.choice", "yes").set("response.choice", "no")));
  const std::string digits = must(p.value("digits"));
  CHECK(digits.size() == 3);
  CHECK(digits.find_first_not_of("0123456789") == std::string::npos);
  const std::string word = must(p.value("word"));
  CHECK((word == "yes" || word == "no"));
}

TEST_CASE("a failure is told and leaves the prompt as it was") {
  Stack s(tiny("qwen2"), "reference", Options().set("context.max", 32));
  Prompt p = must(s.engine.prompt(greedy(4)));
  CHECK(p.value("x").error().status == INFER_E_NOT_FOUND);
  CHECK(p.append("\xff").error().status == INFER_E_INVALID);
  CHECK(p.select("x", {}).error().status == INFER_E_INVALID);
  REQUIRE(p.append("One two"));
  CHECK(p.select("x", {"a", ""}).error().status == INFER_E_INVALID);
  CHECK(p.gen("x", Options().set("n", 2)).error().status == INFER_E_INVALID);
  CHECK(p.gen("x", Options().set("embed", "mean")).error().status == INFER_E_INVALID);
  CHECK(p.gen("x", Options().set("response.regex", "(")).error().status == INFER_E_INVALID);
  CHECK(p.gen(std::string(300, 'a')).error().status == INFER_E_INVALID);
  CHECK(p.append_chat({{"user", "hi"}}).error().status == INFER_E_INVALID);
  CHECK(p.join(p).error().status == INFER_E_INVALID);
  CHECK(must(p.text()) == "One two");
  Prompt other = must(p.fork());
  std::string many;
  for (int i = 0; i < 40; ++i) many += " word";
  REQUIRE(other.append(many));
  CHECK(other.gen("x").error().status == INFER_E_TOO_LONG);
  CHECK(other.select("x", {"a"}).error().status == INFER_E_TOO_LONG);
  REQUIRE(p.gen("x"));
  CHECK(must(p.value("x")).size() > 0);
}

TEST_CASE("what is generated or selected can be cancelled from another thread") {
  Stack s(tiny("qwen2"));
  Prompt p = must(s.engine.prompt(Options().set("ignore_end", true)));
  REQUIRE(p.append("One two"));
  REQUIRE(s.engine.pause());
  REQUIRE(p.gen("x"));
  CHECK(must(p.wait(0)) == false);
  std::thread stopper([&] { REQUIRE(p.cancel()); });
  CHECK(p.wait().error().status == INFER_E_CANCELLED);
  stopper.join();
  CHECK(must(p.text()) == "One two");
  std::thread later([&] {
    while (counter(s.engine, "requests.waiting") < 2) std::this_thread::yield();
    REQUIRE(p.cancel());
  });
  CHECK(p.select("x", {" a", " b"}).error().status == INFER_E_CANCELLED);
  later.join();
  CHECK(must(p.text()) == "One two");
  REQUIRE(s.engine.resume());
  REQUIRE(p.gen("x", greedy(3)));
  CHECK(must(p.value("x")).size() > 0);
}

TEST_CASE("release in any order") {
  auto s = std::make_unique<Stack>(tiny("qwen2"));
  auto p = std::make_unique<Prompt>(must(s->engine.prompt(greedy(50))));
  REQUIRE(p->append("One two"));
  auto r = must(p->stream("x"));
  Prompt child = must(p->fork());
  s.reset();
  p.reset();
  CHECK(child.gen("x").error().status == INFER_E_CANCELLED);
}

TEST_CASE("forced tokens come in a prompt's answers, too") {
  Stack s(tiny("llama"));
  Prompt p = must(s.engine.prompt(greedy(60)));
  REQUIRE(p.append("One"));
  REQUIRE(p.append("two"));
  REQUIRE(p.gen("x", Options().set("response.regex", "(and|but) then three hundred and twelve words")));
  const std::string x = must(p.value("x"));
  CHECK(x.size() == 39);
  auto r = must(p.stream("y", greedy(1)));
  collect(r);
  auto ids = must(r.tokens());
  ids.pop_back();
  CHECK(must(s.model.decode(ids)) == "Onetwo" + x);
  settle(s.engine);
  CHECK(counter(s.engine, "tokens.forced") > 5);
}
