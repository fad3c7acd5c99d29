// Reads what tests/golden/quant/make.py wrote. The formats are described there.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "quant/random_blocks.h"

namespace infer::testing {

inline std::string golden_path(const std::string& name) { return INFER_SOURCE_DIR "/tests/golden/quant/" + name; }

inline std::string read_golden(const std::string& name) {
  std::ifstream in(golden_path(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The words of the lines of a text file that are not comments.
inline std::vector<std::vector<std::string>> golden_lines(const std::string& name) {
  std::istringstream in(read_golden(name));
  std::vector<std::vector<std::string>> lines;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    if (line.empty() || line[0] == '#') continue;
    lines.push_back({std::istream_iterator<std::string>(words), {}});
  }
  return lines;
}

// "what type count; tool" and the bytes after the line.
struct GoldenFile {
  std::string what, type;
  int64_t count = 0;
  std::vector<uint8_t> bytes;
};
inline GoldenFile read_golden_file(const std::string& name) {
  const std::string text = read_golden(name);
  const size_t end = text.find('\n');
  GoldenFile file;
  if (end == std::string::npos) return file;
  std::istringstream(text.substr(0, end)) >> file.what >> file.type >> file.count;
  file.bytes.assign(text.begin() + static_cast<std::ptrdiff_t>(end) + 1, text.end());
  return file;
}

// A float's bits; every NaN is the same one.
inline uint32_t same_bits(float f) { return std::isnan(f) ? 0x7fc00000u : std::bit_cast<uint32_t>(f); }

inline uint64_t digest_term(uint64_t bits, uint64_t i) { return quant::Random::mix(bits + (i << 32)); }

}  // namespace infer::testing
