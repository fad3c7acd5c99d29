// What comes next, guessed from what came before: where the last tokens stood earlier in the same text, what followed
// them there may follow again (Yang et al., "Inference with reference: lossless acceleration of large language models",
// 2023; Saxena, "Prompt lookup decoding", 2023). A guess costs a row of the next step, and is right or dropped: the
// sampler chooses each token as without it.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace infer::engine {

class Lookup {
 public:
  static constexpr int32_t kShortest = 3, kLongest = 16;  // last tokens that must have stood there; that are compared
  static constexpr int32_t kFirst = 2;                    // guesses at a time, until more have been right
  static constexpr int32_t kMostSilent = 64;              // steps without a guess after many wrong ones

  explicit Lookup(int32_t most = 0) : most_(most) {}  // guesses at a time; 0: never any
  int32_t most() const { return most_; }

  // At most n tokens that may follow `tokens`, to `out`, which has room for them.
  void guess(std::span<const int32_t> tokens, int32_t n, std::vector<int32_t>& out);
  // Of the last guesses so many were right. Those that were all right are followed by more; wrong ones by silence.
  void learn(int32_t guessed, int32_t right);

 private:
  int32_t most_;
  int32_t length_ = kFirst;  // of the next guess
  int32_t silent_ = 0;       // steps still to come without one
  int32_t penalty_ = 1;      // steps of silence after the next wrong guess
};

}  // namespace infer::engine
