// One GGUF file (versions 2 and 3, little-endian) into metadata and tensors.
#pragma once
#include <memory>

#include "formats/model_file_builder.h"

namespace infer::formats {

// Keys and tensors of this file alone, keys indexed. Part of a split set or whole: the caller knows (gguf.cc).
Result<ModelFileBuilder> read_gguf(std::shared_ptr<const File> file);

}  // namespace infer::formats
