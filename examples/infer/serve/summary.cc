#include "serve/summary.h"

#include <algorithm>
#include <map>
#include <set>

#include "bench/chart.h"
#include "bench/repetitions.h"

namespace infer::tool {
namespace {

Json percentiles(const std::vector<double>& values) {
  return {{"p50", quantile(values, 0.5)},
          {"p95", quantile(values, 0.95)},
          {"p99", quantile(values, 0.99)},
          {"max", quantile(values, 1)}};
}

bool within(const Outcome& o, const ServeLimits& limits) {
  if (!o.error.empty() || o.first_ms == 0 || o.first_ms - o.submitted_ms > limits.first_ms) return false;
  return quantile(o.gaps_ms, 0.99) <= limits.gap_ms;
}

template <class Keep>
Json line_of(const char* kind, const Served& s, const ServeLimits& limits, Keep keep) {
  std::vector<double> first, gaps, whole;
  int64_t requests = 0, failed = 0, good = 0, prompt = 0, cached = 0, generated = 0;
  for (const Outcome& o : s.outcomes) {
    if (!keep(o)) continue;
    ++requests;
    failed += o.error.empty() ? 0 : 1;
    good += within(o, limits) ? 1 : 0;
    prompt += o.prompt;
    cached += o.cached;
    generated += o.generated;
    if (o.first_ms > 0) first.push_back(o.first_ms - o.submitted_ms);
    whole.push_back(o.end_ms - o.submitted_ms);
    gaps.insert(gaps.end(), o.gaps_ms.begin(), o.gaps_ms.end());
  }
  const double seconds = std::max(1e-9, s.seconds);
  return {{"kind", kind},
          {"requests", requests},
          {"failed", failed},
          {"seconds", s.seconds},
          {"prompt_tokens", prompt},
          {"cached_tokens", cached},
          {"generated_tokens", generated},
          {"tokens_per_s", static_cast<double>(generated) / seconds},
          {"all_tokens_per_s", static_cast<double>(prompt + generated) / seconds},
          {"goodput_per_s", static_cast<double>(good) / seconds},
          {"good", good},
          {"first_token_ms", percentiles(first)},
          {"between_tokens_ms", percentiles(gaps)},
          {"request_ms", percentiles(whole)}};
}

}  // namespace

std::vector<Json> summarize(const Served& s, const ServeLimits& limits) {
  std::vector<Json> lines = {line_of("serve", s, limits, [](const Outcome&) { return true; })};
  lines[0]["pages_used"] = s.pages_used;
  lines[0]["most_pages_used"] = s.most_pages_used;
  lines[0]["slots_used"] = s.slots_used;
  lines[0]["drift"] = s.drift;
  if (s.machine_drift > 0) lines[0]["machine_drift"] = s.machine_drift;
  lines[0]["memory_slope"] = s.memory_slope;
  std::set<int32_t> priorities;
  for (const Outcome& o : s.outcomes) priorities.insert(o.priority);
  if (priorities.size() < 2) return lines;
  for (const int32_t p : priorities) {
    lines.push_back(line_of("class", s, limits, [p](const Outcome& o) { return o.priority == p; }));
    lines.back()["priority"] = p;
  }
  return lines;
}

Json engine_line(const std::vector<std::pair<std::string, int64_t>>& before,
                 const std::vector<std::pair<std::string, int64_t>>& after) {
  std::map<std::string, int64_t> moved;
  for (const auto& [name, value] : after) moved[name] = value;
  for (const auto& [name, value] : before) moved[name] -= value;
  const auto n = [&](const char* name) { return static_cast<double>(moved[name]); };
  const auto after_of = [&](const char* wanted) {
    for (const auto& [name, value] : after)
      if (name == wanted) return value;
    return int64_t{0};
  };
  // Of all devices: what was read of weights that do not stay, and for how long steps waited for it.
  double read = 0, waited = 0;
  for (const auto& [name, value] : moved) {
    const bool stream = name.ends_with(".stream.bytes"), experts = name.find(".experts.") != std::string::npos;
    if (stream || (experts && name.ends_with(".bytes"))) read += static_cast<double>(value);
    if (name.ends_with(".stream.wait_us") || (experts && name.ends_with(".read_us")))
      waited += static_cast<double>(value);
  }
  const double prompt = n("tokens.cached") + n("tokens.prefill"), all = n("ns.plan") + n("ns.run") + n("ns.deliver");
  return {{"kind", "engine"},
          {"steps", moved["steps"]},
          {"prefix_hits", prompt > 0 ? n("tokens.cached") / prompt : 0},
          {"preempted", moved["requests.preempted"]},
          {"evicted_pages", moved["pages.evicted"]},
          {"draft_tokens", moved["tokens.draft"]},
          {"accepted_tokens", moved["tokens.accepted"]},
          {"step_ms", n("steps") > 0 ? all / n("steps") * 1e-6 : 0},
          {"plan_share", all > 0 ? n("ns.plan") / all : 0},
          {"deliver_share", all > 0 ? n("ns.deliver") / all : 0},
          {"requests_most", after_of("requests.most")},
          {"read_bytes", read},
          {"read_bytes_per_s", all > 0 ? read / all * 1e9 : 0},
          {"read_wait_share", all > 0 ? waited * 1e3 / all : 0}};
}

std::string serve_text(const Json& l) {
  const auto number = [&](const char* key) { return l.value(key, 0.0); };
  if (l["kind"] == "engine") {
    const std::string streamed =
        number("read_bytes") > 0
            ? format("\n         weights read %.2f GB/s, steps waited %.0f %% of their time; %.0f requests together",
                     number("read_bytes_per_s") * 1e-9, 100 * number("read_wait_share"), number("requests_most"))
            : "";
    return format(
               "engine   %.0f steps of %.1f ms: planning %.2f %%, delivering %.2f %%; prefix hits %.1f %%, %.0f "
               "preempted, "
               "%.0f "
               "pages evicted",
               number("steps"), number("step_ms"), 100 * number("plan_share"), 100 * number("deliver_share"),
               100 * number("prefix_hits"), number("preempted"), number("evicted_pages")) +
           streamed;
  }
  const auto times = [&](const char* key) {
    const Json& p = l[key];
    return format("%s / %s / %s", time_text(p.value("p50", 0.0)).c_str(), time_text(p.value("p95", 0.0)).c_str(),
                  time_text(p.value("p99", 0.0)).c_str());
  };
  std::string name = l["kind"] == "class" ? format("class %d", l.value("priority", 0)) : "all";
  return format("%-8s %.0f requests (%.0f failed) in %.1f s: %.1f tokens/s, %.1f with prompts; good %.2f/s\n",
                name.c_str(), number("requests"), number("failed"), number("seconds"), number("tokens_per_s"),
                number("all_tokens_per_s"), number("goodput_per_s")) +
         "         p50 / p95 / p99: first token " + times("first_token_ms") + ", between tokens " +
         times("between_tokens_ms") + ", request " + times("request_ms") +
         (l.contains("pages_used")
              ? format("\n         pages used %.0f %%, at most %.0f %%; of their places %.1f %%",
                       100 * number("pages_used"), 100 * number("most_pages_used"), 100 * number("slots_used"))
              : "");
}

std::string serve_page(const std::string& title, const Served& s, const std::vector<Json>& lines) {
  std::string page = "<!doctype html><html lang='en'><meta charset='utf-8'><title>" + html_escape(title) +
                     "</title><style>:root{color-scheme:light dark}body{font:15px/1.45 "
                     "system-ui,sans-serif;max-width:1120px;margin:2em auto;padding:0 1em}svg{max-width:100%}svg text{"
                     "font-size:12px;fill:currentColor}.grid{stroke:#8884}pre{white-space:pre-wrap}</style><h1>" +
                     html_escape(title) + "</h1>\n<pre>";
  for (const Json& l : lines) page += html_escape(serve_text(l)) + "\n";
  page += "</pre>\n";
  const auto curve = [&](const char* name, auto values_of) {
    std::map<int32_t, std::vector<double>> by_priority;
    for (const Outcome& o : s.outcomes) values_of(o, by_priority[o.priority]);
    std::vector<Series> all;
    for (const auto& [priority, values] : by_priority) {
      Series one{format("priority %d", priority), false, {}};
      for (const double part : {0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0})
        one.points.emplace_back(100 * part, quantile(values, part));
      all.push_back(std::move(one));
    }
    page += std::string("<figure><figcaption>") + name + "</figcaption>" + line_chart("percentile", "ms", all) +
            "</figure>\n";
  };
  curve("first token", [](const Outcome& o, std::vector<double>& v) {
    if (o.first_ms > 0) v.push_back(o.first_ms - o.submitted_ms);
  });
  curve("between tokens",
        [](const Outcome& o, std::vector<double>& v) { v.insert(v.end(), o.gaps_ms.begin(), o.gaps_ms.end()); });
  curve("whole request", [](const Outcome& o, std::vector<double>& v) { v.push_back(o.end_ms - o.submitted_ms); });
  return page + "</html>\n";
}

}  // namespace infer::tool
