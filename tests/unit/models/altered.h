// A tiny model with some metadata or tensors changed, in memory: what a hostile or broken file says, past its reader.
#pragma once
#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <string>

#include "formats/model_file_builder.h"
#include "models/model.h"

namespace infer::testing {

inline std::shared_ptr<const formats::ModelFile> open_tiny(const std::string& name) {
  auto file = formats::open_model(INFER_SOURCE_DIR "/tests/golden/tiny/" + name + ".gguf");
  REQUIRE_MESSAGE(file.ok(), file.status().message());
  return *file;
}

class Altered {
 public:
  explicit Altered(const std::string& tiny) : Altered(open_tiny(tiny)) {}
  explicit Altered(std::shared_ptr<const formats::ModelFile> base)
      : base_(std::move(base)),
        entries_(base_->metadata().begin(), base_->metadata().end()),
        tensors_(base_->tensors().begin(), base_->tensors().end()),
        architecture_(base_->architecture()),
        tokenizer_(base_->tokenizer()) {}

  const formats::ModelFile& base() const { return *base_; }
  Altered& set(std::string key, formats::Value value) {
    remove(key);
    entries_.push_back({strings_.emplace_back(std::move(key)), value});
    return *this;
  }
  Altered& remove(std::string_view key) {
    std::erase_if(entries_, [&](const auto& e) { return e.key == key; });
    return *this;
  }
  Altered& remove_tensor(std::string_view name) {
    std::erase_if(tensors_, [&](const auto& t) { return t.name == name; });
    return *this;
  }
  formats::Tensor& tensor(std::string_view name) {
    for (auto& t : tensors_)
      if (t.name == name) return t;
    FAIL("no tensor " << name);
    return tensors_.front();
  }
  Altered& add_tensor(std::string name, formats::Tensor like) {
    like.name = strings_.emplace_back(std::move(name));
    tensors_.push_back(like);
    return *this;
  }
  Altered& architecture(std::string name) {
    architecture_ = std::move(name);
    return *this;
  }
  Altered& no_tokenizer() {
    tokenizer_ = {};
    return *this;
  }
  std::vector<std::byte>& bytes(size_t n) { return bytes_.emplace_back(n); }  // memory that lives as long as this

  std::shared_ptr<const formats::ModelFile> file() const {
    formats::ModelFileBuilder b;
    b.metadata() = entries_;
    b.tensors() = tensors_;
    b.set_architecture(architecture_);
    b.set_tokenizer(tokenizer_);
    REQUIRE(!b.index_keys());
    REQUIRE(!b.index_tensors());
    return b.finish();
  }
  Result<models::Model> build(const models::BuildOptions& options = {}) const {
    return models::build(*file(), options);
  }

 private:
  std::shared_ptr<const formats::ModelFile> base_;
  std::vector<formats::ModelFile::Entry> entries_;
  std::vector<formats::Tensor> tensors_;
  std::string architecture_;
  TokenizerData tokenizer_;
  std::deque<std::string> strings_;
  std::deque<std::vector<std::byte>> bytes_;
};

}  // namespace infer::testing
