#include "formats/tokenizer_json.h"

#include <string>
#include <string_view>

#include "formats/model_file_builder.h"

namespace infer::formats {
namespace {

std::string_view text_of(const File& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

// "a/b/tokenizer.json" -> "a/b/"
std::string folder_of(const std::string& path) {
  const size_t slash = path.find_last_of("/\\");
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

struct Files {
  std::shared_ptr<const File> tokenizer, config;
};

Result<TokenizerData> data_of(std::shared_ptr<const File> file, const std::string& path) {
  auto files = std::make_shared<Files>();
  files->tokenizer = std::move(file);
  // Links are followed: in the folders that downloads are kept in, everything is one. What is read is a JSON text.
  if (!path.empty()) {
    auto config = File::open(folder_of(path) + "tokenizer_config.json");
    if (!config.ok() && config.status().code() != INFER_E_NOT_FOUND) return config.status();
    if (config.ok()) files->config = config.take();
  }
  TokenizerData data;
  data.model = "tokenizer.json";
  data.json = text_of(*files->tokenizer);
  if (files->config) data.json_config = text_of(*files->config);
  data.backing = std::move(files);
  return data;
}

}  // namespace

bool is_tokenizer_json(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] != '{') return false;
  return text.find("\"vocab\"") != std::string_view::npos && text.find("\"model\"") != std::string_view::npos;
}

Result<std::shared_ptr<const ModelFile>> open_tokenizer_json(std::shared_ptr<const File> file,
                                                             const std::string& path) {
  TRY_SET(TokenizerData tokenizer, data_of(file, path));
  ModelFileBuilder whole;
  whole.add_file(file, file->bytes());
  (void)whole.index_keys(), (void)whole.index_tensors();
  whole.set_architecture("tokenizer.json");
  whole.set_tokenizer(std::move(tokenizer));
  return whole.finish();
}

Result<TokenizerData> read_tokenizer_json(const std::string& path) {
  TRY_SET(std::shared_ptr<const File> file, File::open(path));
  return data_of(std::move(file), path);
}

}  // namespace infer::formats
