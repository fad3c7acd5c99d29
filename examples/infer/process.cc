#include "process.h"

#ifdef _WIN32
#include <io.h>
#include <windows.h>
// after windows.h
#include <psapi.h>
#else
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#if defined(__APPLE__)
#include <mach-o/dyld.h>
#endif
#endif

namespace infer::tool {

#ifdef _WIN32
int64_t peak_memory() {
  PROCESS_MEMORY_COUNTERS counters;
  return GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters)
             ? static_cast<int64_t>(counters.PeakWorkingSetSize)
             : 0;
}
bool is_terminal(std::FILE* file) { return _isatty(_fileno(file)) != 0; }
std::string own_program() { return ""; }
#else
int64_t peak_memory() {
  // Not getrusage on Linux: there it counts what the parent was before exec, too.
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::strtoll(line.c_str() + 6, nullptr, 10) * 1024;
  }
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? static_cast<int64_t>(usage.ru_maxrss) : 0;
}
bool is_terminal(std::FILE* file) { return isatty(fileno(file)) != 0; }
std::string own_program() {
#if defined(__APPLE__)
  char path[4096];
  uint32_t size = sizeof path;
  return _NSGetExecutablePath(path, &size) == 0 ? path : "";
#else
  std::error_code absent;
  return std::filesystem::read_symlink("/proc/self/exe", absent).string();
#endif
}
#endif

}  // namespace infer::tool
