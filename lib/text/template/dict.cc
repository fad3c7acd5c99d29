// Dicts keep the order of insertion, as Python's do. Small ones are searched from the front; from kIndexed entries on,
// string keys have a hash index (keys from messages cannot make it slow beyond the step budget, since other keys are
// counted).
#include <algorithm>

#include "text/template/operators.h"
#include "text/template/value.h"

namespace infer::text::jinja {

static constexpr size_t kIndexed = 8;

const Value* Dict::find(std::string_view key) const {
  if (entries.size() >= kIndexed) {
    auto it = index.find(key);
    return it == index.end() ? nullptr : &entries[it->second].value;
  }
  for (const Entry& e : entries) {
    if (e.key.is_string() && e.key.text().bytes == key) return &e.value;
  }
  return nullptr;
}

Result<const Value*> Dict::find(Meter& m, const Value& key) const {
  if (key.is_string()) {
    TRY(m.step(static_cast<int64_t>(key.text().bytes.size() >> 10)));
    return find(key.text().bytes);
  }
  TRY(check_hashable(m, key));
  for (const Entry& e : entries) {
    TRY(m.step());
    TRY_SET(const bool same, equal(m, e.key, key));
    if (same) return &e.value;
  }
  return static_cast<const Value*>(nullptr);
}

Status DictBuilder::set(const Value& key, Value value) {
  if (!dict_) {
    TRY_SET(dict_, make<Dict>(meter_));
  }
  Dict& d = *dict_;
  TRY_SET(const Value* old, d.find(meter_, key));
  if (old) {
    const_cast<Value&>(*old) = std::move(value);  // the dict is still ours alone
    return {};
  }
  const int64_t bytes = 2 * static_cast<int64_t>(sizeof(Dict::Entry)) + 48;  // growth of the vector, and the index
  TRY(meter_.step());
  TRY(meter_.grow(bytes));
  d.charged += bytes;
  d.entries.push_back({key, std::move(value)});
  auto enter = [&](size_t i) {
    if (d.entries[i].key.is_string()) d.index.emplace(d.entries[i].key.text().bytes, static_cast<uint32_t>(i));
  };
  if (d.entries.size() == kIndexed) {
    for (size_t i = 0; i < kIndexed; i++) enter(i);
  } else if (d.entries.size() > kIndexed) {
    enter(d.entries.size() - 1);
  }
  return {};
}

Result<Value> DictBuilder::finish() {
  if (!dict_) {
    TRY_SET(dict_, make<Dict>(meter_));
  }
  int deepest = 0;
  for (const auto& e : dict_->entries) deepest = std::max({deepest, depth_of(e.key), depth_of(e.value)});
  dict_->depth = deepest + 1;
  TRY(check_depth(meter_, dict_->depth));
  return Value(Kind::kDict, std::move(dict_));
}

}  // namespace infer::text::jinja
