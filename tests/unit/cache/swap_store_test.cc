#include "cache/swap_store.h"

#include <doctest/doctest.h>

#include <fstream>

#include "../folder.h"

using infer::cache::SwapStore;

namespace {
std::vector<std::byte> page(int v) { return std::vector<std::byte>(100, static_cast<std::byte>(v)); }
}  // namespace

TEST_CASE("pages come back as they went, from memory and from a file, until there is no more room") {
  const infer::Folder folder;
  for (const std::string& where : {std::string(), folder.path.string()}) {
    auto made = SwapStore::make(100, 350, where);
    REQUIRE(made.ok());
    SwapStore& s = **made;
    CHECK(s.n_slots() == 3);
    std::vector<int32_t> slots;
    for (int i = 0; i < 3; ++i) slots.push_back(*s.put(page(i)));
    CHECK(s.free_slots() == 0);
    CHECK(s.put(page(9)).status().code() == INFER_E_FULL);
    std::vector<std::byte> out(100);
    for (int i = 0; i < 3; ++i) {
      REQUIRE(s.get(slots[static_cast<size_t>(i)], out).ok());
      CHECK(out == page(i));
    }
    s.release(slots[1]);
    CHECK(*s.put(page(7)) == slots[1]);
    REQUIRE(s.get(slots[1], out).ok());
    CHECK(out == page(7));
  }
  CHECK(std::filesystem::is_empty(folder.path));  // the file goes with the store
}

TEST_CASE("no room at all, no folder, and a file that somebody changes or cuts") {
  CHECK((*SwapStore::make(100, 99, ""))->put(page(1)).status().code() == INFER_E_FULL);
  CHECK(!SwapStore::make(100, 1000, "/absent/folder").ok());
  const infer::Folder folder;
  auto s = SwapStore::make(100, 1000, folder.path.string());
  REQUIRE(s.ok());
  const int32_t slot = *(*s)->put(page(5));
  const auto file = *std::filesystem::directory_iterator(folder.path);
  {
    std::fstream change(file.path(), std::ios::binary | std::ios::in | std::ios::out);
    change.seekp(slot * 100 + 50);
    change.put('x');
  }
  std::vector<std::byte> out(100);
  CHECK((*s)->get(slot, out).code() == INFER_E_CORRUPT);
  std::filesystem::resize_file(file.path(), 10);
  CHECK(!(*s)->get(slot, out).ok());
}
