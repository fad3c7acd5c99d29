#include "bench/operators.h"

#include <algorithm>
#include <string_view>

namespace infer::tool {
namespace {

Operator& find_or_add(std::vector<Operator>& all, std::string_view op, std::string_view type) {
  for (Operator& o : all) {
    if (o.op == op && o.type == type) return o;
  }
  return all.emplace_back(Operator{std::string(op), std::string(type)});
}

}  // namespace

// "cpu.profile.matmul.q4_1.ns"
std::vector<Operator> read_operators(const Session& session) {
  std::vector<Operator> all;
  const char* text = nullptr;
  int64_t value = 0;
  for (int32_t i = 0; check(infer_engine_counter_at(session.engine.get(), i, &text, &value)) == INFER_OK; ++i) {
    constexpr std::string_view kMark = ".profile.";
    const std::string_view name = text;
    const size_t mark = name.find(kMark);
    if (mark == std::string_view::npos) continue;
    const std::string_view rest = name.substr(mark + kMark.size());
    const size_t first = rest.find('.'), last = rest.rfind('.');
    if (first == std::string_view::npos || first == last) continue;
    Operator& o = find_or_add(all, rest.substr(0, first), rest.substr(first + 1, last - first - 1));
    const std::string_view what = rest.substr(last + 1);
    if (what == "ns") o.seconds = static_cast<double>(value) * 1e-9;
    if (what == "bytes") o.bytes = static_cast<double>(value);
    if (what == "ops") o.ops = static_cast<double>(value);
  }
  return all;
}

std::vector<Operator> since(const std::vector<Operator>& before, std::vector<Operator> now) {
  for (const Operator& b : before) {
    Operator& o = find_or_add(now, b.op, b.type);
    o.seconds -= b.seconds;
    o.bytes -= b.bytes;
    o.ops -= b.ops;
  }
  return now;
}

std::vector<Json> operator_lines(const std::vector<Operator>& all, const Machine& machine) {
  std::vector<Operator> sorted = all;
  std::sort(sorted.begin(), sorted.end(), [](const Operator& a, const Operator& b) { return a.seconds > b.seconds; });
  double total = 0;
  for (const Operator& o : sorted) total += o.seconds;
  std::vector<Json> lines;
  for (const Operator& o : sorted) {
    if (o.seconds <= 0) continue;
    Json line = {{"op", o.op}, {"type", o.type}, {"ms", o.seconds * 1e3}, {"share", o.seconds / total}};
    if (o.ops > 0) {
      const bool is_float = o.op == "attention" || o.type == "f32" || o.type == "f16" || o.type == "bf16";
      const double arithmetic = o.ops / (is_float ? machine.f32_per_s : machine.int8_per_s);
      const double memory = o.bytes / machine.read_per_s;
      line["bytes_read"] = o.bytes;
      line["gb_per_s"] = o.bytes / o.seconds * 1e-9;
      line["gop_per_s"] = o.ops / o.seconds * 1e-9;
      line["limited_by"] = memory > arithmetic ? "memory" : "arithmetic";
      line["fraction_of_limit"] = std::max(memory, arithmetic) / o.seconds;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace infer::tool
