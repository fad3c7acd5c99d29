// Vectors made by Hugging Face tokenizers and SentencePiece (tests/golden/tokenizer/make.py).
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "formats/model_file.h"
#include "text/tokenizer/tokenizer.h"

using namespace infer;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

const fs::path kFolder = fs::path(INFER_SOURCE_DIR) / "tests/golden/tokenizer";

std::unique_ptr<const text::Tokenizer> open(const json& about, const std::string& pre) {
  const std::string vocabulary = about["vocabulary"];
  std::string path = (kFolder / vocabulary).string();
  if (vocabulary == "SmolLM2") {
    path = INFER_SMOLLM2;
    REQUIRE_MESSAGE(!path.empty(),
                    "set -DINFER_SMOLLM2 to SmolLM2-135M-Instruct.Q4_1.gguf (packaging/model.sh gets it)");
  }
  auto file = formats::open_model(path);
  REQUIRE_MESSAGE(file.ok(), std::string(file.status().message()));
  auto data = std::make_shared<TokenizerData>((*file)->tokenizer());
  data->pre = pre;
  if (pre != about["pre"]) data->model = "gpt2";  // further names are names of that kind
  if (about.contains("lowercase")) data->lowercase = about["lowercase"] ? 1 : 0;
  if (about.contains("strip_accents")) data->strip_accents = about["strip_accents"] ? 1 : 0;
  auto made = text::Tokenizer::create(data);
  REQUIRE_MESSAGE(made.ok(), std::string(made.status().message()));
  return made.take();
}

std::string bytes_of(const json& line) {
  if (line.contains("text")) return line["text"];
  const std::string hex = line["hex"];
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

}  // namespace

TEST_CASE("every vector of every rule gives the ids of the independent implementation") {
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".jsonl") continue;
    ++files;
    CAPTURE(entry.path().filename().string());
    std::ifstream in(entry.path());
    std::string line;
    REQUIRE(std::getline(in, line));
    const json about = json::parse(line);
    std::vector<std::unique_ptr<const text::Tokenizer>> tokenizers;
    tokenizers.push_back(open(about, about["pre"]));
    for (const std::string name : about.value("also", json::array())) tokenizers.push_back(open(about, name));
    size_t n = 0;
    for (; std::getline(in, line); ++n) {
      const json vector = json::parse(line);
      const std::string text = bytes_of(vector);
      CAPTURE(text);
      for (const auto& tokenizer : tokenizers) {
        CAPTURE(tokenizer->data().pre);
        std::vector<int32_t> ids;
        REQUIRE(tokenizer->encode(text, false, vector["special"].get<bool>(), ids).ok());
        CHECK(ids == vector["ids"].get<std::vector<int32_t>>());
      }
    }
    CHECK(n > 100);
  }
  CHECK(files == 39);
}
