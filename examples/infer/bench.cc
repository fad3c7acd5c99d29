// infer bench FILE: prefill and decode at given lengths, depths, batch sizes and threads, load time, memory; and,
// measured in the same run, what the machine could do at most and what a peer does.
#include <algorithm>
#include <cstdlib>

#include "bench/measurement.h"
#include "bench/report.h"
#include "commands.h"

namespace infer::tool {
namespace {

struct Arguments {
  Job job;
  std::string html;
  std::vector<int32_t> prompt = {512}, generate = {64}, batch = {1}, depth = {0}, threads;
};

// Every combination asked for; 0 tokens leaves a kind out.
std::vector<Row> plan(const Arguments& a) {
  std::vector<Row> rows;
  const auto add = [&](bool prefill, int32_t tokens) {
    if (tokens == 0) return;
    for (const int32_t b : a.batch) {
      for (const int32_t d : a.depth) rows.push_back({prefill, {tokens, b, d}});
    }
  };
  for (const int32_t p : a.prompt) add(true, p);
  for (const int32_t n : a.generate) add(false, n);
  return rows;
}

int bench(Arguments a) {
  a.job.rows = plan(a);
  if (a.threads.empty()) a.threads = {std::max(0, std::atoi(a.job.settings.find("cpu.threads").c_str()))};
  if (!a.html.empty()) check_report(a.html);
  Results results(a.job.settings.json);
  for (const int32_t t : a.threads) {
    a.job.threads = t;
    measure(a.job, results);
    a.job.memory = false;
  }
  if (!a.html.empty()) write_report(a.html, a.job.file, results.lines());
  refuse_the_impossible(results.lines());
  return 0;
}

}  // namespace

void add_bench(CLI::App& app, Command& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App& sub = *app.add_subcommand("bench", "speed, memory, and the machine's own limits beside them");
  add_file(sub, a->job.file);
  sub.get_option("file")->required(false);  // not with a subcommand
  add_bench_serve(sub, chosen);
  add_numbers(sub, "-p", a->prompt, "prompt lengths; 0: no prefill");
  add_numbers(sub, "-n", a->generate, "tokens to generate; 0: no decode");
  add_numbers(sub, "-b", a->batch, "requests together");
  add_numbers(sub, "-d", a->depth, "tokens already in the context");
  add_numbers(sub, "-t,--threads", a->threads, "threads of the cpu backend");
  for (const char* name : {"-p", "-n", "-d"}) sub.get_option(name)->check(CLI::Range(0, 1 << 24));
  sub.get_option("-b")->check(CLI::Range(1, 1024));
  sub.get_option("-t")->check(CLI::Range(0, 256));
  sub.add_option("-r", a->job.repeats, "repeats; the median counts")->check(CLI::Range(1, 1000));
  sub.add_option("--peer", a->job.peer, "folder with llama.cpp's programs, to run in turn with ours")
      ->type_name("FOLDER");
  sub.add_option("--peer-timeout", a->job.peer_seconds, "seconds that one run of a peer's program may take")
      ->check(CLI::PositiveNumber);
  sub.add_flag("--busy", a->job.busy, "decode also while another process keeps one core busy");
  sub.add_flag(
      "--no-start", [a](int64_t) { a->job.start = false; }, "with --peer: speeds alone, not process start and memory");
  sub.add_flag("--operators", a->job.operators, "time, GB/s and GOP/s of each operator");
  sub.add_option("--html", a->html, "write a report with charts, and FILE.json beside it (implies --operators)")
      ->type_name("FILE.html");
  a->job.settings.add_all_but_threads(sub);
  sub.callback([a, &sub, &chosen] {
    if (!sub.get_subcommands().empty()) return;
    if (a->job.file.empty()) throw CLI::RequiredError("file");
    if (!a->html.empty()) a->job.operators = true;
    chosen = [a] { return bench(*a); };
  });
}

}  // namespace infer::tool
