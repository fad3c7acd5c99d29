// From a schema that was read to a grammar. What a value must satisfy at one place is a Conjunction: all the schemas
// that apply there, with $ref and allOf followed, and with the anyOf and oneOf that are still to be chosen from. So
// siblings of $ref, allOf, and properties that several schemas speak of need no merging of their own: each kind of
// value is compiled from all of them together. A conjunction that was reached by a $ref is a rule, known by its
// schemas, which ends recursion; rules wait in a queue, so depth here is that of the document.
//
// kNothing is what a conjunction gives that no value satisfies, as far as that is seen.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "text/constraint/json_text.h"
#include "text/constraint/language.h"
#include "text/constraint/number_text.h"
#include "text/constraint/schema_document.h"

namespace infer::text::json_schema {

class Compiler {
 public:
  using Expr = Grammar::Expr;
  Compiler(Grammar& g, const Document& schema, const SchemaOptions& options) : g_(g), d_(schema), text_(g, options) {}
  Expr run();

 private:
  struct Choice {
    SchemaId id;
    bool one;  // of oneOf
    auto operator<=>(const Choice&) const = default;
  };
  struct Conjunction {
    std::vector<SchemaId> all;    // that say something, in the order in which they were met
    std::vector<Choice> choices;  // of those
    uint8_t types = kAnyType;
    std::set<std::string> absent;       // members that an object must not have: another branch of oneOf needs them
    bool never = false, named = false;  // named: by a $ref
    std::string path;                   // for messages
  };
  struct Key {
    std::vector<SchemaId> all;
    std::vector<Choice> choices;
    uint8_t types;
    std::set<std::string> absent;
    auto operator<=>(const Key&) const = default;
  };

  // schema.cc
  void add(Conjunction& c, SchemaId id) const;
  Conjunction with(const Conjunction& c, SchemaId id) const;
  Expr compile(const Conjunction& c);
  Expr build(const Conjunction& c);
  Expr build_values(const Conjunction& c);
  Expr failed(const Conjunction& c, const std::string& why, const std::string& hint = {});
  bool spend(const Conjunction& c, int64_t work);  // false: too much was done already; a failure then
  // The same for what was worked out, passed on; none: it became too large, or that.
  std::optional<Language> spent(const Conjunction& c, std::optional<Language> made);
  std::vector<const Json*> values(const Conjunction& c);  // of enum and const, that satisfy the rest

  // schema_choice.cc
  Expr build_choice(const Conjunction& c);
  Expr exactly_one(const Conjunction& c, const Conjunction& rest, const std::vector<SchemaId>& branches);
  // Ways in which a value does not satisfy a schema: of other types, or an object without that member.
  using Ways = std::vector<std::pair<uint8_t, std::string>>;
  static bool take_away(std::vector<Conjunction>& from, const Ways& ways);
  std::optional<Ways> ways_not(SchemaId id) const;  // none: they cannot be said so

  // schema_number.cc
  NumberRange range(const Conjunction& c, bool whole) const;
  Expr number(const Conjunction& c);

  // schema_string.cc
  struct StringFacts {
    int64_t least = 0, most = -1;
    std::vector<std::pair<std::string, bool>> patterns;  // search: pattern; else of a format
  };
  StringFacts string_facts(const Conjunction& c);
  Expr string(const Conjunction& c);
  const Language* pattern_language(const std::string& pattern, bool search, const std::string& path);
  // Of all strings that satisfy c; none: a failure was kept, or with quiet, it is not known.
  std::optional<Language> string_language(const Conjunction& c, bool quiet = false);
  std::optional<Language> chosen_language(const Conjunction& c, bool quiet);
  Expr characters(Grammar& g, const std::vector<CodeRange>& ranges, bool negated);
  Language::CodePoints code_points() {
    return [this](Grammar& g, const std::vector<CodeRange>& r, bool negated) { return characters(g, r, negated); };
  }

  Expr in_quotes(const Language& language, const std::string& name);

  // schema_array.cc
  struct ArrayFacts {
    int64_t least = 0, most = -1;
    size_t fixed = 0;  // items before the rest, which are all alike
  };
  ArrayFacts array_facts(const Conjunction& c) const;
  Conjunction item(const Conjunction& c, size_t index) const;
  Expr array(const Conjunction& c);

  // schema_object.cc
  struct Member {
    Expr text;
    bool required;
  };
  struct ObjectFacts {
    int64_t least = 0, most = -1;
    std::vector<std::string> names, required;  // names: in order, required ones as well
    bool closed = false;                       // there are no others
  };
  ObjectFacts object_facts(const Conjunction& c) const;
  Conjunction member(const Conjunction& c, const std::string& name);
  Expr object(const Conjunction& c);
  Expr other_members(const Conjunction& c, const ObjectFacts& facts);
  std::optional<Language> other_names(const Conjunction& c, const ObjectFacts& facts);
  bool split_names(const Conjunction& c, const ObjectFacts& facts, const std::vector<std::string>& patterns,
                   std::vector<std::pair<Language, std::set<std::string>>>& parts);
  Expr any_number_of(const std::vector<Member>& members, Expr other);
  Expr counted(const Conjunction& c, const std::vector<Member>& members, Expr other, int64_t least, int64_t most);

  // schema_values.cc: does this value satisfy the schema?
  bool takes(SchemaId id, const Json& v);
  bool takes_itself(const Schema& s, const Json& v);  // its own keywords, but $ref, allOf, anyOf, oneOf
  bool takes_string(const Schema& s, const Json& v);
  bool takes_object(const Schema& s, const Json& v);

  // schema_empty.cc: no value satisfies this, for sure.
  bool empty(const Conjunction& c, int depth);
  bool empty_type(const Conjunction& c, Type type, int depth);

  Grammar& g_;
  const Document& d_;
  JsonText text_;
  std::map<Key, Expr> made_;
  std::vector<std::pair<Grammar::Rule, Conjunction>> queue_;
  std::map<std::pair<std::string, bool>, std::optional<Language>> languages_;
  std::map<std::vector<uint32_t>, Expr> characters_, rests_;
  int64_t work_ = 0;
  int depth_ = 0;  // of takes
};

}  // namespace infer::text::json_schema
