// The page to read first. step() is the whole of it: plan, pack, run, commit, deliver. A step is a transaction: until
// commit() nothing has changed that rollback() does not undo, so a failed run costs only the requests that were in it.
#include "engine/engine.h"

#include <algorithm>
#include <new>

#include "base/unpredictable.h"

namespace infer::engine {

Status Engine::step() {
  const int64_t drafted = guess();  // nanoseconds; what the draft model says comes next
  if (stopped()) return {};
  const device::Executor::Streamed before = parts_.executor->streamed();
  // A step that reads weights takes as long as that in any case.
  const int64_t least = before.bytes > 0 ? before.read_ns / before.bytes * before.step_bytes : 0;
  const int64_t begin = Request::now(), budget = std::max<int64_t>({1, parts_.step_ms * 1000000 - drafted, least});
  const int32_t beside = parts_.step_ms > 0 ? pace_.tokens_within(budget, parts_.sizes.tokens) : parts_.sizes.tokens;
  const Plan& plan = scheduler_.plan(begin, beside);  // what runs now, and in which pages its KV goes
  for (const Part& p : plan)                          // prefixes that end inside a page
    if (p.copy_from >= 0) TRY(parts_.executor->copy_page(p.copy_from, p.copy_to));
  pack(plan);                                                 // as flat arrays: the Step
  if (parts_.source.file) TRY(parts_.source.file->intact());  // weights are read where they are mapped
  const int64_t planned = Request::now();
  const size_t n_logits = step_.rows.size() * static_cast<size_t>(parts_.n_vocab);
  // Vectors are wanted of few requests; the rows that they are made of are not read for others.
  const bool vectors = std::ranges::any_of(
      plan, [](const Part& p) { return p.request->task().embed != Pooling::kNone && p.n_rows > 0; });
  const size_t n_hidden = vectors ? step_.rows.size() * static_cast<size_t>(parts_.n_embd) : 0;
  // One pass through the model.
  TRY(parts_.executor->run(step_, {logits_.get(), n_logits}, {hidden_.get(), n_hidden}));
  const int64_t computed = Request::now();
  scheduler_.commit();  // only now do positions change
  deliver(plan);        // rows of logits -> tokens -> text -> mailboxes
  note_step(begin, planned, computed, parts_.executor->streamed().wait_ns - before.wait_ns);
  scheduler_.end_step();
  return {};
}

// What it took. A guess that fails costs nothing but that: who has none takes one token in this step.
int64_t Engine::guess() noexcept {
  if (!parts_.draft || draft_lost_) return 0;
  const int64_t begin = Request::now();
  for (const auto& r : live_)  // others may use what those had who wait
    if (r->sequence().pages.empty()) parts_.draft->let_go(r->sequence());
  scheduler_.decoding(decoding_);
  const auto n = static_cast<int32_t>(decoding_.size());
  std::erase_if(decoding_, [](const Request* r) { return r->task().draft == 0; });
  if (decoding_.empty()) return 0;
  Status status;
  try {
    status = parts_.draft->guess(decoding_, parts_.sizes.rows - n);
  } catch (...) {
    status = Status::out_of_memory();
  }
  if (!status.ok()) count(kDraftsFailed, 1);
  draft_lost_ = status.code() == INFER_E_DEVICE_LOST;
  const int64_t took = Request::now() - begin;
  count(kDraftNs, took);
  return took;
}

bool Engine::stopped() {
  std::lock_guard lock(mutex_);
  return stopping_;
}

void Engine::pack(const Plan& plan) {
  step_.clear();
  for (const Part& p : plan) {
    step_.table_cols = std::max(step_.table_cols, static_cast<int32_t>(p.request->sequence().pages.size()));
  }
  step_.q_start.push_back(0);
  for (const Part& p : plan) {
    const Sequence& s = p.request->sequence();
    if (p.begins) p.request->started();
    for (int32_t i = 0; i < p.count; ++i) {
      if (i >= p.count - p.n_rows) step_.rows.push_back(step_.n_tokens());
      const auto at = static_cast<size_t>(p.first + i);
      step_.tokens.push_back(at < s.tokens.size() ? s.tokens[at] : s.draft[at - s.tokens.size()]);
      step_.positions.push_back(p.first + i);
    }
    // The array begins with the first row that has an adapter; rows before it have none.
    if (s.adapter.slot() >= 0 || !step_.adapters.empty()) {
      step_.adapters.resize(static_cast<size_t>(step_.q_start.back()), -1);
      step_.adapters.resize(step_.tokens.size(), s.adapter.slot());
    }
    step_.q_start.push_back(step_.n_tokens());
    step_.kv_len.push_back(p.first + p.count);
    step_.block_table.insert(step_.block_table.end(), s.pages.begin(), s.pages.end());
    step_.block_table.resize(step_.kv_len.size() * static_cast<size_t>(step_.table_cols), 0);
  }
}

// ---- the thread
// ---------------------------------------------------------------------------------------------------------

void Engine::loop() noexcept {
  while (take_in()) {
    answer_calls(/*refuse=*/false);
    sweep();
    if (live_.empty() || paused()) continue;
    try {
      const Status status = step();
      if (!status.ok()) fail_step(status);
    } catch (const std::bad_alloc&) {
      fail_step(Status::out_of_memory());
    } catch (...) {
      fail_step(Status(INFER_E_INTERNAL, "the step failed for an unknown reason"));
    }
    sweep();
  }
  for (const auto& r : live_) r->cancel();
  sweep();
  answer_calls(/*refuse=*/true);
}

// Waits for something to do and takes over what was submitted. False: the engine stops.
bool Engine::take_in() {
  std::unique_lock lock(mutex_);
  const auto due = [&] { return stopping_ || !inbox_.empty() || calls_ || (!paused_ && !live_.empty()); };
  int64_t first = INT64_MAX;  // deadline; none passes unnoticed in a pause
  for (const auto& r : live_) first = std::min(first, r->sequence().deadline);
  if (first == INT64_MAX) {
    work_.wait(lock, due);
  } else {
    work_.wait_until(lock, Request::Clock::time_point(std::chrono::nanoseconds(first)), due);
  }
  for (auto& r : inbox_) {
    scheduler_.add(*r, Request::nanoseconds(r->submitted()));
    live_.push_back(std::move(r));
  }
  inbox_.clear();
  return !stopping_;
}

// Lets go of what has ended or was cancelled.
void Engine::sweep() {
  const int64_t time = Request::now();
  bool ends_here = false;  // of something that no step ended
  const auto done = [&](const std::shared_ptr<Request>& r) {
    const bool cancelled = r->cancelled(), ended = r->ended();
    if (!cancelled && time >= r->sequence().deadline) r->fail(late_);
    if (!cancelled && !r->ended()) return false;
    if (cancelled) r->fail(cancelled_);  // no effect on what has ended already
    ends_here = ends_here || !ended;
    const infer_finish finish = r->usage().finish;
    count(finish == INFER_FINISH_CANCELLED ? kCancelled : finish == INFER_FINISH_ERROR ? kFailed : kFinished, 1);
    note_end(*r);
    scheduler_.remove(*r);
    r->sequence().adapter.end();
    if (parts_.draft) parts_.draft->let_go(r->sequence());
    return true;
  };
  const auto n = static_cast<int32_t>(std::erase_if(live_, done));
  note_levels();
  if (n == 0) return;
  {
    std::lock_guard lock(mutex_);
    n_open_ -= n;
    if (n_open_ == 0) emptied_.notify_all();
  }
  if (ends_here && parts_.wake) parts_.wake();
}

void Engine::fail_step(const Status& why) noexcept {
  scheduler_.rollback();
  if (why.code() == INFER_E_DEVICE_LOST) {  // first, so that whoever sees a request fail finds the engine refusing
    std::lock_guard lock(mutex_);
    lost_ = why;
  }
  for (const Part& p : scheduler_.planned()) p.request->fail(why);
  scheduler_.end_step();
  count(kStepsFailed, 1);
  if (parts_.wake) parts_.wake();
}

// ---- the callers' side
// --------------------------------------------------------------------------------------------------

Result<std::shared_ptr<Request>> Engine::submit(Task task) {
  TRY(check(task));
  const auto n_top = static_cast<int32_t>(std::min<int64_t>(task.sampling.n_logprobs, parts_.n_vocab));
  task.sampling.n_logprobs = task.score_from > 0 ? std::max(0, n_top) : n_top;
  auto request = std::make_shared<Request>(std::move(task), parts_.source.tokenizer, end_ids_, parts_.sizes.context);
  Sequence& s = request->sequence();
  if (request->task().adapter) {
    TRY_SET(s.adapter, adapters_.use(*request->task().adapter));
  }
  s.domain_name = s.adapter.domain(request->task().domain);
  s.pages.reserve(static_cast<size_t>(scheduler_.pages_for(s.most)));
  if (swap_) s.slots.reserve(s.pages.capacity());
  if (request->task().draft > 0) s.drafted.pages.reserve(s.pages.capacity());
  if (request->task().embed != Pooling::kNone) s.pooled.resize(static_cast<size_t>(parts_.n_embd));

  std::lock_guard lock(mutex_);
  if (stopping_) return cancelled_;
  if (!lost_.ok()) return lost_;
  if (draining_) return Status(INFER_E_FULL, "the engine is drained and takes no requests", "resume it first");
  if (n_open_ >= parts_.sizes.queue) {
    return Status(INFER_E_FULL, str(n_open_, " requests wait or run already, as many as queue.max allows"),
                  "wait for some to end, or set queue.max to more");
  }
  TRY(start_thread());
  inbox_.push_back(request);
  ++n_open_;
  count(kSubmitted, 1);
  work_.notify_one();
  return request;
}

Status Engine::start_thread() {
  if (thread_.started()) return {};
  TRY_SET(thread_, Thread::start([this] { loop(); }));
  return {};
}

Status Engine::check(const Task& task) const {
  const auto n = static_cast<int64_t>(task.prompt.size()), context = int64_t{parts_.sizes.context};
  if (n == 0) return Status::invalid("the prompt has no tokens", "give it some text, or leave prompt.special on");
  if (task.score_from != 0 && (task.score_from < 0 || task.score_from >= n)) {
    return Status::invalid(str("score.from is ", task.score_from, "; the prompt has the tokens 0..", n - 1),
                           "score from 1 on, or from where the continuation begins");
  }
  if (task.answers() ? n >= context : n > context) {
    return Status(INFER_E_TOO_LONG,
                  str("the prompt has ", n, " tokens; the context holds ", context,
                      task.answers() ? ", at least one of them for the answer" : ""),
                  "shorten the prompt, set context.max to more, or let prompt.truncate cut it");
  }
  for (int64_t i = 0; i < n; ++i) {
    const int32_t id = task.prompt[static_cast<size_t>(i)];
    if (id < 0 || id >= parts_.n_vocab) {
      return Status::invalid(str("token ", i, " of the prompt is ", id, "; ids are 0..", parts_.n_vocab - 1),
                             "make ids with this model's own tokenizer");
    }
  }
  if (task.constraint && !task.answers())
    return Status::invalid("response.* says what an answer must be; score.from and embed have none");
  if (task.constraint && (task.min_tokens > 0 || task.ignore_end))
    return Status::invalid("response.* says when the answer ends; min_tokens and ignore_end cannot beside it");
  if (task.constraint && !parts_.source.tokenizer)
    return Status::unsupported("response.* needs a tokenizer, and the model has none");
  if (task.draft > 0 && !parts_.draft)
    return Status::invalid("draft.tokens asks for guesses, and the engine has no draft model",
                           "make the engine with draft.model, or use draft.lookup");
  constexpr size_t kMostStops = 1024, kMostStopBytes = 4096;
  const bool long_stop =
      std::any_of(task.stops.begin(), task.stops.end(), [](const auto& s) { return s.size() > kMostStopBytes; });
  if (task.stops.size() > kMostStops || long_stop) {
    return Status::invalid(str("stop strings: at most ", kMostStops, ", each of at most ", kMostStopBytes, " bytes"),
                           "give fewer or shorter ones");
  }
  return {};
}

Status Engine::logits(std::span<const int32_t> tokens, int64_t first, std::span<float> out) {
  const auto n = static_cast<int64_t>(tokens.size());
  if (first < 0 || first >= n) return Status::invalid(str("first is ", first, "; rows are 0..", n - 1));
  if (static_cast<int64_t>(out.size()) != (n - first) * parts_.n_vocab) {
    return Status::invalid(str("out holds ", out.size(), " floats; ", n - first, " rows of ", parts_.n_vocab, " are ",
                               (n - first) * parts_.n_vocab));
  }
  Task task;
  task.prompt.assign(tokens.begin(), tokens.end());
  task.scores = out.data();
  task.first_score = static_cast<int32_t>(first);
  TRY_SET(const std::shared_ptr<Request> request, submit(std::move(task)));
  return request->wait_end();
}

void Engine::stop() noexcept {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
  }
  parts_.executor->cancel();
  if (parts_.draft) parts_.draft->cancel();
  work_.notify_all();
}

Engine::Engine(Parts parts)
    : parts_(std::move(parts)),
      adapters_(parts_.adapter_slots),
      cancelled_(INFER_E_CANCELLED, "the request was cancelled"),
      late_(INFER_E_CANCELLED, "the request's deadline passed before it was done"),
      dead_end_(INFER_E_INVALID, "no token of the vocabulary goes on with what the answer must be",
                "the constraint is too ambiguous here, or needs characters that the model has no tokens for"),
      no_token_(INFER_E_INVALID,
                "no token may be chosen: logit_bias, stop_ids and min_tokens together forbid all of them",
                "forbid fewer tokens"),
      not_a_number_(INFER_E_CORRUPT, "the model's logits are not numbers",
                    "the file is probably damaged: get it again"),
      crowd_(parts_.together > 0 ? parts_.together : parts_.sizes.sequences, parts_.sizes.sequences),
      swap_(parts_.swap ? std::make_unique<Swap>(*parts_.executor, pace_, std::move(parts_.swap)) : nullptr),
      scheduler_({parts_.sizes.page, parts_.sizes.tokens, parts_.sizes.sequences, parts_.sizes.rows,
                  parts_.aging_ms * 1000000},
                 *parts_.policy, parts_.sizes.n_pages, parts_.sizes.queue, unpredictable(), swap_.get()),
      logits_(std::make_unique_for_overwrite<float[]>(static_cast<size_t>(parts_.sizes.rows) *
                                                      static_cast<size_t>(parts_.n_vocab))),
      hidden_(std::make_unique_for_overwrite<float[]>(static_cast<size_t>(parts_.sizes.rows) *
                                                      static_cast<size_t>(parts_.n_embd))),
      sampler_(static_cast<int32_t>(parts_.n_vocab)),
      trace_(static_cast<size_t>(parts_.trace_steps)) {
  scheduler_.run_at_most(crowd_.size());
  set(kMostRunning, crowd_.size());
  const Sizes& s = parts_.sizes;
  const auto tokens = static_cast<size_t>(s.tokens), sequences = static_cast<size_t>(s.sequences);
  step_.tokens.reserve(tokens);
  step_.positions.reserve(tokens);
  step_.rows.reserve(static_cast<size_t>(s.rows));
  step_.adapters.reserve(tokens);
  step_.q_start.reserve(sequences + 1);
  step_.kv_len.reserve(sequences);
  step_.block_table.reserve(sequences * static_cast<size_t>(s.table_cols));
  choice_.top.reserve(128);
  live_.reserve(static_cast<size_t>(s.queue));
  decoding_.reserve(sequences);
  inbox_.reserve(static_cast<size_t>(s.queue));
  if (const text::Tokenizer* t = parts_.source.tokenizer.get()) {
    for (int32_t id = 0; id < t->n_vocab(); ++id) {
      if (t->is_end(id)) end_ids_.push_back(id);
    }
  }
}

Engine::~Engine() {
  stop();
  thread_.join();
  for (const auto& r : inbox_) {
    r->fail(cancelled_);
    r->sequence().adapter.end();
  }
}

}  // namespace infer::engine
