#include "text/constraint/nfa.h"

#include <algorithm>

#include "text/constraint/byte_classes.h"

namespace infer::text {
namespace {

constexpr int64_t kLaidOut = 256;  // a counted repetition of so few places is laid out, a larger one counts
constexpr int64_t kMostPlaces = 1 << 20;

using Kind = Grammar::Kind;

}  // namespace

Result<std::unique_ptr<Nfa>> Nfa::create(Grammar& g) {
  std::unique_ptr<Nfa> nfa(new Nfa(g));
  TRY(nfa->build());
  return nfa;
}

Status Nfa::build() {
  // without_empty() adds rules on the way: until all that there are are laid.
  for (Grammar::Rule r = 0; r < grammar_.n_rules(); ++r) {
    begins_.push_back(place());
    const uint32_t end = lay(grammar_.body(r), begins_.back());
    places_[end].final = true;
    if (static_cast<int64_t>(places_.size()) > kMostPlaces)
      return Status::invalid(str("the grammar needs more than ", kMostPlaces, " places"), "use smaller bounds");
  }
  TRY(grammar_.finish(grammar_.root()));  // what was added
  root_ = grammar_.root();
  starts_.resize(begins_.size());
  forget();
  return {};
}

void Nfa::forget() {
  std::fill(starts_.begin(), starts_.end(), kUnknown);
  for (Loop& loop : loops_) loop.body = kUnknown;
  known_.clear(), states_.clear();
  bytes_ = 0;
}

void Nfa::find_ends(uint32_t loop) {
  const Local body = intern({loop_bodies_[loop]}), after = intern({loop_afters_[loop]});
  loops_[loop].body = body, loops_[loop].after = after;
}

uint32_t Nfa::lay(Grammar::Expr e, uint32_t from) {
  if (static_cast<int64_t>(places_.size()) > kMostPlaces) return from;
  const Grammar::Node n = grammar_.node(e);
  if (!n.possible) return place();  // nothing leads there
  switch (n.kind) {
    case Kind::kBytes: {
      const uint32_t to = place();
      sets_.push_back(grammar_.set(n));
      places_[from].bytes.emplace_back(static_cast<uint32_t>(sets_.size() - 1), to);
      return to;
    }
    case Kind::kRefer: {
      const uint32_t to = place();
      places_[from].calls.emplace_back(n.first, to);
      return to;
    }
    case Kind::kSequence:
      for (uint32_t i = 0; i < n.n; ++i) from = lay(grammar_.parts(n)[i], from);
      return from;
    case Kind::kChoice: {
      const uint32_t to = place();
      for (uint32_t i = 0; i < n.n; ++i) {
        const uint32_t begin = place();
        places_[from].free.push_back(begin);
        const uint32_t end = lay(grammar_.parts(n)[i], begin);
        places_[end].free.push_back(to);
      }
      return to;
    }
    case Kind::kRepeat:
      return lay_repeat(n, from);
  }
  return from;
}

uint32_t Nfa::lay_repeat(const Grammar::Node& n, uint32_t from) {
  if (!grammar_.node(n.first).possible) return from;  // so none is needed
  const auto star = [&](uint32_t at) {
    const uint32_t begin = place(), end_of = place();
    places_[at].free.push_back(begin);
    const uint32_t end = lay(n.first, begin);
    places_[end].free.push_back(begin);
    places_[begin].free.push_back(end_of);
    return end_of;
  };
  if (int64_t{grammar_.node(n.first).size} * std::max(n.least, n.most) <= kLaidOut) {
    for (int32_t i = 0; i < n.least; ++i) from = lay(n.first, from);
    if (n.most == Grammar::kNoMost) return star(from);
    const uint32_t to = place();
    for (int32_t i = n.least; i < n.most; ++i) {
      places_[from].free.push_back(to);
      const uint32_t begin = place();
      places_[from].free.push_back(begin);
      from = lay(n.first, begin);
    }
    places_[from].free.push_back(to);
    return to;
  }
  if (n.least <= 1 && n.most == Grammar::kNoMost) return star(n.least == 1 ? lay(n.first, from) : from);
  // Iterations that may be empty count for nothing: so none is needed, and those that are counted are not.
  const bool nullable = grammar_.node(n.first).nullable;
  Loop loop;
  loop.least = nullable ? 0 : static_cast<uint32_t>(n.least);
  loop.most = n.most == Grammar::kNoMost ? kAny : static_cast<uint32_t>(n.most);
  const uint32_t begin = place(), after = place();
  const uint32_t end = lay(nullable ? grammar_.without_empty(n.first) : n.first, begin);
  places_[end].final = true;
  loops_.push_back(loop), loop_bodies_.push_back(begin), loop_afters_.push_back(after);
  places_[from].loops.emplace_back(static_cast<uint32_t>(loops_.size() - 1), after);
  return after;
}

// The set with all places that are also there.
Local Nfa::intern(std::vector<uint32_t> places) {
  std::vector<uint32_t> todo = places;
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  std::vector<uint32_t> all;
  std::vector<uint32_t> seen = places;
  while (!todo.empty()) {
    const uint32_t p = todo.back();
    todo.pop_back();
    all.push_back(p);
    for (const uint32_t f : places_[p].free) {
      const auto at = std::lower_bound(seen.begin(), seen.end(), f);
      if (at != seen.end() && *at == f) continue;
      seen.insert(at, f);
      todo.push_back(f);
    }
  }
  std::sort(all.begin(), all.end());
  // Places that only lead on say nothing.
  std::erase_if(all, [&](uint32_t p) {
    const Place& q = places_[p];
    return !q.final && q.bytes.empty() && q.calls.empty() && q.loops.empty();
  });
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (all.empty()) return kDead;
  if (const auto found = known_.find(all); found != known_.end()) return found->second;
  auto made = std::make_unique<State>();
  State& s = *made;
  bool leaves = false;
  for (const uint32_t p : all) {
    s.final = s.final || places_[p].final;
    for (const auto& [set, to] : places_[p].bytes) s.following |= sets_[set];
    leaves = leaves || !places_[p].bytes.empty() || !places_[p].calls.empty();
    for (const auto& [loop, to] : places_[p].loops) s.loops.push_back(loop);
  }
  s.places = all;
  s.bare = s.final && !leaves && s.loops.empty();
  // known_ comes last: memory may be short on the way.
  const auto l = static_cast<Local>(states_.size());
  bytes_ += static_cast<int64_t>(200 + 16 * all.size());
  states_.push_back(std::move(made));
  known_.emplace(std::move(all), l);
  return l;
}

// Calls of one rule return to one place. Not in intern(): what follows a call may begin with a call, and so on.
void Nfa::meet(Local l) {
  std::map<Grammar::Rule, std::vector<uint32_t>> calls;
  for (const uint32_t p : states_[l]->places)
    for (const auto& [rule, to] : places_[p].calls) calls[rule].push_back(to);
  std::vector<std::pair<Grammar::Rule, Local>> met;
  for (auto& [rule, to] : calls) {
    const Local back = intern(std::move(to));
    if (back != kDead) met.emplace_back(rule, back);
  }
  states_[l]->calls = std::move(met);
  states_[l]->met = true;
}

void Nfa::find_next(Local l) {
  auto next = std::make_unique<std::array<Local, 256>>();
  std::map<std::vector<uint32_t>, Local> known{{{}, kDead}};
  std::vector<uint32_t> to, before;
  Local target = kDead;
  for (size_t b = 0; b < next->size(); ++b) {
    to.clear();
    for (const uint32_t p : states_[l]->places)
      for (const auto& [set, place] : places_[p].bytes)
        if (sets_[set].has(static_cast<uint8_t>(b))) to.push_back(place);
    if (to != before) {  // neighbours mostly lead to the same
      const auto [at, is_new] = known.try_emplace(to, kDead);
      if (is_new) at->second = intern(to);
      target = at->second;
      std::swap(to, before);
    }
    (*next)[b] = target;
  }
  uint32_t alike = (1u << ByteClasses::kAll) - 1;
  for (size_t b = 0; b < next->size(); ++b) {
    const uint8_t c = ByteClasses::kOf[b];
    if ((*next)[b] != (*next)[ByteClasses::kOne[c]]) alike &= ~(1u << c);
  }
  states_[l]->alike = alike;
  states_[l]->next = std::move(next);
  bytes_ += 1024;
}

Local Nfa::find_text(Local l) {
  std::optional<Local> all;
  for (uint8_t lead = ByteClasses::kLead2; lead <= ByteClasses::kLeadF4; ++lead) {
    const ByteClasses::Follow follow = ByteClasses::follow(lead);
    Local at = l;
    for (uint8_t n = 0; n <= follow.n && at != kDead; ++n) {
      if (n > 0 && (state(at).final || !state(at).calls.empty() || !state(at).loops.empty())) return kMixed;
      uint8_t first = lead, last = lead;
      if (n == 1) first = follow.first, last = follow.last;
      if (n > 1) first = ByteClasses::kLow, last = ByteClasses::kHigh;
      const Local to = next(at, ByteClasses::kOne[first]);
      for (uint8_t c = first; c <= last; ++c)
        if ((alike(at) >> c & 1) == 0 || next(at, ByteClasses::kOne[c]) != to) return kMixed;
      if (to == kDead && n > 0) return kMixed;
      at = to;
    }
    if (all && *all != at) return kMixed;
    all = at;
  }
  return *all;
}

}  // namespace infer::text
