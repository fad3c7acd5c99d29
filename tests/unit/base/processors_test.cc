#include "base/processors.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>
#include <vector>

#ifndef _WIN32
#include <sched.h>

#include "base/system_file_posix.h"
#endif

using namespace infer;

TEST_CASE("at least one processor is usable, and no more than the machine has") {
  CHECK(usable_processors() >= 1);
  CHECK(usable_processors() <= static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
}

TEST_CASE("processors are named by numbers and ranges, in any order, each once") {
  const auto parsed = [](std::string_view list) {
    auto all = parse_processors(list);
    REQUIRE_MESSAGE(all.ok(), list);
    return *all;
  };
  CHECK(parsed("0") == std::vector{0});
  CHECK(parsed("0-3,8") == std::vector{0, 1, 2, 3, 8});
  CHECK(parsed("5,2-3,3,5") == std::vector{5, 2, 3});
  CHECK(parsed("4095-4095") == std::vector{4095});
  for (const char* bad : {"", ",", "1,", ",1", "1,,2", "-1", "1-", "3-2", "1-2-3", "0-99999999", "4096", "all", "1 ,2",
                          "99999999999999999999", "0x1"})
    CHECK_MESSAGE(!parse_processors(bad).ok(), bad);
}

TEST_CASE("a thread is bound to a processor that it may use, and to no other") {
  const std::vector<int> all = allowed_processors();
  std::thread([&] {
    if (!all.empty()) {
      CHECK(bind_this_thread(all.back()));
      CHECK(allowed_processors() == std::vector{all.back()});
      CHECK(usable_processors() == 1);
    }
    CHECK(!bind_this_thread(-1));
    CHECK(!bind_this_thread(1 << 20));
  }).join();
}

#ifndef _WIN32
TEST_CASE("a process bound to one processor uses one") {
  int usable = 0;
  std::thread([&] {  // the mask is the thread's own
    cpu_set_t all, one;
    REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
    int first = 0;
    while (!CPU_ISSET(first, &all)) first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
    usable = usable_processors();
  })
      .join();
  CHECK(usable == 1);
}

TEST_CASE("of a group's memory that of files counts as free") {
  CHECK(files_of("anon 5\nfile 40\nactive_file 7\ninactive_file 30\nslab 1\n") == 37);
  CHECK(files_of("cache 9\ninactive_file 1\nactive_file 2\ntotal_inactive_file 10\ntotal_active_file 20\n") == 30);
  CHECK(files_of("inactive_file 9223372036854775807\nactive_file 9223372036854775807\n") == INT64_MAX);
  CHECK(files_of("workingset_inactive_file 4\nactive_file max\nactive_files 8\ninactive_file") == 0);
  CHECK(files_of("") == 0);
}

TEST_CASE("a container's quota counts as processors, rounded up; no quota counts as none") {
  CHECK(quota_of("200000 100000\n") == 2);
  CHECK(quota_of("150000 100000\n") == 2);
  CHECK(quota_of("1000 100000\n") == 1);
  CHECK(quota_of("200000\n 100000\n") == 2);  // version 1: two files
  for (const char* none : {"max 100000\n", "-1\n 100000\n", "0 100000", "100000 0", "100000", "", " ", "x y"})
    CHECK_MESSAGE(!quota_of(none), none);
}
#endif
