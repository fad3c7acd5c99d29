#include "backends/cpu/plan.h"

namespace infer::cpu {

Status Device::use_onednn(const std::string& path) {
  TRY_SET(onednn_, Onednn::open(path, pool_.size()));
  return {};
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
  for (size_t i = 0; i < steps_.size(); i++) taken_[i].store(0, std::memory_order_relaxed);
  stop_ = false;
  device_.pool().run([](void* plan, int thread) { static_cast<Plan*>(plan)->run(thread); }, this);
  outcome_ = stop_ ? Outcome::kCancelled : Outcome::kDone;
  return {};
}

void Plan::run(int thread) {
  uint8_t* scratch = reinterpret_cast<uint8_t*>(memory_->data) + scratch_at_ + thread * scratch_each_;
  for (size_t i = 0; i < steps_.size(); i++) {
    steps_[i].op->run({frame_, device_.kernels(), thread, device_.pool().size(), scratch, &taken_[i]});
    if (!steps_[i].meet) continue;
    barrier_.meet([this] { stop_ = cancelled_.load(std::memory_order_relaxed); });
    if (stop_) return;
  }
}

Status Plan::wait() const {
  switch (outcome_) {
    case Outcome::kDone:
      return {};
    case Outcome::kCancelled:
      return Status(INFER_E_CANCELLED, "the run was cancelled");
    default:
      return Status::invalid("no run was submitted");
  }
}

}  // namespace infer::cpu
