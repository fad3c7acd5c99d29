#include "cache/pages.h"

#include <doctest/doctest.h>

using infer::cache::PagePool;

TEST_CASE("lowest page ids are handed out first, so a lightly used pool touches little memory") {
  PagePool pool(4);
  std::vector<int32_t> pages;
  REQUIRE(pool.take(3, pages));
  CHECK(pages == std::vector<int32_t>{0, 1, 2});
  CHECK(pool.free_pages() == 1);
}

TEST_CASE("a request for more than is free takes nothing") {
  PagePool pool(4);
  std::vector<int32_t> pages{77};
  CHECK_FALSE(pool.take(5, pages));
  CHECK_FALSE(pool.take(-1, pages));
  CHECK(pages == std::vector<int32_t>{77});
  CHECK(pool.free_pages() == 4);
}

TEST_CASE("a shared page comes back when its last holder lets go") {
  PagePool pool(1);
  std::vector<int32_t> pages;
  REQUIRE(pool.take(1, pages));
  pool.share(pages[0]);
  CHECK(pool.references(0) == 2);
  pool.release(0);
  CHECK(pool.free_pages() == 0);
  pool.release(0);
  CHECK(pool.free_pages() == 1);
}

TEST_CASE("releasing a free page changes nothing: no page is ever handed out twice") {
  PagePool pool(2);
  std::vector<int32_t> pages;
  REQUIRE(pool.take(1, pages));
  pool.release(0);
  pool.release(0);
  CHECK(pool.free_pages() == 2);
  REQUIRE(pool.take(2, pages));
  CHECK(pages == std::vector<int32_t>{0, 0, 1});
}
