// A tokenizer from the text of a tokenizer.json.
#pragma once
#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "text/tokenizer/tokenizer.h"

namespace infer::testing {

inline const std::string kGolden = INFER_SOURCE_DIR "/tests/golden/tokenizer_json/";

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  REQUIRE_MESSAGE(text.str().size() > 0, path);
  return text.str();
}

// `json` must outlive it.
inline Result<std::unique_ptr<const text::Tokenizer>> open(const std::string& json, const std::string& config = {}) {
  auto data = std::make_shared<TokenizerData>();
  data->model = "tokenizer.json";
  data->json = json;
  data->json_config = config;
  return text::Tokenizer::create(data);
}

}  // namespace infer::testing
