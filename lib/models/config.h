// What a file says about its model beyond the tensors, read once and validated: the public Hyper plus what only the
// builders need. Every number has a written range; nothing here is trusted again later, and nothing later looks at
// metadata.
#pragma once
#include "models/model.h"

namespace infer::models {

// How rotary positions stretch beyond the context that a model was trained on.
struct RopeScaling {
  enum Kind { kNone, kLinear, kYarn } kind = kNone;
  double factor = 1;         // positions are divided by it
  int64_t original_ctx = 0;  // tokens; YaRN: the context before stretching
  double beta_fast = 32, beta_slow = 1, ext_factor = 1;
  double attn_factor = 1;  // on cos and sin, complete
};

struct Config : Hyper {
  std::string_view architecture;
  double rms_eps = 0;
  double attention_scale = 0;  // on q.k
  int64_t window = 0;          // tokens a row sees; 0: all
  int64_t n_rot = 0;           // leading values of a head that rotate; even
  double rope_base = 0;
  RopeScaling rope;
  int64_t n_ff_expert = 0, n_ff_shared = 0;  // n_ff_shared 0: the file names none
  bool expert_norm = false;                  // weights of the chosen experts are divided by their sum
  double expert_scale = 1;                   // on the weights of the chosen experts
};

// Facts that the files of a family leave out.
struct FamilyDefaults {
  bool moe = false;  // experts are not optional
  bool expert_norm = true;
};

Result<Config> read_config(const formats::ModelFile& file, const FamilyDefaults& family);

}  // namespace infer::models
