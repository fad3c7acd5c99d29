// POSIX threads; on Windows those of mingw-w64.
#include "base/thread.h"

#include <pthread.h>
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#elif defined(__linux__)
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <cfenv>

namespace infer {

struct Thread::State {
  pthread_t id;
  std::function<void()> body;
};

namespace {

// A thread inherits how numbers are rounded from its maker, who may flush small ones to zero: no answer may show that.
void* enter(void* body) {
  std::fesetenv(FE_DFL_ENV);
  try {
    (*static_cast<std::function<void()>*>(body))();
  } catch (...) {  // see start()
  }
  return nullptr;
}

}  // namespace

Result<Thread> Thread::start(std::function<void()> body, size_t stack_bytes) {
  Thread t;
  t.state_ = std::make_unique<State>();
  t.state_->body = std::move(body);
  pthread_attr_t attributes;
  int error = pthread_attr_init(&attributes);
  if (error == 0) {
    if (stack_bytes > 0) error = pthread_attr_setstacksize(&attributes, stack_bytes);
    if (error == 0) error = pthread_create(&t.state_->id, &attributes, &enter, &t.state_->body);
    pthread_attr_destroy(&attributes);
  }
  if (error != 0) {
    t.state_.reset();  // nothing to wait for
    return Status::no_memory(str("the system gave no further thread (error ", error, ")"),
                             "end other threads, or raise the limit");
  }
  return t;
}

Thread::Thread() = default;
Thread::Thread(Thread&&) noexcept = default;

Thread& Thread::operator=(Thread&& other) noexcept {
  join();
  state_ = std::move(other.state_);
  return *this;
}

Thread::~Thread() { join(); }

void Thread::join() {
  if (!state_) return;
  pthread_join(state_->id, nullptr);
  state_.reset();
}

void lower_priority() {
#if defined(_WIN32)
  SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_LOWEST);
#elif defined(__linux__)
  constexpr int kNice = 10;  // on Linux niceness is each thread's own
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), kNice);
#endif
}

}  // namespace infer
