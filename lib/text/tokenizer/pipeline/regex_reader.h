// The characters, escapes and classes of a regular expression: where its parser is, and what stands there.
#pragma once
#include <optional>
#include <string_view>

#include "base/status.h"
#include "base/utf8.h"
#include "text/tokenizer/pipeline/regex_syntax.h"

namespace infer::text::pipeline {

class RegexReader {
 protected:
  static constexpr int kDeepest = 64;
  static constexpr int kMostLookups = 400;  // in the Unicode tables

  struct Flags {
    bool any_case = false, dot_all = false;
  };

  // What a backslash stands for.
  struct Escape {
    enum class Kind : uint8_t { kPoint, kSet, kTest, kTextEndOrNewline } kind = Kind::kPoint;
    char32_t point = 0;
    CodeSet set = {};
    Test test = {};
  };

  explicit RegexReader(std::string_view pattern) : in_(pattern) {}

  // Behind '['.
  Result<CodeSet> character_class(int depth, Flags flags);
  // At a backslash.
  Result<Escape> escape(bool in_class);
  CodeSet any_case(const CodeSet& set) { return may_look() ? set.any_case() : set; }
  static CodeSet everything() { return CodeSet({{0, kLastCodePoint}}); }

  char peek() const { return at_ < in_.size() ? in_[at_] : '\0'; }
  bool skip(std::string_view expected) {
    if (!in_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }
  char32_t next() {
    const Utf8 c = decode_utf8(in_, at_);
    at_ += c.length;
    return c.value;
  }
  static Status malformed(size_t at, std::string_view what) {
    return Status::corrupt(str("regular expression, byte ", at, ": ", what));
  }
  static Status unsupported(size_t at, std::string_view what) {
    return Status::unsupported(str("regular expression, byte ", at, ": ", what, " is not supported"));
  }

  std::string_view in_;
  size_t at_ = 0;
  int lookups_ = 0;

 private:
  Result<Escape> class_character();
  Result<CodeSet> posix_class(size_t from);
  Result<Escape> property(bool negated, size_t from);
  Result<Escape> hex_escape(char32_t letter, size_t from);
  Result<Escape> octal_escape(size_t from, bool in_class);
  CodeSet word(bool in_class);
  // Beyond the limit, the answer no longer matters.
  bool may_look() { return ++lookups_ <= kMostLookups; }
  std::optional<CodeSet> property_of(std::string_view name) {
    return may_look() ? CodeSet::of_property(name) : CodeSet();
  }
  CodeSet flagged(uint16_t flag) { return may_look() ? CodeSet::of_flags(flag) : CodeSet(); }
  static CodeSet hex_digits() { return CodeSet({{'0', '9'}, {'A', 'F'}, {'a', 'f'}}); }
};

}  // namespace infer::text::pipeline
