// Vectors made by Hugging Face tokenizers (tests/golden/tokenizer_json/make.py).
#include <filesystem>
#include <nlohmann/json.hpp>

#include "open.h"

using namespace infer;
using namespace infer::testing;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

std::string bytes_of(const json& line) {
  if (line.contains("text")) return line["text"];
  const std::string hex = line["hex"];
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

std::string streamed(const text::Tokenizer& t, const std::vector<int32_t>& ids, bool special) {
  std::string out;
  text::Detokenizer stream(t, special);
  for (const int32_t id : ids) stream.feed(id, out);
  stream.finish(out);
  return out;
}

void check(const std::string& name, const json& golden) {
  const std::string text_of_json = golden["tokenizer"].dump();
  auto made = open(text_of_json);
  REQUIRE_MESSAGE(made.ok(), name, ": ", std::string(made.status().message()));
  const text::Tokenizer& tokenizer = **made;
  int wrong = 0;
  CHECK(golden["cases"].size() >= 20);
  for (const json& one : golden["cases"]) {
    const std::string text = bytes_of(one);
    const bool special = one["special"];
    std::vector<int32_t> ids;
    REQUIRE(tokenizer.encode(text, special, special, ids).ok());
    const auto wanted = one["ids"].get<std::vector<int32_t>>();
    const bool good = ids == wanted && (!one.contains("all") || (streamed(tokenizer, wanted, true) == one["all"] &&
                                                                 streamed(tokenizer, wanted, false) == one["plain"]));
    if (good || ++wrong > 2) continue;
    MESSAGE(name, " ", one.dump().substr(0, 700), "\n  ours ", json(ids).dump().substr(0, 500), "\n  ",
            json(streamed(tokenizer, wanted, true)).dump().substr(0, 200));
  }
  CHECK_MESSAGE(wrong == 0, name, ": ", wrong, " of ", golden["cases"].size());
}

}  // namespace

TEST_CASE("tokenizers of published shapes give the ids and texts of the independent implementation") {
  size_t n = 0;
  for (const auto& entry : fs::directory_iterator(kGolden)) {
    if (entry.path().extension() != ".json") continue;
    check(entry.path().filename().string(), json::parse(read_text(entry.path().string())));
    ++n;
  }
  CHECK(n == 25);
}

TEST_CASE("each normalizer, pre-tokenizer, expression and kind of added token gives its ids") {
  std::istringstream lines(read_text(kGolden + "probes.jsonl"));
  std::string line;
  REQUIRE(std::getline(lines, line));
  const json model = json::parse(line)["model"];
  size_t n = 0;
  for (; std::getline(lines, line); ++n) {
    json golden = json::parse(line);
    golden["tokenizer"]["model"] = model;
    check(golden["name"], golden);
  }
  CHECK(n == 110);
}
