// Which device runs what, where the caller says so instead of the order of preference.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/program.h"

namespace infer::device {

struct PlaceRule {
  // Layers, "7" or "0..11"; or weights by their names in the file, where * stands for any characters and ? for one:
  // "*_exps.*" are the matrices of experts.
  std::string pattern;
  size_t device;  // index in the list of devices
};

// Does the whole text fit the pattern, in which * stands for any characters and ? for one?
bool matches(std::string_view pattern, std::string_view text);

// [nodes] The device that the first fitting rule says, or SIZE_MAX. A rule that fits nothing is E_NOT_FOUND: it is a
// typing error, or meant for another model.
Result<std::vector<size_t>> wishes(const graph::Program& program, std::span<const PlaceRule> rules);

}  // namespace infer::device
