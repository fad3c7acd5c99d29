// What a Python object holds of libinfer: a counted handle that may be let go of in any order, from any thread, and
// that knows when the process is a forked child of the one that made it.
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "call.h"

namespace libinfer_python {

int forks();  // how many times this process is a child

// What must live as long as anything made from a runtime: the hooks' state, memory that a model borrows.
using Keep = std::shared_ptr<void>;

inline void release(infer_runtime* p) { infer_runtime_release(p); }
inline void release(infer_model* p) { infer_model_release(p); }
inline void release(infer_engine* p) { infer_engine_release(p); }
inline void release(infer_request* p) { infer_request_release(p); }
inline void release(infer_prompt* p) { infer_prompt_release(p); }

template <class T>
class Handle {
 public:
  Handle(T* raw, const char* what, Keep keep) : what_(what), keep_(std::move(keep)), made_after_(forks()) {
    const int made_after = made_after_;
    // In a child the threads that a release would wait for are gone: it lets the memory be.
    handle_ = std::shared_ptr<T>(raw, [keep = keep_, made_after](T* p) mutable {
      if (forks() != made_after) {
        new Keep(std::move(keep));
      } else if (PyGILState_Check()) {
        WithoutLock free;
        release(p);
      } else {
        release(p);
      }
    });
  }
  // The handle, which the caller's copy keeps while it uses it.
  std::shared_ptr<T> get() const {
    check_process();
    if (!handle_) raise(INFER_E_INVALID, std::string("this ") + what_ + " is closed", "make a new one");
    return handle_;
  }
  bool of_parent() const { return forks() != made_after_; }
  void check_process() const {
    if (of_parent())
      raise(
          INFER_E_INVALID,
          std::string("this ") + what_ +
              " was made before the process was forked: threads of the parent do not exist in the child",
          "forked child: open the model after the fork, in the child (multiprocessing: method 'spawn', or open in the "
          "worker; gunicorn: without preload, or in post_fork)");
  }
  bool closed() const { return !handle_; }
  void close() { handle_.reset(); }
  const Keep& keep() const { return keep_; }

 private:
  const char* what_;
  Keep keep_;
  int made_after_;
  std::shared_ptr<T> handle_;
};

}  // namespace libinfer_python
