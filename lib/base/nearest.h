// "Did you mean ...?": the known name that an unknown one is closest to.
#pragma once
#include <algorithm>
#include <string_view>
#include <vector>

namespace infer {

// Insertions, deletions and replacements that turn a into b.
inline size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

// The closest of `names` (the first of equals); empty when there are none. Long unknown names are cut: they come from
// outside.
template <class Names>
std::string_view nearest(std::string_view unknown, const Names& names) {
  std::string_view best;
  size_t least = SIZE_MAX;
  for (std::string_view name : names) {
    const size_t d = edit_distance(unknown.substr(0, 64), name);
    if (d < least) least = d, best = name;
  }
  return best;
}

}  // namespace infer
