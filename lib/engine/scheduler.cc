#include "engine/scheduler.h"

#include <algorithm>
#include <utility>

namespace infer::engine {

Scheduler::Scheduler(const StepLimits& limits, int32_t n_pages, int32_t capacity, uint64_t seed)
    : limits_(limits), pool_(n_pages), tree_(pool_, limits.page, capacity, seed) {
  waiting_.reserve(static_cast<size_t>(capacity));
  running_.reserve(static_cast<size_t>(limits.sequences));
  plan_.reserve(static_cast<size_t>(limits.sequences));
}

void Scheduler::add(Request& r) { waiting_.push_back(&r); }

void Scheduler::remove(Request& r) {
  std::erase(waiting_, &r);
  if (std::erase(running_, &r) == 0) return;
  Sequence& s = r.sequence();
  keep(r);
  for (int32_t page : s.pages) tree_.release(page);
  s.pages.clear();
  if (s.copy_from >= 0) tree_.release(std::exchange(s.copy_from, -1));
  if (s.domain >= 0) tree_.leave(std::exchange(s.domain, -1));
  promised_ -= std::exchange(s.promised, 0);
}

// ---- admission

void Scheduler::admit() {
  while (!waiting_.empty() && n_running() < limits_.sequences) {
    Request& r = *waiting_.front();
    if (!begin(r)) return;  // later ones wait too: nobody overtakes a large request
    running_.push_back(&r);
    waiting_.erase(waiting_.begin());
  }
}

// Takes what the tree has of the prompt and has the rest promised; or leaves all as it was.
bool Scheduler::begin(Request& r) {
  Sequence& s = r.sequence();
  const int32_t most = pages_for(s.most);
  cache::PrefixTree::Match known;
  if (r.task().reuse) {
    s.domain = tree_.enter(r.task().domain);
    // The position of the first row that is wanted has to be computed in any case.
    known = tree_.find(s.domain, std::span(s.tokens).first(static_cast<size_t>(s.first_row)), s.pages);
    if (known.n_like > 0) tree_.hold(s.copy_from = known.like);
  }
  if (most - known.whole > tree_.available() - promised_ && known.n_like > 0) {
    tree_.release(std::exchange(s.copy_from, -1));  // the page to copy from may be what is missing
    known.n_like = 0;
  }
  if (most - known.whole > tree_.available() - promised_) {
    for (const int32_t page : s.pages) tree_.release(page);
    s.pages.clear();
    if (s.domain >= 0) tree_.leave(std::exchange(s.domain, -1));
    return false;
  }
  s.n_kept = known.whole;
  s.n_cached = s.n_reused = known.whole * limits_.page + known.n_like;
  s.promised = most - known.whole;
  promised_ += s.promised;
  return true;
}

// ---- the plan

const Plan& Scheduler::plan() {
  plan_.clear();
  admit();
  int32_t tokens_left = limits_.tokens, rows_left = limits_.rows;
  const auto remaining = [](Request* r) {
    return r->sequence().tokens.size() - static_cast<size_t>(r->sequence().n_cached);
  };
  for (Request* r : running_) {
    if (remaining(r) == 1) plan_part(*r, tokens_left, rows_left);
  }
  for (Request* r : running_) {
    if (remaining(r) == 1) continue;
    adopt(*r);
    if (!others_compute(r->sequence())) plan_part(*r, tokens_left, rows_left);
  }
  return plan_;
}

std::span<const int32_t> Scheduler::tokens_of_page(const Sequence& s, int32_t page) const {
  return std::span(s.tokens).subspan(static_cast<size_t>(page) * static_cast<size_t>(limits_.page),
                                     static_cast<size_t>(limits_.page));
}
int32_t Scheduler::last_kept(const Sequence& s) const {
  return s.n_kept > 0 ? s.pages[static_cast<size_t>(s.n_kept - 1)] : cache::PrefixTree::kNone;
}

// Pages that others have computed since, in place of computing them again.
void Scheduler::adopt(Request& r) {
  Sequence& s = r.sequence();
  if (s.domain < 0) return;
  while (s.n_cached == s.n_kept * limits_.page && s.n_cached + limits_.page <= s.first_row) {
    const int32_t page = tree_.next(s.domain, last_kept(s), tokens_of_page(s, s.n_kept));
    if (page < 0) return;
    tree_.hold(page);
    s.pages.push_back(page);
    s.n_kept++;
    s.n_cached += limits_.page;
    s.n_reused += limits_.page;
    s.promised--;
    promised_--;
  }
}

// Is the page that this sequence needs next in the plan already, as part of another one?
bool Scheduler::others_compute(const Sequence& s) const {
  if (s.domain < 0 || s.n_cached != s.n_kept * limits_.page || s.n_cached + limits_.page > s.first_row) return false;
  return std::any_of(plan_.begin(), plan_.end(), [&](const Part& p) {
    const Sequence& o = p.request->sequence();
    return p.count > 1 && o.domain == s.domain && o.n_kept == s.n_kept && last_kept(o) == last_kept(s) &&
           p.first + p.count >= s.n_cached + limits_.page &&
           std::ranges::equal(tokens_of_page(o, o.n_kept), tokens_of_page(s, s.n_kept));
  });
}

void Scheduler::plan_part(Request& r, int32_t& tokens_left, int32_t& rows_left) {
  Sequence& s = r.sequence();
  int32_t count = std::min(static_cast<int32_t>(s.tokens.size()) - s.n_cached, tokens_left);
  // Rows wanted are those from first_row on; when there is no room for all, the chunk ends earlier.
  const int32_t before_rows = std::max(0, s.first_row - s.n_cached);
  count = std::min(count, before_rows + rows_left);
  if (count <= 0) return;
  const int32_t n_rows = std::max(0, count - before_rows);
  const auto held = static_cast<int32_t>(s.pages.size());
  const int32_t more = pages_for(s.n_cached + count) - held;
  if (!tree_.take(more, s.pages)) return;  // cannot be: the pages were promised
  s.promised -= more;
  promised_ -= more;
  const int32_t copy_to = s.copy_from < 0 ? -1 : s.pages[static_cast<size_t>(s.n_cached / limits_.page)];
  plan_.push_back({&r, s.n_cached, count, n_rows, held, s.n_cached == s.n_reused, s.copy_from, copy_to});
  tokens_left -= count;
  rows_left -= n_rows;
}

// ---- after the run

void Scheduler::commit() {
  for (const Part& p : plan_) {
    Sequence& s = p.request->sequence();
    s.n_cached += p.count;
    if (s.copy_from >= 0) tree_.release(std::exchange(s.copy_from, -1));
    if (s.domain < 0) continue;
    for (; (s.n_kept + 1) * limits_.page <= s.n_cached; s.n_kept++) {
      int32_t& page = s.pages[static_cast<size_t>(s.n_kept)];
      page = tree_.insert(s.domain, last_kept(s), tokens_of_page(s, s.n_kept), page);
    }
  }
}

void Scheduler::rollback() {
  for (const Part& p : plan_) {
    Sequence& s = p.request->sequence();
    while (s.pages.size() > static_cast<size_t>(p.pages_before)) {
      tree_.release(s.pages.back());
      s.pages.pop_back();
      s.promised++;
      promised_++;
    }
  }
}

// What is left of a sequence that ends: the page that is not whole.
void Scheduler::keep(Request& r) {
  Sequence& s = r.sequence();
  const int32_t rest = s.n_cached - s.n_kept * limits_.page;
  if (s.domain < 0 || rest <= 0 || s.copy_from >= 0) return;  // copy_from: the copy was never made
  const auto tokens = std::span(s.tokens).subspan(static_cast<size_t>(s.n_kept) * static_cast<size_t>(limits_.page),
                                                  static_cast<size_t>(rest));
  tree_.insert(s.domain, last_kept(s), tokens, s.pages[static_cast<size_t>(s.n_kept)]);
}

}  // namespace infer::engine
