// A stable merge sort whose comparison can fail and is counted: std::stable_sort may do neither.
#pragma once
#include <vector>

#include "text/template/value.h"

namespace infer::text::jinja {

struct Sortable {
  Value key;
  size_t index;  // of the thing that the key belongs to
};

// As Python's sorted(): equal keys keep their order, also when reversed.
Status sort(Meter&, std::vector<Sortable>&, bool reverse);

}  // namespace infer::text::jinja
