// The latest steps and requests of an engine, to be looked at in a viewer of Chrome's or Perfetto's trace format
// ("Trace Event Format", JSON) or replayed as a load.
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace infer::engine {

// Times: nanoseconds of the steady clock.
struct StepRecord {
  int64_t begin = 0, planned = 0, computed = 0, end = 0;
  int32_t tokens = 0, rows = 0, sequences = 0, draft = 0;
  int32_t waiting = 0, running = 0, pages_used = 0;
};
struct RequestRecord {
  uint64_t number = 0;                                           // in order of submission
  int64_t submitted = 0, started = 0, first_token = 0, end = 0;  // 0: did not come to that
  int64_t prompt = 0, cached = 0, generated = 0;                 // tokens
  int32_t priority = 0, preempted = 0;
  const char* finish = "";
};

class Trace {
 public:
  explicit Trace(size_t most);  // of each kind
  bool on() const { return most_ > 0; }
  // On the engine's thread; allocate nothing.
  void add(const StepRecord& r);
  void add(const RequestRecord& r);
  std::string json() const;  // any thread

 private:
  template <class T>
  struct Ring {
    std::vector<T> list;
    size_t next = 0;  // place of the next once the list is full
    void add(const T& r, size_t most);
  };
  const size_t most_;
  mutable std::mutex mutex_;  // guards what follows
  Ring<StepRecord> steps_;
  Ring<RequestRecord> requests_;
};

}  // namespace infer::engine
