#include "backends/cpu/plan.h"

#include <algorithm>

namespace infer::cpu {

constexpr int64_t kUnitsOfPart = 4;  // a thread that comes late finds something left, and calls stay long

Status Device::use_onednn(const std::string& path) {
  TRY_SET(onednn_, Onednn::open(path, pool_.threads()));
  return {};
}

void Device::use_packs(PackFolder folder, const backend::Host& host) {
  const PackCounters counters{counter("pack.tensors"), counter("pack.kept"), counter("pack.refused"),
                              counter("pack.busy")};
  packs_ = std::make_unique<Packs>(std::move(folder), counters, host);
}

Counter* Device::counter(const std::string& name) {
  const std::lock_guard lock(mutex_);
  for (Named& c : counters_)
    if (c.name == name) return &c.value;
  counters_.emplace_back().name = name;
  return &counters_.back().value;
}

bool Device::counter_at(int32_t i, const char** name, int64_t* value) {
  const std::lock_guard lock(mutex_);
  if (i < 0 || static_cast<size_t>(i) >= counters_.size()) return false;
  *name = counters_[static_cast<size_t>(i)].name.c_str();
  *value = counters_[static_cast<size_t>(i)].value.load(std::memory_order_relaxed);
  return true;
}

Status Plan::submit(const int64_t* symbols, const infer_binding* binds, uint32_t n_binds) {
  cancelled_.store(false, std::memory_order_relaxed);
  outcome_ = Outcome::kNone;
  TRY(frame_.bind(symbols, binds, n_binds));
  if (packs_) packs_->set().check();
  few_ = rows_of_ == INFER_NONE || frame_[rows_of_].dim[0] <= kFewRows;
  after_ = 0;
  stopped_ = false;
  if (profile_) profile_->begin();
  device_.pool().run(*this, few_);
  outcome_ = stopped_ ? Outcome::kCancelled : Outcome::kDone;
  return {};
}

Run Plan::context(int thread) const {
  uint8_t* scratch = reinterpret_cast<uint8_t*>(memory_->data) + scratch_at_ + thread * scratch_each_;
  return {frame_, device_.kernels(), thread, device_.pool().parts(few_), scratch};
}

// What the step cost that has just been done; its operations share the time as they share its pieces.
void Plan::count_step() {
  const int64_t spent = profile_->lap();
  int64_t before = 0;
  for (size_t i = step_; i < after_; before = steps_[i++].end)
    profile_->passed(i, spent * (steps_[i].end - before) / pieces_);
  profile_->begin();
}

int64_t Plan::next() {
  if (profile_ && after_ > 0) count_step();
  stopped_ = cancelled_.load(std::memory_order_relaxed);
  const Run r = context(0);
  for (pieces_ = 0; pieces_ == 0;) {
    if (stopped_ || after_ == steps_.size()) return 0;
    bool coarse = false;
    step_ = after_;
    do {
      const Pieces p = steps_[after_].op->pieces(r);
      steps_[after_].end = pieces_ += p.n;
      coarse = coarse || p.coarse;
    } while (!steps_[after_++].last);
    const int64_t units = coarse ? Pool::kMostUnits : std::min(Pool::kMostUnits, kUnitsOfPart * r.parts);
    per_unit_ = (pieces_ + units - 1) / units;
  }
  return (pieces_ + per_unit_ - 1) / per_unit_;
}

void Plan::unit(int thread, int64_t unit) {
  const Run r = context(thread);
  const int64_t end = std::min((unit + 1) * per_unit_, pieces_);
  int64_t at = unit * per_unit_, before = 0;  // before: pieces of the operations before i
  for (size_t i = step_; at < end; before = steps_[i++].end) {
    const int64_t to = std::min(end, steps_[i].end);
    if (at >= to) continue;
    steps_[i].op->run(r, at - before, to - before);
    at = to;
  }
}

Result<bool> Plan::wait(int32_t) const {
  switch (outcome_) {
    case Outcome::kDone:
      return true;
    case Outcome::kCancelled:
      return Status(INFER_E_CANCELLED, "the run was cancelled");
    default:
      return Status::invalid("no run was submitted");
  }
}

}  // namespace infer::cpu
