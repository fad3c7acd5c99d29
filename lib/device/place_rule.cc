#include "device/place_rule.h"

#include <charconv>
#include <optional>
#include <utility>

namespace infer::device {

namespace {

// "7" -> (7, 7), "0..11" -> (0, 11).
std::optional<std::pair<int64_t, int64_t>> layers_of(std::string_view pattern) {
  std::pair<int64_t, int64_t> range;
  const char *at = pattern.data(), *const end = at + pattern.size();
  const auto first = std::from_chars(at, end, range.first);
  if (first.ec != std::errc{} || range.first < 0) return std::nullopt;
  if (first.ptr == end) return std::pair(range.first, range.first);
  if (!std::string_view(first.ptr, end).starts_with("..")) return std::nullopt;
  const auto last = std::from_chars(first.ptr + 2, end, range.second);
  if (last.ec != std::errc{} || last.ptr != end || range.second < range.first) return std::nullopt;
  return range;
}

}  // namespace

bool matches(std::string_view pattern, std::string_view text) {
  // Behind the last * that was met, the text is tried from one place further on each time: no recursion.
  size_t p = 0, t = 0, star = std::string_view::npos, tried = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      tried = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++tried;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<std::vector<size_t>> wishes(const graph::Program& program, std::span<const PlaceRule> rules) {
  std::vector<size_t> wish(program.nodes().size(), SIZE_MAX);
  for (const PlaceRule& rule : rules) {
    const auto layers = layers_of(rule.pattern);
    bool fits = false;
    for (size_t n = 0; n < wish.size(); ++n) {
      const graph::Program::Node& node = program.nodes()[n];
      bool here = layers && node.layer >= layers->first && node.layer <= layers->second;
      for (graph::TensorId t : node.in) {
        if (layers || t == graph::kNone || program.tensor(t).role != INFER_ROLE_WEIGHT) continue;
        here = here || matches(rule.pattern, program.tensor(t).name);
      }
      fits = fits || here;
      if (here && wish[n] == SIZE_MAX) wish[n] = rule.device;
    }
    if (!fits)
      return Status::not_found(
          str("option 'place': ", layers ? "the model has no layer " : "no weight is called like '", rule.pattern,
              layers ? "" : "'"),
          "infer inspect lists the weights by name; blk.N. are those of layer N");
  }
  return wish;
}

}  // namespace infer::device
