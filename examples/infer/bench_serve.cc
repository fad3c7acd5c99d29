// infer bench serve FILE: many requests at once, as an application's users send them; what each of them waited, and
// what the engine did.
#include <algorithm>
#include <chrono>
#include <thread>

#include "bench/report.h"
#include "commands.h"
#include "process.h"
#include "serve/summary.h"

namespace infer::tool {
namespace {

struct Arguments {
  std::string file, replay, write, trace, html, metrics;
  bool control = false;
  std::vector<int32_t> prompt = {26, 400}, generate = {16, 64};
  std::vector<std::string> request;
  LoadOptions load;
  ServeLimits limits;
  Settings settings;
};

std::vector<std::pair<std::string, int64_t>> counters(const Session& session) {
  std::vector<std::pair<std::string, int64_t>> all;
  const char* name = nullptr;
  int64_t value = 0;
  for (int32_t i = 0; check(infer_engine_counter_at(session.engine.get(), i, &name, &value)) == INFER_OK; ++i)
    all.emplace_back(name, value);
  return all;
}

using Fill = infer_status (*)(infer_engine*, char*, int64_t, int64_t*);
std::string text_of(const Session& session, Fill fill) {
  int64_t n = 0;
  check(fill(session.engine.get(), nullptr, 0, &n));
  std::string text(static_cast<size_t>(n) + 256, '\0');  // the numbers in it may have grown by then
  check(fill(session.engine.get(), text.data(), static_cast<int64_t>(text.size()), &n));
  text.resize(static_cast<size_t>(n));
  return text;
}

std::pair<int64_t, int64_t> range(const std::vector<int32_t>& numbers) {
  return {numbers.front(), std::max(numbers.front(), numbers.back())};
}

int bench_serve(Arguments a) {
  a.load.prompt = range(a.prompt);
  a.load.generate = range(a.generate);
  const std::string concurrency = std::to_string(std::clamp<int64_t>(a.load.concurrency, 1, 1024));
  std::vector<std::string> defaults = {"batch.requests=" + concurrency};
  if (!a.trace.empty()) defaults.push_back("trace.steps=100000");
  const Options options = a.settings.options(defaults);
  Session session = open_model(a.file, options);
  const int64_t n_vocab = session.fact("n_vocab");
  const std::vector<Ask> load =
      a.replay.empty() ? make_load(a.load, n_vocab) : read_load(a.replay, a.load.seed, n_vocab);
  if (!a.write.empty()) write_load(a.write, load);
  start_engine(session, options);
  while (session.counter("cpu.pack.busy") != 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));

  const bool live = is_terminal(stderr);
  const auto before = counters(session);
  double written = 0;
  std::unique_ptr<Prober> control;
  if (a.control) {
    const int threads = std::atoi(a.settings.value("cpu.threads").c_str());
    control = std::make_unique<Prober>(threads > 0 ? threads : static_cast<int>(std::thread::hardware_concurrency()));
  }
  const Served served = serve(session, load, a.load.concurrency, a.request, control.get(), [&](size_t done) {
    if (!a.metrics.empty() && now_ms() - written > 500)
      write_whole(a.metrics, text_of(session, infer_engine_metrics)), written = now_ms();
    if (live) std::fprintf(stderr, "\r%zu of %zu requests", done, load.size());
  });
  check(infer_engine_drain(session.engine.get(), -1));  // it lets go of the last a moment after its last piece
  if (live) std::fprintf(stderr, "\r%40s\r", "");
  std::vector<Json> lines = summarize(served, a.limits);
  lines.push_back(engine_line(before, counters(session)));
  for (const Json& l : lines) a.settings.json ? put_json(l) : put_line(serve_text(l));
  if (!a.trace.empty()) write_whole(a.trace, text_of(session, infer_engine_trace));
  if (!a.metrics.empty()) write_whole(a.metrics, text_of(session, infer_engine_metrics));
  if (!a.html.empty()) write_whole(a.html, serve_page("infer bench serve", served, lines));
  const auto bad = std::ranges::find_if(served.outcomes, [](const Outcome& o) { return !o.error.empty(); });
  if (bad == served.outcomes.end()) return 0;
  throw Failure{"request " + std::to_string(bad - served.outcomes.begin()) + " failed: " + bad->error, ""};
}

}  // namespace

void add_bench_serve(CLI::App& bench, Command& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App& sub = *bench.add_subcommand("serve", "many requests at once: throughput, waiting times, pages");
  add_file(sub, a->file);
  sub.add_option("-n", a->load.requests, "requests")->check(CLI::Range(1, 10000000));
  sub.add_option("--concurrency", a->load.concurrency, "requests in flight at most")->check(CLI::Range(1, 100000));
  sub.add_option("--rate", a->load.rate, "requests per second, at random times; 0: as soon as there is a place")
      ->check(CLI::NonNegativeNumber);
  sub.add_option("--burst", a->load.burst, "with --rate: so many at each time")->check(CLI::Range(0, 100000));
  add_numbers(sub, "-p", a->prompt, "least and most tokens of a prompt");
  add_numbers(sub, "-g", a->generate, "least and most tokens of an answer");
  for (const char* name : {"-p", "-g"}) sub.get_option(name)->check(CLI::Range(1, 1 << 24));
  sub.add_option("--shared", a->load.shared, "part of the prompts that begin with the same text")
      ->check(CLI::Range(0.0, 1.0));
  sub.add_option("--shared-tokens", a->load.shared_tokens, "tokens of that text")->check(CLI::Range(1, 1 << 24));
  sub.add_option("--turns", a->load.turns, "of a conversation")->check(CLI::Range(1, 1000));
  sub.add_option("--high", a->load.high, "part of the requests with priority 10")->check(CLI::Range(0.0, 1.0));
  sub.add_flag("--control", a->control, "measure the machine meanwhile, with the engine paused, for what drifts");
  sub.add_option("--seed", a->load.seed, "of the load");
  sub.add_option("--replay", a->replay, "send what a trace recorded instead")->type_name("FILE");
  sub.add_option("--write-load", a->write, "write the load as JSON lines")->type_name("FILE");
  sub.add_option("--trace", a->trace, "write a trace for Chrome's or Perfetto's viewer")->type_name("FILE");
  sub.add_option("--metrics", a->metrics, "write the engine's metrics there twice a second, for infer top")
      ->type_name("FILE");
  sub.add_option("--html", a->html, "write a page with pictures")->type_name("FILE.html");
  sub.add_option("--request", a->request, "option of each request, key=value")->type_name("KEY=VALUE");
  sub.add_option("--limit-first", a->limits.first_ms, "milliseconds to the first token that count as good");
  sub.add_option("--limit-gap", a->limits.gap_ms, "milliseconds between tokens that count as good");
  a->settings.add_common(sub);
  sub.callback([a, &chosen] { chosen = [a] { return bench_serve(*a); }; });
}

}  // namespace infer::tool
