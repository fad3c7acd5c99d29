// Cuts a piece of text where matches are found, in the ways that tokenizers calls SplitDelimiterBehavior.
#pragma once
#include <string_view>

namespace infer::text::pipeline {

// A part of a text on its way through the pre-tokenizers.
struct Piece {
  std::string_view text;
  bool first;  // it begins the text: Metaspace may ask
};

class Pieces {
 public:
  virtual void take(Piece piece) = 0;  // not empty

 protected:
  ~Pieces() = default;
};

enum class Behavior : uint8_t { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

class Splitter {
 public:
  // invert: what lies between matches counts as the match.
  Splitter(Piece piece, Behavior behavior, bool invert, Pieces& out)
      : piece_(piece), behavior_(behavior), invert_(invert), out_(&out) {}

  // Left to right, not overlapping; may be empty.
  void match(size_t begin, size_t end) {
    if (begin != done_) part(done_, begin, invert_);
    part(begin, end, !invert_);
    done_ = end;
  }
  void finish() {
    if (done_ != piece_.text.size()) part(done_, piece_.text.size(), invert_);
    if (has_held_) emit(held_begin_, held_end_);
  }

 private:
  void part(size_t begin, size_t end, bool is_match) {
    const bool before = held_match_;
    held_match_ = is_match;
    bool join = false;
    switch (behavior_) {
      case Behavior::kRemoved:
        if (!is_match) emit(begin, end);
        return;
      case Behavior::kIsolated:
        return emit(begin, end);
      case Behavior::kMergedWithPrevious:
        join = is_match && !before;
        break;
      case Behavior::kMergedWithNext:
        join = !is_match && before;
        break;
      case Behavior::kContiguous:
        join = is_match == before;
        break;
    }
    if (has_held_ && join) {
      held_end_ = end;
      return;
    }
    if (has_held_) emit(held_begin_, held_end_);
    has_held_ = true;
    held_begin_ = begin, held_end_ = end;
  }
  void emit(size_t begin, size_t end) {
    if (begin != end) out_->take({piece_.text.substr(begin, end - begin), piece_.first && begin == 0});
  }

  Piece piece_;
  Behavior behavior_;
  bool invert_;
  Pieces* out_;
  size_t done_ = 0;
  size_t held_begin_ = 0, held_end_ = 0;  // a part that what follows may join
  bool has_held_ = false, held_match_ = false;
};

}  // namespace infer::text::pipeline
