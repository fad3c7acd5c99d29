// Any bytes as a saved state: refused with a sentence, or every page read or refused. Bytes that begin with a head of
// the right size are also tried with the checksum that they ought to have, so that what lies behind it is reached.

// link: infer_cache
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/hash.h"
#include "cache/state_file.h"

using namespace infer;
using namespace infer::cache;

namespace {

constexpr StateKey kKey{1, 2, 4, 16};

void try_bytes(std::span<const uint8_t> data) {
  const auto file = File::from_memory(data.data(), static_cast<int64_t>(data.size()));
  if (!file.ok()) return;
  const auto state = StateFile::open(*file, kKey, 50);
  if (!state.ok()) {
    if (state.status().message().empty()) std::abort();
    return;
  }
  for (const int32_t t : state->tokens())
    if (t < 0 || t >= 50) std::abort();
  std::vector<std::byte> page(16);
  for (int32_t i = 0; i < state->n_pages(); ++i) (void)state->read_page(i, page).ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try_bytes({data, size});
  int64_t n_tokens = 0;
  if (size < 64) return 0;
  std::memcpy(&n_tokens, data + 16, 8);
  if (n_tokens < 1 || n_tokens > 1000) return 0;
  const size_t before_pages =
      64 + (static_cast<size_t>(n_tokens) * 4 + 7) / 8 * 8 + (static_cast<size_t>(n_tokens) + 3) / 4 * 8;
  if (before_pages > size) return 0;
  std::vector<uint8_t> copy(data, data + size);
  std::memset(copy.data() + 56, 0, 8);
  const uint64_t sum = hash64(std::as_bytes(std::span(copy).first(before_pages)));
  std::memcpy(copy.data() + 56, &sum, 8);
  try_bytes(copy);
  return 0;
}
