// A set of tokens: which they are while they are few, as most places of a grammar allow few; a bit for each else.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace infer::text {

class TokenSet {
 public:
  // n_words: of bits, so that each token has one.
  explicit TokenSet(size_t n_words) : n_words_(n_words) {}

  bool empty() const { return bits_.empty() && few_.empty(); }
  bool has(int32_t token) const {
    if (bits_.empty()) return std::find(few_.begin(), few_.end(), token) != few_.end();
    return (bits_[static_cast<size_t>(token) / 32] >> token % 32 & 1) != 0;
  }
  void add(int32_t token) {
    if (bits_.empty()) {
      few_.push_back(token);
      if (few_.size() > n_words_ / 8) spread();
    } else {
      set(bits_, token);
    }
  }
  // bits: [n_words] bit i % 32 of word i / 32 is token i.
  void add(std::span<const uint32_t> bits) {
    spread();
    for (size_t w = 0; w < bits_.size(); ++w) bits_[w] |= bits[w];
  }
  void add(const TokenSet& other) {
    if (!other.bits_.empty()) return add(std::span(other.bits_));
    for (const int32_t t : other.few_) add(t);
  }
  void remove(int32_t token) {
    spread();
    bits_[static_cast<size_t>(token) / 32] &= ~(uint32_t{1} << token % 32);
  }
  // [n_words] the set's bits, whatever stood there.
  void copy_to(std::span<uint32_t> out) const {
    if (!bits_.empty()) {
      std::copy(bits_.begin(), bits_.end(), out.begin());
      return;
    }
    std::fill_n(out.begin(), n_words_, 0);
    for (const int32_t t : few_) set(out, t);
  }
  int64_t bytes() const { return static_cast<int64_t>(4 * (bits_.capacity() + few_.capacity())); }

 private:
  static void set(std::span<uint32_t> bits, int32_t t) { bits[static_cast<size_t>(t) / 32] |= uint32_t{1} << t % 32; }
  void spread() {
    if (!bits_.empty()) return;
    bits_.resize(n_words_);
    for (const int32_t t : few_) set(bits_, t);
    few_ = {};
  }

  size_t n_words_;
  std::vector<uint32_t> bits_;  // empty: few_ are all
  std::vector<int32_t> few_;    // in any order, some maybe twice
};

}  // namespace infer::text
