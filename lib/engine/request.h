// One generation: what was asked (Task), how far the engine is with it (Sequence, engine's thread), and the mailbox
// from which the caller pulls (any thread).
//
// The engine writes pieces into the mailbox and ends it exactly once. A cancelled request answers its caller at once;
// the engine drops it at its next step.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/names.h"
#include "base/status.h"
#include "engine/adapters.h"
#include "engine/constrained.h"
#include "engine/lookup.h"
#include "engine/policy.h"
#include "engine/stream.h"
#include "sampling/sampler.h"

namespace infer::engine {

// How the hidden rows of a prompt become one vector: their mean, the first, the last.
enum class Pooling { kNone, kMean, kCls, kLast };

// What a caller asks for. Checked by Engine::submit.
struct Task {
  std::vector<int32_t> prompt;
  int64_t max_tokens = INT32_MAX, min_tokens = 0;  // of the answer
  sampling::SamplerOptions sampling;
  std::vector<std::string> stops;  // text that ends the answer
  std::vector<int32_t> stop_ids;   // ids that end it, beside the tokenizer's end tokens
  bool ignore_end = false;         // the tokenizer's end tokens do not end it
  bool special = false;            // control tokens are written as their text

  int32_t priority = 0;     // higher is sooner
  int64_t deadline_ms = 0;  // from submit: then it is cancelled, and those with an early one go first; 0: none
  Name client;              // clients get equal shares
  bool reuse = true;        // takes from the prefix cache what it has, and leaves there what was computed
  Name domain;              // whose prefixes it may see and who may see its own
  Name adapter;             // null: the model as it is
  int32_t lookup = 0;       // most tokens guessed for a step from what came before; 0: none

  int32_t draft = 0;  // most tokens guessed for a step by the draft model; 0: none

  std::shared_ptr<text::Constraint> constraint;  // what the answer must be; null: anything

  int32_t score_from = 0;  // no answer: log-probabilities of the prompt's tokens from this one on; 0: an answer

  Pooling embed = Pooling::kNone;  // no answer: the prompt as a vector
  bool normalize = true;           // to length 1

  // Not a generation but the prompt's own logits, rows first_score .. n-1, to `scores`: [n - first_score, n_vocab],
  // caller's.
  float* scores = nullptr;
  int32_t first_score = 0;

  bool answers() const { return score_from == 0 && embed == Pooling::kNone && !scores; }
};

// What a draft model has of a sequence (draft_model.h).
struct Drafted {
  std::vector<int32_t> pages;    // its own
  std::vector<int32_t> guesses;  // of what follows the first `behind` tokens
  int32_t behind = 0;
  int32_t n_cached = 0;  // positions, of tokens and then guesses, whose KV is written
  int32_t unread() const { return behind + static_cast<int32_t>(guesses.size()) - n_cached; }
};

// What the scheduler moves: tokens, and how many of them are in the cache. Only the engine's thread touches it.
struct Sequence {
  std::vector<int32_t>
      tokens;             // prompt, then what was chosen; of a scored prompt all but the last; of a kCls the first
  int32_t n_cached = 0;   // positions whose KV is written: 0 .. n_cached - 1
  int32_t most = 0;       // positions it may ever have
  int32_t first_row = 0;  // logits are wanted from this position on
  bool decodes() const { return static_cast<int32_t>(tokens.size()) - n_cached == 1; }  // all but the last is cached
  Lookup lookup;
  std::vector<int32_t> draft;  // guesses in this step, behind the last token
  bool looked_up = false;      // these come from the lookup
  Drafted drafted;
  std::vector<double> pooled;  // [n_embd] of a vector: sum so far
  std::vector<int32_t> pages;  // page of positions i * page_size ..

  Adapters::Use adapter;
  Name domain_name;  // of its prefixes

  // In the queue.
  uint64_t arrival = 0;  // number
  int64_t arrived = 0;   // nanoseconds, as is
  int64_t deadline = INT64_MAX;
  int64_t last_token = 0;   // nanoseconds; 0: none yet
  int32_t client = -1;      // number
  int32_t n_preempted = 0;  // times
  Rank rank;                // while it runs: as it was admitted

  // Put aside while it waits (swap.h): what its first n_swapped positions are, page by page.
  std::vector<int32_t> slots;
  int32_t n_swapped = 0;

  // In the cache.
  int32_t promised = 0;    // pages that it may still take
  int32_t domain = -1;     // number; below 0: not in the prefix tree
  int32_t n_kept = 0;      // first pages that are in the tree
  int32_t n_reused = 0;    // positions that it did not compute itself
  int32_t copy_from = -1;  // page whose first positions are to be copied before the next part runs; held
};

// What came since the caller last looked.
struct Piece {
  std::string text;
  std::vector<int32_t> tokens;
  std::vector<float> logprobs;         // [tokens], when asked for
  std::vector<sampling::LogProb> top;  // [tokens, n_top], when asked for
  std::vector<float> embedding;        // [n_embd], with the end, when asked for
  int32_t n_top = 0;
  infer_finish finish = INFER_FINISH_NONE;
  bool empty() const { return tokens.empty() && text.empty() && finish == INFER_FINISH_NONE; }
  void clear();
};

struct Usage {
  int64_t prompt_tokens = 0, cached_tokens = 0, generated_tokens = 0;
  double queue_ms = 0, first_token_ms = 0, total_ms = 0;  // from submit
  infer_finish finish = INFER_FINISH_NONE;
  infer_state state = INFER_STATE_QUEUED;
  int32_t preempted = 0;  // times
};

class Request {
 public:
  using Clock = std::chrono::steady_clock;
  // The engine's time.
  static int64_t nanoseconds(Clock::time_point t) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count();
  }
  static int64_t now() { return nanoseconds(Clock::now()); }
  // tokenizer null: the model has none, pieces have no text.
  // end_ids: the tokenizer's end tokens. context: most positions of a sequence.
  Request(Task task, std::shared_ptr<const text::Tokenizer> tokenizer, std::span<const int32_t> end_ids,
          int32_t context);

  // ---- the caller's side, any thread
  // OK: `piece` is set, until the next call. DONE, PENDING, or the failure with `why` set.
  infer_status next(int32_t timeout_ms, const Piece*& piece, Status& why);
  bool ready() const;  // next() would not wait
  void cancel() noexcept;
  Clock::time_point submitted() const { return submitted_; }
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }
  Usage usage() const;
  std::vector<int32_t> tokens() const;  // of the prompt, and of the answer so far
  Status wait_end();                    // until the engine has let go of it, cancelled or not
  // How it ended; nothing: it has not when the time has passed. timeout_ms < 0: forever.
  std::optional<Status> outcome(int32_t timeout_ms);

  // ---- the engine's side, its thread
  const Task& task() const { return task_; }
  Sequence& sequence() { return sequence_; }
  const Sequence& sequence() const { return sequence_; }
  int64_t generated() const { return static_cast<int64_t>(sequence_.tokens.size() - task_.prompt.size()); }
  void admitted() noexcept { state_.store(INFER_STATE_RUNNING, std::memory_order_relaxed); }
  void preempted() noexcept {
    state_.store(INFER_STATE_PREEMPTED, std::memory_order_relaxed);
    n_preempted_.fetch_add(1, std::memory_order_relaxed);
  }
  void started();                      // its first part is about to run
  int64_t reused(int64_t n) noexcept;  // positions of the prompt taken from the prefix cache: how many more than before
  // One chosen token into sequence and mailbox. True: that was the last one, the request has ended.
  // complete: by its constraint.
  bool push(const sampling::Choice& choice, bool complete = false);
  Constrained& constrained() { return constrained_; }
  void push_score(const sampling::Choice& choice);  // of a token of the prompt
  void end(std::vector<float> embedding);
  bool ends_at(int32_t token) const;        // would it end the answer?
  std::span<const int32_t> banned() const;  // ids that may not come now
  void end(infer_finish finish);            // without a further token
  void fail(const Status& why) noexcept;
  bool ended() const;

 private:
  infer_finish finish_of(int32_t token) const;
  bool has_something() const { return cancelled() || ended_ || !coming_.empty(); }
  template <class Condition>
  bool wait(std::unique_lock<std::mutex>& lock, int32_t timeout_ms, const Condition& condition);
  void tell() noexcept;
  void add(const sampling::Choice& choice);
  const Task task_;
  const Clock::time_point submitted_ = Clock::now();
  Sequence sequence_;
  std::optional<Stream> stream_;
  Constrained constrained_;    // the engine's
  std::vector<int32_t> ends_;  // ids that end the answer, sorted
  std::atomic<bool> cancelled_{false};
  std::atomic<infer_state> state_{INFER_STATE_QUEUED};  // while it has not ended
  std::atomic<int32_t> n_preempted_{0};

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  Piece coming_, given_;  // the engine fills one, the caller reads the other
  Status failure_;
  bool ended_ = false;
  infer_finish finish_ = INFER_FINISH_NONE;
  int64_t n_generated_ = 0, n_reused_ = 0;
  Clock::time_point started_, first_token_, ended_at_;  // the epoch: not yet
};

}  // namespace infer::engine
