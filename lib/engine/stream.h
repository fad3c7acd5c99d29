// From chosen tokens to text that may be shown: whole UTF-8 characters, and nothing that belongs to a stop string.
//
// Text that could be the beginning of a stop string is held back until it is known whether it is one. At the end what
// is held comes out, except from a completed stop string on.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/tokenizer.h"

namespace infer::engine {

class Stream {
 public:
  // special: control tokens are written as their text.
  Stream(std::shared_ptr<const text::Tokenizer> tokenizer, std::vector<std::string> stops, bool special);

  // Appends to `out` what `token` makes ready. True: a stop string is complete; nothing more will come.
  // look: false lets stop strings pass (before min_tokens).
  bool feed(int32_t token, bool look, std::string& out);
  void finish(std::string& out);  // the end without a stop string

 private:
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  text::Detokenizer detokenizer_;
  std::vector<std::string> stops_;  // none is empty
  std::string held_;                // whole characters not yet given out; shorter than the longest stop string
};

}  // namespace infer::engine
