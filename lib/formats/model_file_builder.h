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

  // The file that metadata and tensors point into.
  void add_file(std::shared_ptr<const File> file) {
    model_->file_bytes_ += file->bytes().size();
    model_->files_.push_back(std::move(file));
  }
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
