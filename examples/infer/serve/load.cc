#include "serve/load.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>

#include "handles.h"

namespace infer::tool {
namespace {

// Numbers that are the same on every platform (the distributions of <random> are not).
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  double unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  int64_t among(std::pair<int64_t, int64_t> range) {
    return range.first + static_cast<int64_t>(unit() * static_cast<double>(range.second - range.first + 1));
  }
  std::vector<int32_t> tokens(int64_t n, int64_t n_vocab) {
    std::vector<int32_t> ids(static_cast<size_t>(n));
    for (int32_t& id : ids) id = static_cast<int32_t>(among({0, n_vocab - 1}));
    return ids;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace

std::vector<Ask> make_load(const LoadOptions& o, int64_t n_vocab) {
  Dice dice(o.seed);
  const std::vector<int32_t> shared = o.shared > 0 ? dice.tokens(o.shared_tokens, n_vocab) : std::vector<int32_t>();
  std::vector<Ask> load;
  double at = 0;
  for (int64_t i = 0; i < o.requests;) {
    if (o.rate > 0 && (o.burst <= 1 || i % o.burst == 0))
      at += -std::log1p(-dice.unit()) * 1000 / o.rate * static_cast<double>(std::max<int64_t>(1, o.burst));
    const int32_t priority = dice.unit() < o.high ? 10 : 0;
    for (int64_t turn = 0; turn < o.turns && i < o.requests; ++turn, ++i) {
      Ask a;
      a.at_ms = at;
      if (turn == 0 && dice.unit() < o.shared) a.ids = shared;
      const std::vector<int32_t> own = dice.tokens(dice.among(o.prompt), n_vocab);
      a.ids.insert(a.ids.end(), own.begin(), own.end());
      a.generate = dice.among(o.generate);
      a.priority = priority;
      a.after = turn == 0 ? -1 : i - 1;
      load.push_back(std::move(a));
    }
  }
  return load;
}

std::vector<Ask> read_load(const std::string& path, uint64_t seed, int64_t n_vocab) {
  const auto wrong = [&](const std::string& what) {
    return Failure{"'" + path + "' " + what, "give a trace that infer_engine_trace or infer bench serve --trace wrote"};
  };
  std::ifstream in(path, std::ios::binary);
  const Json trace = Json::parse(in, nullptr, false);
  if (!in.is_open()) throw wrong("cannot be read");
  const auto events = trace.is_object() ? trace.find("traceEvents") : trace.end();
  if (!trace.is_object() || events == trace.end() || !events->is_array()) throw wrong("is no trace");
  Dice dice(seed);
  std::vector<Ask> load;
  for (const Json& e : *events) {
    if (!e.is_object() || e.value("name", Json()) != "request" || e.value("ph", Json()) != "b") continue;
    const Json args = e.value("args", Json::object());
    const auto number = [&](const Json& from, const char* key) {
      const auto found = from.find(key);
      if (found == from.end() || !found->is_number()) throw wrong(std::string("has a request without \"") + key + "\"");
      return found->get<double>();
    };
    const double prompt = number(args, "prompt"), generated = number(args, "generated"),
                 level = number(args, "priority");
    if (!(prompt >= 1 && prompt <= 1 << 24) || !(generated >= 0 && generated <= 1 << 24) || !(std::abs(level) <= 1000))
      throw wrong("has a request with numbers that cannot be");
    Ask a;
    a.at_ms = number(e, "ts") / 1000;
    a.ids = dice.tokens(static_cast<int64_t>(prompt), n_vocab);
    a.generate = std::max<int64_t>(1, static_cast<int64_t>(generated));
    a.priority = static_cast<int32_t>(level);
    load.push_back(std::move(a));
  }
  if (load.empty()) throw wrong("has no requests");
  std::ranges::stable_sort(load, {}, &Ask::at_ms);
  const double first = load.front().at_ms;
  for (Ask& a : load) a.at_ms -= first;
  return load;
}

void write_load(const std::string& path, const std::vector<Ask>& load) {
  std::ofstream out(path, std::ios::binary);
  for (const Ask& a : load) {
    out << Json{{"at_ms", a.at_ms},
                {"ids", a.ids},
                {"generate", a.generate},
                {"priority", a.priority},
                {"after", a.after}}
               .dump()
        << '\n';
  }
  if (!out.flush()) throw Failure{"cannot write '" + path + "'", "give a path in a folder that exists, with room"};
}

}  // namespace infer::tool
