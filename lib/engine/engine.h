// Requests in, streamed text out. engine.cc holds step(): read that first.
//
// One thread per engine, started by the first request, asleep when there is nothing to do. It alone touches scheduler,
// cache and executor; callers meet it at the inbox (submit) and at each request's mailbox.
#pragma once
#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/step.h"
#include "base/thread.h"
#include "device/executor.h"
#include "engine/request.h"
#include "engine/scheduler.h"
#include "engine/sizes.h"
#include "models/model.h"
#include "text/tokenizer/tokenizer.h"

namespace infer::engine {

// Where an engine's model comes from and what it may run on.
struct Source {
  std::shared_ptr<const formats::ModelFile> file;
  std::shared_ptr<const text::Tokenizer> tokenizer;            // null: the model has none
  std::vector<std::shared_ptr<const device::Device>> devices;  // in order of preference
};

class Engine {
 public:
  using Wake = std::function<void()>;  // some request has something to pull; called on the engine's thread

  // Builds the model's program and compiles it for the devices; decides all memory. (create.cc)
  static Result<std::unique_ptr<Engine>> create(Source source, const EngineOptions& options, Wake wake);

  // What create() puts together; tests bring an executor of their own.
  struct Parts {
    Source source;                         // outlives the executor
    std::unique_ptr<models::Model> model;  // its program outlives the executor
    std::unique_ptr<device::Executor> executor;
    Sizes sizes{};
    const Policy* policy = find_policy("priority");
    int64_t aging_ms = 0;  // a waiting request rises by one level each; 0: never
    int64_t n_vocab = 0;
    Wake wake;
  };
  explicit Engine(Parts parts);
  ~Engine();  // stops and waits for the thread

  Result<std::shared_ptr<Request>> submit(Task task);
  // Logits of rows first .. n-1 of `tokens`, from an empty cache, to out [n - first, n_vocab]. Blocks.
  Status logits(std::span<const int32_t> tokens, int64_t first, std::span<float> out);
  void stop() noexcept;  // what runs or waits ends as cancelled; returns at once

  const Sizes& sizes() const { return parts_.sizes; }
  const Parts& parts() const { return parts_; }
  int64_t n_vocab() const { return parts_.n_vocab; }
  std::vector<std::pair<std::string, int64_t>> counters() const;  // the engine's, then the devices'

 private:
  enum Counter : size_t {
    kSteps,
    kStepsFailed,
    kPrefillTokens,
    kDecodeTokens,
    kCachedTokens,
    kRows,
    kSubmitted,
    kFinished,
    kFailed,
    kCancelled,
    kWaiting,
    kRunning,
    kPreempted,
    kPagesUsed,
    kPagesIdle,
    kPagesEvicted,
    kCounters
  };
  static const std::array<const char*, kCounters> kCounterNames;

  Status step();
  void pack(const Plan& plan);
  void deliver(const Plan& plan);
  void deliver_rows(const Part& part, std::span<const float> rows);
  void loop() noexcept;
  bool take_in();
  void sweep();
  void fail_step(const Status& why) noexcept;
  void count(Counter c, int64_t n) { counters_[c].fetch_add(n, std::memory_order_relaxed); }
  void set(Counter c, int64_t n) { counters_[c].store(n, std::memory_order_relaxed); }
  void note_levels();
  Status check(const Task& task) const;

  Parts parts_;
  std::vector<int32_t> end_ids_;                             // the tokenizer's end tokens
  const Status cancelled_, late_, no_token_, not_a_number_;  // made beforehand: failing a request allocates nothing

  // The engine's thread only. Capacities are set at construction; a step allocates nothing once it is warm.
  Scheduler scheduler_;
  Step step_;
  std::unique_ptr<float[]> logits_;  // [sizes.rows, n_vocab]
  sampling::Sampler sampler_;
  sampling::Choice choice_;
  std::vector<std::shared_ptr<Request>> live_;  // waiting or running

  std::array<std::atomic<int64_t>, kCounters> counters_{};

  std::mutex mutex_;  // guards what follows
  std::condition_variable work_;
  std::vector<std::shared_ptr<Request>> inbox_;
  int32_t n_open_ = 0;  // requests in inbox_ and live_
  bool stopping_ = false;
  Status lost_;  // the device is gone: no further request
  Thread thread_;
};

}  // namespace infer::engine
