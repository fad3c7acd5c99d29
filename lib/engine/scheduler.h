// Which tokens of which sequences run in the next step, and in which pages their KV goes.
//
// Admission is first come, first served, when the pages for everything a sequence may ever need can be promised: so a
// running sequence never waits for a page, and nothing deadlocks. Pages are taken only when positions reach them. Each
// step is filled with decodes first, then with prefill chunks in order of admission. Not thread-safe: the engine's
// thread.
//
// A sequence begins behind the longest prefix that the tree knows, and leaves its own pages there as soon as they are
// whole. Where others compute just now what it needs next, it waits for them and takes their pages.
#pragma once
#include <cstdint>
#include <vector>

#include "cache/prefix_tree.h"
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
  int32_t pages_before;        // pages that the sequence held before the plan
  bool begins;                 // nothing of the sequence ran before
  int32_t copy_from, copy_to;  // pages: to be copied before this runs, so that it can go on in the copy; -1: none
};
using Plan = std::vector<Part>;

class Scheduler {
 public:
  // capacity: most requests that are ever added at a time; so that nothing here allocates later. seed: of the tree.
  Scheduler(const StepLimits& limits, int32_t n_pages, int32_t capacity, uint64_t seed = 0);

  void add(Request& r);     // to the end of the queue
  void remove(Request& r);  // ended: its pages are the tree's alone, or free again
  const Plan& plan();       // what runs now; empty: nothing can
  const Plan& planned() const { return plan_; }
  void commit();    // the plan was run: its positions are in the cache
  void rollback();  // the run failed: pages taken for it go back, positions stay

  int32_t n_waiting() const { return static_cast<int32_t>(waiting_.size()); }
  int32_t n_running() const { return static_cast<int32_t>(running_.size()); }
  const cache::PrefixTree& tree() const { return tree_; }
  int32_t pages_used() const { return pool_.n_pages() - tree_.available(); }  // by sequences, and pinned
  int32_t pages_for(int64_t positions) const {
    return static_cast<int32_t>((positions + limits_.page - 1) / limits_.page);
  }

 private:
  void admit();
  bool begin(Request& r);
  void adopt(Request& r);
  bool others_compute(const Sequence& s) const;
  void plan_part(Request& r, int32_t& tokens_left, int32_t& rows_left);
  void keep(Request& r);
  std::span<const int32_t> tokens_of_page(const Sequence& s, int32_t page) const;
  int32_t last_kept(const Sequence& s) const;

  const StepLimits limits_;
  cache::PagePool pool_;
  cache::PrefixTree tree_;
  int32_t promised_ = 0;           // pages that running sequences may still take
  std::vector<Request*> waiting_;  // in order of arrival
  std::vector<Request*> running_;  // in order of admission
  Plan plan_;
};

}  // namespace infer::engine
