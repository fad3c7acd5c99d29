// Philox against Random123's published answers, our exp against the C library's.
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sampling/exponential.h"
#include "sampling/philox.h"

using namespace infer::sampling;

namespace {
nlohmann::json header() {
  std::ifstream in(INFER_SOURCE_DIR "/tests/golden/sampling/vectors.jsonl");
  std::string line;
  REQUIRE(std::getline(in, line));
  return nlohmann::json::parse(line);
}
template <size_t N>
std::array<uint32_t, N> words(const std::string& text) {
  std::istringstream in(text);
  std::array<uint32_t, N> out{};
  for (auto& w : out) in >> std::hex >> w;
  return out;
}
}  // namespace

TEST_CASE("philox gives the known answers that Random123 publishes") {
  const auto known = header().at("philox");
  REQUIRE(known.size() == 3);
  for (const auto& k : known) CHECK(philox(words<4>(k[0]), words<2>(k[1])) == words<4>(k[2]));
}

TEST_CASE("uniform draws equal the independent implementation's, seeds and indices of 64 bits included") {
  const auto draws = header().at("uniform");
  REQUIRE(draws.size() == 5);
  for (const auto& d : draws) CHECK(uniform(d[0].get<uint64_t>(), d[1].get<uint64_t>()) == d[2].get<double>());
}

TEST_CASE("uniform draws lie in [0, 1) and fill it evenly") {
  int bins[64] = {};
  for (uint64_t i = 0; i < 64000; ++i) {
    const double u = uniform(99, i);
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
    ++bins[static_cast<int>(u * 64)];
  }
  double chi = 0;
  for (int n : bins) chi += (n - 1000.0) * (n - 1000.0) / 1000.0;
  CHECK(chi < 103.4);  // 63 degrees of freedom, p = 0.001
}

TEST_CASE("exponential is within 1e-15 of exp over its whole range") {
  double worst = 0;
  for (int i = 0; i <= 700000; ++i) {
    const double x = -i * 0.001;
    worst = std::max(worst, std::abs(exponential(x) / std::exp(x) - 1));
  }
  CHECK(worst < 1e-15);
  CHECK(exponential(0) == 1);
  CHECK(exponential(-709) == 0);
  CHECK(exponential(-std::numeric_limits<double>::infinity()) == 0);
  CHECK(exponential(std::nan("")) == 0);
}
