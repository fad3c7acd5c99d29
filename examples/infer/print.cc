#include "print.h"

#include <cstdarg>
#include <cstdio>
#include <sstream>

#include "handles.h"

namespace infer::tool {

std::string format(const char* pattern, ...) {
  va_list list, again;
  va_start(list, pattern);
  va_copy(again, list);
  const int n = std::vsnprintf(nullptr, 0, pattern, list);
  va_end(list);
  std::string out(n > 0 ? static_cast<size_t>(n) : 0, '\0');
  if (n > 0) std::vsnprintf(out.data(), out.size() + 1, pattern, again);
  va_end(again);
  return out;
}

std::string bytes_text(int64_t bytes) {
  const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(units)) value /= 1024, ++unit;
  return unit == 0 ? format("%lld bytes", static_cast<long long>(bytes)) : format("%.1f %s", value, units[unit]);
}

std::string count_text(int64_t count) {
  const double value = static_cast<double>(count);
  if (value >= 1e9) return format("%.2f billion", value / 1e9);
  if (value >= 1e6) return format("%.1f million", value / 1e6);
  return std::to_string(count);
}

std::string time_text(double ms) {
  if (ms < 1) return format("%.2f ms", ms);
  if (ms < 1000) return format("%.0f ms", ms);
  return format("%.2f s", ms / 1000);
}

void put(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw Failure{"cannot write to standard output", "is the disk full, or the reader gone?"};
  }
}

void put_line(std::string_view text) { put(std::string(text) + "\n"); }

void put_json(const Json& value) { put_line(value.dump(-1, ' ', false, Json::error_handler_t::replace)); }

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += format("\\x%02x", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::string last_line(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::string last;
  for (std::string line; std::getline(in, line);) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  }
  return escape(last.substr(0, 200));
}

std::string quote(std::string_view text) {
  std::string out = escape(text);
  out.insert(out.begin(), '"');
  out += '"';
  return out;
}

}  // namespace infer::tool
