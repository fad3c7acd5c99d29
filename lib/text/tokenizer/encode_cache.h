// What encoding one text teaches about the next: the ids of short words, the token of a character, and what two
// neighbouring tokens merge to. All are tables of fixed size in which the newest takes the place of what was there
// before, so their memory is bounded and nothing is ever searched. A cache serves one text at a time; CachePool hands
// them out.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "text/tokenizer/vocabulary.h"

namespace infer::text {

class EncodeCache {
 public:
  struct Word {  // a cache line
    static constexpr size_t kBytes = 30, kIds = 8;
    uint8_t length = 0;  // bytes; 0: none is here
    uint8_t n = 0;
    char text[kBytes] = {};  // zeros behind the word
    int32_t ids[kIds] = {};
  };

  // A character that is more than one byte, merged alone.
  struct Character {
    char32_t c = 0;     // 0: none is here
    int32_t id = -1;    // -1: it is not one token
    uint32_t rank = 0;  // the highest of the merges that made it
  };
  Character& place_of(char32_t c) { return characters_[c & (kCharacters - 1)]; }

  // The place of a word of 1 to Word::kBytes bytes; what is there may be another.
  Word& place_of(std::string_view word) {
    const uint64_t h = hash_of(word);
    return words_[(h >> 32) & (kWords - 1)];
  }
  static bool is(const Word& w, std::string_view word) {
    return w.length == word.size() && std::memcmp(w.text, word.data(), word.size()) == 0;
  }
  static void put(Word& w, std::string_view word, std::span<const int32_t> ids) {
    if (ids.size() > Word::kIds) return;
    w.length = static_cast<uint8_t>(word.size());
    w.n = static_cast<uint8_t>(ids.size());
    std::memcpy(w.text, word.data(), word.size());
    std::memcpy(w.ids, ids.data(), ids.size_bytes());
  }

  // hash: of the pair; find() is asked where the pair is not the one met last at its place.
  template <class Find>
  PairIndex::Found merge_of(int32_t left, int32_t right, uint64_t hash, const Find& find) {
    const uint64_t pair = uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
    Met& met = pairs_[(hash >> 20) & (kPairs - 1)];
    if (met.pair != pair) met = {pair, find()};
    return met.merge;
  }

 private:
  static constexpr size_t kWords = 1 << 14, kPairs = 1 << 15, kCharacters = 1 << 12;
  struct Met {
    uint64_t pair = UINT64_MAX;  // ids are not negative
    PairIndex::Found merge{UINT32_MAX, -1};
  };

  std::vector<Word> words_ = std::vector<Word>(kWords);                      // 1 MiB
  std::vector<Character> characters_ = std::vector<Character>(kCharacters);  // 48 KiB
  std::vector<Met> pairs_ = std::vector<Met>(kPairs);                        // 512 KiB
};

// Caches between texts, as many as texts were encoded at once but a few at most.
class CachePool {
 public:
  std::unique_ptr<EncodeCache> take() {
    {
      std::lock_guard lock(mutex_);
      if (n_idle_ > 0) return std::move(idle_[--n_idle_]);
    }
    return std::make_unique<EncodeCache>();
  }
  // Never waits and never fails: a cache that finds no place is gone.
  void give(std::unique_ptr<EncodeCache> cache) noexcept {
    if (!mutex_.try_lock()) return;
    if (n_idle_ < kMost) idle_[n_idle_++] = std::move(cache);
    mutex_.unlock();
  }

 private:
  static constexpr size_t kMost = 4;
  std::mutex mutex_;
  std::array<std::unique_ptr<EncodeCache>, kMost> idle_;
  size_t n_idle_ = 0;
};

}  // namespace infer::text
