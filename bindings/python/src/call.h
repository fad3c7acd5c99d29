// How a call crosses from Python into libinfer: without the interpreter's lock, in slices where it waits, with a
// failure that becomes an exception.
#pragma once
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <libinfer/infer.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <string>

namespace libinfer_python {

namespace py = pybind11;

// While it lives the interpreter's lock is free. When the interpreter is on its way out a daemon thread must not come
// back: CPython would end it by unwinding through C++ frames, which ends the process. Such a thread stays here.
class WithoutLock {
 public:
  WithoutLock() : state_(PyEval_SaveThread()) {}
  ~WithoutLock();
  WithoutLock(const WithoutLock&) = delete;
  WithoutLock& operator=(const WithoutLock&) = delete;
  static void interpreter_exits();  // called on the thread that ends it

 private:
  PyThreadState* state_;
};

// Raises the class of libinfer.errors for this status.
[[noreturn]] void raise(const libinfer::Error& error);
[[noreturn]] void raise(infer_status status, const std::string& message, const std::string& hint);

// The status of f(), called without the lock. A failure is raised; its text is read on the thread that failed, at once.
template <class F>
infer_status call(F&& f) {
  infer_status s = INFER_OK;
  libinfer::Error error;
  {
    WithoutLock free;
    s = f();
    if (s < 0) error = libinfer::last_error(s);
  }
  if (s < 0) raise(error);
  return s;
}

inline void check_signals() {
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

constexpr int32_t kSlice = 50;  // ms after which a wait looks for Ctrl-C

// f(timeout_ms) until it says something else than INFER_PENDING or the time is over. Ctrl-C ends it.
// seconds: None is forever.
template <class F>
infer_status wait(const py::object& seconds, F&& f) {
  using Clock = std::chrono::steady_clock;
  const bool forever = seconds.is_none();
  const double wanted = forever ? 0 : std::clamp(seconds.cast<double>(), 0.0, 1e9);
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(wanted));
  for (;;) {
    int32_t slice = kSlice;
    if (!forever) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
      slice = static_cast<int32_t>(std::clamp<int64_t>(left, 0, kSlice));
    }
    const infer_status s = call([&] { return f(slice); });
    if (s != INFER_PENDING) return s;
    check_signals();
    if (!forever && Clock::now() >= end) return s;
  }
}

// The status of a call that blocks without a timeout, made on a thread of its own. Ctrl-C calls cancel() and waits for
// the call to come back.
template <class F, class Cancel>
infer_status call_interruptibly(F&& f, Cancel&& cancel) {
  libinfer::Error error;
  auto done = std::async(std::launch::async, [&] {
    const infer_status s = f();
    if (s < 0) error = libinfer::last_error(s);
    return s;
  });
  for (bool ready = false; !ready;) {
    {
      WithoutLock free;
      ready = done.wait_for(std::chrono::milliseconds(kSlice)) == std::future_status::ready;
    }
    if (!ready && PyErr_CheckSignals() != 0) {
      cancel();
      WithoutLock free;
      done.wait();
      break;
    }
  }
  if (PyErr_Occurred()) throw py::error_already_set();
  const infer_status s = done.get();
  if (s < 0) raise(error);
  return s;
}

}  // namespace libinfer_python
