#ifdef _WIN32
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>

#include <algorithm>
#include <thread>

#include "base/processors.h"

namespace infer {

std::vector<int> allowed_processors() {  // of this thread's group
  std::vector<int> all;
  DWORD_PTR mine = 0, system = 0;
  if (GetProcessAffinityMask(GetCurrentProcess(), &mine, &system))
    for (int i = 0; i < static_cast<int>(sizeof mine) * 8; i++)
      if (mine >> i & 1) all.push_back(i);
  return all;
}

bool bind_this_thread(int processor) {
  if (processor < 0 || processor >= static_cast<int>(sizeof(DWORD_PTR)) * 8) return false;
  return SetThreadAffinityMask(GetCurrentThread(), DWORD_PTR{1} << processor) != 0;
}

int usable_processors() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

}  // namespace infer
#endif
