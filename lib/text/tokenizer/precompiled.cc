#include "text/tokenizer/precompiled.h"

#include <algorithm>

namespace infer::text {
namespace {

constexpr uint32_t kValue = 1u << 31;

uint32_t u32_at(std::string_view bytes, size_t at) {
  uint32_t v = 0;
  for (size_t i = 0; i < 4; ++i) v |= uint32_t{static_cast<uint8_t>(bytes[at + i])} << 8 * i;
  return v;
}

size_t offset_of(uint32_t unit) { return size_t{(unit & ~kValue) >> 10} << ((unit & 1u << 9) >> 6); }

}  // namespace

Result<Precompiled> Precompiled::create(std::string_view blob) {
  Precompiled out;
  if (blob.empty()) return out;
  const size_t n = blob.size() < 4 ? 0 : u32_at(blob, 0);
  if (n == 0 || n % 4 != 0 || n >= blob.size() - 4) {
    return Status::corrupt(str("a charsmap of ", blob.size(), " bytes whose trie would have ", n));
  }
  out.units_ = blob.substr(4, n);
  out.replacements_ = blob.substr(4 + n);
  for (size_t at = 0; at < out.replacements_.size();) {
    const size_t end = out.replacements_.find('\0', at);
    if (end == std::string_view::npos) return Status::corrupt("the charsmap's last replacement does not end");
    if (end - at > kLongest)
      return Status::corrupt(str("a replacement of ", end - at, " bytes in the charsmap; at most ", kLongest));
    at = end + 1;
  }
  return out;
}

uint32_t Precompiled::unit(size_t i) const { return i < units_.size() / 4 ? u32_at(units_, i * 4) : 0; }

Precompiled::Match Precompiled::longest(std::string_view text) const { return find(text, false); }
Precompiled::Match Precompiled::shortest(std::string_view text) const { return find(text, true); }

Precompiled::Match Precompiled::find(std::string_view text, bool first) const {
  Match best;
  if (units_.empty()) return best;
  size_t node = offset_of(unit(0));
  const size_t most = std::min(text.size(), kLongest);
  for (size_t i = 0; i < most; ++i) {
    const uint8_t byte = static_cast<uint8_t>(text[i]);
    if (byte == 0) break;
    node ^= byte;
    const uint32_t u = unit(node);
    if ((u & (kValue | 0xFF)) != byte) break;
    node ^= offset_of(u);
    if (!(u & 1u << 8)) continue;
    const size_t at = unit(node) & ~kValue;
    if (at >= replacements_.size()) break;  // a broken rule is none
    const std::string_view replacement = replacements_.substr(at, replacements_.find('\0', at) - at);
    if (replacement.size() > (i + 1) * kMostGrowth) break;
    best = {i + 1, replacement};
    if (first) break;
  }
  return best;
}

}  // namespace infer::text
