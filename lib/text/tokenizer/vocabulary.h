// Three hash tables, all open-addressed and built once: a text -> its place in a list (a token's id), two tokens -> the
// rank of their merge, and a pair of numbers -> two numbers (the edge that leaves a trie's node by a byte).
//
// A file could be made so that its tokens collide; the length of a probe is therefore bounded, and a table that would
// exceed the bound is refused. No vocabulary that was not made for it comes near.
#pragma once
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace infer::text {

inline uint64_t mixed(uint64_t x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93u;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93u;
  return x ^ x >> 32;
}

inline uint64_t hash_of(std::string_view s) {
  uint64_t h = s.size() * 0x9e3779b97f4a7c15u, word = 0;
  const char* at = s.data();
  size_t left = s.size();
  for (; left > 8; left -= 8, at += 8) {
    std::memcpy(&word, at, 8);
    h = (h ^ word) * 0xff51afd7ed558ccdu;
    h ^= h >> 33;
  }
  word = 0;
  if (s.size() >= 8) {
    std::memcpy(&word, s.data() + s.size() - 8, 8);  // some bytes twice, which a loop over the rest would cost more
  } else if (left >= 4) {
    uint32_t head = 0, tail = 0;
    std::memcpy(&head, at, 4);
    std::memcpy(&tail, at + left - 4, 4);
    word = uint64_t{head} << 32 | tail;
  } else if (left > 0) {
    word = uint64_t{static_cast<uint8_t>(at[0])} << 16 | uint64_t{static_cast<uint8_t>(at[left / 2])} << 8 |
           static_cast<uint8_t>(at[left - 1]);
  }
  return mixed(h ^ word);
}

// One bit for each of some hashes: tells nearly always, from little memory, that a hash is none of them.
class HashBits {
 public:
  explicit HashBits(size_t n = 0);  // hashes that will be set; 4 to 8 bits each
  void set(uint64_t hash) { bits_[hash & mask_] |= uint64_t{1} << (hash >> 58); }
  bool may_hold(uint64_t hash) const { return bits_[hash & mask_] >> (hash >> 58) & 1; }

 private:
  std::vector<uint64_t> bits_;  // a power of two
  uint64_t mask_;
};

class TextIndex {
 public:
  // Two texts that are the same are E_CORRUPT; `what` they are is for the message. Empty ones are holes, found by
  // nothing. The strings stay where they are.
  static Result<TextIndex> create(std::span<const std::string_view> texts, const char* what);
  // -1: none is this text.
  int32_t find(std::string_view text) const;

 private:
  struct Slot {
    uint32_t tag;
    int32_t id;  // -1: free
  };
  std::span<const std::string_view> texts_;
  HashBits some_;
  std::vector<Slot> slots_;  // a power of two, at most half full
  uint64_t mask_ = 0;
};

// The rank of a merge ("left right" in the file) by the two tokens' ids. Merges are found by the hashes of their two
// halves: ids are not looked up for all merges at the start, which for 280,000 would cost more than any prompt. Most
// pairs are no merge, and a table of one bit for each hash tells that of nearly all of them.
class MergeIndex {
 public:
  // E_CORRUPT: a merge is not two texts with a space between, or is there twice. The strings stay where they are.
  static Result<MergeIndex> create(std::span<const std::string_view> tokens, std::span<const std::string_view> merges);
  uint64_t hash(int32_t left, int32_t right) const {
    return mixed(uint64_t{hashes_[static_cast<size_t>(left)]} << 32 | hashes_[static_cast<size_t>(right)]);
  }
  // Whether two tokens of this hash() may merge.
  bool may_merge(uint64_t hash) const { return some_.may_hold(hash); }
  // UINT32_MAX: the two do not merge.
  uint32_t find(int32_t left, int32_t right, uint64_t hash) const;

 private:
  struct Slot {
    uint32_t tag;
    uint32_t rank;  // UINT32_MAX: free
  };
  bool is(std::string_view merge, int32_t left, int32_t right) const;

  std::span<const std::string_view> tokens_, merges_;
  std::vector<uint32_t> hashes_;  // [n_vocab]
  HashBits some_;
  std::vector<Slot> slots_;  // a power of two, at most half full
  uint64_t mask_ = 0;
};

class PairIndex {
 public:
  struct Found {
    uint32_t rank;  // UINT32_MAX: nothing
    int32_t id;     // -1: nothing
  };
  // At most `capacity` different pairs will be inserted.
  explicit PairIndex(size_t capacity = 0);
  // The first entry of a pair stays. False: too many collisions.
  bool insert(int32_t left, int32_t right, Found value);
  Found find(int32_t left, int32_t right) const;

 private:
  struct Slot {
    uint64_t pair;
    Found value;
  };
  std::vector<Slot> slots_;
  uint64_t mask_ = 0;
};

}  // namespace infer::text
