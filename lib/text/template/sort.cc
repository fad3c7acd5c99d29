#include "text/template/sort.h"

#include <algorithm>

#include "text/template/operators.h"

namespace infer::text::jinja {

Status sort(Meter& m, std::vector<Sortable>& items, bool reverse) {
  std::vector<Sortable> merged(items.size());
  for (size_t width = 1; width < items.size(); width *= 2) {
    for (size_t begin = 0; begin < items.size(); begin += 2 * width) {
      const size_t middle = std::min(begin + width, items.size()), end = std::min(begin + 2 * width, items.size());
      size_t a = begin, b = middle, out = begin;
      while (a < middle && b < end) {
        TRY_SET(const bool later, reverse ? less(m, items[a].key, items[b].key) : less(m, items[b].key, items[a].key));
        merged[out++] = std::move(later ? items[b++] : items[a++]);
      }
      while (a < middle) merged[out++] = std::move(items[a++]);
      while (b < end) merged[out++] = std::move(items[b++]);
    }
    items.swap(merged);
  }
  return {};
}

}  // namespace infer::text::jinja
