#include "api/samples.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "engine/bell.h"

namespace infer::api {

Result<std::shared_ptr<Samples>> Samples::submit(engine::Engine& engine, const engine::Task& task, int32_t wanted,
                                                 int32_t often) {
  auto made = std::make_shared<Samples>();
  made->wanted_ = static_cast<size_t>(wanted);
  made->all_.reserve(static_cast<size_t>(often));
  for (int32_t i = 0; i < often; ++i) {
    engine::Task own = task;
    own.sampling.seed += static_cast<uint64_t>(i);
    if (often > wanted) own.sampling.n_logprobs = std::max(0, own.sampling.n_logprobs);
    auto request = engine.submit(std::move(own));
    if (!request.ok()) {
      made->cancel();
      return request.status();
    }
    made->all_.push_back({request.take(), {}, false});
  }
  return made;
}

// One whose next() would not wait, beginning with turn_; all_.size(): there is none.
size_t Samples::next_ready() const {
  for (size_t i = 0; i < all_.size(); ++i) {
    const Sample& s = all_[(turn_ + i) % all_.size()];
    if (!s.given && s.request->ready()) return (turn_ + i) % all_.size();
  }
  return all_.size();
}

infer_status Samples::next(int32_t timeout_ms, const engine::Piece*& piece, int32_t& sample, Status& why) {
  sample = 0;
  if (all_.size() == 1) return all_[0].request->next(timeout_ms, piece, why);
  if (!failed_.ok()) return why = failed_, failed_.code();
  if (wanted_ < all_.size()) {
    if (const infer_status s = gather(timeout_ms, why); s != INFER_OK) return s;
    if (turn_ == wanted_) return INFER_DONE;
    sample = static_cast<int32_t>(turn_);
    piece = &all_[order_[turn_++]].whole;
    return INFER_OK;
  }
  if (std::ranges::all_of(all_, [](const Sample& s) { return s.given; })) return INFER_DONE;
  const auto something = [&] { return next_ready() < all_.size(); };
  if (!engine::Bell::one().wait(timeout_ms, something)) return INFER_PENDING;
  const size_t i = next_ready();
  const infer_status s = all_[i].request->next(0, piece, why);
  if (s < 0) return fail(why);
  if (s != INFER_OK) return s;
  sample = static_cast<int32_t>(i);
  all_[i].given = piece->finish != INFER_FINISH_NONE;
  turn_ = i + 1;
  return INFER_OK;
}

infer_status Samples::fail(const Status& why) noexcept {
  failed_ = why;
  cancel();
  return why.code();
}

// All that all of them say, until they have ended.
infer_status Samples::gather(int32_t timeout_ms, Status& why) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds(std::max(0, timeout_ms));
  while (order_.empty()) {
    for (size_t i; (i = next_ready()) < all_.size();) {
      Sample& one = all_[i];
      const engine::Piece* piece = nullptr;
      const infer_status s = one.request->next(0, piece, why);
      if (s < 0) return fail(why);
      one.whole.text += piece->text;
      one.whole.tokens.insert(one.whole.tokens.end(), piece->tokens.begin(), piece->tokens.end());
      one.whole.logprobs.insert(one.whole.logprobs.end(), piece->logprobs.begin(), piece->logprobs.end());
      one.whole.top.insert(one.whole.top.end(), piece->top.begin(), piece->top.end());
      one.whole.n_top = piece->n_top;
      one.whole.finish = piece->finish;
      one.given = piece->finish != INFER_FINISH_NONE;
    }
    if (std::ranges::all_of(all_, [](const Sample& s) { return s.given; })) return pick(), INFER_OK;
    int32_t left = timeout_ms;
    if (timeout_ms >= 0) {
      const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
      left = static_cast<int32_t>(std::max<int64_t>(0, rest));
    }
    if (!engine::Bell::one().wait(left, [&] { return next_ready() < all_.size(); })) return INFER_PENDING;
  }
  return INFER_OK;
}

void Samples::pick() {
  const auto mean = [](const Sample& s) {
    const std::vector<float>& l = s.whole.logprobs;
    return l.empty() ? 0.0 : std::accumulate(l.begin(), l.end(), 0.0) / static_cast<double>(l.size());
  };
  turn_ = 0;
  order_.resize(all_.size());
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::ranges::stable_sort(order_, [&](size_t a, size_t b) { return mean(all_[a]) > mean(all_[b]); });
}

bool Samples::ready() const {
  if (!order_.empty() || std::ranges::all_of(all_, [](const Sample& s) { return s.given; })) return true;
  if (wanted_ == all_.size()) return next_ready() < all_.size();
  return std::ranges::all_of(all_,
                             [](const Sample& s) { return s.given || s.request->ended() || s.request->cancelled(); });
}

void Samples::cancel() noexcept {
  for (const Sample& s : all_) s.request->cancel();
}

engine::Usage Samples::usage() const {
  engine::Usage sum = all_[0].request->usage();
  for (size_t i = 1; i < all_.size(); ++i) {
    const engine::Usage u = all_[i].request->usage();
    sum.cached_tokens = std::min(sum.cached_tokens, u.cached_tokens);
    sum.generated_tokens += u.generated_tokens;
    if (u.first_token_ms > 0)
      sum.first_token_ms = sum.first_token_ms > 0 ? std::min(sum.first_token_ms, u.first_token_ms) : u.first_token_ms;
    sum.total_ms = std::max(sum.total_ms, u.total_ms);
    const bool ended = std::min(sum.state, u.state) >= INFER_STATE_DONE;
    sum.state = ended ? std::max(sum.state, u.state) : std::min(sum.state, u.state);
    sum.preempted += u.preempted;
    // None while one runs; a failure before an ordinary end.
    sum.finish = sum.finish == INFER_FINISH_NONE || u.finish == INFER_FINISH_NONE ? INFER_FINISH_NONE
                                                                                  : std::max(sum.finish, u.finish);
  }
  return sum;
}

std::vector<int32_t> Samples::tokens(int32_t sample) const {
  return all_[static_cast<size_t>(sample)].request->tokens();
}

}  // namespace infer::api
