// Golden data files (tests/golden): text lines "key: value" up to "data:", then raw little-endian float32.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace infer::testing {

struct Golden {
  std::map<std::string, std::string> fields;
  std::vector<float> data;

  std::vector<int32_t> ints(const std::string& key) const;  // "1,2,3"
  int64_t number(const std::string& key) const;
};

// tests/golden/<name>. A file that is missing or malformed ends the test program with a failure (doctest REQUIRE).
Golden read_golden(const std::string& name);
std::string golden_path(const std::string& name);
// The models of tests/golden/tiny: "llama", "qwen2moe", ...
std::vector<std::string> tiny_models();

// sum (a - b)^2 / sum b^2, in double; not finite when a value is not.
double nmse(std::span<const float> a, std::span<const float> b);

}  // namespace infer::testing
