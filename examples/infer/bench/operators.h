// What each operator cost in one measurement, from the counters that a backend keeps when it is asked to (cpu.profile).
#pragma once
#include <vector>

#include "machine.h"
#include "print.h"
#include "session.h"

namespace infer::tool {

struct Operator {
  std::string op, type;  // "matmul", "q4_1"; type "-": reads no weights
  double seconds = 0;
  double bytes = 0;  // of weights, keys and values
  double ops = 0;    // multiplications and additions
};

// Sums so far; the difference of two is what happened between.
std::vector<Operator> read_operators(const Session& session);
std::vector<Operator> since(const std::vector<Operator>& before, std::vector<Operator> now);

// One object each, by falling time: share of the time, GB/s, GOP/s, and the share of the probe that binds it.
std::vector<Json> operator_lines(const std::vector<Operator>& all, const Machine& machine);

}  // namespace infer::tool
