#include "base/memory.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>

#include "base/file.h"
#include "tests/unit/folder.h"

namespace infer {

TEST_CASE("free memory is known and no more than a machine has") {
  CHECK(free_memory() > 0);
  CHECK(free_memory() < int64_t{1} << 50);
}

#ifdef __linux__
namespace {

// Resident bytes of the mapping that begins at this address.
int64_t resident(const std::byte* at) {
  std::ostringstream start;
  start << std::hex << reinterpret_cast<uintptr_t>(at) << '-';
  std::ifstream maps("/proc/self/smaps");
  for (std::string line; std::getline(maps, line);) {
    if (line.rfind(start.str(), 0) != 0) continue;
    while (std::getline(maps, line))
      if (line.rfind("Rss:", 0) == 0) return std::atoll(line.c_str() + 4) * 1024;
  }
  return -1;
}

}  // namespace

TEST_CASE("forgotten bytes of a mapped file take no memory until they are read again, and then are the same") {
  const Folder folder;
  const size_t size = size_t{1} << 20, part = size / 4;
  const std::vector<std::byte> bytes(size, std::byte{7});
  REQUIRE(write_file(folder / "a", bytes).ok());
  const auto file = File::open(folder / "a");
  REQUIRE(file.ok());
  const std::span<const std::byte> mapped = (*file)->bytes();
  REQUIRE(std::ranges::equal(mapped, bytes));
  CHECK(resident(mapped.data()) == static_cast<int64_t>(size));
  forget_mapped(mapped.subspan(part, part));
  CHECK(resident(mapped.data()) == static_cast<int64_t>(size - part));
  forget_mapped(mapped.subspan(2 * part + 1, 4094));  // no whole page
  CHECK(resident(mapped.data()) == static_cast<int64_t>(size - part));
  CHECK(std::ranges::equal(mapped, bytes));
  CHECK(resident(mapped.data()) == static_cast<int64_t>(size));
}

TEST_CASE("memory given back counts where it was touched, and reads as zeros") {
  constexpr size_t kSize = size_t{32} << 20, kTouched = size_t{8} << 20;
  const std::unique_ptr<std::byte, void (*)(void*)> memory(static_cast<std::byte*>(std::calloc(kSize, 1)),
                                                           [](void* p) { std::free(p); });
  REQUIRE(memory);
  const std::span<std::byte> all(memory.get(), kSize);
  std::ranges::fill(all.first(kTouched), std::byte{7});
  const int64_t freed = give_back(all);
  CHECK(freed > static_cast<int64_t>(kTouched) - 65536);
  CHECK(freed <= static_cast<int64_t>(kTouched) + (4 << 20));  // pages may be large
  CHECK(std::ranges::all_of(all.subspan(65536, kTouched - 131072), [](std::byte b) { return b == std::byte{0}; }));
  CHECK(give_back(all.first(10)) == 0);
}
#endif

}  // namespace infer
