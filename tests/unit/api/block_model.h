// A model file for what the tiny models are too small for.
#pragma once
#include "base/file.h"
#include "open.h"
#include "quant/types.h"
#include "tests/support/make_model.h"
#include "tests/unit/folder.h"

namespace open_api {

// A file with heads of 64, as blocks in the KV cache need.
inline std::string block_model(const infer::Folder& folder) {
  const auto vocabulary = infer::formats::open_model(tiny("llama"));
  REQUIRE(vocabulary.ok());
  const auto bytes = infer::testing::block_model_bytes({.type = infer::quant::Type::kQ4_0}, vocabulary->get());
  REQUIRE(bytes.ok());
  const std::string path = folder / "blocks.gguf";
  REQUIRE(infer::write_file(path, *bytes).ok());
  return path;
}

}  // namespace open_api
