// A Step against what a program was compiled for. After an OK every index in the Step may be used.
#pragma once
#include "base/step.h"
#include "device/executor.h"
#include "graph/program.h"

namespace infer::device {

// Facts of a program that a Step must respect.
struct StepRules {
  Executor::Limits limits;
  int64_t n_vocab_in = 0;  // rows of the embedding table; 0: the program embeds no tokens
  int64_t page = 0;        // positions per KV page; 0: the program has no KV
  int64_t n_adapters = 0;  // slots of its banks
  graph::StepTensors tensors;
};
// Fails when layers disagree about the page size.
Result<StepRules> step_rules(const graph::Program& program, const Executor::Limits& limits);
Status check_step(const Step& step, const StepRules& rules);  // allocates only to fail

}  // namespace infer::device
