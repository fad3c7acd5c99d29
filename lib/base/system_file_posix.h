// The small files in which Linux tells about the system and about the container that a process is in.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infer {

// The first 4 KiB of a small system file; empty when it cannot be read.
inline std::string read_start(const char* path) {
  std::string text(4096, '\0');
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t n = read(fd, text.data(), text.size());
  close(fd);
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return text;
}

inline std::optional<int64_t> number_at(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && value >= 0 ? std::optional(value) : std::nullopt;  // "max": no limit
}

// The number behind a name that begins a line; nothing where there is no such line.
inline std::optional<int64_t> number_of(std::string_view text, std::string_view name) {
  for (size_t at = 0; (at = text.find(name, at)) != std::string_view::npos; at += name.size()) {
    const std::string_view rest = text.substr(at + name.size());
    if ((at == 0 || text[at - 1] == '\n') && rest.starts_with(' ')) return number_at(rest);
  }
  return std::nullopt;
}

// Of a group's memory.stat: bytes of files that were read or are mapped, which the system takes back where memory is
// short. (active_file, inactive_file; of version 1 with those of the groups below, total_.)
inline int64_t files_of(std::string_view stat) {
  int64_t sum = 0;
  for (const char* kind : {"active_file", "inactive_file"}) {
    const auto all = number_of(stat, std::string("total_") + kind), own = number_of(stat, kind);
    const int64_t bytes = all ? *all : own.value_or(0);
    sum += std::min(bytes, INT64_MAX - sum);
  }
  return sum;
}

// "QUOTA PERIOD", microseconds of processor time per period, as a number of processors, rounded up; nothing where there
// is no quota ("max" or -1).
inline std::optional<int64_t> quota_of(std::string_view text) {
  const size_t space = text.find_first_of(" \n");
  if (space == std::string_view::npos) return std::nullopt;
  const auto quota = number_at(text),
             period = number_at(text.substr(std::min(text.find_first_not_of(" \n", space), text.size())));
  if (!quota || !period || *quota == 0 || *period == 0) return std::nullopt;
  return *quota / *period + (*quota % *period != 0);
}

}  // namespace infer
