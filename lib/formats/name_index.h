// From a name to its position in a list, for names that came from a file.
//
// A sorted list of (hash, position) and not a hash table: names made to collide cost a few string comparisons more,
// never quadratic time. 8 bytes per name.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace infer::formats {

class NameIndex {
 public:
  // name_at(i): the name of entry i, 0 <= i < n < 2^32. The names must outlive the index or move with it.
  template <class NameAt>
  void build(size_t n, NameAt name_at) {
    slots_.resize(n);
    for (size_t i = 0; i < n; ++i) slots_[i] = {hash(name_at(i)), static_cast<uint32_t>(i)};
    std::sort(slots_.begin(), slots_.end(), [&](Slot a, Slot b) {
      if (a.hash != b.hash) return a.hash < b.hash;
      const int order = name_at(a.position).compare(name_at(b.position));
      return order != 0 ? order < 0 : a.position < b.position;
    });
  }

  // The later of two entries with one name.
  template <class NameAt>
  std::optional<uint32_t> duplicate(NameAt name_at) const {
    for (size_t i = 1; i < slots_.size(); ++i)
      if (slots_[i].hash == slots_[i - 1].hash && name_at(slots_[i].position) == name_at(slots_[i - 1].position))
        return slots_[i].position;
    return std::nullopt;
  }

  template <class NameAt>
  std::optional<uint32_t> find(std::string_view name, NameAt name_at) const {
    const uint32_t h = hash(name);
    auto it = std::lower_bound(slots_.begin(), slots_.end(), h, [](Slot s, uint32_t value) { return s.hash < value; });
    for (; it != slots_.end() && it->hash == h; ++it)
      if (name_at(it->position) == name) return it->position;
    return std::nullopt;
  }

 private:
  struct Slot {
    uint32_t hash, position;
  };
  static uint32_t hash(std::string_view s) { return static_cast<uint32_t>(std::hash<std::string_view>{}(s)); }
  std::vector<Slot> slots_;  // sorted by hash, then name, then position
};

}  // namespace infer::formats
