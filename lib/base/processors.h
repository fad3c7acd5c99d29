// How many processors this process may keep busy.
#pragma once

namespace infer {

// Logical processors: those the process is bound to, and no more than the quota of its container allows (rounded up).
// At least 1.
int usable_processors();

}  // namespace infer
