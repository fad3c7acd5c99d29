// From options and token ids to what the engine takes: a Task.
#pragma once
#include <cstdint>
#include <vector>

#include "api/settings.h"
#include "engine/request.h"
#include "text/tokenizer/tokenizer.h"

namespace infer::api {

// The name that an option holds; null for none.
Name name_of(const Settings& settings, Key key);

// tokenizer may be null. context: most tokens of prompt and answer together.
Result<engine::Task> make_task(const Settings& settings, std::vector<int32_t> prompt, const text::Tokenizer* tokenizer,
                               int64_t context, int64_t n_vocab);

}  // namespace infer::api
