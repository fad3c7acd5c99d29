// infer bench FILE: prefill and decode at given lengths, depths and batch sizes, load time, memory; and, measured in
// the same run, what the machine could do at most.
#include <algorithm>
#include <cstdlib>
#include <thread>

#include "commands.h"
#include "limits.h"
#include "machine.h"
#include "print.h"
#include "process.h"
#include "speed.h"

namespace infer::tool {
namespace {

struct Arguments {
  Settings settings;
  std::string file;
  std::vector<int32_t> prompt = {512}, generate = {64}, batch = {1}, depth = {0};
  int32_t repeats = 5;
};

struct Row {
  bool prefill;
  Shape shape;
  std::vector<double> samples = {};  // tokens per second

  double median() const {
    std::vector<double> s = samples;
    std::sort(s.begin(), s.end());
    return (s[(s.size() - 1) / 2] + s[s.size() / 2]) / 2;
  }
};

struct Memory {
  int64_t peak, weights, kv;
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

std::vector<std::string> defaults(const std::vector<Row>& rows) {
  int64_t context = 2, batch = 1;
  for (const Row& r : rows) {
    context = std::max(context, r.prefill ? r.shape.depth + r.shape.tokens + 1 : Speed::decode_room(r.shape));
    batch = std::max(batch, r.shape.batch);
  }
  return {"context.max=" + std::to_string(context), "batch.requests=" + std::to_string(batch)};
}

void measure(const Session& session, std::vector<Row>& rows, int32_t repeats) {
  Speed speed(session);
  const bool live = is_terminal(stderr);
  for (Row& row : rows) {
    for (int32_t i = -1; i < repeats; ++i) {  // the first one warms up
      if (live) {
        std::fprintf(stderr, "\r%s of %lld, batch %lld, depth %lld: %d/%d   ", row.prefill ? "prefill" : "decode",
                     static_cast<long long>(row.shape.tokens), static_cast<long long>(row.shape.batch),
                     static_cast<long long>(row.shape.depth), i + 1, repeats);
      }
      const double rate = row.prefill ? speed.prefill(row.shape) : speed.decode(row.shape);
      if (i >= 0) row.samples.push_back(rate);
    }
  }
  if (live) std::fprintf(stderr, "\r%70s\r", "");
}

Limit limit_of_row(const Row& row, const Work& work, const Machine& machine) {
  const auto tokens = static_cast<double>(row.shape.tokens), batch = static_cast<double>(row.shape.batch);
  const double keys = static_cast<double>(row.shape.depth) + tokens / 2;
  return limit_of(work, machine, {row.prefill ? tokens * batch : batch, batch, keys});
}

void print_json(const Arguments& a, const Session& s, const std::vector<Row>& rows, const Memory& memory,
                const Machine& machine, const Work& work, const Json& description) {
  put_json({{"kind", "machine"},
            {"threads", machine.threads},
            {"isa", machine.isa},
            {"read_bytes_per_s", machine.read_per_s},
            {"int8_ops_per_s", machine.int8_per_s},
            {"f32_ops_per_s", machine.f32_per_s}});
  put_json({{"kind", "load"}, {"model", a.file}, {"file_ms", s.load_ms}, {"engine_ms", s.engine_ms}});
  put_json(
      {{"kind", "memory"}, {"peak_bytes", memory.peak}, {"weight_bytes", memory.weights}, {"kv_bytes", memory.kv}});
  for (const Json& p : description["placement"]) {
    Json row = {{"kind", "kernel"}};
    row.update(p);
    put_json(row);
  }
  for (const Row& r : rows) {
    const Limit limit = limit_of_row(r, work, machine);
    put_json({{"kind", r.prefill ? "prefill" : "decode"},
              {"tokens", r.shape.tokens},
              {"batch", r.shape.batch},
              {"depth", r.shape.depth},
              {"tokens_per_s", r.median()},
              {"samples", r.samples},
              {"limit_tokens_per_s", limit.tokens_per_s},
              {"limited_by", limit.by},
              {"fraction_of_limit", r.median() / limit.tokens_per_s}});
  }
}

void print_text(const Session& s, const std::vector<Row>& rows, const Memory& memory, const Machine& machine,
                const Work& work, const Json& description) {
  put_line(format("machine  %d threads, %s: reads %.1f GB/s, int8 %.0f Gop/s, f32 %.0f Gop/s", machine.threads,
                  machine.isa.c_str(), machine.read_per_s / 1e9, machine.int8_per_s / 1e9, machine.f32_per_s / 1e9));
  put_line("load     " + time_text(s.load_ms) + " for the file, " + time_text(s.engine_ms) + " for the engine");
  put_line("memory   peak " + bytes_text(memory.peak) + ": weights " + bytes_text(memory.weights) + ", KV cache " +
           bytes_text(memory.kv) + ", other " +
           bytes_text(std::max<int64_t>(0, memory.peak - memory.weights - memory.kv)));
  put_line(format("\n%-10s %-9s %-10s %5s  %s", "operator", "type", "device", "nodes", "kernel"));
  for (const Json& p : description["placement"]) {
    const auto cell = [&](const char* key) { return p[key].get<std::string>(); };
    put_line(format("%-10s %-9s %-10s %5lld  %s", cell("op").c_str(), cell("type").c_str(), cell("device").c_str(),
                    static_cast<long long>(p["nodes"].get<int64_t>()), cell("kernel").c_str()));
  }
  put_line(format("\n%-10s %6s %6s %6s %12s %10s", "", "tokens", "batch", "depth", "tokens/s", "of limit"));
  for (const Row& r : rows) {
    const Limit limit = limit_of_row(r, work, machine);
    put_line(format("%-10s %6lld %6lld %6lld %12.1f %8.0f %%  (%s: %.0f)", r.prefill ? "prefill" : "decode",
                    static_cast<long long>(r.shape.tokens), static_cast<long long>(r.shape.batch),
                    static_cast<long long>(r.shape.depth), r.median(), 100 * r.median() / limit.tokens_per_s, limit.by,
                    limit.tokens_per_s));
  }
}

int bench(const Arguments& a) {
  std::vector<Row> rows = plan(a);
  const Options options = a.settings.options(defaults(rows));
  Session session = open_model(a.file, options);
  start_engine(session, options);
  const char* text = nullptr;
  int64_t len = 0;
  check(infer_engine_describe(session.engine.get(), &text, &len));
  const Json description = Json::parse(text, text + len);

  measure(session, rows, a.repeats);
  const Memory memory = {peak_memory(), session.fact("weight_bytes"), description["kv"]["bytes"].get<int64_t>()};
  // After the peak was read: the probes need memory of their own.
  const int given = std::atoi(a.settings.find("cpu.threads").c_str());
  const Machine machine =
      measure_machine(given > 0 ? given : static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
  const Work work = work_of(session, description);
  if (a.settings.json) {
    print_json(a, session, rows, memory, machine, work, description);
  } else {
    print_text(session, rows, memory, machine, work, description);
  }
  return 0;
}

}  // namespace

void add_bench(CLI::App& app, Command& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App& sub = *app.add_subcommand("bench", "speed, memory, and the machine's own limits beside them");
  add_file(sub, a->file);
  add_numbers(sub, "-p", a->prompt, "prompt lengths; 0: no prefill");
  add_numbers(sub, "-n", a->generate, "tokens to generate; 0: no decode");
  add_numbers(sub, "-b", a->batch, "requests together");
  add_numbers(sub, "-d", a->depth, "tokens already in the context");
  for (const char* name : {"-p", "-n", "-d"}) sub.get_option(name)->check(CLI::Range(0, 1 << 24));
  sub.get_option("-b")->check(CLI::Range(1, 1024));
  sub.add_option("-r", a->repeats, "repeats; the median counts")->check(CLI::Range(1, 1000));
  a->settings.add_common(sub);
  sub.callback([a, &chosen] { chosen = [a] { return bench(*a); }; });
}

}  // namespace infer::tool
