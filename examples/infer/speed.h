// Prefill and decode timed through the public API, with token ids that no prompt cache has seen. Alone, a deep context
// is computed once: the repetitions find it in the engine's prefix tree, which changes nothing in what decode reads.
#pragma once
#include <cstdint>
#include <functional>

#include "session.h"

namespace infer::tool {

struct Shape {
  int64_t tokens = 0;  // prefill: of the prompt; decode: generated
  int64_t batch = 1;   // requests together
  int64_t depth = 0;   // tokens already in the context of each
};

class Speed {
 public:
  explicit Speed(const Session& session);
  double prefill(const Shape& shape);  // tokens per second, all requests together
  // begun: called when all prompts are computed and the timed tokens come next.
  double decode(const Shape& shape, const std::function<void()>& begun = {});

  static int64_t decode_room(const Shape& shape);  // tokens of context that decode() may use

 private:
  Request submit(int64_t prompt, int64_t most, bool known = false);
  double prompt_seconds(int64_t tokens, int64_t batch);
  double last_part_seconds(const Shape& shape);

  const Session& session_;
  int64_t n_vocab_;
  uint64_t random_ = 1;
};

}  // namespace infer::tool
