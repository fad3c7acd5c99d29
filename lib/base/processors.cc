#include "base/processors.h"

#include <algorithm>
#include <charconv>

namespace infer {

Result<std::vector<int>> parse_processors(std::string_view list) {
  constexpr int kMost = 4096;  // more than any system numbers today
  std::vector<int> all;
  const char *at = list.data(), *end = at + list.size();
  const auto number = [&](int* n) {
    const auto [after, error] = std::from_chars(at, end, *n);
    at = after;
    return error == std::errc() && *n >= 0 && *n < kMost;
  };
  for (bool more = true; more;) {
    int first = 0, last = 0;
    bool good = number(&first);
    last = first;
    if (good && at != end && *at == '-') good = number((at++, &last));
    more = good && at != end && *at == ',';
    if (!good || last < first || (at != end && !more))
      return Status::invalid(str("'", list, "' is not a list of processors"),
                             "write numbers and ranges, such as 0-3,8");
    if (more) at++;
    for (int i = first; i <= last; i++)
      if (std::find(all.begin(), all.end(), i) == all.end()) all.push_back(i);
  }
  return all;
}

}  // namespace infer
