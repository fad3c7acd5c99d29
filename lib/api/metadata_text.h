// Metadata values as people read them.
#pragma once
#include <string>

#include "formats/model_file.h"

namespace infer::api {

// Numbers and booleans as usual, strings as they are; arrays as "[first, second, ... (49152)]".
std::string text_of(const formats::Value& value);

}  // namespace infer::api
