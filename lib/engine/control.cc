// An engine from outside while it runs: stopping and going on, emptying it, giving memory back. All of it happens
// between two steps, on the engine's thread.
#include <algorithm>

#include "engine/engine.h"

namespace infer::engine {

Status Engine::call(const std::function<Status()>& f) {
  Call c{&f, {}, false};
  std::unique_lock lock(mutex_);
  if (stopping_) return cancelled_;
  TRY(start_thread());
  calls_.push_back(&c);
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
      if (calls_.empty()) return;
      c = calls_.front();
      calls_.erase(calls_.begin());
    }
    try {
      c->result = refuse ? cancelled_ : (*c->f)();
    } catch (...) {
      c->result = Status::out_of_memory();
    }
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
    std::vector<int32_t> pages = scheduler_.forget_idle();
    std::sort(pages.begin(), pages.end());
    for (size_t begin = 0, end = 0; begin < pages.size(); begin = end) {
      for (end = begin + 1; end < pages.size() && pages[end] == pages[end - 1] + 1;) ++end;
      TRY_SET(const int64_t run, parts_.executor->discard_pages(pages[begin], static_cast<int32_t>(end - begin)));
      freed += run;
    }
    note_levels();
    return {};
  }));
  return freed;
}

}  // namespace infer::engine
