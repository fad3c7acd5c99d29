// A model on an executor, without an engine: tokens in, logits out. For tests of models and backends.
#pragma once
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "device/executor.h"
#include "formats/model_file.h"
#include "models/model.h"

namespace infer::testing {

struct SessionOptions {
  std::string backend = "reference";
  uint32_t kv_type = INFER_TYPE_F32;
  int64_t page = 32;
  int64_t n_ctx = 256;   // tokens
  uint64_t shuffle = 0;  // pages are handed out in an order drawn from this seed; 0: ascending
  std::vector<std::pair<std::string, std::string>> settings = {};  // "cpu.threads" -> "2"
};

// One sequence.
class Session {
 public:
  static Result<std::unique_ptr<Session>> open(std::shared_ptr<const formats::ModelFile> file,
                                               const SessionOptions& options);

  // Appends tokens in steps of at most `chunk` (0: one step). Returns logits [tokens, n_vocab] of every row.
  Result<std::vector<float>> feed(std::span<const int32_t> tokens, int64_t chunk = 0);
  // The likeliest next n ids after `prompt`, one step each.
  Result<std::vector<int32_t>> greedy(std::span<const int32_t> prompt, int n);
  void restart() { length_ = 0; }

  const models::Model& model() const { return model_; }
  device::Executor& executor() { return *executor_; }

 private:
  Status step(std::span<const int32_t> tokens, std::span<float> logits);

  std::shared_ptr<const formats::ModelFile> file_;
  SessionOptions options_;
  models::Model model_;
  std::unique_ptr<device::Registry> registry_;
  std::unique_ptr<device::Executor> executor_;
  std::vector<int32_t> table_;  // [pages of n_ctx]
  int64_t length_ = 0;          // tokens in cache
};

}  // namespace infer::testing
