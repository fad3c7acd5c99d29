// Two hash tables, both open-addressed and built once: a text -> its place in a list (a token's id, a merge's rank),
// and a pair of numbers -> two numbers (the edge that leaves a trie's node by a byte).
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

// E_CORRUPT: one is not two tokens with a space between.
Status check_merges(std::span<const std::string_view> merges);

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
