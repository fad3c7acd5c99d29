// A model being loaded, then loaded: what an infer_model refers to.
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "api/constraints.h"
#include "api/runtime.h"
#include "api/settings.h"
#include "base/thread.h"
#include "formats/model_file.h"
#include "models/model.h"
#include "text/template/template.h"
#include "text/tokenizer/tokenizer.h"
#include "text/tools/adapt.h"

namespace infer::api {

// Immutable. A part that this model does not have, or that libinfer cannot do, is a failed status that says why.
struct Loaded {
  std::shared_ptr<const formats::ModelFile> file;
  Result<models::Hyper> hyper = Status();
  Result<std::shared_ptr<const text::Tokenizer>> tokenizer = Status();
  Result<std::shared_ptr<const text::Template>> chat = Status();
  std::string chat_source;                                    // of the template
  std::vector<std::pair<std::string, std::string>> metadata;  // as text, in file order
  std::vector<std::string> tensor_names;                      // ending with NUL, in file order
};

// The bytes of every token: made when first asked for.
struct TokenBytes {
  std::string all;             // one after the other
  std::vector<uint32_t> ends;  // [n_vocab] where each ends
};

// How the model's template and its answers speak of tools: found out when first asked for.
struct Dialect {
  text::tools::TemplateFacts facts;
  text::tools::ToolFormat format;
};

class Model {
 public:
  using Opener = std::function<Result<std::shared_ptr<const formats::ModelFile>>(const formats::Progress&)>;
  Model(std::shared_ptr<Runtime> runtime, Settings settings, Opener opener)
      : runtime_(std::move(runtime)), settings_(std::move(settings)), opener_(std::move(opener)) {}
  ~Model();  // stops a load that still runs and waits for it

  Status load();   // in the caller's thread
  Status start();  // in a thread of its own
  // OK with the outcome known, else PENDING.
  infer_status wait(int32_t timeout_ms, double* progress);
  Result<const Loaded*> loaded();  // waits; the outcome
  void cancel() noexcept { cancelled_ = true; }
  const TokenBytes& token_bytes(const text::Tokenizer& tokenizer);
  const Dialect& dialect(const Loaded& loaded);  // which has a template
  Runtime& runtime() const { return *runtime_; }
  Constraints& constraints() { return constraints_; }

 private:
  void run() noexcept;
  Status read();
  Status make_tokenizer();
  Result<std::shared_ptr<const text::Tokenizer>> other_tokenizer(const std::string& path) const;
  bool advance(double progress);  // false: stop
  const std::shared_ptr<Runtime> runtime_;
  const Settings settings_;
  Opener opener_;
  const Status unknown_{INFER_E_INTERNAL, "loading failed for an unknown reason"};  // made beforehand
  Loaded loaded_;
  std::atomic<bool> cancelled_{false};
  std::atomic<double> progress_{0};

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool done_ = false;
  Status outcome_;
  std::unique_ptr<const TokenBytes> token_bytes_;
  std::unique_ptr<const Dialect> dialect_;
  Constraints constraints_;
  Thread thread_;
};

}  // namespace infer::api
