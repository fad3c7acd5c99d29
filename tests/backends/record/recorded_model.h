// Models for recording: their weights follow from fills (fill.h), which is all that a case file keeps of them.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "formats/model_file.h"

namespace infer::conformance {

struct RecordedModel {
  int64_t layers = 2, embd = 256, heads = 4, kv_heads = 2, ff = 256, vocab = 96;
  int64_t experts = 0;  // 0: dense; else 2 are used
  std::vector<std::string>
      types;  // of the matrices, in turn: embedding, output, then of each layer q k v o, gate up down
};

struct MadeModel {
  std::vector<std::byte> bytes;  // the GGUF file
  std::shared_ptr<const formats::ModelFile> file;
  std::map<std::string, std::string> fills;  // tensor -> "blocks(3)"
};
Result<std::unique_ptr<MadeModel>> make_recorded_model(const RecordedModel& m);

// An adapter of these ranks for the model's q and down matrices, as a GGUF file.
Result<std::vector<std::byte>> make_recorded_adapter(const RecordedModel& m, int64_t rank);

}  // namespace infer::conformance
