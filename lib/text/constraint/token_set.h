// A set of tokens: a bit for each, or which they are where they are few, as most places of a grammar allow few.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace infer::text {

class TokenSet {
 public:
  // bits: bit i % 32 of word i / 32 is token i.
  explicit TokenSet(std::span<const uint32_t> bits) : n_words_(bits.size()) {
    for (size_t w = 0; w < bits.size(); ++w)
      for (uint32_t left = bits[w]; left != 0; left &= left - 1) {
        if (few_.size() >= bits.size() / 8) {
          few_ = {};
          bits_.assign(bits.begin(), bits.end());
          return;
        }
        few_.push_back(static_cast<uint32_t>(32 * w) + static_cast<uint32_t>(std::countr_zero(left)));
      }
    few_.shrink_to_fit();
  }

  bool empty() const { return bits_.empty() && few_.empty(); }
  bool has(int32_t token) const {
    const auto t = static_cast<uint32_t>(token);
    return bits_.empty() ? std::binary_search(few_.begin(), few_.end(), t) : (bits_[t / 32] >> t % 32 & 1) != 0;
  }
  // [n_words] the set's bits, whatever stood there.
  void copy_to(std::span<uint32_t> out) const {
    if (!bits_.empty()) {
      std::copy(bits_.begin(), bits_.end(), out.begin());
      return;
    }
    std::fill_n(out.begin(), n_words_, 0);
    add_to(out);
  }
  void add_to(std::span<uint32_t> out) const {
    for (size_t w = 0; w < bits_.size(); ++w) out[w] |= bits_[w];
    for (const uint32_t t : few_) out[t / 32] |= uint32_t{1} << t % 32;
  }
  int64_t bytes() const { return static_cast<int64_t>(4 * (bits_.size() + few_.size())); }

 private:
  size_t n_words_;
  std::vector<uint32_t> bits_;  // empty: few_ are all
  std::vector<uint32_t> few_;   // ascending
};

}  // namespace infer::text
