// What a finished Grammar matches, by its definition: the ends that an expression may have in a text, as sets. Slow and
// deep; for small texts, to compare automata with.
//
// It ends because finish() refuses rules that begin with themselves: at one place, no rule asks for itself.
#pragma once
#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "text/constraint/grammar.h"

namespace infer::testing {

class NaiveGrammar {
 public:
  using Grammar = text::Grammar;
  using Expr = Grammar::Expr;
  using Kind = Grammar::Kind;
  using Ends = std::set<size_t>;

  NaiveGrammar(const Grammar& g, std::string_view text) : g_(g), text_(text) { find_productive(); }

  bool matches() { return ends(g_.body(g_.root()), 0).count(text_.size()) != 0; }
  bool begins_match() { return begins(g_.body(g_.root()), 0); }

 private:
  const Ends& ends(Expr e, size_t begin) {
    const auto key = std::pair(e, begin);
    if (const auto found = ends_.find(key); found != ends_.end()) return found->second;
    Ends result = find_ends(e, begin);
    return ends_.emplace(key, std::move(result)).first->second;
  }

  Ends ends_of_all(Expr e, const Ends& begins) {
    Ends all;
    for (const size_t begin : begins) all.insert(ends(e, begin).begin(), ends(e, begin).end());
    return all;
  }

  Ends find_ends(Expr e, size_t begin) {
    const Grammar::Node& n = g_.node(e);
    Ends result;
    switch (n.kind) {
      case Kind::kBytes:
        if (begin < text_.size() && g_.set(n).has(byte(begin))) result.insert(begin + 1);
        break;
      case Kind::kSequence:
        result.insert(begin);
        for (const Expr part : g_.parts(n)) result = ends_of_all(part, result);
        break;
      case Kind::kChoice:
        for (const Expr part : g_.parts(n)) result.insert(ends(part, begin).begin(), ends(part, begin).end());
        break;
      case Kind::kRepeat:
        for (const Ends& after : repetitions(n, begin, true)) result.insert(after.begin(), after.end());
        break;
      case Kind::kRefer:
        result = ends(g_.body(n.first), begin);
        break;
    }
    return result;
  }

  // Where `n`, a repetition, may be after each count of them: from the least, or from 0, to the most. Without a most,
  // until no count adds a place.
  std::vector<Ends> repetitions(const Grammar::Node& n, size_t begin, bool from_least) {
    std::vector<Ends> result;
    Ends now{begin}, seen;
    for (int32_t count = 0;; ++count) {
      if (!from_least || count >= n.least) {
        const size_t before = seen.size();
        seen.insert(now.begin(), now.end());
        result.push_back(now);
        // Without a most, a place that was seen leads nowhere new.
        if (n.most == Grammar::kNoMost && count >= n.least && count > 0 && seen.size() == before) return result;
      }
      if (count == n.most || now.empty()) return result;
      now = ends_of_all(n.first, now);
    }
  }

  // Some text of `e` begins with all of the text from `begin` on.
  bool begins(Expr e, size_t begin) {
    if (begin == text_.size()) return productive(e);
    const auto key = std::pair(e, begin);
    if (const auto found = begins_.find(key); found != begins_.end()) return found->second;
    const bool result = find_begins(e, begin);
    begins_.emplace(key, result);
    return result;
  }

  bool find_begins(Expr e, size_t begin) {
    const Grammar::Node& n = g_.node(e);
    switch (n.kind) {
      case Kind::kBytes:
        return begin + 1 == text_.size() && g_.set(n).has(byte(begin));
      case Kind::kSequence: {  // the text ends within one part; some text follows for each later one
        Ends now{begin};
        const auto parts = g_.parts(n);
        for (size_t i = 0; i < parts.size(); ++i) {
          const bool rest = std::all_of(parts.begin() + static_cast<ptrdiff_t>(i), parts.end(),
                                        [&](Expr part) { return productive(part); });
          for (const size_t at : now)
            if (rest && begins(parts[i], at)) return true;
          now = ends_of_all(parts[i], now);
        }
        return false;
      }
      case Kind::kChoice: {
        const auto parts = g_.parts(n);
        return std::any_of(parts.begin(), parts.end(), [&](Expr part) { return begins(part, begin); });
      }
      case Kind::kRepeat: {  // within the repetition after `count`; what begins can be completed, and repeated
        const auto after = repetitions(n, begin, false);
        for (size_t count = 0; count < after.size(); ++count) {
          if (n.most != Grammar::kNoMost && count >= static_cast<size_t>(n.most)) break;
          for (const size_t at : after[count])
            if (begins(n.first, at)) return true;
        }
        return false;
      }
      case Kind::kRefer:
        return begins(g_.body(n.first), begin);
    }
    return false;
  }

  // Matches some text: the least solution, from below.
  void find_productive() {
    std::set<Expr> all;
    std::vector<Expr> todo{g_.body(g_.root())};
    while (!todo.empty()) {
      const Expr e = todo.back();
      todo.pop_back();
      if (!all.insert(e).second) continue;
      const Grammar::Node& n = g_.node(e);
      if (n.kind == Kind::kRepeat) todo.push_back(n.first);
      if (n.kind == Kind::kRefer) todo.push_back(g_.body(n.first));
      if (n.kind == Kind::kSequence || n.kind == Kind::kChoice)
        todo.insert(todo.end(), g_.parts(n).begin(), g_.parts(n).end());
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (const Expr e : all)
        if (!productive(e) && is_productive(g_.node(e))) changed = productive_.insert(e).second;
    }
  }

  bool is_productive(const Grammar::Node& n) const {
    const auto of = [&](Expr e) { return productive(e); };
    switch (n.kind) {
      case Kind::kBytes:
        return !(g_.set(n) == text::ByteSet{});
      case Kind::kSequence:
        return std::all_of(g_.parts(n).begin(), g_.parts(n).end(), of);
      case Kind::kChoice:
        return std::any_of(g_.parts(n).begin(), g_.parts(n).end(), of);
      case Kind::kRepeat:
        return n.least == 0 || productive(n.first);
      case Kind::kRefer:
        return productive(g_.body(n.first));
    }
    return false;
  }

  bool productive(Expr e) const { return productive_.count(e) != 0; }
  uint8_t byte(size_t at) const { return static_cast<uint8_t>(text_[at]); }

  const Grammar& g_;
  const std::string_view text_;
  std::map<std::pair<Expr, size_t>, Ends> ends_;
  std::map<std::pair<Expr, size_t>, bool> begins_;
  std::set<Expr> productive_;
};

// The grammar matches the text; it matches some text that begins with it.
inline bool naive_matches(const text::Grammar& g, std::string_view text) { return NaiveGrammar(g, text).matches(); }
inline bool naive_prefix(const text::Grammar& g, std::string_view text) { return NaiveGrammar(g, text).begins_match(); }

}  // namespace infer::testing
