// The line between C and C++: every exported function's body runs inside guard().
//
// Whatever happens inside becomes a status and a sentence in this thread's fixed buffers; nothing is thrown across,
// nothing is allocated to report that there is no memory.
#pragma once
#include <libinfer/infer.h>

#include <exception>
#include <new>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "base/status.h"

namespace infer::api {

// OK, DONE, PENDING, or a failure with its sentence.
class Answer {
 public:
  Answer(Status failure) : status_(std::move(failure)), code_(status_.code()) {}  // NOLINT: implicit on purpose
  Answer(infer_status code) : code_(code) {}                                      // NOLINT: not a failure
  infer_status code() const { return code_; }
  const Status& status() const { return status_; }

 private:
  Status status_;
  infer_status code_;
};

// This thread's last failure.
infer_status record(infer_status code, std::string_view message, std::string_view hint) noexcept;
const char* last_message() noexcept;
const char* last_hint() noexcept;

inline constexpr std::string_view kReport = "this is a fault of libinfer: please report it with what led to it";

// f() gives an Answer (or what becomes one).
template <class F>
infer_status guard(F&& f) noexcept {
  try {
    const Answer answer = f();
    return answer.code() < 0 ? record(answer.code(), answer.status().message(), answer.status().hint()) : answer.code();
  } catch (const std::bad_alloc&) {
    return record(INFER_E_NO_MEMORY, "out of memory", "free memory, or use a smaller model, context or batch");
  } catch (const std::system_error& e) {
    return record(INFER_E_NO_MEMORY, e.what(),
                  "the system refused a thread or a lock: end other threads, or raise the limit");
  } catch (const std::exception& e) {
    return record(INFER_E_INTERNAL, e.what(), kReport);
  } catch (...) {
    return record(INFER_E_INTERNAL, "an unknown exception", kReport);
  }
}

// For functions that return nothing.
template <class F>
void guard_void(F&& f) noexcept {
  guard([&]() -> Answer {
    f();
    return INFER_OK;
  });
}

// An argument that may not be NULL.
inline Status need(const void* argument, std::string_view name) {
  return argument ? Status() : Status::invalid(str("argument '", name, "' is NULL"), "give it an address");
}

}  // namespace infer::api
