// Repetitions of one measurement and what they come to. Each stands between looks at the machine: one during which the
// machine changed is left out, as long as enough others remain.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace infer::tool {

struct Repetition {
  double ours = 0;    // tokens per second, or seconds
  double theirs = 0;  // of the peer, right after ours; 0: no peer
  double limit = 0;   // that the machine allowed ours, in its unit; 0: not known
  double spread = 1;  // largest over smallest of the probes around it
};

struct Summary {
  double ours = 0, theirs = 0;       // medians
  double ratio = 0, q1 = 0, q3 = 0;  // of ours / theirs, pair by pair: median and quartiles
  double limit = 0, fraction = 0;    // medians of the limit, and of ours / limit
  size_t used = 0, left_out = 0;     // repetitions
  bool noisy = false;                // the machine changed during some, and yet all are used: too few were steady
};

inline constexpr double kMostSpread = 1.05;    // of a steady machine's probes
inline constexpr double kMostFraction = 1.02;  // above it the limit or the measurement is wrong
inline constexpr size_t kFewestSteady = 3;

// Value at place p (0 .. 1) of the sorted values, between two of them linearly; 0 for none.
double quantile(std::vector<double> values, double p);
Summary summarize(const std::vector<Repetition>& all);

}  // namespace infer::tool
