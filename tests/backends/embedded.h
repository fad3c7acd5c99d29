// Files that were compiled in (embed.cmake writes the table), so that the tool works from anywhere.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace infer::conformance {

struct Embedded {
  const char* name;
  std::span<const std::string_view> pieces;  // compilers limit the length of one literal
  std::string text() const {
    std::string all;
    for (const std::string_view p : pieces) all += p;
    return all;
  }
};

std::span<const Embedded> embedded_files();

}  // namespace infer::conformance
