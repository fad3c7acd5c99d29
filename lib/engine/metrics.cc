// The text format of Prometheus, version 0.0.4.
#include "engine/metrics.h"

#include <algorithm>
#include <charconv>

#include "base/status.h"

namespace infer::engine {
namespace {

constexpr double kSeconds[] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200};
constexpr double kTokens[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192};

// The shortest decimal that is this number.
std::string number(double v) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, v).ptr;
  return {text, end};
}

std::string metric_name(std::string_view counter) {
  std::string name = str("libinfer_", counter);
  std::ranges::replace(name, '.', '_');
  return name;
}

// What goes up and down; all else only grows.
bool is_level(std::string_view name) {
  return name == "requests.waiting" || name == "requests.running" || name == "requests.most" || name == "pages.used" ||
         name == "slots.used" || name == "pages.idle" || name == "pages.total";
}

std::string label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

}  // namespace

Histogram::Histogram(std::span<const double> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}

void Histogram::add(double value) noexcept {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  sum_.store(sum_.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
}

void Histogram::print(std::string_view name, std::string_view help, std::string& out) const {
  out += str("# HELP ", name, " ", help, "\n# TYPE ", name, " histogram\n");
  int64_t below = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    below += counts_[i].load(std::memory_order_relaxed);
    out += str(name, "_bucket{le=\"", i < bounds_.size() ? number(bounds_[i]) : "+Inf", "\"} ", below, "\n");
  }
  out += str(name, "_sum ", number(sum_.load(std::memory_order_relaxed)), "\n", name, "_count ", below, "\n");
}

Metrics::Metrics()
    : queue(kSeconds),
      first_token(kSeconds),
      between_tokens(kSeconds),
      request(kSeconds),
      step(kSeconds),
      step_tokens(kTokens) {}

std::string Metrics::text(const std::vector<std::pair<std::string, int64_t>>& counters, size_t own) const {
  std::string out;
  for (size_t i = 0; i < std::min(own, counters.size()); ++i) {
    const auto& [key, value] = counters[i];
    const bool level = is_level(key);
    const std::string name = metric_name(key) + (level ? "" : "_total");
    out += str("# TYPE ", name, level ? " gauge\n" : " counter\n", name, " ", value, "\n");
  }
  queue.print("libinfer_queue_seconds", "From submission to the first step.", out);
  first_token.print("libinfer_time_to_first_token_seconds", "From submission to the first token.", out);
  between_tokens.print("libinfer_inter_token_seconds", "Between tokens of a request.", out);
  request.print("libinfer_request_seconds", "From submission to the end.", out);
  step.print("libinfer_step_seconds", "Of a step.", out);
  step_tokens.print("libinfer_step_tokens", "Rows computed in a step.", out);
  if (counters.size() <= own) return out;
  out += "# HELP libinfer_device Counters of the devices, such as kernels taken.\n# TYPE libinfer_device untyped\n";
  for (size_t i = own; i < counters.size(); ++i)
    out += str("libinfer_device{name=\"", label(counters[i].first), "\"} ", counters[i].second, "\n");
  return out;
}

}  // namespace infer::engine
