// Linux: the affinity mask, and the quota of the control group (version 2 or 1) of a container.
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

int usable_processors() {
  int64_t n = std::thread::hardware_concurrency();
#ifdef CPU_COUNT
  cpu_set_t bound;
  if (sched_getaffinity(0, sizeof bound, &bound) == 0) n = CPU_COUNT(&bound);
#endif
  if (const auto most = quota()) n = std::min(n, *most);
  return static_cast<int>(std::max<int64_t>(1, n));
}

}  // namespace infer
#endif
