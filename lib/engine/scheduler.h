// Which tokens of which sequences run in the next step, and in which pages their KV goes.
//
// Admission is first come, first served, when the pages for everything a sequence may ever need can be promised: so a
// running sequence never waits for a page, and nothing deadlocks. Pages are taken only when positions reach them. Each
// step is filled with decodes first, then with prefill chunks in order of admission. Not thread-safe: the engine's
// thread.
#pragma once
#include <cstdint>
#include <vector>

#include "cache/pages.h"
#include "engine/request.h"

namespace infer::engine {

struct StepLimits {
  int32_t page = 0;       // tokens per page
  int32_t tokens = 0;     // of one step
  int32_t sequences = 0;  // of one step; at most `tokens`
  int32_t rows = 0;       // rows with logits of one step; at least `sequences`
};

// A run of one sequence's positions: first .. first + count - 1, the last n_rows of which need logits.
struct Part {
  Request* request;
  int32_t first, count, n_rows;
  int32_t pages_before;  // pages that the sequence held before the plan
};
using Plan = std::vector<Part>;

class Scheduler {
 public:
  // capacity: most requests that are ever added at a time; so that nothing here allocates later.
  Scheduler(const StepLimits& limits, int32_t n_pages, int32_t capacity);

  void add(Request& r);     // to the end of the queue
  void remove(Request& r);  // ended: its pages are free again
  const Plan& plan();       // what runs now; empty: nothing can
  const Plan& planned() const { return plan_; }
  void commit();    // the plan was run: its positions are in the cache
  void rollback();  // the run failed: pages taken for it go back, positions stay

  int32_t n_waiting() const { return static_cast<int32_t>(waiting_.size()); }
  int32_t n_running() const { return static_cast<int32_t>(running_.size()); }
  const cache::PagePool& pages() const { return pool_; }
  int32_t pages_for(int64_t positions) const {
    return static_cast<int32_t>((positions + limits_.page - 1) / limits_.page);
  }

 private:
  void admit();
  void plan_part(Request& r, int32_t& tokens_left, int32_t& rows_left);

  const StepLimits limits_;
  cache::PagePool pool_;
  int32_t promised_ = 0;           // pages promised to running sequences
  std::vector<Request*> waiting_;  // in order of arrival
  std::vector<Request*> running_;  // in order of admission
  Plan plan_;
};

}  // namespace infer::engine
