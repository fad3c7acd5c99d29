#include "engine/scheduler.h"

#include <algorithm>
#include <utility>

namespace infer::engine {

Scheduler::Scheduler(const StepLimits& limits, const Policy& policy, int32_t n_pages, int32_t capacity, uint64_t seed,
                     Swap* swap)
    : limits_(limits),
      pool_(n_pages),
      tree_(pool_, limits.page, capacity + kMostPins + 1, seed),
      policy_(policy),
      swap_(swap),
      clients_(capacity),
      served_(static_cast<size_t>(capacity)),
      most_running_(limits.sequences) {
  waiting_.reserve(static_cast<size_t>(capacity));
  running_.reserve(static_cast<size_t>(limits.sequences));
  plan_.reserve(static_cast<size_t>(limits.sequences));
}

// A client that comes anew begins with what the least served of the others has: it neither owes nor is owed anything
// for the time when it was not here (the virtual token counter of Sheng et al., "Fairness in serving large language
// models", 2024).
void Scheduler::add(Request& r, int64_t submitted) {
  Sequence& s = r.sequence();
  s.arrival = arrivals_++;
  s.arrived = submitted;
  if (r.task().deadline_ms > 0) s.deadline = submitted + r.task().deadline_ms * 1000000;
  s.client = clients_.enter(r.task().client);
  if (clients_.holders(s.client) == 1) {
    int64_t least = INT64_MAX;
    for (const auto* list : {&waiting_, &running_})
      for (const Request* o : *list) least = std::min(least, served_[static_cast<size_t>(o->sequence().client)]);
    served_[static_cast<size_t>(s.client)] = least == INT64_MAX ? 0 : least;
  }
  waiting_.push_back(&r);
}

void Scheduler::remove(Request& r) {
  Sequence& s = r.sequence();
  const bool waited = std::erase(waiting_, &r) > 0;
  if (!waited && std::erase(running_, &r) == 0) return;
  if (!waited) let_go(s);
  if (swap_) swap_->drop(s);
  clients_.leave(std::exchange(s.client, -1));
}

// Of all that a running sequence holds; what it computed stays in the tree.
void Scheduler::let_go(Sequence& s) {
  keep(s);
  for (const int32_t page : s.pages) tree_.release(page);
  s.pages.clear();
  if (s.copy_from >= 0) tree_.release(std::exchange(s.copy_from, -1));
  if (s.domain >= 0) tree_.leave(std::exchange(s.domain, -1));
  promised_ -= std::exchange(s.promised, 0);
}

// ---- admission

Rank Scheduler::rank(const Request& r, int64_t now) const {
  const Sequence& s = r.sequence();
  const int64_t risen = limits_.aging > 0 ? std::clamp<int64_t>((now - s.arrived) / limits_.aging, 0, 1000000) : 0;
  return {r.task().priority + static_cast<int32_t>(risen), s.deadline, served_[static_cast<size_t>(s.client)],
          static_cast<int32_t>(s.tokens.size()) - s.n_cached, s.arrival};
}

void Scheduler::admit(int64_t now) {
  while (!waiting_.empty()) {
    size_t best = 0;
    Rank first = rank(*waiting_[0], now);
    for (size_t i = 1; i < waiting_.size(); ++i) {
      const Rank other = rank(*waiting_[i], now);
      if (policy_.before(other, first)) best = i, first = other;
    }
    Request& r = *waiting_[best];
    if (n_running() < most_running_ && begin(r)) {
      Rank& own = r.sequence().rank;
      own = first;
      own.share = 0;
      const auto behind = std::find_if(running_.begin(), running_.end(),
                                       [&](const Request* o) { return policy_.before(own, o->sequence().rank); });
      running_.insert(behind, &r);
      waiting_.erase(waiting_.begin() + static_cast<ptrdiff_t>(best));
      r.admitted();
    } else if (!make_room(r, first)) {
      return;  // later ones wait too: nobody overtakes a large request
    }
  }
}

// Preempts the last of the running, if those that must give way to r hold enough for it. False: nothing was done.
bool Scheduler::make_room(const Request& r, const Rank& rank) {
  int32_t could = tree_.available() - promised_;
  size_t n = 0;
  for (; n < running_.size(); ++n) {
    const Sequence& o = running_[running_.size() - 1 - n]->sequence();
    if (!policy_.preempts(rank, o.rank)) break;
    could += static_cast<int32_t>(o.pages.size()) + o.promised;
  }
  if (n == 0 || could < pages_for(static_cast<int64_t>(r.sequence().tokens.size()) + 1)) return false;
  preempt(running_.size() - 1);
  return true;
}

// Takes what the tree has of the tokens and has pages for the others promised; or leaves all as it was.
bool Scheduler::begin(Request& r) {
  Sequence& s = r.sequence();
  const int32_t known = std::min<int32_t>(static_cast<int32_t>(s.tokens.size()) + 1, s.most);
  // One more for each that runs, so that their next pages do not cost this one its place at once.
  const int32_t wanted = pages_for(known) + n_running();
  cache::PrefixTree::Match match;
  if (r.task().reuse) {
    s.domain = tree_.enter(s.domain_name);
    // The position of the first row that is wanted has to be computed in any case.
    match = tree_.find(s.domain, std::span(s.tokens).first(static_cast<size_t>(s.first_row)), s.pages);
    if (match.n_like > 0) tree_.hold(s.copy_from = match.like);
  }
  const auto fits = [&] { return wanted - match.whole <= tree_.available() - promised_; };
  if (match.n_like > 0 && !fits()) {  // the page to copy from may be what is missing
    tree_.release(std::exchange(s.copy_from, -1));
    match.n_like = 0;
  }
  if (!fits()) {
    for (const int32_t page : s.pages) tree_.release(page);
    s.pages.clear();
    if (s.domain >= 0) tree_.leave(std::exchange(s.domain, -1));
    return false;
  }
  s.n_kept = match.whole;
  s.n_cached = s.n_reused = match.whole * limits_.page + match.n_like;
  s.promised = pages_for(known) - match.whole;
  promised_ += s.promised;
  if (s.n_swapped > 0) take_back(s);
  return true;
}

// What was put aside and is not in the tree any more, into pages of its own.
void Scheduler::take_back(Sequence& s) {
  if (s.n_swapped <= s.n_cached) return swap_->drop(s);
  if (s.copy_from >= 0) tree_.release(std::exchange(s.copy_from, -1));
  s.n_cached = s.n_kept * limits_.page;
  while (s.n_cached < s.n_swapped) {
    const auto at = s.pages.size();
    tree_.take(1, s.pages);  // promised
    s.promised--;
    promised_--;
    if (!swap_->in(s, at, s.pages[at])) {  // this page and those behind it are computed
      tree_.release(s.pages.back());
      s.pages.pop_back();
      s.promised++;
      promised_++;
      break;
    }
    s.n_cached = std::min(s.n_swapped, static_cast<int32_t>(at + 1) * limits_.page);
    keep_whole(s);
  }
  s.n_reused = s.n_cached;
  swap_->drop(s);
}

// Back to those that wait, as if it had just come with all the tokens that it has now.
void Scheduler::preempt(size_t running) {
  Request& r = *running_[running];
  Sequence& s = r.sequence();
  // A sequence that waits for its copy has computed nothing of its own.
  if (swap_ && s.copy_from < 0) swap_->out(s, pages_for(s.n_cached), s.n_cached);
  let_go(s);
  s.first_row = std::max(s.first_row, s.n_cached);  // rows before were delivered
  s.n_cached = s.n_reused = s.n_kept = 0;
  s.n_preempted++;
  preempted_++;
  r.preempted();
  running_.erase(running_.begin() + static_cast<ptrdiff_t>(running));
  waiting_.push_back(&r);
}

// ---- the plan

const Plan& Scheduler::plan(int64_t now, int32_t beside) {
  plan_.clear();
  admit(now);
  int32_t tokens_left = limits_.tokens, rows_left = limits_.rows;
  // Whoever may need pages that he was not promised comes in order, because the last in order gives way: those that
  // decode, and those whose answer goes on by several tokens that were forced.
  const auto asks = [&](size_t i) {
    const Sequence& s = running_[i]->sequence();
    const auto size = static_cast<int32_t>(s.tokens.size()), held = static_cast<int32_t>(s.pages.size());
    return s.decodes() || pages_for(size) - held > s.promised;
  };
  for (size_t i = 0; i < running_.size();)  // who is preempted is no longer there
    if (!asks(i) || plan_part(i, tokens_left, rows_left)) ++i;
  const Request* first = plan_.empty() ? nullptr : plan_.front().request;  // of those that came in order
  const size_t n_planned = plan_.size();
  for (size_t i = 0, next = 0; i < running_.size(); ++i) {
    Sequence& s = running_[i]->sequence();
    if (next < n_planned && plan_[next].request == running_[i]) {
      ++next;
      continue;
    }
    if (asks(i)) continue;  // there was no room
    adopt(s);
    if (others_compute(s)) continue;
    int32_t room = tokens_left;
    if (first) room = std::min(room, first->task().priority > running_[i]->task().priority ? beside / kLess : beside);
    int32_t left = room;
    plan_part(i, left, rows_left);
    tokens_left -= room - left;
    beside = std::max(0, beside - (room - left));
  }
  return plan_;
}

void Scheduler::decoding(std::vector<Request*>& out) const {
  out.clear();
  for (Request* r : running_)
    if (r->sequence().decodes()) out.push_back(r);
}

std::span<const int32_t> Scheduler::tokens_of_page(const Sequence& s, int32_t page) const {
  return std::span(s.tokens).subspan(static_cast<size_t>(page) * static_cast<size_t>(limits_.page),
                                     static_cast<size_t>(limits_.page));
}
int32_t Scheduler::last_kept(const Sequence& s) const {
  return s.n_kept > 0 ? s.pages[static_cast<size_t>(s.n_kept - 1)] : cache::PrefixTree::kNone;
}

// Pages that others have computed since, in place of computing them again.
void Scheduler::adopt(Sequence& s) {
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
    const int32_t known = p.count - p.n_draft;  // guesses are none of its tokens yet
    return known > 1 && o.domain == s.domain && o.n_kept == s.n_kept && last_kept(o) == last_kept(s) &&
           p.first + known >= s.n_cached + limits_.page &&
           std::ranges::equal(tokens_of_page(o, o.n_kept), tokens_of_page(s, s.n_kept));
  });
}

// False: the sequence was preempted.
bool Scheduler::plan_part(size_t running, int32_t& tokens_left, int32_t& rows_left) {
  Request& r = *running_[running];
  Sequence& s = r.sequence();
  int32_t count = std::min(static_cast<int32_t>(s.tokens.size()) - s.n_cached, tokens_left);
  // Rows wanted are those from first_row on; when there is no room for all, the chunk ends earlier.
  const int32_t before_rows = std::max(0, s.first_row - s.n_cached);
  count = std::min(count, before_rows + rows_left);
  if (count <= 0) return true;
  // Room for a row of each that decodes after it is not to be had for guesses.
  const auto behind = static_cast<int32_t>(running_.size() - 1 - running);
  const int32_t n_draft = count == 1 ? guess(s, std::min(tokens_left, rows_left) - 1 - behind) : 0;
  count += n_draft;
  const int32_t n_rows = std::max(0, count - before_rows);
  const auto held = static_cast<int32_t>(s.pages.size());
  if (!take(running, std::max(0, pages_for(s.n_cached + count) - held))) return false;
  const int32_t copy_to = s.copy_from < 0 ? -1 : s.pages[static_cast<size_t>(s.n_cached / limits_.page)];
  plan_.push_back({&r, s.n_cached, count, n_rows, n_draft, held, s.n_cached == s.n_reused, s.copy_from, copy_to});
  tokens_left -= count;
  rows_left -= n_rows;
  return true;
}

// Guesses to run behind the last token: no more than `room`, than the sequence may have positions, and than fit into
// pages that nobody was promised.
int32_t Scheduler::guess(Sequence& s, int32_t room) const {
  s.draft.clear();
  const auto size = static_cast<int32_t>(s.tokens.size());
  const bool drafted = s.drafted.behind == size && !s.drafted.guesses.empty();
  if ((s.lookup.most() == 0 && !drafted) || !s.decodes()) return 0;
  const int64_t free = int64_t{s.promised} + std::max(0, tree_.available() - promised_);
  const int64_t positions = (static_cast<int64_t>(s.pages.size()) + free) * limits_.page;
  const auto most = static_cast<int32_t>(std::min<int64_t>({room, s.most - 1 - size, positions - size}));
  s.looked_up = !drafted;
  if (!drafted) {
    s.lookup.guess(s.tokens, most, s.draft);
  } else if (most > 0) {
    const auto& guesses = s.drafted.guesses;
    s.draft.assign(guesses.begin(), guesses.begin() + std::min<ptrdiff_t>(most, std::ssize(guesses)));
  }
  return static_cast<int32_t>(s.draft.size());
}

// Pages for a running sequence: those that it was promised, and further ones while no promise needs them. For these the
// last in order gives way, who is not in the plan yet. False: that was the sequence itself.
bool Scheduler::take(size_t running, int32_t more) {
  Sequence& s = running_[running]->sequence();
  const int32_t promised = std::min(more, s.promised);
  while (more - promised > tree_.available() - promised_) {
    const bool itself = running_.size() - 1 == running;
    preempt(running_.size() - 1);
    if (itself) return false;
  }
  tree_.take(more, s.pages);
  s.promised -= promised;
  promised_ -= promised;
  return true;
}

// ---- after the run

void Scheduler::commit() {
  for (Part& p : plan_) {
    Sequence& s = p.request->sequence();
    p.pages_before = static_cast<int32_t>(s.pages.size());  // there is nothing to undo any more
    s.n_cached += p.count - p.n_draft;
    served_[static_cast<size_t>(s.client)] += p.count + p.n_rows - 2 * p.n_draft;
    if (s.copy_from >= 0) tree_.release(std::exchange(s.copy_from, -1));
    keep_whole(s);
  }
}

void Scheduler::accept(const Part& p, int32_t right) {
  Sequence& s = p.request->sequence();
  if (s.looked_up) s.lookup.learn(p.n_draft, right);
  s.n_cached += right;
  served_[static_cast<size_t>(s.client)] += 2 * right;
  keep_whole(s);
}

void Scheduler::keep_whole(Sequence& s) {
  if (s.domain < 0) return;
  for (; (s.n_kept + 1) * limits_.page <= s.n_cached; s.n_kept++) {
    int32_t& page = s.pages[static_cast<size_t>(s.n_kept)];
    page = tree_.insert(s.domain, last_kept(s), tokens_of_page(s, s.n_kept), page);
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

// What is not used is the end of each sequence's last pages, which no other one has.
int64_t Scheduler::slots_used() const {
  int64_t free = 0;
  for (const Request* r : running_) {
    const Sequence& s = r->sequence();
    free += static_cast<int64_t>(s.pages.size()) * limits_.page - s.n_cached;
  }
  return int64_t{pages_used()} * limits_.page - free;
}

Result<Scheduler::Prefix> Scheduler::hold(Name domain, std::span<const int32_t> tokens) {
  Prefix p;
  p.pages.reserve(static_cast<size_t>(pages_for(static_cast<int64_t>(tokens.size()))));
  p.domain = tree_.enter(std::move(domain));
  const auto match = tree_.find(p.domain, tokens, p.pages);
  p.n_tokens = match.whole * limits_.page + match.n_like;
  if (match.n_like > 0) {
    tree_.hold(match.like);
    p.pages.push_back(match.like);
  }
  if (tree_.available() >= promised_) return p;
  let_go(p);
  return Status(INFER_E_FULL, "running requests need the pages of this prefix",
                "try again when some of them have ended");
}

Status Scheduler::append(Prefix& p, std::span<const int32_t> tokens, const std::function<Status(int32_t)>& fill) {
  const int32_t before = p.pages.empty() ? cache::PrefixTree::kNone : p.pages.back();
  int32_t page = tree_.next(p.domain, before, tokens);
  if (page >= 0) {
    tree_.hold(page);
    p.pages.push_back(page);
  } else {
    if (tree_.available() - promised_ < 1 || !tree_.take(1, p.pages))
      return Status(INFER_E_FULL, "the KV cache has no page left that running requests do not need",
                    "wait for some to end, or set kv.tokens to more");
    if (const Status filled = fill(p.pages.back()); !filled.ok()) {
      tree_.release(p.pages.back());
      p.pages.pop_back();
      return filled;
    }
    page = tree_.insert(p.domain, before, tokens, p.pages.back());
    if (page >= 0) p.pages.back() = page;
  }
  p.n_tokens += static_cast<int32_t>(tokens.size());
  return {};
}

void Scheduler::let_go(Prefix& p) {
  for (const int32_t page : p.pages) tree_.release(page);
  p.pages.clear();
  if (p.domain >= 0) tree_.leave(std::exchange(p.domain, -1));
}

std::vector<int32_t> Scheduler::forget_idle() {
  tree_.forget_idle();
  return {pool_.free_list().begin(), pool_.free_list().end()};
}

// What is left of a sequence that stops: the page that is not whole.
void Scheduler::keep(Sequence& s) {
  const int32_t rest = s.n_cached - s.n_kept * limits_.page;
  if (s.domain < 0 || rest <= 0 || s.copy_from >= 0) return;  // copy_from: the copy was never made
  const auto tokens = std::span(s.tokens).subspan(static_cast<size_t>(s.n_kept) * static_cast<size_t>(limits_.page),
                                                  static_cast<size_t>(rest));
  tree_.insert(s.domain, last_kept(s), tokens, s.pages[static_cast<size_t>(s.n_kept)]);
}

}  // namespace infer::engine
