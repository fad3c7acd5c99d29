#include "device/plugin_call.h"

#include <algorithm>
#include <cstring>

namespace infer::device {
namespace {

// What host->fail said last on this thread. Plain data: no constructor, no allocation.
struct Failure {
  bool said;
  size_t length;
  char text[512];
};
thread_local Failure failure;
thread_local const Log* thread_log;
thread_local const infer_executor* thread_executor;

infer_status record(void*, infer_status code, const char* text, int64_t length) {
  failure.said = true;
  failure.length = text && length > 0 ? std::min<size_t>(static_cast<size_t>(length), sizeof failure.text) : 0;
  if (failure.length) std::memcpy(failure.text, text, failure.length);
  return code;
}

void log(void*, int32_t level, const char* text, int64_t length) {
  if (!thread_log || !text || length < 0) return;
  const int32_t known =
      std::clamp(level, static_cast<int32_t>(LogLevel::kDebug), static_cast<int32_t>(LogLevel::kError));
  (*thread_log)(static_cast<LogLevel>(known), std::string_view(text, static_cast<size_t>(length)));
}

const infer_executor* executor(void*) { return thread_executor; }

constexpr infer_host kHost = {
    {sizeof(infer_host), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR}, nullptr, record, log, executor};

const char* code_text(infer_status code) {
  switch (code) {
    case INFER_E_INVALID:
      return "it says the request is invalid";
    case INFER_E_NO_MEMORY:
      return "no memory";
    case INFER_E_NOT_FOUND:
      return "not found";
    case INFER_E_UNSUPPORTED:
      return "not supported";
    case INFER_E_CORRUPT:
      return "corrupt data";
    case INFER_E_IO:
      return "input or output failed";
    case INFER_E_FULL:
      return "no room";
    case INFER_E_CANCELLED:
      return "cancelled";
    case INFER_E_DEVICE_LOST:
      return "the device is gone";
    case INFER_E_ABI:
      return "ABI mismatch";
    case INFER_E_INTERNAL:
      return "internal fault";
    default:
      return nullptr;
  }
}

const char* hint(infer_status code) {
  switch (code) {
    case INFER_E_NO_MEMORY:
      return "use a smaller model, context or batch, or another device";
    case INFER_E_DEVICE_LOST:
      return "make a new engine; if it happens again, look at the driver";
    case INFER_E_INTERNAL:
      return "a fault of this backend: update it, or leave it out";
    default:
      return "";
  }
}

}  // namespace

const infer_host* host_table() { return &kHost; }

LogScope::LogScope(const Log* log) : before_(thread_log) { thread_log = log; }
LogScope::~LogScope() { thread_log = before_; }

ExecutorScope::ExecutorScope(const infer_executor* lent) : before_(thread_executor) { thread_executor = lent; }
ExecutorScope::~ExecutorScope() { thread_executor = before_; }

void forget_failure() { failure.said = false; }

Status answer(std::string_view plugin, std::string_view doing, infer_status code) {
  const char* known = code_text(code);
  if (!known) {
    return Status::internal(
        str("backend '", plugin, "' answered with the unknown status ", static_cast<int32_t>(code), ": ", doing),
        hint(INFER_E_INTERNAL));
  }
  const std::string_view said = failure.said ? std::string_view(failure.text, failure.length) : std::string_view(known);
  return Status(code, str("backend '", plugin, "': ", doing, ": ", said), hint(code));
}

Status threw(std::string_view plugin, std::string_view doing, const char* what) {
  return Status::internal(
      str("backend '", plugin, "' threw an exception (", what ? what : "of unknown kind", "): ", doing),
      hint(INFER_E_INTERNAL));
}

}  // namespace infer::device
