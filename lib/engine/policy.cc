#include "engine/policy.h"

#include <tuple>

namespace infer::engine {
namespace {

class Priority final : public Policy {
 public:
  const char* name() const override { return "priority"; }
  bool before(const Rank& a, const Rank& b) const override {
    return std::tuple(-int64_t{a.level}, a.deadline, a.share, a.arrival) <
           std::tuple(-int64_t{b.level}, b.deadline, b.share, b.arrival);
  }
  bool preempts(const Rank& waiting, const Rank& running) const override { return waiting.level > running.level; }
};

class Fifo final : public Policy {
 public:
  const char* name() const override { return "fifo"; }
  bool before(const Rank& a, const Rank& b) const override { return a.arrival < b.arrival; }
  bool preempts(const Rank&, const Rank&) const override { return false; }
};

class Shortest final : public Policy {
 public:
  const char* name() const override { return "shortest"; }
  bool before(const Rank& a, const Rank& b) const override {
    return std::tuple(-int64_t{a.level}, a.work, a.arrival) < std::tuple(-int64_t{b.level}, b.work, b.arrival);
  }
  bool preempts(const Rank& waiting, const Rank& running) const override { return waiting.level > running.level; }
};

}  // namespace

const Policy* find_policy(std::string_view name) {
  static const Priority priority;
  static const Fifo fifo;
  static const Shortest shortest;
  for (const Policy* p : {static_cast<const Policy*>(&priority), static_cast<const Policy*>(&fifo),
                          static_cast<const Policy*>(&shortest)})
    if (name == p->name()) return p;
  return nullptr;
}

}  // namespace infer::engine
