#include "bench/measurement.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>

#include "bench/limits.h"
#include "bench/operators.h"
#include "bench/peer.h"
#include "bench/repetitions.h"
#include "machine.h"
#include "process.h"

namespace infer::tool {
namespace {

constexpr const char* kStartPrompt = "The capital of France is";

// A deep context costs a long prompt each time: three repetitions, then one, have to do.
int repeats_of(const Shape& s, int wanted) {
  const int64_t before = s.depth * s.batch;
  return before >= 32768 ? 1 : before >= 4096 ? std::min(wanted, 3) : wanted;
}

std::vector<std::string> defaults(const std::vector<Row>& rows) {
  int64_t context = 2, batch = 1;
  for (const Row& r : rows) {
    context = std::max(context, r.prefill ? r.shape.depth + r.shape.tokens + 1 : Speed::decode_room(r.shape));
    batch = std::max(batch, r.shape.batch);
  }
  return {"context.max=" + std::to_string(context), "batch.requests=" + std::to_string(batch)};
}

double larger_over_smaller(double a, double b, double c) { return std::max({a, b, c}) / std::min({a, b, c}); }

// Of arithmetic and memory alike: either tells that somebody else had a part of the machine.
double spread(const Machine& a, const Machine& b, const Machine& c) {
  return std::max(larger_over_smaller(a.read_per_s, b.read_per_s, c.read_per_s),
                  larger_over_smaller(a.int8_per_s, b.int8_per_s, c.int8_per_s));
}

Machine best_of(const Machine& a, const Machine& b) {
  Machine m = a;
  m.read_per_s = std::max(a.read_per_s, b.read_per_s);
  m.int8_per_s = std::max(a.int8_per_s, b.int8_per_s);
  m.f32_per_s = std::max(a.f32_per_s, b.f32_per_s);
  return m;
}

Json shape_line(const char* kind, const Shape& s, int threads) {
  return {{"kind", kind}, {"tokens", s.tokens}, {"batch", s.batch}, {"depth", s.depth}, {"threads", threads}};
}

class Measurement {
 public:
  Measurement(const Job& job, Results& results)
      : job_(job),
        results_(results),
        threads_(job.threads > 0 ? job.threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()))),
        live_(is_terminal(stderr)) {
    if (!job.peer.empty()) peer_ = std::make_unique<Peer>(job.peer, job.file, threads_, job.peer_seconds);
  }
  void run();

 private:
  using Timed = std::function<double()>;
  Session open(std::vector<std::string> more) const;
  double ours(Speed& speed, const Row& row) const {
    return row.prefill ? speed.prefill(row.shape) : speed.decode(row.shape);
  }
  void say(const std::string& what) const {
    if (live_) std::fprintf(stderr, "\r%-78.78s\r", what.c_str());
  }
  std::string name(const Row& row) const { return measurement_name(shape_line(kind(row), row.shape, threads_)); }
  static const char* kind(const Row& row) { return row.prefill ? "prefill" : "decode"; }

  Machine look();
  Limit limit(const Row& row, const Machine& m) const;
  std::vector<Repetition> repeat(int n, const std::string& what, const Timed& mine, const Timed& peers,
                                 const std::function<double(const Machine&)>& limit_at);
  void add_summary(Json& line, const Summary& s, const char* key, const std::vector<Repetition>& all) const;

  void describe(const Session& session);
  void measure_row(Speed& speed, const Row& row);
  void measure_busy(Speed& speed);
  void add_machine();
  void add_operators();
  void measure_start();
  void measure_alone();
  std::vector<std::string> self(std::vector<std::string> words) const;

  const Job& job_;
  Results& results_;
  const int threads_;
  const bool live_;
  std::unique_ptr<Peer> peer_;
  std::unique_ptr<Prober> prober_;
  std::vector<Machine> looks_;
  Work work_;
  Json description_;
  std::optional<Row> quiet_;  // the decode that --busy repeats, and what it came to
  Summary quiet_summary_;
};

Session Measurement::open(std::vector<std::string> more) const {
  std::vector<std::string> all = defaults(job_.rows);
  all.insert(all.end(), more.begin(), more.end());
  Settings settings = job_.settings;
  if (job_.threads > 0) settings.flags.push_back("cpu.threads=" + std::to_string(job_.threads));
  const Options options = settings.options(all);
  Session session = open_model(job_.file, options);
  start_engine(session, options);
  // Weights are packed behind the first answers; what is measured is the speed that stays.
  while (session.counter("cpu.pack.busy") != 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return session;
}

Machine Measurement::look() {
  looks_.push_back(prober_->measure());
  return looks_.back();
}

Limit Measurement::limit(const Row& row, const Machine& m) const {
  const auto tokens = static_cast<double>(row.shape.tokens), batch = static_cast<double>(row.shape.batch);
  const double keys = static_cast<double>(row.shape.depth) + tokens / 2;
  return limit_of(work_, m, {row.prefill ? tokens * batch : batch, batch, keys});
}

// Ours and the peer's in turn, a look at the machine before, between and after. While the peer runs our engine has
// nothing to do, and its threads sleep.
std::vector<Repetition> Measurement::repeat(int n, const std::string& what, const Timed& mine, const Timed& peers,
                                            const std::function<double(const Machine&)>& limit_at) {
  std::vector<Repetition> all;
  Machine before = look();
  for (int i = 0; i < n; ++i) {
    say(what + ": " + std::to_string(i + 1) + "/" + std::to_string(n));
    Repetition r;
    r.ours = mine();
    const Machine between = look();
    if (peers) r.theirs = peers();
    const Machine after = peers ? look() : between;
    r.limit = limit_at ? limit_at(best_of(before, between)) : 0;
    r.spread = spread(before, between, after);
    all.push_back(r);
    before = after;
  }
  return all;
}

// key: what the median is called.
void Measurement::add_summary(Json& line, const Summary& s, const char* key, const std::vector<Repetition>& all) const {
  line[key] = s.ours;
  line["samples"] = Json::array();
  for (const Repetition& r : all) line["samples"].push_back(r.ours);
  line["left_out"] = s.left_out;
  line["noisy"] = s.noisy;
  if (s.theirs <= 0) return;
  line[std::string("peer_") + key] = s.theirs;
  line["peer_samples"] = Json::array();
  for (const Repetition& r : all) line["peer_samples"].push_back(r.theirs);
  line["ratio"] = s.ratio;
  line["ratio_q1"] = s.q1;
  line["ratio_q3"] = s.q3;
  line["pairs"] = s.used;
}

void Measurement::describe(const Session& session) {
  const char* text = nullptr;
  int64_t len = 0;
  check(infer_engine_describe(session.engine.get(), &text, &len));
  description_ = Json::parse(text, text + len);
  work_ = work_of(session, description_);
}

void Measurement::measure_row(Speed& speed, const Row& row) {
  Timed peers;
  if (peer_ && peer_->measures(row.prefill, row.shape)) {
    say("trying the peer's settings for " + name(row));
    peer_->scout(row.prefill, row.shape);
    peers = [&] { return peer_->rate(row.prefill, row.shape); };
  }
  const auto all = repeat(
      repeats_of(row.shape, job_.repeats), name(row), [&] { return ours(speed, row); }, peers,
      [&](const Machine& m) { return limit(row, m).tokens_per_s; });
  const Summary s = summarize(all);
  Json line = shape_line(kind(row), row.shape, threads_);
  add_summary(line, s, "tokens_per_s", all);
  if (peers) line["peer_settings"] = peer_->settings(row.prefill, row.shape);
  line["limit_tokens_per_s"] = s.limit;
  line["limited_by"] = limit(row, looks_.back()).by;
  line["fraction_of_limit"] = s.fraction;
  results_.add(std::move(line));
  if (!quiet_ && !row.prefill && row.shape.batch == 1) {
    quiet_ = row;
    quiet_summary_ = s;
  }
}

void Measurement::measure_busy(Speed& speed) {
  if (!quiet_) return;
  Timed peers;
  if (peer_) {
    peers = [&] {
      const BusyProcess busy;
      return peer_->rate(false, quiet_->shape);
    };
  }
  const auto mine = [&] {
    const BusyProcess busy;
    return ours(speed, *quiet_);
  };
  const auto all = repeat(job_.repeats, "decode beside a busy process", mine, peers, {});
  const Summary s = summarize(all);
  Json line = shape_line("busy", quiet_->shape, threads_);
  add_summary(line, s, "tokens_per_s", all);
  line["quiet_tokens_per_s"] = quiet_summary_.ours;
  line["fraction_of_quiet"] = s.ours / quiet_summary_.ours;
  if (peers) {
    line["peer_quiet_tokens_per_s"] = quiet_summary_.theirs;
    line["peer_fraction_of_quiet"] = s.theirs / quiet_summary_.theirs;
  }
  results_.add(std::move(line));
}

void Measurement::add_machine() {
  Machine best = looks_.front();
  std::vector<double> reads;
  for (const Machine& m : looks_) {
    best = best_of(best, m);
    reads.push_back(m.read_per_s);
  }
  looks_.assign(1, best);
  results_.add({{"kind", "machine"},
                {"threads", threads_},
                {"isa", best.isa},
                {"read_bytes_per_s", best.read_per_s},
                {"read_median", quantile(reads, 0.5)},
                {"read_least", quantile(reads, 0)},
                {"int8_ops_per_s", best.int8_per_s},
                {"f32_ops_per_s", best.f32_per_s}});
}

// In an engine of its own: the figures above are of one that counts nothing.
void Measurement::add_operators() {
  const Session session = open({"cpu.profile=true"});
  Speed speed(session);
  for (const Row& row : job_.rows) {
    if (row.prefill && row.shape.depth > 0) continue;  // its prompt is not the measured part alone
    say("operators of " + name(row));
    ours(speed, row);  // warms up
    auto before = read_operators(session);
    if (row.prefill) {
      speed.prefill(row.shape);
    } else {
      speed.decode(row.shape, [&] { before = read_operators(session); });
    }
    for (const Json& one : operator_lines(since(before, read_operators(session)), looks_.front())) {
      Json line = {{"kind", "operator"},       {"phase", kind(row)},       {"tokens", row.shape.tokens},
                   {"batch", row.shape.batch}, {"depth", row.shape.depth}, {"threads", threads_}};
      line.update(one);
      results_.add(std::move(line));
    }
  }
}

// This tool as another process, with the user's options.
std::vector<std::string> Measurement::self(std::vector<std::string> words) const {
  const std::string own = own_program();
  if (own.empty()) throw Failure{"the system does not say where this program lies", "measure without --peer"};
  words.insert(words.begin(), own);
  words.insert(words.end(), {"-t", std::to_string(threads_)});
  for (const std::string& o : job_.settings.given) words.insert(words.end(), {"-o", o});
  return words;
}

Child run_self(const std::vector<std::string>& words, double most_seconds) {
  Child child = run_child(words, "", most_seconds);
  if (!child.ended_well())
    throw Failure{"'" + words[0] + " " + words[1] + "' as a child failed: " + last_line(child.err), ""};
  return child;
}

// The first of each is not counted: files come from the disk, and what is kept for the next start is made then.
void Measurement::measure_start() {
  const auto words = self({"run", job_.file, kStartPrompt, "--raw", "--max-tokens", "1", "--temperature", "0"});
  int64_t peak = 0, peer_peak = 0;
  const Timed mine = [&] {
    const Child c = run_self(words, job_.peer_seconds);
    peak = std::max(peak, c.peak_bytes);
    return (c.first_byte_s > 0 ? c.first_byte_s : c.seconds) * 1e3;
  };
  Timed peers;
  if (peer_->starts()) {
    peers = [&] {
      const Child c = peer_->start(kStartPrompt);
      peer_peak = std::max(peer_peak, c.peak_bytes);
      return c.first_byte_s * 1e3;
    };
  }
  mine();
  if (peers) peers();
  const auto all = repeat(job_.repeats, "process start to first token", mine, peers, {});
  Json line = {{"kind", "start"}, {"threads", threads_}};
  add_summary(line, summarize(all), "ms", all);
  line["peak_bytes"] = peak;
  if (peers) line["peer_peak_bytes"] = peer_peak;
  results_.add(std::move(line));
}

// Memory of a process that computes one prompt and generates: the same job for both.
void Measurement::measure_alone() {
  int64_t prompt = 0, generate = 0;
  for (const Row& r : job_.rows) {
    if (r.shape.depth > 0) continue;
    int64_t& most = r.prefill ? prompt : generate;
    most = std::max(most, r.shape.tokens);
  }
  if (prompt + generate == 0) return;
  say("memory of one request");
  const auto text = [](int64_t n) { return std::to_string(n); };
  const Child own = run_self(self({"bench", job_.file, "-p", text(prompt), "-n", text(generate), "-r", "1", "--json"}),
                             job_.peer_seconds);
  int64_t peak = 0;
  for (size_t at = 0; at < own.out.size(); at = std::min(own.out.find('\n', at), own.out.size() - 1) + 1) {
    const Json line = Json::parse(own.out.substr(at, own.out.find('\n', at) - at), nullptr, false);
    if (line.is_object() && line.value("kind", "") == "memory") peak = line.value("peak_bytes", int64_t{0});
  }
  const int64_t theirs = peer_->peak_bytes(prompt, generate);
  results_.add({{"kind", "alone"},
                {"prompt", prompt},
                {"generate", generate},
                {"threads", threads_},
                {"peak_bytes", peak},
                {"peer_peak_bytes", theirs}});
}

void Measurement::run() {
  bool has_tokenizer = false;
  {
    const Session session = open({});
    describe(session);
    has_tokenizer = session.fact("has_tokenizer") != 0;
    Speed speed(session);
    for (const Row& row : job_.rows) {
      say("warming up: " + name(row));
      ours(speed, row);
    }
    const int64_t peak = peak_memory();
    results_.add({{"kind", "load"},
                  {"model", job_.file},
                  {"threads", threads_},
                  {"file_ms", session.load_ms},
                  {"engine_ms", session.engine_ms}});
    if (job_.memory) {
      results_.add({{"kind", "memory"},
                    {"peak_bytes", peak},
                    {"weight_bytes", session.fact("weight_bytes")},
                    {"kv_bytes", description_["kv"]["bytes"]}});
    }
    for (const Json& p : description_["placement"]) {
      Json line = {{"kind", "kernel"}};
      line.update(p);
      results_.add(std::move(line));
    }
    prober_ = std::make_unique<Prober>(threads_);
    for (const Row& row : job_.rows) measure_row(speed, row);
    if (job_.busy) measure_busy(speed);
  }
  if (looks_.empty()) look();
  if (peer_ && job_.start && has_tokenizer) measure_start();
  add_machine();
  prober_.reset();
  if (job_.operators) add_operators();
  if (peer_ && job_.start) measure_alone();
  say("");
}

}  // namespace

void measure(const Job& job, Results& results) { Measurement(job, results).run(); }

}  // namespace infer::tool
