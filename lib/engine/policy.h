// Who goes first. A policy orders requests by their Rank and says whether a better one may take the place of one that
// runs. Three of them; the scheduler knows no other difference.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace infer::engine {

// What policies look at. Smaller is sooner in all but `level`.
struct Rank {
  int32_t level = 0;     // priority, raised while the request waits
  int64_t deadline = 0;  // nanoseconds of the steady clock; INT64_MAX: none
  int64_t share = 0;     // tokens that its client was served; 0 among running ones, whose order must not swing
  int32_t work = 0;      // tokens to compute before the next token comes
  uint64_t arrival = 0;  // number
};

class Policy {
 public:
  virtual ~Policy() = default;
  virtual const char* name() const = 0;
  virtual bool before(const Rank& a, const Rank& b) const = 0;  // a strict weak order
  virtual bool preempts(const Rank& waiting, const Rank& running) const = 0;
};

// By level, earliest deadline, least served client, arrival ("priority"); by arrival alone ("fifo"); by level and then
// least work ("shortest"). Null: no such name. Static objects.
const Policy* find_policy(std::string_view name);

}  // namespace infer::engine
