// Sets of code points: what a character class of a regular expression stands for.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "text/tokenizer/unicode.h"

namespace infer::text::pipeline {

inline constexpr char32_t kLastCodePoint = 0x10FFFF;

// Sorted ranges that neither overlap nor touch.
class CodeSet {
 public:
  CodeSet() = default;
  explicit CodeSet(std::vector<CodeSpan> any_order);
  static CodeSet of(char32_t c) { return CodeSet({{c, c}}); }
  static CodeSet of_flags(uint16_t any);  // CharFlag
  // A general category or a script, as Oniguruma spells it: L, Lu, Letter, Han, ...; nullopt: not one we know.
  static std::optional<CodeSet> of_property(std::string_view name);

  CodeSet inverse() const;
  CodeSet with(const CodeSet& other) const;
  CodeSet within(const CodeSet& other) const;
  CodeSet any_case() const;  // and all that differ from a member only in case
  bool contains(char32_t c) const;
  bool empty() const { return spans_.empty(); }
  const std::vector<CodeSpan>& spans() const { return spans_; }
  friend bool operator==(const CodeSet& a, const CodeSet& b);

 private:
  std::vector<CodeSpan> spans_;
};

}  // namespace infer::text::pipeline
