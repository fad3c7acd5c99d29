// Calling into a plugin: the table that it talks back through, and a wrapper that believes nothing it does.
//
// A plugin reports a failure through host->fail, which keeps the text for the calling thread in a fixed buffer (nothing
// is allocated on that path); the wrapper turns code and text into a Status that names the plugin. Exceptions end here.
#pragma once
#include <libinfer/backend.h>

#include <exception>
#include <new>
#include <string_view>

#include "base/log.h"
#include "base/status.h"

namespace infer::device {

// The same table for every plugin, for the life of the process.
const infer_host* host_table();

// While it lives, host->log of this thread goes to `log` (else nowhere).
class LogScope {
 public:
  explicit LogScope(const Log* log);
  ~LogScope();
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;

 private:
  const Log* before_;
};

// While it lives, host->executor of this thread answers `lent`, which may be null (else null).
class ExecutorScope {
 public:
  explicit ExecutorScope(const infer_executor* lent);
  ~ExecutorScope();
  ExecutorScope(const ExecutorScope&) = delete;
  ExecutorScope& operator=(const ExecutorScope&) = delete;

 private:
  const infer_executor* before_;
};

void forget_failure();  // what host->fail said on this thread
// Code and text of the failure that a plugin just answered with. PENDING and DONE are not answers that this takes.
Status answer(std::string_view plugin, std::string_view doing, infer_status code);
Status threw(std::string_view plugin, std::string_view doing, const char* what);

// Calls f() -> infer_status. What the plugin said through host->fail belongs to this call alone.
template <class F>
Status call(std::string_view plugin, std::string_view doing, F&& f) {
  forget_failure();
  try {
    const infer_status code = f();
    return code == INFER_OK ? Status() : answer(plugin, doing, code);
  } catch (const std::bad_alloc&) {
    return Status::no_memory(str("backend '", plugin, "' ran out of memory: ", doing));
  } catch (const std::exception& e) {
    return threw(plugin, doing, e.what());
  } catch (...) {
    return threw(plugin, doing, nullptr);
  }
}

// Calls f() -> T; `otherwise` when it throws.
template <class T, class F>
T call_or(T otherwise, F&& f) noexcept {
  try {
    return f();
  } catch (...) {
    return otherwise;
  }
}
template <class F>
void call_quietly(F&& f) noexcept {
  try {
    f();
  } catch (...) {  // a plugin that throws while it frees: nothing left to do
  }
}

}  // namespace infer::device
