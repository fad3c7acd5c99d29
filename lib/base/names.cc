#include "base/names.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

namespace infer {
namespace {

bool equal(const Name& a, const Name& b) { return a == b || (a && b && *a == *b); }

}  // namespace

Status check_name(std::string_view what, const std::string& name) {
  if (!name.empty() && name.size() <= 256) return {};
  return Status::invalid(str("the name of ", what, " has ", name.size(), " bytes; 1 to 256 are allowed"));
}

Names::Names(int32_t most)
    : list_(static_cast<size_t>(most)), heads_(std::bit_ceil(static_cast<size_t>(std::max(1, most))), -1) {
  free_.reserve(list_.size());
  for (int32_t i = most; i-- > 0;) free_.push_back(i);
}

size_t Names::bucket(const Name& name) const {
  return name ? std::hash<std::string>()(*name) & (heads_.size() - 1) : 0;
}

int32_t Names::enter(Name name) {
  int32_t& head = heads_[bucket(name)];
  for (int32_t at = head; at >= 0; at = list_[static_cast<size_t>(at)].next)
    if (equal(list_[static_cast<size_t>(at)].name, name)) return hold(at), at;
  const int32_t made = free_.back();
  free_.pop_back();
  list_[static_cast<size_t>(made)] = {std::move(name), 1, std::exchange(head, made)};
  return made;
}

void Names::leave(int32_t number) {
  Entry& d = list_[static_cast<size_t>(number)];
  if (--d.holders > 0) return;
  int32_t* at = &heads_[bucket(d.name)];
  while (*at != number) at = &list_[static_cast<size_t>(*at)].next;
  *at = d.next;
  d = {};
  free_.push_back(number);
}

}  // namespace infer
