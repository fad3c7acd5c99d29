#include "tests/support/golden.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace infer::testing {

std::string golden_path(const std::string& name) { return std::string(INFER_SOURCE_DIR "/tests/golden/") + name; }

Golden read_golden(const std::string& name) {
  std::ifstream in(golden_path(name), std::ios::binary);
  REQUIRE_MESSAGE(in.good(), "cannot read " << golden_path(name));
  Golden g;
  for (std::string line; std::getline(in, line) && line != "data:";) {
    const size_t colon = line.find(": ");
    REQUIRE_MESSAGE(colon != std::string::npos, name << ": not 'key: value': " << line.substr(0, 40));
    g.fields[line.substr(0, colon)] = line.substr(colon + 2);
  }
  const std::string raw{std::istreambuf_iterator<char>(in), {}};
  REQUIRE_MESSAGE((!raw.empty() && raw.size() % 4 == 0), name << ": " << raw.size() << " bytes of data");
  static_assert(std::endian::native == std::endian::little);
  g.data.resize(raw.size() / 4);
  std::memcpy(g.data.data(), raw.data(), raw.size());
  return g;
}

std::vector<int32_t> Golden::ints(const std::string& key) const {
  const auto it = fields.find(key);
  REQUIRE_MESSAGE(it != fields.end(), "no field " << key);
  std::vector<int32_t> values;
  for (size_t at = 0; at < it->second.size();) {
    const size_t comma = std::min(it->second.find(',', at), it->second.size());
    values.push_back(std::stoi(it->second.substr(at, comma - at)));
    at = comma + 1;
  }
  return values;
}

int64_t Golden::number(const std::string& key) const { return ints(key).at(0); }

std::vector<std::string> tiny_models() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(golden_path("tiny")))
    if (entry.path().extension() == ".gguf") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  REQUIRE(names.size() >= 15);
  return names;
}

double nmse(std::span<const float> a, std::span<const float> b) {
  REQUIRE(a.size() == b.size());
  double error = 0, power = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    error += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
    power += double(b[i]) * b[i];
  }
  return error / power;
}

}  // namespace infer::testing
