// Rows gathered by what they are multiplied with: an expert, an adapter. So its weights are read once per step, however
// many rows chose it.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

namespace infer::cpu {

// A counting sort. of[n]: group of each item, 0 .. G-1, or below 0 for none. put(place, item) is called for each that
// has one, in ascending order; group g then has the places first[g] .. first[g + 1] - 1. first: [G + 2].
template <class Put>
void sort_by_group(const int32_t* of, int64_t n, std::vector<int32_t>& first, Put put) {
  std::fill(first.begin(), first.end(), 0);
  for (int64_t i = 0; i < n; i++)
    if (of[i] >= 0) first[static_cast<size_t>(of[i]) + 2]++;
  for (size_t g = 2; g < first.size(); g++) first[g] += first[g - 1];
  for (int64_t i = 0; i < n; i++)  // first[g + 1] runs from the start of g's places to their end
    if (of[i] >= 0) put(static_cast<size_t>(first[static_cast<size_t>(of[i]) + 1]++), i);
}

}  // namespace infer::cpu
