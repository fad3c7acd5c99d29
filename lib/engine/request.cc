#include "engine/request.h"

#include <algorithm>
#include <utility>

#include "engine/bell.h"

namespace infer::engine {
namespace {
constexpr Request::Clock::time_point kNotYet{};

template <class T>
void make_room(std::vector<T>& v, size_t n) {
  if (v.capacity() - v.size() < n) v.reserve(v.size() + std::max(n, v.size()));
}

Status was_cancelled() { return Status(INFER_E_CANCELLED, "the request was cancelled"); }

}  // namespace

void Piece::clear() {
  text.clear();
  tokens.clear();
  logprobs.clear();
  top.clear();
  embedding.clear();
  finish = INFER_FINISH_NONE;
}

Request::Request(Task task, std::shared_ptr<const text::Tokenizer> tokenizer, std::span<const int32_t> end_ids,
                 int32_t context)
    : task_(std::move(task)), constrained_(task_.constraint, tokenizer), ends_(task_.stop_ids) {
  const auto n_prompt = static_cast<int32_t>(task_.prompt.size());
  sequence_.tokens = task_.prompt;
  sequence_.domain_name = task_.domain;
  if (task_.scores) {
    sequence_.most = n_prompt;
    sequence_.first_row = task_.first_score;
    return;
  }
  if (task_.embed != Pooling::kNone) {
    if (task_.embed == Pooling::kCls) sequence_.tokens.resize(1);  // nothing that comes later changes it
    sequence_.most = static_cast<int32_t>(sequence_.tokens.size());
    sequence_.first_row = task_.embed == Pooling::kLast ? n_prompt - 1 : 0;
    return;
  }
  if (task_.score_from > 0) {
    sequence_.tokens.pop_back();
    sequence_.most = n_prompt - 1;
    sequence_.first_row = task_.score_from - 1;
  } else {
    sequence_.most = static_cast<int32_t>(std::min<int64_t>(context, n_prompt + task_.max_tokens));
    sequence_.first_row = n_prompt - 1;
    sequence_.lookup = Lookup(task_.lookup);
    sequence_.draft.reserve(static_cast<size_t>(std::max(task_.lookup, task_.draft)));
    sequence_.drafted.guesses.reserve(static_cast<size_t>(task_.draft));
  }
  sequence_.tokens.reserve(static_cast<size_t>(sequence_.most));
  if (tokenizer) stream_.emplace(std::move(tokenizer), task_.stops, task_.special);
  if (!task_.ignore_end) ends_.insert(ends_.end(), end_ids.begin(), end_ids.end());
  std::sort(ends_.begin(), ends_.end());
  const int32_t n_top = std::max(0, task_.sampling.n_logprobs);
  for (Piece* p : {&coming_, &given_}) {  // what usually gathers between two looks fits without growing
    p->n_top = n_top;
    p->text.reserve(256);
    p->tokens.reserve(32);
    if (task_.sampling.n_logprobs >= 0) p->logprobs.reserve(32);
    p->top.reserve(32 * static_cast<size_t>(n_top));
  }
}

// False: the time has passed.
template <class Condition>
bool Request::wait(std::unique_lock<std::mutex>& lock, int32_t timeout_ms, const Condition& condition) {
  if (timeout_ms >= 0) return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), condition);
  changed_.wait(lock, condition);
  return true;
}

infer_status Request::next(int32_t timeout_ms, const Piece*& piece, Status& why) {
  std::unique_lock lock(mutex_);
  if (!wait(lock, timeout_ms, [&] { return has_something(); })) return INFER_PENDING;
  if (cancelled() && finish_ == INFER_FINISH_NONE) {
    why = was_cancelled();
    return why.code();
  }
  if (!coming_.empty()) {
    std::swap(coming_, given_);
    coming_.clear();
    piece = &given_;
    return INFER_OK;
  }
  if (failure_.ok()) return INFER_DONE;
  why = failure_;
  return why.code();
}

bool Request::ready() const {
  std::lock_guard lock(mutex_);
  return has_something();
}

// Under the lock, so that a waiter is either before its test or in its wait.
void Request::tell() noexcept {
  changed_.notify_all();
  Bell::one().ring();
}

void Request::cancel() noexcept {
  std::lock_guard lock(mutex_);
  cancelled_.store(true, std::memory_order_relaxed);
  tell();
}

Status Request::wait_end() {
  std::unique_lock lock(mutex_);
  wait(lock, -1, [&] { return ended_; });
  return failure_;
}

std::optional<Status> Request::outcome(int32_t timeout_ms) {
  std::unique_lock lock(mutex_);
  if (!wait(lock, timeout_ms, [&] { return ended_ || cancelled(); })) return std::nullopt;
  return cancelled() && finish_ == INFER_FINISH_NONE ? was_cancelled() : failure_;
}

Usage Request::usage() const {
  const auto now = Clock::now();
  std::lock_guard lock(mutex_);
  const auto since = [&](Clock::time_point t) {
    return t == kNotYet ? 0.0 : std::chrono::duration<double, std::milli>(t - submitted_).count();
  };
  Usage u;
  u.prompt_tokens = static_cast<int64_t>(task_.prompt.size());
  u.cached_tokens = n_reused_;
  u.generated_tokens = n_generated_;
  u.queue_ms = since(started_);
  u.first_token_ms = since(first_token_);
  u.total_ms = since(ended_ ? ended_at_ : now);
  u.finish = finish_ != INFER_FINISH_NONE || !cancelled() ? finish_ : INFER_FINISH_CANCELLED;
  u.state = u.finish == INFER_FINISH_NONE        ? state_.load(std::memory_order_relaxed)
            : u.finish == INFER_FINISH_CANCELLED ? INFER_STATE_CANCELLED
            : u.finish == INFER_FINISH_ERROR     ? INFER_STATE_FAILED
                                                 : INFER_STATE_DONE;
  u.preempted = n_preempted_.load(std::memory_order_relaxed);
  return u;
}

void Request::started() {
  std::lock_guard lock(mutex_);
  if (started_ == kNotYet) started_ = Clock::now();
}

int64_t Request::reused(int64_t n) noexcept {
  std::lock_guard lock(mutex_);
  return n - std::exchange(n_reused_, n);
}

bool Request::ended() const {
  std::lock_guard lock(mutex_);
  return ended_;
}

std::span<const int32_t> Request::banned() const {
  return generated() < task_.min_tokens ? std::span<const int32_t>(ends_) : std::span<const int32_t>();
}

// What this token, already in the sequence, means for the answer. Stop strings are the stream's business.
bool Request::ends_at(int32_t token) const { return std::binary_search(ends_.begin(), ends_.end(), token); }

infer_finish Request::finish_of(int32_t token) const {
  if (ends_at(token)) return INFER_FINISH_STOP;
  const bool full = generated() >= task_.max_tokens || static_cast<int32_t>(sequence_.tokens.size()) >= sequence_.most;
  return full ? INFER_FINISH_LENGTH : INFER_FINISH_NONE;
}

bool Request::push(const sampling::Choice& choice, bool complete) {
  std::lock_guard lock(mutex_);
  sequence_.tokens.push_back(choice.token);
  add(choice);
  ++n_generated_;
  infer_finish finish = complete ? INFER_FINISH_STOP : finish_of(choice.token);
  if (stream_) {
    const bool look = generated() >= task_.min_tokens;
    if (stream_->feed(choice.token, look, coming_.text)) {
      finish = INFER_FINISH_STOP;
    } else if (finish != INFER_FINISH_NONE) {
      stream_->finish(coming_.text);
    }
  }
  coming_.finish = finish_ = finish;
  ended_ = finish != INFER_FINISH_NONE;
  if (ended_) ended_at_ = Clock::now();
  tell();
  return ended_;
}

// Room first: when memory runs out, the caller must not find a token without its log-probability.
void Request::add(const sampling::Choice& choice) {
  make_room(coming_.logprobs, 1);
  make_room(coming_.top, choice.top.size());
  make_room(coming_.tokens, 1);
  if (first_token_ == kNotYet) first_token_ = Clock::now();
  coming_.tokens.push_back(choice.token);
  if (task_.sampling.n_logprobs < 0) return;
  coming_.logprobs.push_back(choice.logprob);
  coming_.top.insert(coming_.top.end(), choice.top.begin(), choice.top.end());
}

void Request::push_score(const sampling::Choice& choice) {
  std::lock_guard lock(mutex_);
  add(choice);
  tell();
}

std::vector<int32_t> Request::tokens() const {
  std::lock_guard lock(mutex_);
  return task_.answers() ? sequence_.tokens : task_.prompt;
}

void Request::end(infer_finish finish) {
  std::lock_guard lock(mutex_);
  if (ended_) return;
  coming_.finish = finish_ = finish;
  ended_ = true;
  ended_at_ = Clock::now();
  tell();
}

void Request::end(std::vector<float> embedding) {
  {
    std::lock_guard lock(mutex_);
    if (ended_) return;
    coming_.embedding = std::move(embedding);
    first_token_ = Clock::now();
  }
  end(INFER_FINISH_LENGTH);
}

void Request::fail(const Status& why) noexcept {
  std::lock_guard lock(mutex_);
  if (ended_) return;
  failure_ = why;  // counts a reference, allocates nothing
  finish_ = why.code() == INFER_E_CANCELLED ? INFER_FINISH_CANCELLED : INFER_FINISH_ERROR;
  ended_ = true;
  ended_at_ = Clock::now();
  tell();
}

}  // namespace infer::engine
