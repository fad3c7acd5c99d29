// The worst texts through every pipeline and expression. Quadratic work on these 128 KiB would take half a minute; what
// is linear takes milliseconds, and seconds at most under sanitizers or emulation.
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "open.h"

using namespace infer;
using namespace infer::testing;
using nlohmann::json;

namespace {

constexpr size_t kBytes = 128 << 10;
constexpr double kLimit = 3;  // seconds for one text

std::vector<std::string> worst_texts() {
  std::vector<std::string> out;
  for (const char* unit :
       {"a", " ", "\n", "1", "!", "\u0301", "\u4E2D", "\xFF", " a", "aA", "<s> ", "ab\u0301", "\u2581"}) {
    std::string s;
    while (s.size() < kBytes) s += unit;
    out.push_back(s);
  }
  out.push_back(out[1] + "x");
  out.push_back("a" + out[5]);
  return out;
}

// every: so many of the texts are left out, others for each tokenizer.
void check(const std::string& name, const json& tokenizer, size_t every = 1) {
  const std::string text_of_json = tokenizer.dump();
  auto made = open(text_of_json);
  REQUIRE(made.ok());
  static const std::vector<std::string> texts = worst_texts();
  static size_t next = 0;
  for (size_t i = 0; i < texts.size(); i += every) {
    const std::string& s = texts[(next + i) % texts.size()];
    std::vector<int32_t> ids;
    const std::clock_t start = std::clock();  // processor time: other programs on the machine do not count
    REQUIRE((*made)->encode(s, true, true, ids).ok());
    (void)(*made)->decode(ids, true);
    const double took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    CAPTURE(name);
    CAPTURE(s.substr(0, 12));
    CHECK(took < kLimit);
  }
  ++next;
}

}  // namespace

TEST_CASE("published pipelines are linear on repeated characters") {
  for (const auto& entry : std::filesystem::directory_iterator(kGolden)) {
    if (entry.path().extension() == ".json")
      check(entry.path().filename().string(), json::parse(read_text(entry.path().string()))["tokenizer"]);
  }
}

TEST_CASE("so is every step of a pipeline, and every expression") {
  std::istringstream lines(read_text(kGolden + "probes.jsonl"));
  std::string line;
  REQUIRE(std::getline(lines, line));
  const json model = json::parse(line)["model"];
  while (std::getline(lines, line)) {
    json golden = json::parse(line);
    golden["tokenizer"]["model"] = model;
    check(golden["name"], golden["tokenizer"], 5);
  }
}

TEST_CASE("expressions whose every match looks to the end of the text are linear all together") {
  for (const char* regex :
       {"a*b|a", "(?:a|aa)*$|a", "a(?=a*b)|.", "(?:a*b)?", "a+?b|a", "(?i:a)*+b|[^b]", "a{1,9}c|a"}) {
    const json tokenizer = {
        {"pre_tokenizer",
         {{"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", "Isolated"}, {"invert", false}}},
        {"model", {{"type", "WordLevel"}, {"vocab", {{"<unk>", 0}, {"a", 1}}}, {"unk_token", "<unk>"}}}};
    check(regex, tokenizer);
  }
}
