// The chain against vectors of tests/golden/sampling/make.py (numpy, float64, full sorts), then its own promises.
#include "sampling/sampler.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

using namespace infer::sampling;
using nlohmann::json;

namespace {
constexpr float kInf = std::numeric_limits<float>::infinity();

SamplerOptions off() {
  SamplerOptions o;
  o.temperature = 1, o.top_k = 0, o.top_p = 1, o.min_p = 0;
  return o;
}

SamplerOptions options_of(const json& j) {
  SamplerOptions o = off();
  o.temperature = j.at("temperature");
  o.top_k = j.value("top_k", 0);
  o.top_p = j.value("top_p", 1.0);
  o.min_p = j.value("min_p", 0.0);
  o.typical_p = j.value("typical_p", 1.0);
  o.repetition_penalty = j.value("repetition_penalty", 1.0);
  o.frequency_penalty = j.value("frequency_penalty", 0.0);
  o.presence_penalty = j.value("presence_penalty", 0.0);
  o.penalty_last = j.value("penalty_last", 64);
  for (const auto& b : j.value("logit_bias", json::array())) {
    o.logit_bias.emplace_back(b[0].get<int32_t>(), b[1].is_null() ? -kInf : b[1].get<float>());
  }
  return o;
}

Choice choose(Sampler& s, const SamplerOptions& o, std::span<const float> logits, uint64_t index = 0,
              std::span<const int32_t> history = {}, std::span<const int32_t> banned = {},
              std::span<const uint32_t> mask = {}) {
  Choice c;
  s.choose(o, logits, {history, banned, mask, index}, c);
  return c;
}
}  // namespace

TEST_CASE("every vector: the drawn token, its log-probability, and exactly the surviving set") {
  std::ifstream in(INFER_SOURCE_DIR "/tests/golden/sampling/vectors.jsonl");
  std::string line;
  REQUIRE(std::getline(in, line));
  int cases = 0;
  while (std::getline(in, line)) {
    const json v = json::parse(line);
    CAPTURE(v.at("name").get<std::string>());
    std::vector<float> logits;
    for (const auto& x : v.at("logits")) logits.push_back(x.is_null() ? std::nanf("") : x.get<float>());
    SamplerOptions o = options_of(v.at("options"));
    o.seed = v.at("seed");
    o.n_logprobs = 5;
    const auto history = v.at("history").get<std::vector<int32_t>>();
    const auto banned = v.at("options").value("banned", std::vector<int32_t>{});
    Sampler s(static_cast<int32_t>(logits.size()));
    const Choice c = choose(s, o, logits, v.at("index").get<uint64_t>(), history, banned);
    CHECK(c.token == v.at("token").get<int32_t>());
    CHECK(c.logprob == doctest::Approx(v.at("logprob").get<double>()).epsilon(1e-6));
    for (size_t i = 0; i < v.at("top").size(); ++i) {
      if (v["top"][i][1].is_null()) continue;
      CHECK(c.top[i].token == v["top"][i][0].get<int32_t>());
      CHECK(c.top[i].logprob == doctest::Approx(v["top"][i][1].get<double>()).epsilon(1e-6));
    }
    // The surviving set, seen from outside: many draws never leave it, and reach every likely member of it.
    std::map<int32_t, int> seen;
    for (uint64_t i = 0; i < 400; ++i) ++seen[choose(s, o, logits, 1000 + i, history, banned).token];
    const auto survivors = v.at("survivors").get<std::vector<int32_t>>();
    for (const auto& [token, n] : seen) {
      CHECK(std::find(survivors.begin(), survivors.end(), token) != survivors.end());
    }
    for (size_t i = 0; i < survivors.size(); ++i) {
      if (v["p"][i].get<double>() > 0.05) CHECK(seen.count(survivors[i]) == 1);
    }
    ++cases;
  }
  CHECK(cases == 40);
}

TEST_CASE("draws follow the probabilities") {
  const std::vector<float> logits{0.0f, 1.0f, 2.0f, -1.0f, 0.5f, 0.5f};
  double p[6], sum = 0;
  for (int i = 0; i < 6; ++i) sum += p[i] = std::exp(static_cast<double>(logits[static_cast<size_t>(i)]) / 0.7);
  SamplerOptions o = off();
  o.temperature = 0.7;
  o.seed = 12345;
  Sampler s(6);
  int seen[6] = {};
  const int n = 60000;
  for (int i = 0; i < n; ++i) ++seen[choose(s, o, logits, static_cast<uint64_t>(i)).token];
  double chi = 0;
  for (int i = 0; i < 6; ++i) chi += std::pow(seen[i] - n * p[i] / sum, 2) / (n * p[i] / sum);
  CHECK(chi < 20.5);  // 5 degrees of freedom, p = 0.001
}

TEST_CASE("a row without any finite logit gives no token instead of a guess") {
  const std::vector<float> nothing(200, -kInf), nan(200, std::nanf(""));
  SamplerOptions o;
  Sampler s(200);
  for (double t : {0.0, 1.0}) {
    o.temperature = t;
    o.n_logprobs = 2;
    CHECK(choose(s, o, nothing).token == -1);
    CHECK(choose(s, o, nan).token == -1);
    CHECK(choose(s, o, nan).top.size() == 2);
  }
}

TEST_CASE("plus infinity is certain") {
  std::vector<float> logits(300, 1.0f);
  logits[7] = logits[200] = kInf;
  Sampler s(300);
  SamplerOptions o = off();
  o.typical_p = 0.5;
  o.top_p = 0.9;
  o.n_logprobs = 3;
  for (uint64_t i = 0; i < 50; ++i) {
    const Choice c = choose(s, o, logits, i);
    CHECK((c.token == 7 || c.token == 200));
    CHECK(c.logprob == 0);
  }
}

TEST_CASE("a mask allows what its bits say and nothing beyond them") {
  std::vector<float> logits(70, 0.0f);
  logits[69] = 9;
  const std::vector<uint32_t> mask{0, 1u << 3};  // only id 35; ids from 64 on are not covered
  Sampler s(70);
  SamplerOptions o = off();
  for (double t : {0.0, 1.0}) {
    o.temperature = t;
    CHECK(choose(s, o, logits, 0, {}, {}, mask).token == 35);
  }
}

TEST_CASE("ids outside the vocabulary in history, bias and bans are ignored") {
  const std::vector<float> logits{0.0f, 1.0f};
  SamplerOptions o = off();
  o.temperature = 0;
  o.frequency_penalty = 1.5;
  o.logit_bias = {{-5, 3.0f}, {2, 3.0f}, {1 << 30, 3.0f}};
  const std::vector<int32_t> history{-1, 7, 1 << 30}, banned{-2, 2};
  Sampler s(2);
  CHECK(choose(s, o, logits, 0, history, banned).token == 1);
}

TEST_CASE("nothing is kept from one row to the next") {
  std::vector<float> logits(100);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>((i * 37) % 100) * 0.1f;
  SamplerOptions plain = off(), busy = off();
  busy.frequency_penalty = 2;
  busy.top_k = 5;
  const std::vector<int32_t> history{99, 62, 62, 25};
  Sampler fresh(100), used(100);
  choose(used, busy, logits, 1, history, history);
  for (uint64_t i = 0; i < 20; ++i)
    CHECK(choose(used, plain, logits, i).token == choose(fresh, plain, logits, i).token);
}

TEST_CASE("log-probabilities are of the model's own distribution, whatever the options do to it") {
  const std::vector<float> logits{0.0f, 0.0f, 0.0f, 0.0f};
  SamplerOptions o = off();
  o.temperature = 0.1;
  o.logit_bias = {{2, 5.0f}};
  o.n_logprobs = 0;
  Sampler s(4);
  const Choice c = choose(s, o, logits);
  CHECK(c.token == 2);
  CHECK(c.logprob == doctest::Approx(std::log(0.25)));
  CHECK(c.top.empty());
}
