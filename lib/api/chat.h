// From the parts of a chat to a prompt: rendered by the model's template, then to ids in which a user's text can never
// become a control token.
#pragma once
#include <libinfer/infer.h>

#include <cstdint>
#include <vector>

#include "api/model.h"

namespace infer::api {

Result<text::Rendered> render_chat(const Loaded& model, const infer_part* parts, int64_t n_parts,
                                   const Settings& settings);
Result<std::vector<int32_t>> encode_chat(const Loaded& model, const text::Rendered& prompt);

}  // namespace infer::api
