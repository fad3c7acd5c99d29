// A scheduler without an engine: tokens come from nowhere.
#pragma once
#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "engine/scheduler.h"
#include "toy.h"

namespace toy {

using namespace infer::engine;

struct ScheduleBed {
  explicit ScheduleBed(StepLimits limits, int32_t n_pages = 64, const char* policy = "priority")
      : scheduler(limits, *find_policy(policy), n_pages, 64, 1) {}
  Request& add(const Task& task, int32_t context = 1000) {
    requests.push_back(std::make_unique<Request>(task, nullptr, std::span<const int32_t>(), context));
    requests.back()->sequence().pages.reserve(256);
    scheduler.add(*requests.back(), now);
    return *requests.back();
  }
  // A prompt of the tokens 0, 1 ..
  Request& add(size_t prompt, int64_t max_tokens) {
    std::vector<int32_t> ids(prompt);
    std::iota(ids.begin(), ids.end(), 0);
    return add(toy::task(ids, max_tokens));
  }
  // Runs a step: sequences whose last row was computed get a token.
  void step() {
    for (const Part& p : scheduler.plan(now))
      if (p.n_rows) p.request->sequence().tokens.push_back(1);
    scheduler.commit();
  }
  bool planned(const Request& r) const {
    return std::any_of(scheduler.planned().begin(), scheduler.planned().end(),
                       [&](const Part& p) { return p.request == &r; });
  }

  std::vector<std::unique_ptr<Request>> requests;
  Scheduler scheduler;
  int64_t now = 0;
};

}  // namespace toy
