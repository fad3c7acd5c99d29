#include "base/unpredictable.h"

#include <chrono>
#include <exception>
#include <random>

namespace infer {

// The system's source, and the clock beside it should that one have failed.
uint64_t unpredictable() {
  uint64_t number = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  try {
    std::random_device device;
    number ^= uint64_t{device()} << 32 | device();
  } catch (const std::exception&) {
  }
  return number;
}

}  // namespace infer
