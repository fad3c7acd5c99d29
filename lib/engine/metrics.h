// What an engine measures of its work, and the text in which monitoring reads it.
#pragma once
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infer::engine {

// Counts of values by size. One thread adds, any thread reads: each number it reads is right, all of them together may
// be of slightly different moments.
class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds);  // upper ends of the buckets, ascending; static
  void add(double value) noexcept;
  // Prometheus: cumulative buckets, sum and count under this name.
  void print(std::string_view name, std::string_view help, std::string& out) const;

 private:
  std::span<const double> bounds_;
  std::vector<std::atomic<int64_t>> counts_;  // [bounds + 1]
  std::atomic<double> sum_{0};
};

struct Metrics {
  Metrics();
  Histogram queue, first_token, between_tokens, request, step;  // seconds
  Histogram step_tokens;

  // counters: (name, value), the engine's first; the first `own` of them are its own, those after are the devices'.
  std::string text(const std::vector<std::pair<std::string, int64_t>>& counters, size_t own) const;
};

}  // namespace infer::engine
