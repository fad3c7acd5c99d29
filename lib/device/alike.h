// Do two segments of a program differ in their weights, pages and places alone? Then one plan does for both.
#pragma once
#include <vector>

#include "device/placement.h"
#include "graph/program.h"

namespace infer::device {

// same[t], for each tensor t of segment b: the tensor that stands for it in a. What is read from memory as a weight
// that stays is one and the same in both.
bool alike(const graph::Program& program, const Segment& a, const Segment& b, std::vector<graph::TensorId>& same);

}  // namespace infer::device
