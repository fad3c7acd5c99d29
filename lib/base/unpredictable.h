// A number that nobody can know beforehand, for seeds.
#pragma once
#include <cstdint>

namespace infer {

uint64_t unpredictable();  // any thread

}  // namespace infer
