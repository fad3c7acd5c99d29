// Numbers as people read them, JSON as programs read it, and text to stdout.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace infer::tool {

using Json = nlohmann::ordered_json;

std::string format(const char* pattern, ...) __attribute__((format(printf, 1, 2)));
std::string bytes_text(int64_t bytes);       // "94.2 MiB"
std::string count_text(int64_t count);       // "134.5 million"
std::string time_text(double milliseconds);  // "34 ms", "2.10 s"

void put(std::string_view text);  // to stdout, at once
void put_line(std::string_view text);
void put_json(const Json& value);  // one line; bytes that are not UTF-8 become U+FFFD

std::string escape(std::string_view text);     // control characters as \n and \xNN: one line that a terminal can show
std::string last_line(std::string_view text);  // that is not blank, escaped, its first 200 bytes
std::string quote(std::string_view text);      // the same between quotes

}  // namespace infer::tool
