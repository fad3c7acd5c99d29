// What a file is that does not begin with "GGUF": the sentence that helps most.
#pragma once
#include <cstddef>
#include <span>

#include "base/status.h"

namespace infer::formats {

Status not_gguf(std::span<const std::byte> bytes);  // never ok

}  // namespace infer::formats
