#include "text/constraint/constraint.h"

#include <algorithm>

#include "base/thread.h"
#include "text/constraint/ebnf.h"
#include "text/constraint/gbnf.h"
#include "text/constraint/regex.h"
#include "text/constraint/schema.h"
#include "text/constraint/tags.h"

namespace infer::text {
namespace {

constexpr int64_t kMostMemory = 16 << 20;    // bytes of states and masks; then they are made anew
constexpr size_t kStack = size_t{64} << 20;  // the limits bound what is needed of it

Result<Grammar::Expr> compile_whole(Grammar& g, Constraint::Kind kind, std::span<const std::string> sources,
                                    const TokenTrie& trie) {
  using Kind = Constraint::Kind;
  const std::string_view source = sources.empty() ? std::string_view() : sources.front();
  switch (kind) {
    case Kind::kRegex:
      return compile_regex(g, source);
    case Kind::kGrammar:
      return compile_gbnf(g, source);
    case Kind::kEbnf:
      return compile_ebnf(g, source);
    case Kind::kSchema:
      return compile_schema(g, source, {});
    case Kind::kJson:
      return compile_any_json(g, false, {});
    case Kind::kChoice:
      return g.texts({sources.begin(), sources.end()});
    case Kind::kTags:
      return compile_tags(g, source, trie);
  }
  return Status::internal("no such kind of constraint");
}

}  // namespace

Result<std::shared_ptr<Constraint>> Constraint::compile(Kind kind, std::span<const std::string> source,
                                                        std::shared_ptr<const TokenTrie> trie,
                                                        std::optional<GrammarLimits> limits) {
  if (!limits) limits = kind == Kind::kTags ? GrammarLimits{.source_bytes = 512 << 10, .rules = 5000} : GrammarLimits{};
  Result<std::unique_ptr<Nfa>> nfa = Status::internal("not compiled");
  {
    TRY_SET(Thread thread, Thread::start(
                               [&] {
                                 try {
                                   Grammar g(*limits);
                                   const Status s = g.finish_with(compile_whole(g, kind, source, *trie));
                                   nfa = s.ok() ? Nfa::create(g) : Result<std::unique_ptr<Nfa>>(s);
                                 } catch (...) {
                                   nfa = Status::out_of_memory();
                                 }
                               },
                               kStack));
    thread.join();
  }
  TRY(nfa.status());
  std::shared_ptr<Constraint> c(new Constraint(nfa.take(), std::move(trie)));
  if (c->automaton_.start() == Automaton::kNone)
    return Status::invalid("the constraint is too ambiguous at its beginning",
                           "let its alternatives begin differently");
  return c;
}

StateId Constraint::state(Place& p) {
  if (automaton_.bytes() + masks_.bytes() > kMostMemory) {
    ++age_;
    masks_.forget(), automaton_.forget();
  }
  if (p.age_ != age_) p.state_ = automaton_.run(automaton_.start(), p.text_), p.age_ = age_;
  return p.state_;
}

bool Constraint::accept(Place& p, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  const StateId to = automaton_.run(state(p), bytes);
  if (to == Automaton::kNone) return false;
  p.text_ += bytes;
  p.state_ = to;
  return true;
}

bool Constraint::mask(Place& p, std::span<uint32_t> out) {
  const std::lock_guard lock(mutex_);
  const TokenSet& tokens = masks_.of(state(p));
  tokens.copy_to(out);
  return !tokens.empty();
}

bool Constraint::may_end(Place& p) {
  const std::lock_guard lock(mutex_);
  return automaton_.facts(state(p)).ends;
}

bool Constraint::ended(Place& p) {
  const std::lock_guard lock(mutex_);
  const StateId s = state(p);
  return automaton_.facts(s).ends && automaton_.pairs(s).empty();
}

std::string Constraint::forced(Place& p, size_t most) {
  const std::lock_guard lock(mutex_);
  std::string bytes;
  for (StateId s = state(p); bytes.size() < most && !automaton_.facts(s).ends;) {
    const std::optional<uint8_t> only = automaton_.only(s);
    if (!only) break;
    bytes += static_cast<char>(*only);
    s = automaton_.next(s, *only);
  }
  return bytes;
}

}  // namespace infer::text
