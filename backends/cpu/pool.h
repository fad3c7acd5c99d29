// Threads that stay and share the steps of a Work. A step is so many units; every thread has a part of them, the same
// at every run, and takes from the parts of others when it is done with its own.
//
// A step is over when all its units are done, not when all threads have come: a thread that the system does not run
// holds nobody up but by the unit it holds, if any. Waiting spins for some tens of microseconds, then sleeps, so an
// idle pool costs nothing. No more threads are started than there are processors: further ones would only be in the
// way.
//
// How it is kept straight without a place where all meet. One word, the notice, says which step is being done: a number
// that is never used again, and its units. Each part has a word too: the number of the step in which something was
// taken from it last, and how many units of that step are taken. Taking a unit is one compare-and-swap of the part's
// word
//   from  {this step, n} or {an earlier step, anything} (n = 0)   to  {this step, n + 1},   where n < the part's size.
// So nobody resets the parts, and a thread that read the notice long ago can take nothing wrong: while its step is not
// over, the unit is truly free; once it is over, each part that is not empty says {that step, all taken} or a later
// step. It reads nothing but notice and parts, which live as long as the pool, before it has taken a unit; and while it
// holds a unit the step is not over, the Work is there, and nobody writes what it reads. What units wrote is seen by
// later steps: each thread's writes come before its fetch_add (release) to done_; the thread that brings done_ to the
// number of units has acquired them all, and its store (release) of the next notice is what every thread acquires
// before it takes a unit of that step. Taking itself orders nothing and is relaxed.
//
// A host may lend an executor. The pool then has no threads of its own: a run asks the executor once to enter it as
// thread 0, 1 .. and who enters shares the steps as above until the last is over. Whoever has entered can do all that
// is left, as no step waits for a thread but by the unit it holds; so the executor may run the threads at the same
// time, one after another, late or not at all.
#pragma once
#include <libinfer/backend.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/thread.h"

namespace infer::cpu {

class Work {
 public:
  virtual ~Work() = default;
  // Goes to the next step and says how many units it has, 1 .. Pool::kMostUnits; 0: all is done. On any thread, while
  // no unit is being done.
  virtual int64_t next() = 0;
  // Each unit of a step once, in any order, on thread 0 .. Pool::threads()-1. Must not throw, as next() must not.
  virtual void unit(int thread, int64_t unit) = 0;
};

struct Crew {
  int few, many;                             // parts of the steps of a Work with few or with many rows
  int processors;                            // that the threads share
  std::vector<int> bound_to;                 // thread i to the i-th of these processors; empty: the system decides
  const infer_executor* executor = nullptr;  // the host's, whose threads are not bound; null: threads of the pool's own
};

class Pool {
 public:
  static constexpr int64_t kMostUnits = 0xffff;

  // One thread for each part, no more than there are processors (or than the system gives). With an executor so many
  // are asked for.
  explicit Pool(Crew crew);
  ~Pool();
  Pool(const Pool&) = delete;
  int threads() const { return threads_; }
  int parts(bool few) const { return few ? crew_.few : crew_.many; }
  // Does all of it, with the calling thread as thread 0 (which is bound like the others, and stays so), or on the
  // executor's threads. Callers take turns.
  void run(Work& work, bool few);

 private:
  // {step number: 47 bits, few: 1 bit, units: 16 bits}. A part's word is the same with the units that are taken.
  // Numbers would begin anew after decades of steps.
  using Word = uint64_t;
  static constexpr int kUnitBits = 16;
  static uint64_t tag(Word w) { return w >> kUnitBits; }
  static int64_t units(Word w) { return static_cast<int64_t>(w & kMostUnits); }
  static bool is_few(Word w) { return (tag(w) & 1) != 0; }

  struct alignas(64) Part {
    std::atomic<Word> taken{0};
  };
  // Where threads sleep that wait for another notice.
  struct Bell {
    std::atomic<uint32_t> rung{0}, asleep{0};
    void ring(int64_t most);  // wakes so many; called after the notice was changed
  };

  void bind(int thread) const;
  void stay(int thread);
  static void enter(void* pool, int32_t thread);  // what an executor calls
  void share(int thread);
  void help(int thread, Word notice);
  bool take(int part, Word notice, int64_t* unit);
  bool concerns(int thread, Word notice, Word seen) const;
  Word await(int thread, Word seen);
  void report(Word notice, int64_t done);
  void announce(bool few);

  const Crew crew_;
  std::mutex turn_;
  std::thread::id bound_caller_;  // the last that was
  int threads_ = 1;
  std::vector<Thread> workers_;
  std::unique_ptr<Part[]> parts_;  // [most parts]
  Work* work_ = nullptr;           // whose step the notice tells of
  Bell caller_, some_, rest_;      // thread 0; those below `few`; the others
  std::atomic<bool> stop_{false};
  alignas(64) std::atomic<Word> notice_{0};
  alignas(64) std::atomic<int64_t> done_{0};  // units of this step
};

}  // namespace infer::cpu
