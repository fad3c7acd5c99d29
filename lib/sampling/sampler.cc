// See sampler.h for the order of the filters. A full sort of the vocabulary never happens: filters that need an order
// select a prefix (nth_element) and sort that, growing it until it suffices.
#include "sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sampling/exponential.h"

namespace infer::sampling {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

// Index of the greatest value, the lowest of equals; -1 when all are -infinity or NaN.
int32_t argmax(std::span<const float> x) {
  int32_t best = -1;
  float most = kNever;
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] > most) {
      most = x[i];
      best = static_cast<int32_t>(i);
    }
  }
  return best;
}

// Sum of exp(x - most) in a fixed order: four interleaved sums.
double sum_exponentials(std::span<const float> x, double most) {
  double sums[4] = {0, 0, 0, 0}, block[64];
  for (size_t i = 0; i < x.size(); i += 64) {
    const size_t n = std::min<size_t>(64, x.size() - i);
    for (size_t j = 0; j < n; ++j) block[j] = exponential(static_cast<double>(x[i + j]) - most);
    for (size_t j = 0; j < n; ++j) sums[j & 3] += block[j];
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

Sampler::Sampler(int32_t n_vocab) : adjusted_(static_cast<size_t>(n_vocab)), counts_(static_cast<size_t>(n_vocab)) {
  candidates_.reserve(static_cast<size_t>(n_vocab));
}

bool Sampler::before(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
}

void Sampler::choose(const SamplerOptions& options, std::span<const float> logits, const Context& context,
                     Choice& out) {
  const std::span<const float> x = adjust(options, logits, context);
  out.token = options.temperature > 0 ? draw(options, x, context.index) : argmax(x);
  out.logprob = 0;
  out.top.clear();
  if (options.n_logprobs >= 0 && !context.token_only) log_probs(options, logits, out);
}

void Sampler::score(const SamplerOptions& options, std::span<const float> logits, int32_t token, Choice& out) {
  out.token = token;
  out.top.clear();
  log_probs(options, logits, out);
}

// The logits with bias, bans, mask and penalties applied: the row itself when there are none.
std::span<const float> Sampler::adjust(const SamplerOptions& options, std::span<const float> logits,
                                       const Context& context) {
  const bool penalties = options.penalty_last != 0 && (options.repetition_penalty != 1 ||
                                                       options.frequency_penalty != 0 || options.presence_penalty != 0);
  if (options.logit_bias.empty() && context.banned.empty() && context.mask.empty() && !penalties) return logits;

  std::copy(logits.begin(), logits.end(), adjusted_.begin());
  const auto known = [&](int32_t id) { return id >= 0 && static_cast<size_t>(id) < adjusted_.size(); };
  for (const auto& [id, bias] : options.logit_bias) {
    if (known(id)) adjusted_[static_cast<size_t>(id)] += bias;
  }
  for (int32_t id : context.banned) {
    if (known(id)) adjusted_[static_cast<size_t>(id)] = kNever;
  }
  if (!context.mask.empty()) {
    for (size_t i = 0; i < adjusted_.size(); ++i) {
      const bool allowed = i / 32 < context.mask.size() && (context.mask[i / 32] >> (i % 32) & 1u);
      if (!allowed) adjusted_[i] = kNever;
    }
  }
  if (penalties) penalise(options, context.history);
  return adjusted_;
}

void Sampler::penalise(const SamplerOptions& options, std::span<const int32_t> history) {
  const bool all = options.penalty_last < 0 || static_cast<size_t>(options.penalty_last) >= history.size();
  const auto window = all ? history : history.last(static_cast<size_t>(options.penalty_last));
  const auto known = [&](int32_t id) { return id >= 0 && static_cast<size_t>(id) < counts_.size(); };
  for (int32_t id : window) {
    if (known(id)) ++counts_[static_cast<size_t>(id)];
  }
  for (int32_t id : window) {
    if (!known(id) || counts_[static_cast<size_t>(id)] == 0) continue;  // each id once
    const int32_t count = std::exchange(counts_[static_cast<size_t>(id)], 0);
    double v = adjusted_[static_cast<size_t>(id)];
    v = v > 0 ? v / options.repetition_penalty : v * options.repetition_penalty;
    v -= count * options.frequency_penalty + options.presence_penalty;
    adjusted_[static_cast<size_t>(id)] = static_cast<float>(v);
  }
}

int32_t Sampler::draw(const SamplerOptions& options, std::span<const float> x, uint64_t index) {
  const size_t k = options.top_k > 0 ? static_cast<size_t>(options.top_k) : x.size();
  keep_top(x, k);
  if (candidates_.empty()) return -1;
  weigh(options.temperature);
  if (options.typical_p < 1) keep_typical(options.typical_p, options.temperature);
  if (options.top_p < 1) keep_nucleus(options.top_p);
  if (options.min_p > 0) {
    double most = 0;
    for (const Candidate& c : candidates_) most = std::max(most, c.p);
    std::erase_if(candidates_, [&](const Candidate& c) { return c.p < options.min_p * most; });
  }
  const double target = uniform(options.seed, index) * total();
  double sum = 0;
  int32_t last = -1;
  for (const Candidate& c : candidates_) {
    if (c.p <= 0) continue;
    sum += c.p;
    last = c.token;
    if (sum > target) break;
  }
  return last;
}

// candidates_ = the k greatest values of x, in order; all that are not -infinity, by id, when k covers them.
void Sampler::keep_top(std::span<const float> x, size_t k) {
  candidates_.clear();
  if (k >= x.size()) {
    for (size_t i = 0; i < x.size(); ++i) {
      if (x[i] > kNever) candidates_.push_back({static_cast<int32_t>(i), x[i], 0});
    }
    return;
  }
  // One pass with a rising bar; the list is cut back to k whenever it is full. A later equal of the k-th has a higher
  // id, so it loses: the bar is strict.
  const size_t room = std::min(x.size(), std::max<size_t>(2 * k, 128));
  float bar = kNever;
  const auto cut = [&] {
    if (candidates_.size() <= k) return;
    std::nth_element(candidates_.begin(), candidates_.begin() + static_cast<ptrdiff_t>(k) - 1, candidates_.end(),
                     before);
    candidates_.resize(k);
    bar = candidates_[k - 1].logit;
  };
  for (size_t i = 0; i < x.size(); ++i) {
    if (!(x[i] > bar)) continue;
    candidates_.push_back({static_cast<int32_t>(i), x[i], 0});
    if (candidates_.size() == room) cut();
  }
  cut();
  std::sort(candidates_.begin(), candidates_.end(), before);
}

// p = exp((logit - greatest) / temperature).
void Sampler::weigh(double temperature) {
  float most = kNever;
  for (const Candidate& c : candidates_) most = std::max(most, c.logit);
  if (std::isinf(most)) {  // +infinity: those, and only those
    for (Candidate& c : candidates_) c.p = c.logit == most ? 1 : 0;
    return;
  }
  const double scale = 1 / temperature;
  for (Candidate& c : candidates_) c.p = exponential((static_cast<double>(c.logit) - most) * scale);
}

double Sampler::total() const {
  double sum = 0;
  for (const Candidate& c : candidates_) sum += c.p;
  return sum;
}

// Locally typical sampling (Meister et al. 2022): the tokens whose surprise is nearest to the entropy, until their
// probabilities reach typical_p. With z = (greatest - logit) / temperature a token's surprise is z + log(sum), so
// |surprise - entropy| = |z - mean z|: no logarithm is needed.
void Sampler::keep_typical(double typical_p, double temperature) {
  std::erase_if(candidates_, [](const Candidate& c) { return c.p <= 0; });
  float most = kNever;
  for (const Candidate& c : candidates_) most = std::max(most, c.logit);
  if (std::isinf(most)) return;  // all equal
  const double scale = 1 / temperature, sum = total();
  const auto z = [&](const Candidate& c) { return (static_cast<double>(most) - c.logit) * scale; };
  double mean = 0;
  for (const Candidate& c : candidates_) mean += c.p / sum * z(c);
  const auto nearer = [&](const Candidate& a, const Candidate& b) {
    const double x = std::abs(z(a) - mean), y = std::abs(z(b) - mean);
    return x != y ? x < y : a.token < b.token;
  };
  keep_until(typical_p * sum, nearer);
  std::sort(candidates_.begin(), candidates_.end(), before);
}

// Nucleus sampling (Holtzman et al. 2019): the most likely tokens until their probabilities reach top_p.
void Sampler::keep_nucleus(double top_p) { keep_until(top_p * total(), before); }

// Orders the candidates as far as needed and keeps the first ones whose weights reach `enough`; at least one.
template <class Less>
void Sampler::keep_until(double enough, Less less) {
  const auto at = [&](size_t i) { return candidates_.begin() + static_cast<ptrdiff_t>(i); };
  size_t sorted = 0, kept = 0;
  double reached = 0;
  while (kept < candidates_.size() && (kept == 0 || reached < enough)) {
    if (kept == sorted) {
      sorted = std::min(candidates_.size(), std::max<size_t>(256, sorted * 8));
      if (sorted < candidates_.size()) std::nth_element(at(kept), at(sorted) - 1, candidates_.end(), less);
      std::sort(at(kept), at(sorted), less);
    }
    reached += candidates_[kept++].p;
  }
  candidates_.resize(kept);
}

// Natural logarithms of the softmax of the row as the model gave it.
void Sampler::log_probs(const SamplerOptions& options, std::span<const float> logits, Choice& out) {
  const int32_t best = argmax(logits);
  const double most = best < 0 ? 0 : logits[static_cast<size_t>(best)];
  const double norm = best < 0 || std::isinf(most) ? most : most + std::log(sum_exponentials(logits, most));
  const auto log_prob = [&](float logit) {
    if (!(logit > kNever)) return kNever;
    return static_cast<float>(logit == norm ? 0.0 : static_cast<double>(logit) - norm);
  };
  if (out.token >= 0) out.logprob = log_prob(logits[static_cast<size_t>(out.token)]);
  const size_t n = std::min(static_cast<size_t>(options.n_logprobs), logits.size());
  if (n == 0) return;
  keep_top(logits, n);
  if (n == logits.size()) std::sort(candidates_.begin(), candidates_.end(), before);
  for (const Candidate& c : candidates_) out.top.push_back({c.token, log_prob(c.logit)});
  for (int32_t id = 0; out.top.size() < n; ++id) {  // fewer finite logits than asked for: fill with impossible ones
    if (!(logits[static_cast<size_t>(id)] > kNever)) out.top.push_back({id, kNever});
  }
}

}  // namespace infer::sampling
