// Text <-> token ids of an open model.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "handles.h"

namespace infer::tool {

std::vector<int32_t> encode(infer_model* model, std::string_view text, uint32_t flags);
std::string decode(infer_model* model, const std::vector<int32_t>& tokens, uint32_t flags);
std::string token_bytes(infer_model* model, int32_t token);

std::string read_text_file(const std::string& path);

}  // namespace infer::tool
