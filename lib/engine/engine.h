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
#include <type_traits>
#include <vector>

#include "base/step.h"
#include "base/thread.h"
#include "cache/state_file.h"
#include "device/executor.h"
#include "engine/adapters.h"
#include "engine/crowd.h"
#include "engine/draft_model.h"
#include "engine/metrics.h"
#include "engine/pace.h"
#include "engine/request.h"
#include "engine/scheduler.h"
#include "engine/sizes.h"
#include "engine/trace.h"
#include "models/adapter.h"
#include "models/model.h"
#include "text/tokenizer/tokenizer.h"

namespace infer::engine {

// Where an engine's model comes from and what it may run on.
struct Source {
  std::shared_ptr<const formats::ModelFile> file;
  std::shared_ptr<const text::Tokenizer> tokenizer;            // null: the model has none
  std::shared_ptr<const formats::ModelFile> draft;             // a smaller model that guesses; null: none
  std::vector<std::shared_ptr<const device::Device>> devices;  // in order of preference
  std::vector<device::PlaceRule> place;                        // which of them runs what
  int64_t free_memory = 0;                                     // bytes that the host has left; 0: the system is asked
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
    std::unique_ptr<cache::SwapStore> swap;  // null: pages of preempted requests are not put aside
    std::unique_ptr<DraftModel> draft;       // null: there is none
    int64_t step_ms = 0;                     // that a step beside a decode takes at most, about; 0: as long as it may
    int64_t trace_steps = 0;                 // and requests that trace() remembers
    int64_t aging_ms = 0;                    // a waiting request rises by one level each; 0: never
    int32_t together = 0;  // requests that run together at first, more as weights are waited for; 0: all
    int64_t n_vocab = 0, n_embd = 0;
    int64_t adapter_slots = 0;
    uint64_t model_id = 0, form_id = 0;  // of a saved state: cache::StateKey
    Wake wake;
  };
  explicit Engine(Parts parts);
  ~Engine();  // stops and waits for the thread

  Result<std::shared_ptr<Request>> submit(Task task);
  // Logits of rows first .. n-1 of `tokens`, from an empty cache, to out [n - first, n_vocab]. Blocks.
  Status logits(std::span<const int32_t> tokens, int64_t first, std::span<float> out);
  void stop() noexcept;  // what runs or waits ends as cancelled; returns at once

  // ---- any thread (control.cc)
  Status pause();                          // when it returns no step runs; requests stay as they are, and may be added
  void resume() noexcept;                  // ends pause and drain
  infer_status drain(int32_t timeout_ms);  // takes no further request. OK: none is left; PENDING: the time came before
  Result<int64_t> trim();                  // forgets prefixes that nobody uses; bytes given back to the system
  // ---- any thread (state.cc)
  // Saves what the prefix cache knows of the first tokens. How many that are; none is E_NOT_FOUND.
  Result<int64_t> save(std::span<const int32_t> tokens, const Name& domain, const std::string& path);
  // Into the prefix cache; the tokens. E_FULL: running requests need all pages.
  Result<std::vector<int32_t>> restore(const std::string& path, const Name& domain);

  // ---- any thread (pins.cc)
  // What the prefix cache knows of the first tokens stays there until unpin(). How many that are; none is E_NOT_FOUND.
  Result<int64_t> pin(const std::string& name, std::span<const int32_t> tokens, const Name& domain,
                      const Name& adapter);
  Status unpin(const std::string& name);
  // ---- any thread (load_adapter.cc)
  // The adapter of a GGUF file, times `scale`, under a name that requests can give. Requests go on meanwhile.
  Status load_adapter(const std::string& name, const std::string& path, double scale);
  Status drop_adapter(const std::string& name);  // requests that have it go on with it
  std::vector<std::string> adapters() const { return adapters_.names(); }

  // f, on the engine's thread between two steps; waits for it. E_CANCELLED: the engine stops, f was not called.
  // Allocates nothing of its own.
  template <class F>
  Status call(F&& f) {
    Call c;
    c.run = [](void* of) -> Status { return (*static_cast<std::remove_reference_t<F>*>(of))(); };
    c.f = const_cast<void*>(static_cast<const void*>(std::addressof(f)));
    return wait(c);
  }

  const Sizes& sizes() const { return parts_.sizes; }
  const Parts& parts() const { return parts_; }
  int64_t n_vocab() const { return parts_.n_vocab; }
  std::vector<std::pair<std::string, int64_t>> counters() const;  // the engine's, then the devices'
  std::string metrics() const;                                    // Prometheus
  std::string trace() const { return trace_.json(); }

 private:
  enum Counter : size_t {
    kSteps,
    kStepsFailed,
    kPrefillTokens,
    kDecodeTokens,
    kDraftTokens,
    kAcceptedTokens,
    kForcedTokens,
    kDraftsFailed,
    kCachedTokens,
    kRows,
    kSubmitted,
    kFinished,
    kFailed,
    kCancelled,
    kWaiting,
    kRunning,
    kMostRunning,
    kPreempted,
    kPagesUsed,
    kSlotsUsed,
    kPagesIdle,
    kPagesEvicted,
    kPagesOut,
    kPagesIn,
    kDraftNs,
    kPlanNs,
    kRunNs,
    kDeliverNs,
    kCounters
  };
  static const std::array<const char*, kCounters> kCounterNames;

  struct Call {
    Status (*run)(void* f) = nullptr;
    void* f = nullptr;
    Call* next = nullptr;  // in the queue
    Status result;
    bool done = false;
  };
  Status wait(Call& c);

  Status step();
  int64_t guess() noexcept;
  bool stopped();
  void pack(const Plan& plan);
  void deliver(const Plan& plan);
  void deliver_rows(const Part& part, std::span<const float> rows, std::span<const float> hidden);
  void deliver_hidden(const Part& part, std::span<const float> hidden);
  void deliver_scores(const Part& part, std::span<const float> rows);
  bool deliver_row(Request& r, std::span<const float> row);
  bool push_forced(Request& r);
  void loop() noexcept;
  bool take_in();
  void sweep();
  void fail_step(const Status& why) noexcept;
  void answer_calls(bool refuse) noexcept;
  bool paused();
  Status start_thread();
  struct Pin {
    std::string name;
    Scheduler::Prefix prefix;
    Adapters::Use adapter;
  };
  int32_t pages_pinned() const;
  cache::StateKey state_key() const;
  Status write_adapter(const models::Adapter& adapter, int32_t slot);
  void count(Counter c, int64_t n) { counters_[c].fetch_add(n, std::memory_order_relaxed); }
  void set(Counter c, int64_t n) { counters_[c].store(n, std::memory_order_release); }
  void note_levels();
  void note_step(int64_t begin, int64_t planned, int64_t computed, int64_t waited);
  void note_end(const Request& r);
  Status check(const Task& task) const;

  Parts parts_;
  Adapters adapters_;             // outlives requests' use of them
  std::vector<int32_t> end_ids_;  // the tokenizer's end tokens
  const Status cancelled_, late_, dead_end_, no_token_,
      not_a_number_;  // made beforehand: failing a request allocates nothing

  // The engine's thread only. Capacities are set at construction; a step allocates nothing once it is warm.
  Pace pace_;
  Crowd crowd_;
  std::unique_ptr<Swap> swap_;
  Scheduler scheduler_;
  Step step_;
  std::unique_ptr<float[]> logits_, hidden_;  // [sizes.rows, n_vocab], [sizes.rows, n_embd]
  sampling::Sampler sampler_;
  sampling::Choice choice_;
  std::vector<uint32_t> mask_;                  // of a constrained row
  std::vector<int32_t> forced_;                 // tokens
  std::vector<std::shared_ptr<Request>> live_;  // waiting or running
  std::vector<Pin> pins_;
  bool draft_lost_ = false;         // its device is gone
  std::vector<Request*> decoding_;  // those that the draft model guesses for

  std::array<std::atomic<int64_t>, kCounters> counters_{};
  Metrics metrics_;
  Trace trace_;
  std::mutex state_mutex_;  // one save or restore at a time

  std::mutex mutex_;                               // guards what follows
  std::condition_variable work_;                   // for the engine's thread
  std::condition_variable answered_;               // a call
  std::condition_variable emptied_;                // n_open_ is 0
  Call *calls_ = nullptr, **calls_end_ = &calls_;  // queue
  std::vector<std::shared_ptr<Request>> inbox_;
  int32_t n_open_ = 0;  // requests in inbox_ and live_
  bool stopping_ = false, paused_ = false, draining_ = false;
  Status lost_;  // the device is gone: no further request
  Thread thread_;
};

}  // namespace infer::engine
