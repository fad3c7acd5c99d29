#ifdef _WIN32
#include <algorithm>
#include <thread>

#include "base/processors.h"

namespace infer {

int usable_processors() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

}  // namespace infer
#endif
