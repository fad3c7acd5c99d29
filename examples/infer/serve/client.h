// Sends a load to an engine and notes when what came. One thread: all requests are waited for together.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "machine.h"
#include "serve/load.h"
#include "session.h"

namespace infer::tool {

struct Outcome {
  int32_t priority = 0;
  double submitted_ms = 0, first_ms = 0, end_ms = 0;  // from the start of the run; first_ms 0: no token came
  std::vector<double> gaps_ms;                        // between pieces
  int64_t prompt = 0, cached = 0, generated = 0;      // tokens
  std::string error;                                  // "": it ended well
};

struct Served {
  std::vector<Outcome> outcomes;
  double seconds = 0;
  double drift = 1;          // tokens/s while 65 .. 90 % of the requests end, against 20 .. 45 %
  double machine_drift = 0;  // the same of a fixed kernel, measured meanwhile; 0: it was not
  double memory_slope = 0;   // bytes that the process's peak rises by per 1,000 requests, after the first 20 %
  double slots_used = 0;     // positions of the pages in use that hold a token: mean over time
  double pages_used = 0, most_pages_used = 0;  // of all: mean over time, and most
};

// options: of each request, beside its length and priority; "key=value". control: not null: every few seconds the
// engine pauses and the machine is measured, in time that counts nowhere.
Served serve(const Session& session, const std::vector<Ask>& load, int64_t concurrency,
             const std::vector<std::string>& options, Prober* control,
             const std::function<void(size_t done)>& progress);

}  // namespace infer::tool
