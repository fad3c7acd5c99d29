// infer top FILE: an engine of another program, live in the terminal. That program writes what infer_engine_metrics
// gives to a file from time to time (infer bench serve --metrics FILE does); this reads it again and again.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "commands.h"
#include "interrupt.h"
#include "print.h"
#include "process.h"
#include "session.h"

namespace infer::tool {
namespace {

struct Arguments {
  std::string file;
  double seconds = 1;
  bool once = false;
};

using Values = std::map<std::string, double>;  // by name with its labels

// Prometheus text: "name{labels} value" lines.
Values read_metrics(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Failure{"cannot read '" + path + "'", "start a program that writes its engine's metrics there"};
  Values values;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t space = line.rfind(' ');
    if (space == std::string::npos) continue;
    std::istringstream number(line.substr(space + 1));
    double v = 0;
    if (number >> v) values[line.substr(0, space)] = v;
  }
  if (!values.count("libinfer_steps_total"))
    throw Failure{"'" + path + "' has no metrics of an engine", "it should hold what infer_engine_metrics gives"};
  return values;
}

double get(const Values& v, const std::string& name) {
  const auto found = v.find(name);
  return found == v.end() ? 0 : found->second;
}

// The bound of the bucket where this part of what came between two looks lies, in ms.
std::string percentile(const Values& before, const Values& now, const std::string& name, double part) {
  const auto grown = [&](const std::string& key) { return get(now, key) - get(before, key); };
  const double all = grown("libinfer_" + name + "_count");
  if (all <= 0) return "-";
  const std::string prefix = "libinfer_" + name + "_bucket{le=\"";
  double best = -1;
  for (auto at = now.lower_bound(prefix); at != now.end() && at->first.starts_with(prefix); ++at) {
    const double bound = std::atof(at->first.c_str() + prefix.size());  // "+Inf": 0
    if (bound > 0 && grown(at->first) >= part * all && (best < 0 || bound < best)) best = bound;
  }
  return best < 0 ? "> 200 s" : "<= " + time_text(best * 1000);
}

std::string bar(double part) {
  constexpr int kWidth = 30;
  const int full = std::clamp(static_cast<int>(part * kWidth + 0.5), 0, kWidth);
  return "[" + std::string(static_cast<size_t>(full), '#') + std::string(static_cast<size_t>(kWidth - full), '.') + "]";
}

std::string picture(const Values& before, const Values& now, double seconds) {
  const auto level = [&](const char* name) { return get(now, std::string("libinfer_") + name); };
  const auto moved = [&](const char* name) { return level(name) - get(before, std::string("libinfer_") + name); };
  const auto rate = [&](const char* name) { return moved(name) / std::max(1e-9, seconds); };
  const double pages = std::max(1.0, level("pages_total")), prefill = moved("tokens_prefill_total"),
               cached = moved("tokens_cached_total");
  std::string out;
  out += format("requests  %4.0f running  %4.0f waiting  %8.1f ended/s  %.0f preempted\n", level("requests_running"),
                level("requests_waiting"), rate("requests_finished_total"), moved("requests_preempted_total"));
  out +=
      format("tokens    %8.1f decoded/s  %8.1f of prompts/s  found %.0f %%  guessed right %.0f %%\n",
             rate("tokens_decode_total") + rate("tokens_accepted_total"), rate("tokens_prefill_total"),
             prefill + cached > 0 ? 100 * cached / (prefill + cached) : 0,
             moved("tokens_draft_total") > 0 ? 100 * moved("tokens_accepted_total") / moved("tokens_draft_total") : 0);
  out += format("pages     %s %.0f %% used, %.0f %% idle of %.0f\n", bar(level("pages_used") / pages).c_str(),
                100 * level("pages_used") / pages, 100 * level("pages_idle") / pages, pages);
  const double ns = moved("ns_plan_total") + moved("ns_run_total") + moved("ns_deliver_total");
  out += format("steps     %8.1f/s  %s busy %.0f %%\n", rate("steps_total"), bar(ns * 1e-9 / seconds).c_str(),
                100 * ns * 1e-9 / seconds);
  for (const auto& [name, text] : {std::pair<const char*, const char*>{"time_to_first_token_seconds", "first token"},
                                   {"inter_token_seconds", "between"},
                                   {"request_seconds", "request"}})
    out += format("%-12s p50 %-12s p99 %s\n", text, percentile(before, now, name, 0.5).c_str(),
                  percentile(before, now, name, 0.99).c_str());
  return out;
}

int top(const Arguments& a) {
  const InterruptGuard guard;
  Values before;
  double last = 0;
  for (bool first = true;; first = false) {
    const Values now = read_metrics(a.file);
    const double time = now_ms();
    if (a.once) return put(picture({}, now, 1e9)), 0;
    if (!first) {
      if (is_terminal(stdout)) put("\033[H\033[2J");
      put(picture(before, now, (time - last) / 1000));
    }
    before = now;
    last = time;
    for (double wait = a.seconds; wait > 0; wait -= 0.05) {
      if (InterruptGuard::interrupted()) return 0;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
}

}  // namespace

void add_top(CLI::App& app, Command& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App& sub = *app.add_subcommand("top", "watch an engine of another program");
  sub.add_option("file", a->file, "file with the engine's metrics, written again and again")
      ->required()
      ->type_name("FILE");
  sub.add_option("-s,--seconds", a->seconds, "between two looks")->check(CLI::Range(0.1, 3600.0));
  sub.add_flag("--once", a->once, "one look, of all since the engine began");
  sub.callback([a, &chosen] { chosen = [a] { return top(*a); }; });
}

}  // namespace infer::tool
