// One model at one number of threads: load, memory, prefill and decode in every shape asked for, each beside the
// machine's limits of that moment and, where there is one, beside a peer.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "bench/results.h"
#include "settings.h"
#include "speed.h"

namespace infer::tool {

struct Row {
  bool prefill;
  Shape shape;
};

struct Job {
  std::string file;
  Settings settings;
  std::vector<Row> rows;
  int threads = 0;  // 0: what the library takes by itself
  int repeats = 5;
  bool memory = true;  // the process's peak is this job's: nothing ran in it before, no probe took memory
  bool busy = false, operators = false;
  bool start = true;  // with a peer: process start and memory, too
  std::string peer;   // folder; "": none
  double peer_seconds = 3600;
};

// Adds lines of the kinds load, memory, kernel, prefill, decode, busy, machine, operator, start, alone.
void measure(const Job& job, Results& results);

}  // namespace infer::tool
