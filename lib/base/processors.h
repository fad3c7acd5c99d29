// Which processors this process may use, how many of them it may keep busy, and binding a thread to one.
#pragma once
#include <string_view>
#include <vector>

#include "base/status.h"

namespace infer {

// Logical processors: those the process is bound to, and no more than the quota of its container allows (rounded up).
// At least 1.
int usable_processors();

// Numbers of the processors that this thread may run on, ascending. Empty where the system does not say.
std::vector<int> allowed_processors();
// From now on this thread runs there alone. False: the system does not do that.
bool bind_this_thread(int processor);

// "0-3,8" -> 0 1 2 3 8, in the order in which they are named, each once.
Result<std::vector<int>> parse_processors(std::string_view list);

}  // namespace infer
