#include "api/constraints.h"

#include <algorithm>

#include "engine/constrained.h"

namespace infer::api {
namespace {

using Kind = text::Constraint::Kind;

struct Wanted {
  const char* option;
  Kind kind;
  std::vector<std::string> source;
};

std::vector<Wanted> wanted(const Settings& s) {
  std::vector<Wanted> all;
  const auto text = [&](const char* option, Key key, Kind kind) {
    if (const std::string source = s.text(key); !source.empty()) all.push_back({option, kind, {source}});
  };
  text("response.schema", Key::response_schema, Kind::kSchema);
  text("response.regex", Key::response_regex, Kind::kRegex);
  text("response.grammar", Key::response_grammar, Kind::kGrammar);
  text("response.ebnf", Key::response_ebnf, Kind::kEbnf);
  text("response.tags", Key::response_tags, Kind::kTags);
  if (s.flag(Key::response_json)) all.push_back({"response.json", Kind::kJson, {}});
  if (const auto& choice = s.list(Key::response_choice); !choice.empty())
    all.push_back({"response.choice", Kind::kChoice, choice});
  return all;
}

}  // namespace

Result<std::shared_ptr<text::Constraint>> Constraints::get(const Settings& settings, const text::Tokenizer* tokenizer) {
  std::vector<Wanted> all = wanted(settings);
  if (all.empty()) return std::shared_ptr<text::Constraint>();
  if (all.size() > 1)
    return Status::invalid(str(all[0].option, " and ", all[1].option, ": an answer can be held to one of them"));
  Wanted& w = all.front();
  if (!tokenizer) return Status::unsupported(str(w.option, ": the model has no tokenizer"));

  const std::lock_guard lock(mutex_);
  const auto same = [&](const Known& k) { return k.kind == w.kind && k.source == w.source; };
  if (const auto found = std::find_if(known_.begin(), known_.end(), same); found != known_.end()) {
    known_.splice(known_.begin(), known_, found);
    return found->constraint;
  }
  if (!trie_) trie_ = engine::make_trie(*tokenizer);
  auto made = text::Constraint::compile(w.kind, w.source, trie_);
  TRY(made.status().in(w.option));
  known_.push_front({w.kind, std::move(w.source), made.take()});
  if (known_.size() > kMost) known_.pop_back();
  return known_.front().constraint;
}

}  // namespace infer::api
