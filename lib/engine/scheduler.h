// Which tokens of which sequences run in the next step, and in which pages their KV goes.
//
// A request is admitted, in the policy's order, when there are pages for all tokens that it has now: these are promised
// to it, so its prefill never waits for a page. Pages are taken only when positions reach them. Each step is filled
// with decodes first, then with prefill chunks, so that a long prompt delays nobody; each by the order in which the
// policy admitted them. When a decode finds no page, the last in that order is preempted: its pages stay in the tree as
// long as nobody needs them, it waits again, and what has gone is computed anew, or comes back from where it was put
// aside (swap.h). The first in order is never preempted but by a request of a higher level, so somebody always gets on.
// Not thread-safe: the engine's thread.
//
// A sequence begins behind the longest prefix that the tree knows, and leaves its own pages there as soon as they are
// whole. Where others compute just now what it needs next, it waits for them and takes their pages.
//
// Behind the last token of a sequence that decodes may stand guesses of what follows (draft_model.h, lookup.h), in
// places and pages that nobody else needs. commit() counts none of them as known; accept() does, once they have been
// found right.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/names.h"
#include "cache/prefix_tree.h"
#include "engine/policy.h"
#include "engine/request.h"
#include "engine/swap.h"

namespace infer::engine {

struct StepLimits {
  int32_t page = 0;       // tokens per page
  int32_t tokens = 0;     // of one step
  int32_t sequences = 0;  // of one step; at most `tokens`
  int32_t rows = 0;       // rows with logits of one step; at least `sequences`
  int64_t aging = 0;      // nanoseconds after which a waiting request rises by a level; 0: never
};

// A run of one sequence's positions: first .. first + count - 1, the last n_rows of which need logits.
struct Part {
  Request* request;
  int32_t first, count, n_rows;
  int32_t n_draft;             // last tokens that are guesses: sequence().draft
  int32_t pages_before;        // pages that the sequence held before the plan
  bool begins;                 // nothing of the sequence ran since it was admitted
  int32_t copy_from, copy_to;  // pages: to be copied before this runs, so that it can go on in the copy; -1: none
};
using Plan = std::vector<Part>;

class Scheduler {
 public:
  // capacity: most requests that are ever added at a time; so that nothing here allocates later. seed: of the tree.
  // n_pages: at least as many as the longest sequence may ever need.
  // swap: null where nothing is put aside; outlives the scheduler.
  Scheduler(const StepLimits& limits, const Policy& policy, int32_t n_pages, int32_t capacity, uint64_t seed,
            Swap* swap = nullptr);

  // Times are nanoseconds of one clock that does not go back.
  void add(Request& r, int64_t submitted);
  void remove(Request& r);  // ended: its pages are the tree's alone, or free again
  // What runs now; empty: nothing waits or runs. When somebody decodes, prompts get at most `beside` tokens of the
  // step, and at most a part of these where that one has a higher priority.
  static constexpr int32_t kLess = 4;
  const Plan& plan(int64_t now, int32_t beside = INT32_MAX);
  const Plan& planned() const { return plan_; }
  void commit();                              // the plan was run: its positions are in the cache
  void accept(const Part& p, int32_t right);  // after commit(): its first guesses, so many, are its tokens
  void end_step() { plan_.clear(); }          // its requests may go
  void rollback();                            // the run failed: pages taken for it go back, positions stay

  // What the tree knows of a beginning of some tokens, held by somebody who is no sequence: kMostPins for long, and one
  // more.
  static constexpr int32_t kMostPins = 256;
  struct Prefix {
    std::vector<int32_t> pages;
    int32_t n_tokens = 0, domain = -1;
  };
  // E_FULL: running requests were promised these pages.
  Result<Prefix> hold(Name domain, std::span<const int32_t> tokens);
  // The page behind those that are held, a whole one but for the last: what the tree has, or a new one that fill(page)
  // has filled. E_FULL: running requests need all pages.
  Status append(Prefix& p, std::span<const int32_t> tokens, const std::function<Status(int32_t)>& fill);
  void let_go(Prefix& p);
  std::vector<int32_t> forget_idle();  // what only the tree holds; returns all pages that are free now

  // Those that run and have all but their last token in the cache: they decode in the next step, unless they give way.
  void decoding(std::vector<Request*>& out) const;

  // From now on; those that run go on. At most limits.sequences.
  void run_at_most(int32_t n) { most_running_ = std::clamp(n, 1, limits_.sequences); }
  int32_t n_waiting() const { return static_cast<int32_t>(waiting_.size()); }
  int32_t n_running() const { return static_cast<int32_t>(running_.size()); }
  int64_t preempted() const { return preempted_; }  // times, so far
  const cache::PrefixTree& tree() const { return tree_; }
  int64_t slots_used() const;                                                 // positions in those pages
  int32_t pages_used() const { return pool_.n_pages() - tree_.available(); }  // by sequences and pins
  int32_t pages_for(int64_t positions) const {
    return static_cast<int32_t>((positions + limits_.page - 1) / limits_.page);
  }

 private:
  Rank rank(const Request& r, int64_t now) const;
  void admit(int64_t now);
  bool begin(Request& r);
  bool make_room(const Request& r, const Rank& rank);
  void preempt(size_t running);
  void take_back(Sequence& s);
  void let_go(Sequence& s);
  void adopt(Sequence& s);
  bool others_compute(const Sequence& s) const;
  bool plan_part(size_t running, int32_t& tokens_left, int32_t& rows_left);
  int32_t guess(Sequence& s, int32_t room) const;
  void keep_whole(Sequence& s);
  bool take(size_t running, int32_t more);
  void keep(Sequence& s);
  std::span<const int32_t> tokens_of_page(const Sequence& s, int32_t page) const;
  int32_t last_kept(const Sequence& s) const;

  const StepLimits limits_;
  cache::PagePool pool_;
  cache::PrefixTree tree_;
  const Policy& policy_;
  Swap* const swap_;
  Names clients_;
  std::vector<int64_t> served_;    // by client: tokens, those generated twice
  int32_t promised_ = 0;           // pages that running sequences may still take; at most what is available
  std::vector<Request*> waiting_;  // in any order
  std::vector<Request*> running_;  // in the policy's order
  Plan plan_;
  int32_t most_running_;
  uint64_t arrivals_ = 0;
  int64_t preempted_ = 0;
};

}  // namespace infer::engine
