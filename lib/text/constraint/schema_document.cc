#include "text/constraint/schema_document.h"

#include <algorithm>

namespace infer::text::json_schema {
namespace {

using Kind = Json::Kind;

constexpr int64_t kMostDigits = 400;  // of a number in a bound
constexpr size_t kMostUri = 1000;     // bytes of an $id, which every reference in it repeats

std::string_view kind_name(Kind k) {
  static constexpr std::string_view kNames[] = {"null", "a boolean", "a number", "a string", "an array", "an object"};
  return kNames[static_cast<size_t>(k)];
}

// What describes and does not constrain, editors' own keywords and extensions (x-..) as well; $defs and definitions are
// read apart.
bool is_annotation(std::string_view k) {
  static constexpr std::string_view kAll[] = {"title",
                                              "description",
                                              "default",
                                              "examples",
                                              "$comment",
                                              "deprecated",
                                              "readOnly",
                                              "writeOnly",
                                              "example",
                                              "enumNames",
                                              "tsEnumNames",
                                              "errorMessage",
                                              "markdownDescription",
                                              "deprecationMessage",
                                              "enumDescriptions",
                                              "markdownEnumDescriptions",
                                              "defaultSnippets"};
  return k.starts_with("x-") || std::find(std::begin(kAll), std::end(kAll), k) != std::end(kAll);
}

bool is_excluded(std::string_view k) {
  static constexpr std::string_view kAll[] = {"$dynamicRef",
                                              "$dynamicAnchor",
                                              "$recursiveRef",
                                              "$recursiveAnchor",
                                              "$vocabulary",
                                              "unevaluatedItems",
                                              "not",
                                              "if",
                                              "unevaluatedProperties",
                                              "then",
                                              "else",
                                              "dependentRequired",
                                              "contains",
                                              "dependentSchemas",
                                              "dependencies",
                                              "minContains",
                                              "maxContains",
                                              "contentMediaType",
                                              "contentEncoding",
                                              "contentSchema",
                                              "additionalItems"};
  return std::find(std::begin(kAll), std::end(kAll), k) != std::end(kAll);
}

}  // namespace

bool Schema::says_something() const {
  return never || types != kAnyType || values || minimum || maximum || above || below || multiple_of ||
         min_length > 0 || max_length >= 0 || pattern || format || min_items > 0 || max_items >= 0 || !prefix.empty() ||
         items || min_properties > 0 || max_properties >= 0 || !properties.empty() || !pattern_properties.empty() ||
         additional || names || !required.empty();
}

const SchemaId* Schema::property(std::string_view name) const {
  const auto at = std::find_if(properties.begin(), properties.end(), [&](const auto& p) { return p.first == name; });
  return at == properties.end() ? nullptr : &at->second;
}

// Reads the keywords of one schema.
class Keywords {
 public:
  Keywords(Document& d, SchemaId id, const Json& j, const std::string& base) : d_(d), id_(id), json_(j), base_(base) {}

  Status run() {
    for (size_t i = 0; i < json_.keys.size(); ++i) {
      key_ = json_.keys[i];
      TRY(read(json_.items[i]));
    }
    return {};
  }

 private:
  Schema& self() { return d_.schemas_[id_]; }
  std::string place() { return str(self().path, "/", shortened(key_)); }
  Status wrong(const std::string& need, const Json& v) {
    return Status::invalid(str(place(), " must be ", need, ", not ", kind_name(v.kind)));
  }

  Status read(const Json& v) {
    if (is_annotation(key_)) return {};
    if (is_excluded(key_))
      return Status::unsupported(str("the keyword '", key_, "' is not supported (", place(), ")"), "leave it out");
    if (key_ == "$schema") return read_dialect(v);
    if (key_ == "$id" || key_ == "$anchor") {
      if (!v.is(Kind::kString)) return wrong("a string", v);
      return v.text.size() <= kMostUri ? Status()
                                       : Status::invalid(str(place(), " is longer than ", kMostUri, " bytes"));
    }
    if (key_ == "$ref") return read_ref(v);
    if (key_ == "type") return read_type(v);
    if (key_ == "enum" || key_ == "const") return read_values(v);
    if (key_ == "$defs" || key_ == "definitions") {
      std::vector<std::pair<std::string, SchemaId>> unused;
      return read_named(v, unused);
    }
    if (key_ == "uniqueItems") {
      if (!v.is(Kind::kBoolean)) return wrong("a boolean", v);
      if (!v.truth) return {};
      return Status::unsupported(str("the keyword 'uniqueItems' is not supported (", place(), ")"), "leave it out");
    }
    if (key_ == "pattern") return read_string(v, self().pattern);
    if (key_ == "format") return read_string(v, self().format);
    return key_.starts_with("m") || key_.starts_with("exclusive") ? read_bound(v) : read_inner(v);
  }

  Status read_bound(const Json& v) {
    Schema& s = self();
    if (key_ == "minimum") return read_number(v, s.minimum);
    if (key_ == "maximum") return read_number(v, s.maximum);
    if (key_ == "exclusiveMinimum") return read_number(v, s.above);
    if (key_ == "exclusiveMaximum") return read_number(v, s.below);
    if (key_ == "multipleOf") {
      TRY(read_number(v, s.multiple_of));
      if (s.multiple_of->zero() || s.multiple_of->negative) return Status::invalid(str(place(), " must be above 0"));
      return {};
    }
    if (key_ == "minLength") return read_count(v, s.min_length);
    if (key_ == "maxLength") return read_count(v, s.max_length);
    if (key_ == "minItems") return read_count(v, s.min_items);
    if (key_ == "maxItems") return read_count(v, s.max_items);
    if (key_ == "minProperties") return read_count(v, s.min_properties);
    if (key_ == "maxProperties") return read_count(v, s.max_properties);
    return unknown();
  }

  Status read_inner(const Json& v) {
    // Reading grows the list of schemas: into a value of its own first.
    if (key_ == "properties" || key_ == "patternProperties") {
      std::vector<std::pair<std::string, SchemaId>> all;
      TRY(read_named(v, all));
      (key_ == "properties" ? self().properties : self().pattern_properties) = std::move(all);
      return {};
    }
    if (key_ == "additionalProperties" || key_ == "propertyNames" || key_ == "items") {
      SchemaId one = 0;
      TRY(d_.read_schema(v, place(), base_, one));
      (key_ == "items" ? self().items : key_ == "propertyNames" ? self().names : self().additional) = one;
      return {};
    }
    if (key_ == "required") {
      std::set<std::string> all;
      if (!v.is(Kind::kArray)) return wrong("a list of names", v);
      for (const Json& name : v.items) {
        if (!name.is(Kind::kString)) return wrong("a list of names", name);
        if (all.insert(name.text).second) self().required.push_back(name.text);
      }
      return {};
    }
    if (key_ != "prefixItems" && key_ != "allOf" && key_ != "anyOf" && key_ != "oneOf") return unknown();
    if (!v.is(Kind::kArray) || v.items.empty())
      return Status::invalid(str(place(), " must be a list of schemas, not empty"));
    std::vector<SchemaId> all(v.items.size());
    for (size_t i = 0; i < all.size(); ++i) TRY(d_.read_schema(v.items[i], str(place(), "/", i), base_, all[i]));
    Schema& s = self();
    if (key_ == "anyOf") s.has_any_of = true;
    if (key_ == "oneOf") s.has_one_of = true;
    (key_ == "prefixItems" ? s.prefix : key_ == "allOf" ? s.all_of : key_ == "anyOf" ? s.any_of : s.one_of) = all;
    return {};
  }

  Status unknown() {
    return Status::unsupported(str("the keyword '", shortened(key_), "' is not known (", place(), ")"),
                               "only keywords that are kept are taken; leave it out");
  }

  Status read_dialect(const Json& v) {
    if (!v.is(Kind::kString)) return wrong("a string", v);
    if (v.text.find("json-schema.org/") != std::string::npos) return {};
    return Status::unsupported(str("the dialect '", shortened(v.text), "' of '$schema' is not known (", place(), ")"),
                               "use https://json-schema.org/draft/2020-12/schema");
  }

  Status read_ref(const Json& v) {
    if (!v.is(Kind::kString)) return wrong("a string", v);
    d_.pending_.push_back({id_, resolve_uri(base_, v.text)});
    return {};
  }

  Status read_type(const Json& v) {
    static constexpr std::pair<std::string_view, uint8_t> kTypes[] = {
        {"null", kNull},     {"boolean", kBoolean}, {"integer", kInteger}, {"number", kInteger | kFraction},
        {"string", kString}, {"array", kArray},     {"object", kObject}};
    const auto add = [&](const Json& name) {
      for (const auto& [text, bit] : kTypes)
        if (name.is(Kind::kString) && name.text == text) return self().types |= bit, true;
      return false;
    };
    if (v.is(Kind::kArray) && v.items.empty()) return Status::invalid(str(place(), " must not be empty"));
    self().types = 0;
    if (!v.is(Kind::kArray))
      return add(v) ? Status() : Status::invalid(str(place(), " is no type: ", shortened(json_dumps(v))));
    for (const Json& one : v.items)
      if (!add(one)) return Status::invalid(str(place(), " has what is no type: ", shortened(json_dumps(one))));
    return {};
  }

  Status read_values(const Json& v) {
    if (key_ == "enum" && !v.is(Kind::kArray)) return wrong("a list", v);
    std::vector<const Json*> all;
    if (key_ == "const") all.push_back(&v);
    if (key_ == "enum")
      for (const Json& one : v.items) all.push_back(&one);
    if (static_cast<int64_t>(all.size()) > d_.limits_.values)
      return Status::invalid(str(place(), " has ", all.size(), " values, more than ", d_.limits_.values));
    Schema& s = self();
    std::unordered_set<std::string> keys;
    std::erase_if(all, [&](const Json* one) {  // with enum and const: what is in both
      const std::string key = value_key(*one);
      return (s.values && !s.value_keys.contains(key)) || !keys.insert(key).second;
    });
    s.values = std::move(all);
    s.value_keys = std::move(keys);
    return {};
  }

  Status read_string(const Json& v, std::optional<std::string>& out) {
    if (!v.is(Kind::kString)) return wrong("a string", v);
    out = v.text;
    return {};
  }

  Status read_number(const Json& v, std::optional<Decimal>& out) {
    if (!v.is(Kind::kNumber)) return wrong("a number", v);
    out = Decimal::parse(v.text);
    if (std::max<int64_t>(std::abs(out->exponent), static_cast<int64_t>(out->digits.size())) > kMostDigits)
      return Status::invalid(str(place(), " needs more than ", kMostDigits, " digits"));
    return {};
  }

  Status read_count(const Json& v, int64_t& out) {
    if (!v.is(Kind::kNumber)) return wrong("a number", v);
    const Decimal d = Decimal::parse(v.text);
    if (d.negative || !d.integral()) return Status::invalid(str(place(), " must be a whole number from 0 on"));
    out = d.exponent > 15 ? int64_t{1'000'000'000'000'000} : std::stoll(d.whole());
    return {};
  }

  Status read_named(const Json& v, std::vector<std::pair<std::string, SchemaId>>& out) {
    if (!v.is(Kind::kObject)) return wrong("an object", v);
    for (size_t i = 0; i < v.keys.size(); ++i) {
      SchemaId id = 0;
      TRY(d_.read_schema(v.items[i], str(place(), "/", shortened(v.keys[i])), base_, id));
      out.emplace_back(v.keys[i], id);
    }
    return {};
  }

  Document& d_;
  const SchemaId id_;
  const Json& json_;
  const std::string base_;
  std::string key_;
};

Status Document::read_schema(const Json& j, std::string path, const std::string& outer, SchemaId& id) {
  if (const auto at = known_.find(&j); at != known_.end()) return id = at->second, Status();
  id = static_cast<SchemaId>(schemas_.size());
  known_.emplace(&j, id);
  schemas_.emplace_back();
  schemas_.back().path = path;
  if (j.is(Kind::kBoolean)) return schemas_.back().never = !j.truth, Status();
  if (!j.is(Kind::kObject))
    return Status::invalid(str(path, " must be a schema: an object or a boolean, not ", kind_name(j.kind)));
  std::string base = outer;
  const Json* const own = j.find("$id");
  if (own && own->is(Kind::kString) && own->text.size() <= kMostUri) {
    base = resolve_uri(outer, own->text);
    resources_.emplace(base.substr(0, base.find('#')), &j);
  }
  bases_.emplace(&j, base);
  if (const Json* anchor = j.find("$anchor"); anchor && anchor->is(Kind::kString))
    resources_.emplace(str(base.substr(0, base.find('#')), "#", anchor->text), &j);
  return Keywords(*this, id, j, base).run();
}

Result<Document> Document::read(Json schema, const GrammarLimits& limits) {
  Document d;
  d.limits_ = limits;
  d.root_ = std::move(schema);
  d.resources_.emplace("", &d.root_);
  SchemaId root = 0;
  TRY(d.read_schema(d.root_, "#", "", root));
  TRY(d.resolve());
  TRY(d.find_loops());
  return d;
}

}  // namespace infer::text::json_schema
