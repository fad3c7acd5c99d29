#include "text/constraint/tags.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/json_tree.h"
#include "text/constraint/free_text.h"
#include "text/constraint/gbnf.h"
#include "text/constraint/regex.h"
#include "text/constraint/schema.h"

namespace infer::text {
namespace {

using Expr = Grammar::Expr;
using Kind = Json::Kind;

class TagsCompiler {
 public:
  TagsCompiler(Grammar& g, const TokenTrie& trie) : g_(g), trie_(trie) {}

  Result<Expr> run(Json& j) {
    TRY(read(j));
    if (!free_text_) return tags_only();
    FreeTextRules before(g_, {triggers_, true, !at_least_one_});
    if (before.begin() == Grammar::kNothing) return Grammar::kNothing;  // the grammar knows why
    TRY(check_triggers(before));
    if (stop_after_first_) {
      before.define([&](const auto& hit) { return tags_after(hit); });
    } else if (!at_least_one_) {
      before.define([&](const auto& hit) { return g_.sequence({tags_after(hit), before.begin()}); });
    } else {
      FreeTextRules behind(g_, {triggers_, true, true});
      const auto tag = [&](const auto& hit) { return g_.sequence({tags_after(hit), behind.begin()}); };
      before.define(tag);
      behind.define(tag);
    }
    return before.begin();
  }

 private:
  struct Tag {
    std::string begin;
    Expr rest;  // what is between, and the end; with check_triggers(), also what of begin is behind the trigger
    size_t trigger = 0;  // that it is reached by: the first of those that are the same
  };

  // ---- from JSON
  static Status wrong(std::string_view what, std::string_view must) {
    return Status::invalid(str(what, " must be ", must), "see response.tags: {\"triggers\": [..], \"tags\": [{..}]}");
  }
  static Status flag(const Json& j, std::string_view key, bool& value) {
    if (!j.is(Kind::kBoolean)) return wrong(key, "true or false");
    value = j.truth;
    return {};
  }
  Status text(const Json& j, std::string_view key, std::string& value) const {
    if (!j.is(Kind::kString)) return wrong(key, "a text");
    value = trie_.coded(j.text);
    return {};
  }

  Status read(Json& j) {
    if (!j.is(Kind::kObject)) return wrong("the whole", "an object");
    bool any = false;
    for (size_t i = 0; i < j.keys.size(); ++i) {
      const std::string& key = j.keys[i];
      Json& value = j.items[i];
      const bool list = key == "triggers" || key == "tags";
      if (list && !value.is(Kind::kArray)) return wrong(key, "a list");
      if (static_cast<int64_t>(value.items.size()) > g_.limits().values)
        return Status::invalid(str(value.items.size(), " ", key, ", more than ", g_.limits().values));
      if (key == "triggers") {
        for (const Json& t : value.items) TRY(text(t, "a trigger", triggers_.emplace_back()));
      } else if (key == "tags") {
        for (size_t t = 0; t < value.items.size(); ++t) TRY(tag(value.items[t]).in(str("tags[", t, "]")));
        any = !tags_.empty();
      } else if (key == "at_least_one") {
        TRY(flag(value, key, at_least_one_));
      } else if (key == "stop_after_first") {
        TRY(flag(value, key, stop_after_first_));
      } else if (key == "free_text") {
        TRY(flag(value, key, free_text_));
      } else if (key == "separator") {
        TRY(text(value, key, separator_));
      } else {
        return unknown(key);
      }
    }
    if (!any) return wrong("tags", "a list of at least one tag");
    if (free_text_ && !separator_.empty())
      return Status::invalid("separator is for tags without free text between them",
                             "leave it out, or free_text false");
    return {};
  }
  static Status unknown(const std::string& key) {
    return Status::invalid(str("\"", shortened(key), "\" is not known"), "check how it is written");
  }

  Status tag(Json& j) {
    if (!j.is(Kind::kObject)) return wrong("a tag", "an object");
    std::string begin, end;
    Json* between = nullptr;
    std::string_view kind;
    for (size_t i = 0; i < j.keys.size(); ++i) {
      const std::string& key = j.keys[i];
      if (key == "begin") {
        TRY(text(j.items[i], key, begin));
      } else if (key == "end") {
        TRY(text(j.items[i], key, end));
      } else if (key == "schema" || key == "regex" || key == "grammar" || key == "text") {
        if (between) return Status::invalid(str(kind, " and ", key, ": a tag has one of them"));
        between = &j.items[i], kind = key;
      } else {
        return unknown(key);
      }
    }
    if (!between) return wrong("what is between begin and end", "one of schema, regex, grammar, text");
    if (kind == "text") {
      if (!between->is(Kind::kBoolean) || !between->truth) return wrong(kind, "true");
      if (end.empty()) return wrong("end", "a text where text comes before it: that ends there");
      tags_.push_back({std::move(begin), text_until(end)});
      return {};
    }
    if (kind != "schema" && !between->is(Kind::kString)) return wrong(kind, "a text");
    auto made = kind == "schema"  ? compile_schema(g_, std::move(*between), {})
                : kind == "regex" ? compile_regex(g_, between->text)
                                  : compile_gbnf(g_, between->text);
    TRY(made.status().in(kind));
    tags_.push_back({std::move(begin), once(g_.sequence({*made, g_.literal(end)}))});
    return {};
  }

  // ---- to expressions
  // As a rule: tags stand behind more than one place.
  Expr once(Expr e) {
    const Grammar::Rule rule = g_.declare("a tag");
    g_.define(rule, e);
    return g_.refer(rule);
  }

  Expr text_until(const std::string& end) {
    const auto [known, is_new] = until_.emplace(end, Grammar::kNothing);
    if (is_new) {
      FreeTextRules rules(g_, {{end}, false, false});
      rules.define([](const auto&) { return Grammar::kEmpty; });
      known->second = rules.begin();
    }
    return known->second;
  }

  // What may come where these triggers, in order, have ended: the rests of the tags that they lead to.
  Expr tags_after(const std::vector<size_t>& triggers) {
    std::vector<Expr> options;
    for (const Tag& tag : tags_)
      if (std::binary_search(triggers.begin(), triggers.end(), tag.trigger)) options.push_back(tag.rest);
    return once(g_.choice(options));
  }

  Result<Expr> tags_only() {
    std::vector<Expr> options;
    for (const Tag& tag : tags_) options.push_back(g_.sequence({g_.literal(tag.begin), tag.rest}));
    const Expr tag = once(g_.choice(options));
    if (stop_after_first_) return tag;
    return g_.sequence({tag, g_.repeat(g_.sequence({g_.literal(separator_), tag}), 0)});
  }

  // Every trigger begins a tag, and every tag is led to: by which one is noted, with what of the tag is behind it.
  Status check_triggers(const FreeTextRules& free) {
    if (triggers_.empty()) return wrong("triggers", "a list of at least one text, unless free_text is false");
    const auto is_empty = [](const std::string& t) { return t.empty(); };
    if (std::any_of(triggers_.begin(), triggers_.end(), is_empty))
      return wrong("a trigger", "a text that is not empty");
    for (size_t t = 0; t < triggers_.size(); ++t) {
      const auto begins = [&](const Tag& tag) { return tag.begin.starts_with(triggers_[t]); };
      if (std::none_of(tags_.begin(), tags_.end(), begins))
        return Status::invalid(str("triggers[", t, "] begins no tag"),
                               "a trigger is what a tag's begin begins with; a control token is in it as a whole");
    }
    for (size_t i = 0; i < tags_.size(); ++i) {
      Tag& tag = tags_[i];
      const FreeTextRules::Hit hit = free.first_in(tag.begin);
      const auto reaches = [&](size_t t) { return triggers_[t].size() == hit.end; };
      const auto trigger = std::find_if(hit.words.begin(), hit.words.end(), reaches);
      if (trigger == hit.words.end())
        return Status::invalid(
            str("tags[", i, "] can never be written: ",
                hit.words.empty() ? "no trigger begins it" : str("triggers[", hit.words.front(), "] ends within it")),
            "give each tag a trigger that begins it, and let no trigger lie in the middle of another");
      tag.trigger = *trigger;
      tag.rest = g_.sequence({g_.literal(std::string_view(tag.begin).substr(hit.end)), tag.rest});
    }
    return {};
  }

  Grammar& g_;
  const TokenTrie& trie_;
  std::vector<std::string> triggers_;
  std::vector<Tag> tags_;
  std::string separator_;
  bool at_least_one_ = false, stop_after_first_ = false, free_text_ = true;
  std::map<std::string, Expr> until_;
};

}  // namespace

Result<Grammar::Expr> compile_tags(Grammar& g, std::string_view json, const TokenTrie& trie) {
  constexpr int64_t kAround = 3;  // levels that a schema is in
  TRY_SET(Json tags,
          parse_json_tree(json, {g.limits().source_bytes, g.limits().depth + kAround}, "the description of the tags"));
  return TagsCompiler(g, trie).run(tags);
}

}  // namespace infer::text
