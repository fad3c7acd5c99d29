// The keys tokenizer.* of a model file into TokenizerData.
#pragma once
#include "formats/model_file.h"

namespace infer::formats {

// The strings are views into the first of the model's files, which the result keeps alive.
Result<TokenizerData> read_tokenizer(const ModelFile& model);

}  // namespace infer::formats
