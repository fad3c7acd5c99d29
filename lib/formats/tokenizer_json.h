// A Hugging Face tokenizer.json as the file of a model that has a tokenizer and nothing else.
//
// Nothing of it is read here: text/tokenizer does that. From the folder that holds it, tokenizer_config.json is taken
// along if it is there: it says which tokens begin and end a text, and has the chat template.
#pragma once
#include <memory>

#include "formats/model_file.h"

namespace infer::formats {

// By its beginning and the keys that every such file has.
bool is_tokenizer_json(std::span<const std::byte> bytes);

// path: of the file; empty: it came without one, so there is no file beside it.
Result<std::shared_ptr<const ModelFile>> open_tokenizer_json(std::shared_ptr<const File> file, const std::string& path);

// What stands in for a model's own tokenizer (option tokenizer.file).
Result<TokenizerData> read_tokenizer_json(const std::string& path);

}  // namespace infer::formats
