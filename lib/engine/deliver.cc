// What a step computed, to whoever asked for it: rows of logits become tokens, scores or whole logits, hidden rows
// become vectors.
#include <algorithm>
#include <cmath>

#include "engine/engine.h"

namespace infer::engine {

void Engine::deliver(const Plan& plan) {
  const float *row = logits_.get(), *hidden = hidden_.get();
  for (const Part& p : plan) {
    const size_t n = static_cast<size_t>(p.n_rows) * static_cast<size_t>(parts_.n_vocab);
    const size_t n_hidden = static_cast<size_t>(p.n_rows) * static_cast<size_t>(parts_.n_embd);
    const int32_t sure = p.count - p.n_draft;
    count(sure > 1 || p.begins ? kPrefillTokens : kDecodeTokens, sure);
    count(kDraftTokens, p.n_draft);
    // What it finds after a preemption is its own.
    const Sequence& s = p.request->sequence();
    if (s.n_preempted == 0) count(kCachedTokens, p.request->reused(s.n_reused));
    try {
      deliver_rows(p, {row, n}, {hidden, n_hidden});
    } catch (...) {  // no memory for this request's token: only this request is lost
      p.request->fail(Status::out_of_memory());
    }
    row += n;
    hidden += n_hidden;
  }
  count(kSteps, 1);
  count(kRows, step_.n_rows());
  if (step_.n_rows() > 0 && parts_.wake) parts_.wake();
}

void Engine::deliver_rows(const Part& part, std::span<const float> rows, std::span<const float> hidden) {
  Request& r = *part.request;
  const Task& task = r.task();
  if (task.scores) {
    const int32_t first = part.first + part.count - part.n_rows - task.first_score;
    std::copy(rows.begin(), rows.end(), task.scores + static_cast<int64_t>(first) * parts_.n_vocab);
    if (part.first + part.count == static_cast<int32_t>(task.prompt.size())) r.end(INFER_FINISH_LENGTH);
    return;
  }
  if (task.embed != Pooling::kNone) return deliver_hidden(part, hidden);
  if (task.score_from > 0) return deliver_scores(part, rows);
  if (part.n_rows == 0) return;
  // The row behind a guess counts when the guess is what was chosen. So each token is chosen from the logits that it
  // would be chosen from without guesses, by the same draw.
  const auto n_vocab = static_cast<size_t>(parts_.n_vocab);
  int32_t right = 0;
  while (!r.cancelled() && deliver_row(r, rows.subspan(static_cast<size_t>(right) * n_vocab, n_vocab)) &&
         right < part.n_draft && choice_.token == r.sequence().draft[static_cast<size_t>(right)]) {
    right++;
    if (static_cast<int32_t>(r.sequence().tokens.size()) > part.first + part.count - part.n_draft + right) break;
  }
  count(kAcceptedTokens, right);
  scheduler_.accept(part, right);
}

// Summed up row by row, in double precision: the same bits in any chunking.
void Engine::deliver_hidden(const Part& part, std::span<const float> hidden) {
  Request& r = *part.request;
  Sequence& s = r.sequence();
  for (size_t i = 0; i < hidden.size(); ++i) s.pooled[i % s.pooled.size()] += hidden[i];
  if (part.first + part.count < static_cast<int32_t>(s.tokens.size())) return;
  double scale = r.task().embed == Pooling::kMean ? 1 / static_cast<double>(s.tokens.size()) : 1, sum = 0;
  for (const double v : s.pooled) sum += v * scale * (v * scale);
  if (!std::isfinite(sum)) return r.fail(not_a_number_);
  if (r.task().normalize && sum > 0) scale /= std::sqrt(sum);
  std::vector<float> vector;
  vector.reserve(s.pooled.size());
  for (const double v : s.pooled) vector.push_back(static_cast<float>(v * scale));
  r.end(std::move(vector));
}

void Engine::deliver_scores(const Part& part, std::span<const float> rows) {
  Request& r = *part.request;
  const std::vector<int32_t>& prompt = r.task().prompt;
  const auto n_vocab = static_cast<size_t>(parts_.n_vocab);
  auto position = static_cast<size_t>(part.first + part.count - part.n_rows);
  for (; !rows.empty(); rows = rows.subspan(n_vocab)) {
    sampler_.score(r.task().sampling, rows.first(n_vocab), prompt[++position], choice_);
    r.push_score(choice_);
  }
  if (static_cast<size_t>(part.first + part.count) + 1 == prompt.size()) r.end(INFER_FINISH_LENGTH);
}

// One row to one token. False: it was the request's last.
bool Engine::deliver_row(Request& r, std::span<const float> row) {
  const auto index = static_cast<uint64_t>(r.generated());
  Constrained& constrained = r.constrained();
  std::span<const uint32_t> mask;
  if (constrained) {
    mask_.resize((static_cast<size_t>(parts_.n_vocab) + 31) / 32);
    if (!constrained.mask(mask_)) return r.fail(dead_end_), false;
    mask = mask_;
  }
  sampler_.choose(r.task().sampling, row, {r.sequence().tokens, r.banned(), mask, index}, choice_);
  if (choice_.token < 0) {
    const bool numbers = std::any_of(row.begin(), row.end(), [](float v) { return std::isfinite(v); });
    r.fail(numbers ? no_token_ : not_a_number_);
    return false;
  }
  if (constrained && !r.ends_at(choice_.token)) {
    if (!constrained.accept(choice_.token)) return r.fail(dead_end_), false;
  }
  bool last = r.push(choice_, constrained && constrained.complete());
  const int64_t time = Request::now();
  int64_t& before = r.sequence().last_token;
  if (before > 0) metrics_.between_tokens.add(static_cast<double>(time - before) * 1e-9);
  before = time;
  if (constrained && !last && r.task().sampling.n_logprobs < 0) last = push_forced(r);
  return !last;
}

// What must follow needs no row of logits: these tokens are computed together with the next row that is wanted. True:
// the request has ended.
bool Engine::push_forced(Request& r) {
  Constrained& constrained = r.constrained();
  constrained.forced(forced_);
  Sequence& s = r.sequence();
  for (size_t i = 0; i < forced_.size(); ++i) {
    sampling::Choice known;
    known.token = forced_[i];
    count(kForcedTokens, 1);
    if (r.push(known, i + 1 == forced_.size() && constrained.complete())) return true;
  }
  s.first_row = std::max(s.first_row, static_cast<int32_t>(s.tokens.size()) - 1);
  return false;
}

}  // namespace infer::engine
