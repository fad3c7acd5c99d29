#include "bench/report.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <system_error>

#include "bench/chart.h"
#include "bench/results.h"
#include "handles.h"

namespace infer::tool {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStyle =
    ":root{color-scheme:light dark}body{font:15px/1.45 system-ui,sans-serif;max-width:1120px;margin:2em auto;padding:0 "
    "1em}"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}table{border-collapse:collapse;font-variant-numeric:tabular-"
    "nums}"
    "th,td{padding:.2em .7em;text-align:right;border-bottom:1px solid "
    "#8884}th:first-child,td:first-child{text-align:left}"
    ".charts{display:flex;flex-wrap:wrap;gap:1.5em}figure{margin:0}figcaption{font-weight:600}svg{width:520px;max-"
    "width:100%}"
    "svg.wide{width:800px}svg text{font-size:12px;fill:currentColor}.grid{stroke:#8884}";

std::string json_path(const std::string& html_path) {
  fs::path p(html_path);
  if (p.extension() == ".html" || p.extension() == ".htm") p.replace_extension();
  p += ".json";
  return p.string();
}

double number(const Json& line, const char* key) { return line.value(key, 0.0); }
std::string word(const Json& line, const char* key) { return line.value(key, std::string()); }
bool is_speed(const Json& line) { return line["kind"] == "prefill" || line["kind"] == "decode"; }

std::string row(const std::vector<std::string>& cells, const char* tag = "td") {
  std::string out = "<tr>";
  for (const std::string& c : cells) out += std::string("<") + tag + ">" + html_escape(c) + "</" + tag + ">";
  return out + "</tr>\n";
}

// One chart per kind: lines over `axis`, one for every combination of the other settings.
std::string charts(const std::vector<Json>& lines, const char* axis, const char* axis_name) {
  std::string out;
  for (const char* kind : {"prefill", "decode"}) {
    std::map<std::string, Series> series;
    std::map<double, int> places;
    for (const Json& line : lines) {
      if (line["kind"] != kind) continue;
      std::string name;
      for (const char* key : {"tokens", "batch", "depth", "threads"}) {
        if (std::strcmp(key, axis) != 0) name += format("%s%s %.0f", name.empty() ? "" : ", ", key, number(line, key));
      }
      ++places[number(line, axis)];
      series[name + " "].points.emplace_back(number(line, axis), number(line, "tokens_per_s"));
      series[name + " "].name = name;
      if (!line.contains("peer_tokens_per_s")) continue;
      Series& peer = series[name + " (peer)"];
      peer.points.emplace_back(number(line, axis), number(line, "peer_tokens_per_s"));
      peer.name = name + " (peer)";
      peer.peer = true;
    }
    if (places.size() < 2) continue;
    std::vector<Series> all;
    for (auto& [name, s] : series) {
      std::sort(s.points.begin(), s.points.end());
      all.push_back(std::move(s));
    }
    out += std::string("<figure><figcaption>") + kind + " by " + axis_name + "</figcaption>" +
           line_chart(axis_name, "tokens/s", all) + "</figure>\n";
  }
  return out;
}

std::string speed_table(const std::vector<Json>& lines) {
  std::string out = "<table>" + row({"", "tokens", "batch", "depth", "threads", "tokens/s", "of limit", "limited by",
                                     "peer", "ratio", "quartiles", "pairs", "left out"},
                                    "th");
  for (const Json& l : lines) {
    if (!is_speed(l)) continue;
    const bool peer = l.contains("ratio");
    const bool noisy = l.value("noisy", false);
    out += row({word(l, "kind"), format("%.0f", number(l, "tokens")), format("%.0f", number(l, "batch")),
                format("%.0f", number(l, "depth")), format("%.0f", number(l, "threads")),
                format("%.1f", number(l, "tokens_per_s")), format("%.0f %%", 100 * number(l, "fraction_of_limit")),
                word(l, "limited_by"), peer ? format("%.1f", number(l, "peer_tokens_per_s")) : "",
                peer ? format("%.2f", number(l, "ratio")) : "",
                peer ? format("%.2f .. %.2f", number(l, "ratio_q1"), number(l, "ratio_q3")) : "",
                peer ? format("%.0f", number(l, "pairs")) : "",
                noisy ? "none: noisy" : format("%.0f", number(l, "left_out"))});
  }
  return out + "</table>\n";
}

std::string memory(const std::vector<Json>& lines) {
  constexpr double kMiB = 1 << 20;
  std::vector<Bar> bars;
  const auto whole = [&](const std::string& name, double bytes) {
    bars.push_back({name, {{"all", bytes / kMiB}}, bytes_text(static_cast<int64_t>(bytes))});
  };
  for (const Json& l : lines) {
    if (l["kind"] == "memory") {
      const double weights = number(l, "weight_bytes"), kv = number(l, "kv_bytes"), peak = number(l, "peak_bytes");
      bars.push_back(
          {"this run, peak",
           {{"weights", weights / kMiB}, {"KV cache", kv / kMiB}, {"other", std::max(0.0, peak - weights - kv) / kMiB}},
           bytes_text(static_cast<int64_t>(peak))});
    }
    const bool alone = l["kind"] == "alone";
    if (!alone && l["kind"] != "start") continue;
    const std::string name = alone ? "one request" : "first token";
    whole(name, number(l, "peak_bytes"));
    if (l.contains("peer_peak_bytes")) whole(name + ", peer", number(l, "peer_peak_bytes"));
  }
  return bar_chart(bars);
}

std::string operators(const std::vector<Json>& lines) {
  std::vector<Bar> bars;
  std::string table =
      "<table>" + row({"", "operator", "type", "ms", "of time", "GB/s", "GOP/s", "of limit", "limited by"}, "th");
  for (const Json& l : lines) {
    if (l["kind"] != "operator") continue;
    const std::string name = word(l, "phase") + format(" %.0f, b %.0f, d %.0f, t %.0f", number(l, "tokens"),
                                                       number(l, "batch"), number(l, "depth"), number(l, "threads"));
    if (bars.empty() || bars.back().name != name) bars.push_back({name, {}, ""});
    const std::string type = word(l, "type") == "-" ? "" : word(l, "type");
    bars.back().parts.emplace_back(word(l, "op") + (type.empty() ? "" : " " + type), 100 * number(l, "share"));
    const bool counted = l.contains("gb_per_s");
    table += row({name, word(l, "op"), type, format("%.2f", number(l, "ms")),
                  format("%.1f %%", 100 * number(l, "share")), counted ? format("%.1f", number(l, "gb_per_s")) : "",
                  counted ? format("%.1f", number(l, "gop_per_s")) : "",
                  counted ? format("%.0f %%", 100 * number(l, "fraction_of_limit")) : "", word(l, "limited_by")});
  }
  return bar_chart(bars) + table + "</table>\n";
}

std::string others(const std::vector<Json>& lines) {
  std::string out = "<ul>";
  for (const Json& l : lines) {
    for (const char* kind : {"machine", "load", "start", "busy"}) {
      if (l["kind"] == kind) out += "<li>" + html_escape(line_text(l)) + "</li>\n";
    }
  }
  return out + "</ul>";
}

}  // namespace

void write_whole(const std::string& path, const std::string& text) {
  const std::string unfinished = path + ".tmp";
  std::FILE* file = std::fopen(unfinished.c_str(), "wb");
  bool good = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  int error = errno;
  if (file && std::fclose(file) != 0 && good) {
    good = false;
    error = errno;
  }
  std::error_code renamed;
  if (good) fs::rename(unfinished, path, renamed);
  if (good && !renamed) return;
  if (file) std::remove(unfinished.c_str());
  throw Failure{"cannot write '" + path + "': " + (good ? renamed.message() : std::strerror(error)),
                "give a path in a folder that exists, on a disk with room"};
}

void check_report(const std::string& html_path) {
  for (const std::string& path : {html_path, json_path(html_path)}) {
    if (fs::is_directory(path)) throw Failure{"'" + path + "' is a directory", "name the file to write", kExitUsage};
    const std::string trial = path + ".tmp";
    std::FILE* file = std::fopen(trial.c_str(), "wb");
    if (!file) {
      throw Failure{"cannot write '" + path + "': " + std::strerror(errno),
                    "give a path in a folder that exists and that this user may write"};
    }
    std::fclose(file);
    std::remove(trial.c_str());
  }
}

void write_report(const std::string& html_path, const std::string& model, const std::vector<Json>& lines) {
  const std::string title = "infer bench: " + fs::path(model).filename().string();
  std::string page =
      "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>";
  page +=
      "<title>" + html_escape(title) + "</title><style>" + kStyle + "</style>\n<h1>" + html_escape(title) + "</h1>\n";
  page += others(lines);
  page += "<h2>Speed</h2>\n" + speed_table(lines) + "<div class='charts'>\n" + charts(lines, "batch", "batch") +
          charts(lines, "depth", "context depth") + charts(lines, "threads", "threads") + "</div>\n";
  page += "<h2>Memory</h2>\n" + memory(lines) + "\n<h2>Time by operator</h2>\n" + operators(lines) + "</html>\n";
  Json all = Json::array();
  for (const Json& l : lines) all.push_back(l);
  write_whole(json_path(html_path), all.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
  write_whole(html_path, page);
}

}  // namespace infer::tool
