// How fast a model could run on a machine at best: the bytes a step must read and the arithmetic it must do, held
// against what the machine can read and multiply.
#pragma once
#include <cstdint>
#include <string>

#include "machine.h"
#include "print.h"
#include "session.h"

namespace infer::tool {

struct Work {
  // Weights that multiply: of every token, of the output head (asked rows only), of experts (all of them together).
  struct Part {
    double bytes = 0;
    double int8 = 0, f32 = 0;  // elements, by the numbers they are multiplied in
  };
  Part dense, head, experts;
  double experts_used = 1;       // share of the experts that a token takes
  double kv_token_bytes = 0;     // keys and values of one token, all layers
  double attention_per_key = 0;  // multiplications and additions of one query token with one key
};

Work work_of(const Session& session, const Json& description);

struct Step {
  double tokens = 1;     // computed in one pass over the weights
  double sequences = 1;  // that they belong to; each asks for one row of the head
  double keys = 0;       // that each token sees, on average
};
struct Limit {
  double tokens_per_s;
  const char* by;  // "memory" or "arithmetic"
};
Limit limit_of(const Work& work, const Machine& machine, const Step& step);

}  // namespace infer::tool
