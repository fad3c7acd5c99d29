#include "bench/peer.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "handles.h"

namespace infer::tool {
namespace {

constexpr const char* kBench = "llama-bench";
constexpr const char* kBatched = "llama-batched-bench";
constexpr const char* kCompletion = "llama-completion";
constexpr int64_t kMicroBatches[] = {128, 512};
// Scouting takes short forms of the work: enough to tell settings apart.
constexpr int64_t kScoutPrompt = 512, kScoutGenerate = 16, kScoutDepth = 2048, kScoutFewPrompt = 64;

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& w : words) out += (out.empty() ? "" : " ") + w;
  return out;
}

[[noreturn]] void garbled(const std::vector<std::string>& words, const std::string& what, const std::string& out) {
  throw Failure{"'" + words[0] + "' printed " + what + ": " + quote(out.substr(0, 80)),
                "run it by hand to see more: " + joined(words)};
}

double number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : -1;
}

// A rate that a program printed; no use of it is made unless it can be one.
double rate_of(const Json& object, const char* key, const std::vector<std::string>& words, const std::string& out) {
  const double rate = number_of(object, key);
  if (!(rate > 0) || !std::isfinite(rate)) garbled(words, std::string("no speed (\"") + key + "\")", out);
  return rate;
}

std::string comma(const std::vector<int64_t>& numbers) {
  std::string out;
  for (const int64_t n : numbers) out += (out.empty() ? "" : ",") + std::to_string(n);
  return out;
}

}  // namespace

Peer::Peer(const std::string& folder, const std::string& model, int threads, double most_seconds)
    : folder_(folder), model_(model), threads_(threads), most_seconds_(most_seconds) {
  // A program without a slash would be looked for in PATH.
  std::error_code bad;
  const auto whole = std::filesystem::absolute(folder, bad);
  if (!bad) folder_ = whole.string();
  if (!has(kBench)) {
    throw Failure{"there is no " + std::string(kBench) + " in '" + folder + "'",
                  "--peer takes the folder with llama.cpp's programs and libraries"};
  }
}

std::string Peer::path(const char* program) const { return (std::filesystem::path(folder_) / program).string(); }

bool Peer::has(const char* program) const {
  std::error_code absent;
  return std::filesystem::is_regular_file(path(program), absent);
}

bool Peer::measures(bool prefill, const Shape& shape) const {
  return shape.batch == 1 || (has(kBatched) && !(prefill && shape.depth > 0));
}

bool Peer::starts() const { return has(kCompletion); }

Child Peer::run(std::vector<std::string> words) const {
  Child child = run_child(words, folder_, most_seconds_);
  if (child.ended_well()) return child;
  std::string why = *child.broken           ? std::string(" was ended: ") + child.broken
                    : child.exit_code > 128 ? " was ended by signal " + std::to_string(child.exit_code - 128)
                                            : " failed with exit code " + std::to_string(child.exit_code);
  const std::string line = last_line(child.err);
  if (!line.empty()) why += ": " + line;
  throw Failure{"'" + words[0] + "'" + why, "run it by hand to see more: " + joined(words)};
}

Peer::Key Peer::key(bool prefill, const Shape& shape) {
  // Prefill of several prompts is prefill of one long one: what is best for one is taken.
  return {prefill ? 1 : 0, prefill ? 1 : shape.batch, shape.depth};
}

const Peer::Choice& Peer::choice(bool prefill, const Shape& shape) const { return choices_.at(key(prefill, shape)); }

Json Peer::settings(bool prefill, const Shape& shape) const {
  const Choice& c = choice(prefill, shape);
  return {{"flash_attn", c.flash}, {"ubatch", c.micro_batch}, {"threads", c.threads}};
}

void Peer::scout(bool prefill, const Shape& shape) {
  if (choices_.count(key(prefill, shape))) return;
  const Shape few = {prefill ? std::min(shape.tokens, kScoutFewPrompt) : std::min(shape.tokens, kScoutGenerate),
                     prefill ? 1 : shape.batch, prefill ? 0 : std::min(shape.depth, kScoutDepth)};
  Choice best;
  best.threads = threads_;
  if (prefill) {
    const Shape some = {std::min(shape.tokens, kScoutPrompt), 1, std::min(shape.depth, kScoutDepth)};
    std::vector<int64_t> micro(std::begin(kMicroBatches), std::end(kMicroBatches));
    if (some.tokens <= micro.front()) micro = {512};
    best = try_all(true, some, {0, 1}, micro, {threads_});
  } else {
    best = try_all(false, few, {0, 1}, {512}, {threads_});
  }
  if (threads_ > 1) best.threads = try_all(prefill, few, {best.flash}, {best.micro_batch}, {1, threads_}).threads;
  choices_[key(prefill, shape)] = best;
}

double Peer::rate(bool prefill, const Shape& shape) {
  scout(prefill, shape);
  const Choice& c = choice(prefill, shape);
  return shape.batch > 1 ? batched(prefill, shape, c).rate
                         : try_all(prefill, shape, {c.flash}, {c.micro_batch}, {c.threads}).rate;
}

// The best of all combinations; of one request in one process.
Peer::Choice Peer::try_all(bool prefill, const Shape& shape, const std::vector<int>& flash,
                           const std::vector<int64_t>& micro, const std::vector<int>& threads) {
  Choice best;
  if (shape.batch > 1) {
    for (const int f : flash) {
      for (const int64_t u : micro) {
        for (const int t : threads) {
          const Choice c = batched(prefill, shape, {f, u, t, 0});
          if (c.rate > best.rate) best = c;
        }
      }
    }
    return best;
  }
  const std::string tokens = std::to_string(shape.tokens);
  std::vector<std::string> words = {path(kBench),          "-m", model_, "-p", prefill ? tokens : "0", "-n",
                                    prefill ? "0" : tokens};
  for (const auto& [flag, value] : {std::pair<const char*, std::string>{"-fa", comma({flash.begin(), flash.end()})},
                                    {"-ub", comma(micro)},
                                    {"-t", comma({threads.begin(), threads.end()})},
                                    {"-r", "1"},
                                    {"-o", "json"}}) {
    words.push_back(flag);
    words.push_back(value);
  }
  if (shape.depth > 0) words.insert(words.end(), {"-d", std::to_string(shape.depth)});
  const std::string out = run(words).out;
  const Json list = Json::parse(out, nullptr, false);
  if (!list.is_array() || list.size() != flash.size() * micro.size() * threads.size())
    garbled(words, "no list of its measurements", out);
  for (const Json& row : list) {
    if (!row.is_object() || number_of(row, prefill ? "n_prompt" : "n_gen") != static_cast<double>(shape.tokens))
      garbled(words, "another measurement than it was asked for", out);
    const double rate = rate_of(row, "avg_ts", words, out);
    if (rate <= best.rate) continue;
    // Names and forms of values vary between versions; what was given once is known.
    const auto read = [&](const char* name, int64_t otherwise) {
      const auto found = row.find(name);
      if (found == row.end()) return otherwise;
      if (found->is_boolean()) return static_cast<int64_t>(found->get<bool>());
      return found->is_number_integer() ? found->get<int64_t>() : otherwise;
    };
    best.rate = rate;
    best.flash = flash.size() == 1 ? flash[0] : read("flash_attn", 0) != 0;
    best.micro_batch = micro.size() == 1 ? micro[0] : read("n_ubatch", 512);
    best.threads = threads.size() == 1 ? threads[0] : static_cast<int>(read("n_threads", threads_));
  }
  return best;
}

Peer::Choice Peer::batched(bool prefill, const Shape& shape, Choice c) const {
  const int64_t prompt = prefill ? shape.tokens : std::max<int64_t>(1, shape.depth),
                generate = prefill ? 1 : shape.tokens;
  const auto text = [](int64_t n) { return std::to_string(n); };
  const std::vector<std::string> words = {path(kBatched),
                                          "-m",
                                          model_,
                                          "-npp",
                                          text(prompt),
                                          "-ntg",
                                          text(generate),
                                          "-npl",
                                          text(shape.batch),
                                          "-c",
                                          text(shape.batch * (prompt + generate + 1) + 256),
                                          "-b",
                                          "2048",
                                          "-ub",
                                          text(c.micro_batch),
                                          "-fa",
                                          c.flash ? "on" : "off",
                                          "-t",
                                          text(c.threads),
                                          "-tb",
                                          text(c.threads),
                                          "--output-format",
                                          "jsonl"};
  const std::string out = run(words).out;
  std::istringstream in(out);
  for (std::string line; std::getline(in, line);) {
    const Json row = Json::parse(line, nullptr, false);
    if (!row.is_object() || number_of(row, "pl") != static_cast<double>(shape.batch)) continue;
    c.rate = rate_of(row, prefill ? "speed_pp" : "speed_tg", words, out);
    return c;
  }
  garbled(words, "no measurement", out);
}

int64_t Peer::peak_bytes(int64_t prompt, int64_t generate) {
  const Choice& c = choices_.empty() ? Choice{1, 512, threads_, 0} : choices_.begin()->second;
  const auto text = [](int64_t n) { return std::to_string(n); };
  return run({path(kBench), "-m", model_, "-p", text(prompt), "-n", text(generate), "-fa", text(c.flash), "-t",
              text(threads_), "-r", "1", "-o", "json"})
      .peak_bytes;
}

Child Peer::start(const std::string& prompt) {
  Child child = run({path(kCompletion), "-m", model_, "-p", prompt, "-n", "1", "--temp", "0", "-no-cnv",
                     "--no-display-prompt", "--no-warmup", "-t", std::to_string(threads_)});
  if (child.first_byte_s == 0) child.first_byte_s = child.seconds;
  return child;
}

}  // namespace infer::tool
