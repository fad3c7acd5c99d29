#include "bench/results.h"

#include <algorithm>

#include "bench/repetitions.h"
#include "handles.h"

namespace infer::tool {
namespace {

std::string word(const Json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_string() ? found->get<std::string>() : "";
}
double number(const Json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_number() ? found->get<double>() : 0;
}
long long whole(const Json& line, const char* key) { return static_cast<long long>(number(line, key)); }
std::string bytes(const Json& line, const char* key) { return bytes_text(whole(line, key)); }

// What several repetitions beside a peer came to.
std::string peer_text(const Json& line, const char* unit) {
  std::string out;
  if (line.contains("ratio")) {
    out = format("  peer %.4g%s, ratio %.2f (%.2f .. %.2f, %lld pairs)",
                 number(line, line.contains("peer_ms") ? "peer_ms" : "peer_tokens_per_s"), unit, number(line, "ratio"),
                 number(line, "ratio_q1"), number(line, "ratio_q3"), whole(line, "pairs"));
  }
  if (number(line, "left_out") > 0)
    out += format("  [%lld left out: the machine changed meanwhile]", whole(line, "left_out"));
  if (line.contains("noisy") && line["noisy"].get<bool>()) out += "  [noisy machine: too few steady, all used]";
  return out;
}

std::string speed_text(const Json& line) {
  return format("%-10s %6lld %6lld %6lld %12.1f %8.0f %%  (%s: %.0f)", word(line, "kind").c_str(),
                whole(line, "tokens"), whole(line, "batch"), whole(line, "depth"), number(line, "tokens_per_s"),
                100 * number(line, "fraction_of_limit"), word(line, "limited_by").c_str(),
                number(line, "limit_tokens_per_s")) +
         peer_text(line, "");
}

std::string operator_text(const Json& line) {
  std::string out = format("%-8s b%-3lld d%-6lld %-15s %-9s %7.2f %7.1f %%", word(line, "phase").c_str(),
                           whole(line, "batch"), whole(line, "depth"), word(line, "op").c_str(),
                           word(line, "type").c_str(), number(line, "ms"), 100 * number(line, "share"));
  if (line.contains("gb_per_s"))
    out += format(" %8.1f %8.1f %6.0f %%", number(line, "gb_per_s"), number(line, "gop_per_s"),
                  100 * number(line, "fraction_of_limit"));
  return out;
}

std::string busy_text(const Json& line) {
  std::string out = format("busy     decode with one core taken: %.1f tokens/s, %.0f %% of the quiet figure",
                           number(line, "tokens_per_s"), 100 * number(line, "fraction_of_quiet"));
  if (line.contains("peer_fraction_of_quiet"))
    out += format(" (peer %.0f %%)", 100 * number(line, "peer_fraction_of_quiet"));
  return out + peer_text(line, "");
}

struct Table {
  std::string name, head;
};

Table table_of(const std::string& kind) {
  if (kind == "kernel")
    return {"kernels", format("%-10s %-9s %-10s %5s  %s", "operator", "type", "device", "nodes", "kernel")};
  if (kind == "prefill" || kind == "decode")
    return {"speed", format("%-10s %6s %6s %6s %12s %10s", "", "tokens", "batch", "depth", "tokens/s", "of limit")};
  if (kind == "operator")
    return {"operators", format("%-21s %-15s %-9s %7s %9s %8s %8s %8s", "", "operator", "type", "ms", "of time", "GB/s",
                                "GOP/s", "of limit")};
  return {};
}

std::string text_of(const Json& line) {
  const std::string kind = word(line, "kind");
  if (kind == "machine")
    return format("machine  %lld threads, %s: reads %.1f GB/s (median %.1f), int8 %.0f Gop/s, f32 %.0f Gop/s",
                  whole(line, "threads"), word(line, "isa").c_str(), number(line, "read_bytes_per_s") / 1e9,
                  number(line, "read_median") / 1e9, number(line, "int8_ops_per_s") / 1e9,
                  number(line, "f32_ops_per_s") / 1e9);
  if (kind == "load")
    return format("load     %lld threads: ", whole(line, "threads")) + time_text(number(line, "file_ms")) +
           " for the file, " + time_text(number(line, "engine_ms")) + " for the engine";
  if (kind == "memory")
    return "memory   peak " + bytes(line, "peak_bytes") + ": weights " + bytes(line, "weight_bytes") + ", KV cache " +
           bytes(line, "kv_bytes") + ", other " +
           bytes_text(std::max(0ll, whole(line, "peak_bytes") - whole(line, "weight_bytes") - whole(line, "kv_bytes")));
  if (kind == "kernel")
    return format("%-10s %-9s %-10s %5lld  %s", word(line, "op").c_str(), word(line, "type").c_str(),
                  word(line, "device").c_str(), whole(line, "nodes"), word(line, "kernel").c_str());
  if (kind == "prefill" || kind == "decode") return speed_text(line);
  if (kind == "operator") return operator_text(line);
  if (kind == "busy") return busy_text(line);
  if (kind == "start")
    return format("start    process start to first token %.0f ms, peak %s", number(line, "ms"),
                  bytes(line, "peak_bytes").c_str()) +
           peer_text(line, " ms") +
           (line.contains("peer_peak_bytes") ? ", peer's peak " + bytes(line, "peer_peak_bytes") : "");
  if (kind == "alone")
    return format("alone    prompt %lld, %lld generated: peak ", whole(line, "prompt"), whole(line, "generate")) +
           bytes(line, "peak_bytes") + ", peer's " + bytes(line, "peer_peak_bytes");
  return kind + "     " + word(line, "text");
}

}  // namespace

void Results::add(Json line) {
  if (json_) {
    put_json(line);
  } else {
    const Table table = table_of(line["kind"].get<std::string>());
    if (table.name != table_) put_line("");
    if (table.name != table_ && !table.head.empty()) put_line(table.head);
    table_ = table.name;
    put_line(text_of(line));
  }
  lines_.push_back(std::move(line));
}

std::string line_text(const Json& line) { return text_of(line); }

std::string measurement_name(const Json& line) {
  return format("%s of %lld, batch %lld, depth %lld, %lld threads", word(line, "kind").c_str(), whole(line, "tokens"),
                whole(line, "batch"), whole(line, "depth"), whole(line, "threads"));
}

void refuse_the_impossible(const std::vector<Json>& lines) {
  for (const Json& line : lines) {
    const double fraction = line.value("fraction_of_limit", 0.0);
    if (line["kind"] == "operator" || fraction <= kMostFraction) continue;
    throw Failure{measurement_name(line) + format(" reached %.2f of what the machine allows", fraction),
                  "the limit or the measurement is wrong: repeat it on a quiet machine, with more tokens"};
  }
}

}  // namespace infer::tool
