// SmolLM2-135M-Instruct.Q4_1 on English text: reference against Hugging Face transformers, cpu against reference.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tests/support/golden.h"
#include "tests/support/session.h"

namespace infer {
namespace {

using namespace testing;

constexpr size_t kTokens = 512;  // of the text; reference needs most of the time

std::shared_ptr<const formats::ModelFile> model() {
  const std::string path = INFER_SMOLLM2;
  REQUIRE_MESSAGE(
      !path.empty(),
      "No model: configure with -DINFER_SMOLLM2=/path/to/SmolLM2-135M-Instruct.Q4_1.gguf (./dev test obtains it).");
  auto file = formats::open_model(path);
  REQUIRE_MESSAGE(file.ok(), file.status().message());
  return file.take();
}

std::vector<float> evaluate(const char* backend, std::span<const int32_t> tokens) {
  auto s = Session::open(model(), {.backend = backend, .n_ctx = 512});
  REQUIRE_MESSAGE(s.ok(), s.status().message());
  auto logits = (*s)->feed(tokens, 128);
  REQUIRE_MESSAGE(logits.ok(), logits.status().message());
  return logits.take();
}

struct Row {
  std::span<const float> logits;
  double log_sum;  // ln sum exp
  size_t top;
};
Row row_of(const std::vector<float>& logits, size_t n_vocab, size_t r) {
  const std::span<const float> row = std::span(logits).subspan(r * n_vocab, n_vocab);
  const auto best = std::max_element(row.begin(), row.end());
  double sum = 0;
  for (float v : row) sum += std::exp(double(v) - *best);
  return {row, *best + std::log(sum), static_cast<size_t>(best - row.begin())};
}

// Of the second's distribution from the first's, in nats.
double divergence(const Row& p, const Row& q) {
  double kl = 0;
  for (size_t i = 0; i < p.logits.size(); ++i) {
    const double log_p = p.logits[i] - p.log_sum, log_q = q.logits[i] - q.log_sum;
    kl += std::exp(log_p) * (log_p - log_q);
  }
  return kl;
}

// The first tokens of the text, after a check that the golden file is of one piece.
std::vector<int32_t> text(const Golden& g, size_t n) {
  auto tokens = g.ints("text_tokens");
  const auto head = g.ints("tokens");
  REQUIRE(tokens.size() >= n);
  REQUIRE(std::equal(head.begin(), head.end(), tokens.begin()));
  tokens.resize(n);
  return tokens;
}

TEST_CASE("SmolLM2: reference gives the logits of transformers") {
  const Golden g = read_golden("smollm2/text.golden");
  const auto rows = g.ints("rows"), columns = g.ints("columns");
  const auto n_vocab = static_cast<size_t>(g.number("n_vocab"));
  const auto logits = evaluate("reference", text(g, 64));
  REQUIRE(logits.size() == 64 * n_vocab);
  std::vector<float> kept;
  for (int32_t r : rows)
    for (int32_t c : columns) kept.push_back(logits[static_cast<size_t>(r) * n_vocab + static_cast<size_t>(c)]);
  const double error = nmse(kept, g.data);
  MESSAGE("reference against transformers: NMSE " << error << " over " << rows.size() << " rows of " << columns.size()
                                                  << " logits");
  CHECK(error <= 1e-6);
}

TEST_CASE("SmolLM2: cpu stays close to reference on English text") {
  const Golden g = read_golden("smollm2/text.golden");
  const auto tokens = text(g, kTokens);
  const auto n_vocab = static_cast<size_t>(g.number("n_vocab"));
  const auto reference = evaluate("reference", tokens), cpu = evaluate("cpu", tokens);
  double kl = 0;
  size_t agree = 0;
  for (size_t r = 0; r < kTokens; ++r) {
    const Row a = row_of(reference, n_vocab, r), b = row_of(cpu, n_vocab, r);
    kl += divergence(a, b) / kTokens;
    agree += a.top == b.top;
  }
  const double agreement = 100.0 * static_cast<double>(agree) / kTokens;
  MESSAGE("cpu against reference: mean KL " << kl << " nats, top-1 agreement " << agreement << " % of " << kTokens
                                            << " tokens");
  CHECK(kl <= 2e-3);
  CHECK(agreement >= 97.5);
}

}  // namespace
}  // namespace infer
