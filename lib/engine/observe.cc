// What an engine lets others see of its work: counters, histograms, the trace.
#include <algorithm>

#include "engine/engine.h"

namespace infer::engine {

// waited: nanoseconds of the computation in which there was nothing to compute with.
void Engine::note_step(int64_t begin, int64_t planned, int64_t computed, int64_t waited) {
  const int64_t end = Request::now();
  count(kPlanNs, planned - begin);
  count(kRunNs, computed - planned);
  count(kDeliverNs, end - computed);
  metrics_.step.add(static_cast<double>(end - begin) * 1e-9);
  metrics_.step_tokens.add(step_.n_tokens());
  int32_t draft = 0, prefill = 0;
  for (const Part& p : scheduler_.planned()) {
    draft += p.n_draft;
    if (p.count - p.n_draft > 1) prefill += p.count;
  }
  if (2 * prefill >= step_.n_tokens()) pace_.learn(step_.n_tokens(), std::max<int64_t>(1, computed - planned - waited));
  crowd_.learn(computed - planned, waited, scheduler_.n_running());
  scheduler_.run_at_most(crowd_.size());
  if (!trace_.on()) return;
  trace_.add(StepRecord{begin, planned, computed, end, step_.n_tokens(), step_.n_rows(), step_.n_seqs(), draft,
                        scheduler_.n_waiting(), scheduler_.n_running(), scheduler_.pages_used()});
}

void Engine::note_end(const Request& r) {
  const Usage u = r.usage();
  metrics_.queue.add((u.queue_ms > 0 ? u.queue_ms : u.total_ms) * 1e-3);
  if (u.first_token_ms > 0) metrics_.first_token.add(u.first_token_ms * 1e-3);
  metrics_.request.add(u.total_ms * 1e-3);
  if (!trace_.on()) return;
  static constexpr const char* kFinish[] = {"none", "stop", "length", "cancelled", "error"};
  const int64_t submitted = Request::nanoseconds(r.submitted());
  const auto at = [&](double ms) { return ms > 0 ? submitted + static_cast<int64_t>(ms * 1e6) : 0; };
  const Sequence& s = r.sequence();
  trace_.add(RequestRecord{s.arrival, submitted, at(u.queue_ms), at(u.first_token_ms), at(u.total_ms), u.prompt_tokens,
                           u.cached_tokens, u.generated_tokens, r.task().priority, s.n_preempted, kFinish[u.finish]});
}

void Engine::note_levels() {
  set(kPreempted, scheduler_.preempted());
  set(kPagesUsed, scheduler_.pages_used());
  set(kSlotsUsed, scheduler_.slots_used());
  set(kPagesIdle, scheduler_.tree().idle());
  set(kPagesEvicted, scheduler_.tree().evicted());
  if (swap_) {
    set(kPagesOut, swap_->pages_out());
    set(kPagesIn, swap_->pages_in());
  }
  // Last: who sees that nothing runs also sees that its pages are back.
  set(kWaiting, scheduler_.n_waiting());
  set(kRunning, scheduler_.n_running());
  set(kMostRunning, crowd_.size());
}

std::vector<std::pair<std::string, int64_t>> Engine::counters() const {
  std::vector<std::pair<std::string, int64_t>> out;
  for (size_t i = 0; i < kCounters; ++i)
    out.emplace_back(kCounterNames[i], counters_[i].load(std::memory_order_acquire));
  out.emplace_back("pages.total", parts_.sizes.n_pages);
  for (auto& c : parts_.executor->counters()) out.push_back(std::move(c));
  return out;
}

std::string Engine::metrics() const { return metrics_.text(counters(), kCounters + 1); }

const std::array<const char*, Engine::kCounters> Engine::kCounterNames = {"steps",
                                                                          "steps.failed",
                                                                          "tokens.prefill",
                                                                          "tokens.decode",
                                                                          "tokens.draft",
                                                                          "tokens.accepted",
                                                                          "tokens.forced",
                                                                          "drafts.failed",
                                                                          "tokens.cached",
                                                                          "rows",
                                                                          "requests.submitted",
                                                                          "requests.finished",
                                                                          "requests.failed",
                                                                          "requests.cancelled",
                                                                          "requests.waiting",
                                                                          "requests.running",
                                                                          "requests.most",
                                                                          "requests.preempted",
                                                                          "pages.used",
                                                                          "slots.used",
                                                                          "pages.idle",
                                                                          "pages.evicted",
                                                                          "pages.swapped_out",
                                                                          "pages.swapped_in",
                                                                          "ns.draft",
                                                                          "ns.plan",
                                                                          "ns.run",
                                                                          "ns.deliver"};

}  // namespace infer::engine
