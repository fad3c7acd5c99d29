// What an infer_engine refers to: the engine, the model that it keeps alive, and the texts that it lends.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "api/model.h"
#include "api/samples.h"
#include "api/strings.h"
#include "engine/engine.h"

namespace infer::api {

class Engine {
 public:
  static Result<std::shared_ptr<Engine>> create(std::shared_ptr<Model> model, const Settings& settings);

  engine::Engine& core() { return *core_; }
  Model& model() { return *model_; }
  const Loaded& loaded() const { return *loaded_; }
  const text::Tokenizer* tokenizer() const { return loaded_->tokenizer.ok() ? loaded_->tokenizer->get() : nullptr; }
  std::string_view model_name() const;                             // general.name of the file
  const std::string& description() const { return description_; }  // JSON
  const char* keep(std::string_view text) { return strings_.keep(text); }

  // Checks what is asked for and begins it.
  Result<std::shared_ptr<Samples>> submit(std::vector<int32_t> ids, const Settings& settings);

 private:
  std::shared_ptr<Model> model_;
  const Loaded* loaded_ = nullptr;  // the model's
  std::unique_ptr<engine::Engine> core_;
  std::string description_;
  Strings strings_;
};

// Device and kernel per operator and block type, sizes and bytes, as JSON. (describe.cc)
std::string describe(const engine::Engine& engine, const Settings& settings);

}  // namespace infer::api
