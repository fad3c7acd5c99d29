// Linux: MemAvailable of /proc/meminfo, and what the control group (version 2 or 1) of a container leaves.
#ifndef _WIN32
#include <sys/mman.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/memory.h"
#include "base/system_file_posix.h"

namespace infer {
namespace {

// What is left under a limit; nothing when there is none.
std::optional<int64_t> left(const char* limit_path, const char* used_path, const char* stat_path) {
  const auto limit = number_at(read_start(limit_path)), used = number_at(read_start(used_path));
  if (!limit || !used) return std::nullopt;
  return std::max<int64_t>(0, *limit - std::max<int64_t>(0, *used - files_of(read_start(stat_path))));
}

}  // namespace

int64_t free_memory() {
  constexpr std::string_view kKey = "MemAvailable:";
  const std::string info = read_start("/proc/meminfo");
  const size_t at = info.find(kKey);
  if (at == std::string::npos) return 0;
  const auto kib = number_at(std::string_view(info).substr(at + kKey.size()));
  if (!kib || *kib > INT64_MAX / 1024) return 0;
  int64_t bytes = *kib * 1024;
  // Inside a container its own group is mounted at the root of the tree.
  for (const auto& group :
       {left("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
        left("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes",
             "/sys/fs/cgroup/memory/memory.stat")}) {
    if (group) bytes = std::min(bytes, *group);
  }
  return std::max<int64_t>(1, bytes);  // known, and nearly nothing
}

namespace {

// Of the system's pages those that lie inside.
std::span<std::byte> whole_pages(std::span<const std::byte> bytes) {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto at = reinterpret_cast<uintptr_t>(bytes.data());
  const uintptr_t begin = (at + page - 1) / page * page, end = (at + bytes.size()) / page * page;
  if (begin >= end) return {};
  return {reinterpret_cast<std::byte*>(begin), end - begin};
}

int64_t resident(std::span<std::byte> pages) {
  constexpr size_t kAtOnce = 4096;
  unsigned char states[kAtOnce];
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  int64_t n = 0;
  for (; !pages.empty(); pages = pages.subspan(std::min(pages.size(), kAtOnce * page))) {
    const size_t some = std::min(pages.size(), kAtOnce * page);
#ifdef __linux__
    if (::mincore(pages.data(), some, states) != 0) return 0;
#else
    if (::mincore(pages.data(), some, reinterpret_cast<char*>(states)) != 0) return 0;
#endif
    n += std::count_if(states, states + some / page, [](unsigned char s) { return s & 1; });
  }
  return n * static_cast<int64_t>(page);
}

}  // namespace

void forget_mapped(std::span<const std::byte> bytes) {
  const std::span<std::byte> pages = whole_pages(bytes);
  if (!pages.empty()) ::madvise(pages.data(), pages.size(), MADV_DONTNEED);
}

// Anonymous memory loses what it holds, and reads as zeros.
int64_t give_back(std::span<std::byte> bytes) {
  const std::span<std::byte> pages = whole_pages(bytes);
  const int64_t had = resident(pages);
  return !pages.empty() && ::madvise(pages.data(), pages.size(), MADV_DONTNEED) == 0 ? had : 0;
}

}  // namespace infer
#endif
