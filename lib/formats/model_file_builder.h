// What a format reader fills to make a ModelFile. The typed getters of the unfinished file work once its keys are
// indexed.
#pragma once
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "formats/model_file.h"

namespace infer::formats {

class ModelFileBuilder {
 public:
  ModelFileBuilder() : model_(std::make_shared<ModelFile>()) {}

  std::vector<ModelFile::Entry>& metadata() { return model_->metadata_; }
  std::vector<Tensor>& tensors() { return model_->tensors_; }
  const ModelFile& model() const { return *model_; }

  // A file that metadata and tensors point into. header: of its bytes, those that are not weights.
  void add_file(std::shared_ptr<const File> file, std::span<const std::byte> header);
  // Those of another model.
  void add_files(const ModelFile& other);
  void set_architecture(std::string_view name) { model_->architecture_ = name; }
  void set_tokenizer(TokenizerData data) { model_->tokenizer_ = std::move(data); }

  // After the last key, after the last tensor: makes them findable; the name of one that occurs twice.
  std::optional<std::string_view> index_keys();
  std::optional<std::string_view> index_tensors();

  std::shared_ptr<const ModelFile> finish() { return std::move(model_); }

 private:
  std::shared_ptr<ModelFile> model_;
};

}  // namespace infer::formats
