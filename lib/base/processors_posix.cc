// Linux: the affinity mask (of up to 1024 processors), and the quota of the control group (version 2 or 1) of a
// container.
#ifndef _WIN32
#include <sched.h>

#include <algorithm>
#include <thread>

#include "base/processors.h"
#include "base/system_file_posix.h"

namespace infer {
namespace {

std::optional<int64_t> quota() {
  // Inside a container its own group is mounted at the root of the tree.
  if (const std::string both = read_start("/sys/fs/cgroup/cpu.max"); !both.empty()) return quota_of(both);
  const std::string v1 = "/sys/fs/cgroup/cpu/cpu.cfs_";
  return quota_of(read_start((v1 + "quota_us").c_str()) + " " + read_start((v1 + "period_us").c_str()));
}

}  // namespace

std::vector<int> allowed_processors() {
  std::vector<int> all;
#ifdef CPU_COUNT
  cpu_set_t bound;
  if (sched_getaffinity(0, sizeof bound, &bound) == 0)
    for (int i = 0; i < CPU_SETSIZE; i++)
      if (CPU_ISSET(static_cast<size_t>(i), &bound)) all.push_back(i);
#endif
  return all;
}

bool bind_this_thread([[maybe_unused]] int processor) {
#ifdef CPU_COUNT
  if (processor < 0 || processor >= CPU_SETSIZE) return false;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(processor), &one);
  return sched_setaffinity(0, sizeof one, &one) == 0;
#else
  return false;
#endif
}

int usable_processors() {
  int64_t n = std::thread::hardware_concurrency();
  if (const auto allowed = allowed_processors(); !allowed.empty()) n = static_cast<int64_t>(allowed.size());
  if (const auto most = quota()) n = std::min(n, *most);
  return static_cast<int>(std::max<int64_t>(1, n));
}

}  // namespace infer
#endif
