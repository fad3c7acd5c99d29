// A JSON schema as read: every schema in it with its keywords checked for what they must be, and its references
// resolved. What a keyword means is for those that compile; what is not known or not done is refused here, by name and
// place.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/json_tree.h"
#include "text/constraint/decimal.h"
#include "text/constraint/grammar.h"

namespace infer::text::json_schema {

using SchemaId = uint32_t;

// Types of values; a number that is whole is an integer, and not kFraction.
enum Type : uint8_t {
  kNull = 1,
  kBoolean = 2,
  kInteger = 4,
  kFraction = 8,
  kString = 16,
  kArray = 32,
  kObject = 64,
  kAnyType = 127,
};

uint8_t type_of(const Json& value);  // schema_values.cc
// The same for two values that JSON Schema takes for equal, and for no others: 1 is 1.0, members have no order.
std::string value_key(const Json& value);

struct Schema {
  std::string path;    // "#/properties/a"
  bool never = false;  // the schema false
  uint8_t types = kAnyType;
  std::optional<std::vector<const Json*>> values;  // enum, const
  std::unordered_set<std::string> value_keys;      // of them

  std::optional<Decimal> minimum, maximum, above, below;  // above, below: exclusive
  std::optional<Decimal> multiple_of;
  int64_t min_length = 0, max_length = -1;  // -1: any
  std::optional<std::string> pattern, format;
  int64_t min_items = 0, max_items = -1;
  std::vector<SchemaId> prefix;
  std::optional<SchemaId> items;
  int64_t min_properties = 0, max_properties = -1;
  std::vector<std::pair<std::string, SchemaId>> properties, pattern_properties;
  std::optional<SchemaId> additional, names;
  std::vector<std::string> required;

  std::vector<SchemaId> all_of, any_of, one_of;
  bool has_any_of = false, has_one_of = false;
  std::optional<SchemaId> ref;

  bool says_something() const;  // but allOf, anyOf, oneOf, $ref
  const SchemaId* property(std::string_view name) const;
};

class Document {
 public:
  static Result<Document> read(Json schema, const GrammarLimits&);
  const Schema& operator[](SchemaId id) const { return schemas_[id]; }
  size_t size() const { return schemas_.size(); }

 private:
  friend class Keywords;
  struct Pending {  // a $ref that is to be resolved
    SchemaId from;
    std::string target;
  };
  Status read_schema(const Json& j, std::string path, const std::string& base, SchemaId& id);
  // schema_refs.cc
  Status resolve();
  Status find(const std::string& uri, const std::string& where, const Json*& found, std::string& base);
  Status find_loops() const;  // of references that reach themselves before they reach a value's part

  GrammarLimits limits_;
  Json root_;
  std::vector<Schema> schemas_;
  std::map<const Json*, SchemaId> known_;
  std::map<const Json*, std::string> bases_;      // URI of the resource that a schema is in
  std::map<std::string, const Json*> resources_;  // by URI, and URI#anchor
  std::vector<Pending> pending_;
};

// schema_refs.cc: a reference against a base (RFC 3986, 5.2).
std::string resolve_uri(std::string_view base, std::string_view reference);

}  // namespace infer::text::json_schema
