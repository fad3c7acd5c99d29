#include "engine/scheduler.h"

#include <algorithm>
#include <utility>

namespace infer::engine {

Scheduler::Scheduler(const StepLimits& limits, int32_t n_pages, int32_t capacity) : limits_(limits), pool_(n_pages) {
  waiting_.reserve(static_cast<size_t>(capacity));
  running_.reserve(static_cast<size_t>(limits.sequences));
  plan_.reserve(static_cast<size_t>(limits.sequences));
}

void Scheduler::add(Request& r) { waiting_.push_back(&r); }

void Scheduler::remove(Request& r) {
  std::erase(waiting_, &r);
  if (std::erase(running_, &r) == 0) return;
  Sequence& s = r.sequence();
  for (int32_t page : s.pages) pool_.release(page);
  s.pages.clear();
  promised_ -= std::exchange(s.promised, 0);
}

void Scheduler::admit() {
  while (!waiting_.empty() && n_running() < limits_.sequences) {
    Request& r = *waiting_.front();
    const int32_t need = pages_for(r.sequence().most);
    if (need > pool_.n_pages() - promised_) return;  // later ones wait too: nobody overtakes a large request
    r.sequence().promised = need;
    promised_ += need;
    running_.push_back(&r);
    waiting_.erase(waiting_.begin());
  }
}

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
    if (remaining(r) > 1) plan_part(*r, tokens_left, rows_left);
  }
  return plan_;
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
  if (!pool_.take(pages_for(s.n_cached + count) - held, s.pages)) return;  // cannot be: the pages were promised
  plan_.push_back({&r, s.n_cached, count, n_rows, held});
  tokens_left -= count;
  rows_left -= n_rows;
}

void Scheduler::commit() {
  for (const Part& p : plan_) p.request->sequence().n_cached += p.count;
}

void Scheduler::rollback() {
  for (const Part& p : plan_) {
    auto& pages = p.request->sequence().pages;
    while (pages.size() > static_cast<size_t>(p.pages_before)) {
      pool_.release(pages.back());
      pages.pop_back();
    }
  }
}

}  // namespace infer::engine
