// A load for an engine: who asks what, and when. Made from a seed, or read from a trace of an earlier run.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "print.h"

namespace infer::tool {

struct LoadOptions {
  int64_t requests = 100;
  int64_t concurrency = 64;  // in flight at most
  double rate = 0;           // per second, at random times (Poisson); 0: as soon as there is a place
  int64_t burst = 0;         // with a rate: so many at each time
  std::pair<int64_t, int64_t> prompt = {26, 400};   // tokens of its own: least and most, all equally likely
  std::pair<int64_t, int64_t> generate = {16, 64};  // tokens
  double shared = 0;                                // part of the requests that begin with the same text
  int64_t shared_tokens = 2000;                     // of that text
  int64_t turns = 1;                                // of a conversation: each goes on behind prompt and answer before
  double high = 0;                                  // part of the requests with priority 10
  uint64_t seed = 1;
};

struct Ask {
  double at_ms = 0;          // from the start
  std::vector<int32_t> ids;  // of the prompt; behind what came before it in its conversation
  int64_t generate = 0;
  int32_t priority = 0;
  int64_t after = -1;  // the turn before it, by index
};

// In order of time. A follower has the time of the first turn and begins when the one before it has ended.
std::vector<Ask> make_load(const LoadOptions& o, int64_t n_vocab);
// Times, lengths and priorities of the requests in a trace (infer_engine_trace); the tokens are made anew.
std::vector<Ask> read_load(const std::string& path, uint64_t seed, int64_t n_vocab);
// One JSON line per request, for another program to send the same.
void write_load(const std::string& path, const std::vector<Ask>& load);

}  // namespace infer::tool
