// libinfer's handles as owners, and failed calls as exceptions: the tool's one way to end early.
#pragma once
#include <libinfer/infer.h>

#include <memory>
#include <string>

namespace infer::tool {

struct Release {
  void operator()(infer_options* p) const { infer_options_release(p); }
  void operator()(infer_runtime* p) const { infer_runtime_release(p); }
  void operator()(infer_model* p) const { infer_model_release(p); }
  void operator()(infer_engine* p) const { infer_engine_release(p); }
  void operator()(infer_request* p) const { infer_request_release(p); }
};
using Options = std::unique_ptr<infer_options, Release>;
using Runtime = std::unique_ptr<infer_runtime, Release>;
using Model = std::unique_ptr<infer_model, Release>;
using Engine = std::unique_ptr<infer_engine, Release>;
using Request = std::unique_ptr<infer_request, Release>;

inline constexpr int kExitFailed = 1, kExitUsage = 2, kExitInterrupted = 130;

struct Failure {
  std::string message;  // one sentence: what was wrong, and where
  std::string hint;     // what to do; may be empty
  int exit_code = kExitFailed;
  infer_status status = INFER_OK;  // of the call that failed, if one did
};

// Throws what infer_last_error and infer_last_hint say when a call failed; hands on OK, DONE and PENDING.
inline infer_status check(infer_status s) {
  if (s < 0) throw Failure{infer_last_error(), infer_last_hint(), kExitFailed, s};
  return s;
}

}  // namespace infer::tool
