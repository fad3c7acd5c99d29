// Shorthand for tests through the public headers alone: handles that must exist, and the tiny models.
#pragma once
#include <doctest/doctest.h>
#include <libinfer/infer.hpp>

#include <string>
#include <thread>
#include <vector>

namespace open_api {

using libinfer::Options;

// The value, or the end of the test with the sentence that libinfer gave.
template <class T>
T must(libinfer::Result<T> r) {
  REQUIRE_MESSAGE(bool(r), r.error().message << " | " << r.error().hint);
  return *std::move(r);
}

inline std::string tiny(const std::string& name) { return INFER_SOURCE_DIR "/tests/golden/tiny/" + name + ".gguf"; }

struct Stack {  // a model on one backend
  explicit Stack(const std::string& path, const std::string& backend = "reference", Options engine_options = Options(),
                 int threads = 2, Options runtime_options = Options())
      : runtime(must(libinfer::Runtime::create(runtime_options.set("cpu.threads", threads)))),
        model(must(runtime.open(path))),
        engine(must(model.engine(engine_options.set("device", backend)))) {}
  libinfer::Runtime runtime;
  libinfer::Model model;
  libinfer::Engine engine;
};

struct Answer {
  std::string text;
  std::vector<int32_t> tokens;
  std::vector<float> logprobs;
  infer_finish finish = INFER_FINISH_NONE;
  infer_status status = INFER_OK;  // of a failure
  bool operator==(const Answer&) const = default;
};

inline Answer collect(libinfer::Request& r) {
  Answer a;
  for (const libinfer::Piece& p : r) {
    a.text += p.text;
    a.tokens.insert(a.tokens.end(), p.tokens.begin(), p.tokens.end());
    a.logprobs.insert(a.logprobs.end(), p.logprobs.begin(), p.logprobs.end());
    a.finish = p.finish;
  }
  if (!r.outcome()) a.status = r.outcome().error().status;
  return a;
}

inline int64_t counter(const libinfer::Engine& e, const std::string& name) {
  for (const auto& [n, value] : must(e.counters()))
    if (n == name) return value;
  FAIL("no counter " << name);
  return 0;
}

// Until nothing runs or waits, and all of it is counted.
inline void settle(const libinfer::Engine& e) {
  while (counter(e, "requests.running") + counter(e, "requests.waiting") > 0) std::this_thread::yield();
}

inline Options greedy(int64_t max_tokens) { return Options().set("temperature", 0).set("max_tokens", max_tokens); }

}  // namespace open_api
