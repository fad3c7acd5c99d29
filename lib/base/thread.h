// A thread whose start can be refused and whose end is waited for.
//
// Not std::thread: that one throws where the system gives no thread, and calls std::terminate when it is destroyed
// while it runs; a library that people embed does neither.
#pragma once
#include <functional>
#include <memory>

#include "base/status.h"

namespace infer {

class Thread {
 public:
  // body should not throw; what it throws all the same ends the thread and nothing else. E_NO_MEMORY: the system gave
  // no thread. stack_bytes: at least so many; 0: as the system gives.
  static Result<Thread> start(std::function<void()> body, size_t stack_bytes = 0);
  Thread();  // none
  Thread(Thread&&) noexcept;
  Thread& operator=(Thread&&) noexcept;  // waits for the thread it had
  ~Thread();                             // waits for its end; must not run on the thread itself
  bool started() const { return state_ != nullptr; }
  void join();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The calling thread takes only what processor time others leave, as far as the system knows how.
void lower_priority();

}  // namespace infer
