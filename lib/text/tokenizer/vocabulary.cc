#include "text/tokenizer/vocabulary.h"

#include <algorithm>
#include <bit>

namespace infer::text {
namespace {

constexpr size_t kLongestProbe = 1024;

}  // namespace

HashBits::HashBits(size_t n) : bits_(std::bit_ceil(std::max<size_t>(n / 16, 1))), mask_(bits_.size() - 1) {}

Result<TextIndex> TextIndex::create(std::span<const std::string_view> texts, const char* what) {
  TextIndex index;
  index.texts_ = texts;
  index.some_ = HashBits(texts.size() * 2);
  index.slots_.assign(std::bit_ceil(std::max<size_t>(texts.size() * 2, 2)), Slot{0, -1});
  index.mask_ = index.slots_.size() - 1;
  for (size_t id = 0; id < texts.size(); ++id) {
    if (texts[id].empty()) continue;  // a hole: found by no text
    const uint64_t h = hash_of(texts[id]);
    const uint32_t tag = static_cast<uint32_t>(h >> 32);
    size_t at = h & index.mask_, probes = 0;
    for (; index.slots_[at].id >= 0; at = (at + 1) & index.mask_) {
      const Slot& other = index.slots_[at];
      if (other.tag == tag && texts[static_cast<size_t>(other.id)] == texts[id]) {
        return Status::corrupt(str(what, "s ", other.id, " and ", id, " have the same text"));
      }
      if (++probes > kLongestProbe)
        return Status::corrupt(str("the vocabulary's ", what, "s collide; it looks made for that"));
    }
    index.slots_[at] = {tag, static_cast<int32_t>(id)};
    index.some_.set(h);
  }
  return index;
}

int32_t TextIndex::find(std::string_view text) const {
  const uint64_t h = hash_of(text);
  if (!some_.may_hold(h)) return -1;
  const uint32_t tag = static_cast<uint32_t>(h >> 32);
  for (size_t at = h & mask_; slots_[at].id >= 0; at = (at + 1) & mask_) {
    if (slots_[at].tag == tag && texts_[static_cast<size_t>(slots_[at].id)] == text) return slots_[at].id;
  }
  return -1;
}

namespace {

constexpr uint64_t kFree = UINT64_MAX;  // no pair: ids are not negative

uint64_t pair_of(int32_t left, int32_t right) {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

}  // namespace

Result<MergeIndex> MergeIndex::create(std::span<const std::string_view> tokens,
                                      std::span<const std::string_view> merges) {
  MergeIndex index;
  index.tokens_ = tokens;
  index.merges_ = merges;
  index.hashes_.reserve(tokens.size());
  for (const std::string_view token : tokens) index.hashes_.push_back(static_cast<uint32_t>(hash_of(token)));
  index.slots_.assign(std::bit_ceil(std::max<size_t>(merges.size() * 2, 2)), Slot{0, UINT32_MAX});
  index.mask_ = index.slots_.size() - 1;
  index.some_ = HashBits(merges.size());
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const std::string_view merge = merges[rank];
    const size_t space = merge.find(' ');
    if (space == 0 || space >= merge.size() - 1 || merge.find(' ', space + 1) != std::string_view::npos) {
      return Status::corrupt(str("merge ", rank, " ('", merge, "') is not two tokens with a space between"));
    }
    const uint64_t h =
        mixed(hash_of(merge.substr(0, space)) << 32 | static_cast<uint32_t>(hash_of(merge.substr(space + 1))));
    index.some_.set(h);
    const uint32_t tag = static_cast<uint32_t>(h >> 32);
    size_t at = h & index.mask_, probes = 0;
    for (; index.slots_[at].rank != UINT32_MAX; at = (at + 1) & index.mask_) {
      const Slot& other = index.slots_[at];
      if (other.tag == tag && merges[other.rank] == merge) {
        return Status::corrupt(str("merges ", other.rank, " and ", rank, " have the same text"));
      }
      if (++probes > kLongestProbe) return Status::corrupt("the vocabulary's merges collide; it looks made for that");
    }
    index.slots_[at] = {tag, static_cast<uint32_t>(rank)};
  }
  return index;
}

bool MergeIndex::is(std::string_view merge, int32_t left, int32_t right) const {
  const std::string_view a = tokens_[static_cast<size_t>(left)], b = tokens_[static_cast<size_t>(right)];
  return merge.size() == a.size() + 1 + b.size() && merge.starts_with(a) && merge[a.size()] == ' ' &&
         merge.ends_with(b);
}

uint32_t MergeIndex::find(int32_t left, int32_t right, uint64_t hash) const {
  const uint32_t tag = static_cast<uint32_t>(hash >> 32);
  for (size_t at = hash & mask_; slots_[at].rank != UINT32_MAX; at = (at + 1) & mask_) {
    if (slots_[at].tag == tag && is(merges_[slots_[at].rank], left, right)) return slots_[at].rank;
  }
  return UINT32_MAX;
}

PairIndex::PairIndex(size_t capacity)
    : slots_(std::bit_ceil(std::max<size_t>(capacity * 2, 2)), Slot{kFree, {UINT32_MAX, -1}}),
      mask_(slots_.size() - 1) {}

bool PairIndex::insert(int32_t left, int32_t right, Found value) {
  const uint64_t pair = pair_of(left, right);
  size_t at = mixed(pair) & mask_, probes = 0;
  for (; slots_[at].pair != kFree; at = (at + 1) & mask_) {
    if (slots_[at].pair == pair) return true;
    if (++probes > kLongestProbe) return false;
  }
  slots_[at] = {pair, value};
  return true;
}

PairIndex::Found PairIndex::find(int32_t left, int32_t right) const {
  const uint64_t pair = pair_of(left, right);
  size_t at = mixed(pair) & mask_;
  while (slots_[at].pair != kFree && slots_[at].pair != pair) at = (at + 1) & mask_;
  return slots_[at].value;
}

}  // namespace infer::text
