// Nobody learns from the time of a first token what somebody else has asked.
#include <algorithm>
#include <cmath>

#include "block_model.h"

using namespace open_api;

namespace {

// How far apart two samples are, in standard deviations of what chance does: the rank sum test of Mann and Whitney,
// 1947.
double rank_distance(std::vector<double> a, const std::vector<double>& b) {
  double rank_sum = 0;
  std::vector<std::pair<double, bool>> all;
  for (const double v : a) all.emplace_back(v, true);
  for (const double v : b) all.emplace_back(v, false);
  std::sort(all.begin(), all.end());
  for (size_t i = 0; i < all.size(); ++i) rank_sum += all[i].second ? static_cast<double>(i) + 1 : 0;
  const auto n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  return (rank_sum - n * (n + m + 1) / 2) / std::sqrt(n * m * (n + m + 1) / 12);
}

}  // namespace

TEST_CASE("a prompt that another domain has asked takes as long as one that nobody has; in one's own it does not") {
  const infer::Folder folder;
  Stack s(block_model(folder), "cpu", Options().set("context.max", 512).set("batch.requests", 2));
  int32_t salt = 0;
  const auto fresh = [&] {
    std::vector<int32_t> ids;
    ++salt;
    for (int32_t i = 0; i < 200; ++i) ids.push_back((i * 31 + salt * 17 + salt * salt * i) % 280);
    return ids;
  };
  const auto first_ms = [&](const std::vector<int32_t>& ids, const char* domain) {
    auto r = must(s.engine.tokens(ids, greedy(1).set("cache.domain", domain)));
    collect(r);
    const infer_usage u = must(r.usage());
    return std::pair(u.first_token_ms, u.cached_tokens);
  };
  std::vector<double> unknown, others, own;
  for (int i = 0; i < 40; ++i) {
    const auto mine = fresh(), theirs = fresh(), nobodys = fresh();
    first_ms(theirs, "them");
    first_ms(mine, "me");
    // In turn, so that noise is the same for each.
    const auto a = first_ms(theirs, "me"), b = first_ms(nobodys, "me"), c = first_ms(mine, "me");
    CHECK(a.second == 0);
    CHECK(b.second == 0);
    CHECK(c.second == 199);
    others.push_back(a.first);
    unknown.push_back(b.first);
    own.push_back(c.first);
  }
  constexpr double kSeen = 4.5;  // one in 100,000 by chance
  CHECK(std::abs(rank_distance(others, unknown)) < kSeen);
  CHECK(rank_distance(own, unknown) < -kSeen);  // the test sees what there is to see
}
