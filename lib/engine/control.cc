// An engine from outside while it runs: stopping and going on, emptying it, giving memory back. All of it happens
// between two steps, on the engine's thread.
#include "engine/engine.h"

namespace infer::engine {

Status Engine::wait(Call& c) {
  std::unique_lock lock(mutex_);
  if (stopping_) return cancelled_;
  TRY(start_thread());
  *calls_end_ = &c;
  calls_end_ = &c.next;
  work_.notify_one();
  answered_.wait(lock, [&] { return c.done; });
  return c.result;
}

// Those that came before this look; a call may make no further call.
void Engine::answer_calls(bool refuse) noexcept {
  for (;;) {
    Call* c = nullptr;
    {
      std::lock_guard lock(mutex_);
      if (!calls_) return;
      c = calls_;
      calls_ = c->next;
      if (!calls_) calls_end_ = &calls_;
    }
    try {
      c->result = refuse ? cancelled_ : c->run(c->f);
    } catch (...) {
      c->result = Status::out_of_memory();
    }
    note_levels();  // before the caller knows: it may look at once
    std::lock_guard lock(mutex_);
    c->done = true;
    answered_.notify_all();
  }
}

bool Engine::paused() {
  std::lock_guard lock(mutex_);
  return paused_;
}

Status Engine::pause() {
  return call([&]() -> Status {
    std::lock_guard lock(mutex_);
    paused_ = true;
    return {};
  });
}

void Engine::resume() noexcept {
  std::lock_guard lock(mutex_);
  paused_ = draining_ = false;
  work_.notify_one();
}

infer_status Engine::drain(int32_t timeout_ms) {
  std::unique_lock lock(mutex_);
  draining_ = true;
  paused_ = false;
  work_.notify_one();
  const auto empty = [&] { return n_open_ == 0; };
  if (timeout_ms < 0) {
    emptied_.wait(lock, empty);
  } else if (!emptied_.wait_for(lock, std::chrono::milliseconds(timeout_ms), empty)) {
    return INFER_PENDING;
  }
  return INFER_OK;
}

Result<int64_t> Engine::trim() {
  int64_t freed = 0;
  TRY(call([&]() -> Status {
    sweep();  // also while it is paused
    TRY_SET(freed, parts_.executor->discard_pages(scheduler_.forget_idle()));
    if (parts_.draft) {
      TRY_SET(const int64_t more, parts_.draft->trim());
      freed += more;
    }
    return {};
  }));
  return freed;
}

}  // namespace infer::engine
