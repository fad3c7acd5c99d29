#include "engine/stream.h"

#include <doctest/doctest.h>

#include "toy.h"

using infer::engine::Stream;

namespace {

struct Result {
  std::string text;
  bool stopped = false;
};

Result run(const std::vector<std::string>& pieces, std::vector<std::string> stops,
           std::vector<std::string>* steps = nullptr) {
  std::vector<std::string> vocabulary;
  const auto id_of = [&](const std::string& piece) {
    const auto at = std::find(vocabulary.begin(), vocabulary.end(), piece);
    if (at == vocabulary.end()) return vocabulary.push_back(piece), static_cast<int32_t>(vocabulary.size()) - 1;
    return static_cast<int32_t>(at - vocabulary.begin());
  };
  std::vector<int32_t> ids;
  for (const auto& piece : pieces) ids.push_back(id_of(piece));
  Stream stream(toy::tokenizer(vocabulary), std::move(stops), false);
  Result r;
  for (size_t i = 0; i < ids.size() && !r.stopped; ++i) {
    std::string out;
    r.stopped = stream.feed(ids[i], true, out);
    if (steps) steps->push_back(out);
    r.text += out;
  }
  if (!r.stopped) stream.finish(r.text);
  return r;
}

}  // namespace

TEST_CASE("a stop string inside one piece cuts the text before it") {
  const Result r = run({"Hello END there", "more"}, {"END"});
  CHECK(r.text == "Hello ");
  CHECK(r.stopped);
}

TEST_CASE("a stop string across pieces is found, and no part of it was shown") {
  std::vector<std::string> steps;
  const Result r = run({"abc<", "|e", "nd", "|>zz"}, {"<|end|>"}, &steps);
  CHECK(r.stopped);
  CHECK(steps == std::vector<std::string>{"abc", "", "", ""});
}

TEST_CASE("what only began like a stop string comes out when it turns out not to be one") {
  std::vector<std::string> steps;
  const Result r = run({"a<", "|e", "xit"}, {"<|end|>"}, &steps);
  CHECK_FALSE(r.stopped);
  CHECK(steps == std::vector<std::string>{"a", "", "<|exit"});
}

TEST_CASE("what is held back at the end comes out") {
  const Result r = run({"abc", "EN"}, {"END"});
  CHECK(r.text == "abcEN");
}

TEST_CASE("a stop string that repeats its own beginning is found wherever it starts") {
  CHECK(run({"aa", "b"}, {"aab"}).stopped);
  const Result r = run({"a", "a", "a", "b", "x"}, {"aab"});
  CHECK(r.stopped);
  CHECK(r.text == "a");
  CHECK(run({"xab", "ab", "ac"}, {"ababac"}).text == "x");
}

TEST_CASE("of several stop strings the one that begins first counts") {
  const Result r = run({"one two three"}, {"three", "two"});
  CHECK(r.text == "one ");
}

TEST_CASE("an empty stop string is no stop string") {
  CHECK(run({"abc"}, {""}).text == "abc");
  CHECK_FALSE(run({"abc"}, {""}).stopped);
}

TEST_CASE("pieces that split a character come out as whole characters only") {
  std::vector<std::string> steps;
  const Result r = run({"\xF0\x9F", "\xA6\x86!", "\xE2\x82"}, {}, &steps);
  CHECK(steps == std::vector<std::string>{"", "\xF0\x9F\xA6\x86!", ""});
  CHECK(r.text == "\xF0\x9F\xA6\x86!\xEF\xBF\xBD");
}

TEST_CASE("a stop string of several bytes a character is found across split characters") {
  const Result r = run({"a\xE2", "\x82\xAC", "b"}, {"\xE2\x82\xAC"});
  CHECK(r.stopped);
  CHECK(r.text == "a");
}

TEST_CASE("ids beyond the vocabulary's names have no text") {
  const auto names = toy::tokenizer({"a"});
  Stream stream(names, {}, false);
  std::string out;
  CHECK_FALSE(stream.feed(7, true, out));
  CHECK(out.empty());
}
