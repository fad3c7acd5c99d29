#include "engine/stream.h"

#include <algorithm>

namespace infer::engine {
namespace {

// Length of the longest end of `text` that begins `stop` (and is not all of it).
size_t begun(std::string_view text, std::string_view stop) {
  for (size_t n = std::min(text.size(), stop.size() - 1); n > 0; --n) {
    if (text.ends_with(stop.substr(0, n))) return n;
  }
  return 0;
}

}  // namespace

Stream::Stream(std::shared_ptr<const text::Tokenizer> tokenizer, std::vector<std::string> stops, bool special)
    : tokenizer_(std::move(tokenizer)), detokenizer_(*tokenizer_, special, /*first=*/false), stops_(std::move(stops)) {
  std::erase_if(stops_, [](const std::string& s) { return s.empty(); });
}

bool Stream::feed(int32_t token, bool look, std::string& out) {
  if (token < tokenizer_->n_vocab())
    detokenizer_.feed(token, held_);  // a model may have more rows than its vocabulary has names
  size_t first = std::string::npos, waiting = 0;
  if (look) {
    for (const std::string& stop : stops_) {
      first = std::min(first, held_.find(stop));
      waiting = std::max(waiting, begun(held_, stop));
    }
  }
  if (first != std::string::npos) {
    out.append(held_, 0, first);
    held_.clear();
    return true;
  }
  const size_t ready = held_.size() - waiting;
  out.append(held_, 0, ready);
  held_.erase(0, ready);
  return false;
}

void Stream::finish(std::string& out) {
  detokenizer_.finish(held_);
  out += held_;
  held_.clear();
}

}  // namespace infer::engine
