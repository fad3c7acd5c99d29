#include "text/tokenizer/pipeline/regex_reader.h"

#include <string>

#include "text/tokenizer/alphabet.h"

namespace infer::text::pipeline {

// Behind '['.
Result<CodeSet> RegexReader::character_class(int depth, Flags flags) {
  const size_t from = at_ - 1;
  if (depth > kDeepest) return unsupported(from, str("more than ", kDeepest, " levels of '['"));
  const bool negated = skip("^");
  std::optional<CodeSet> both;  // of what stands before '&&'
  std::vector<CodeSpan> spans;
  const auto join = [&](const CodeSet& set) { spans.insert(spans.end(), set.spans().begin(), set.spans().end()); };
  for (bool first = true; first || !skip("]"); first = false) {
    const size_t begin = at_;
    if (at_ == in_.size()) return malformed(from, "'[' is not closed");
    if (skip("&&")) {
      CodeSet set(std::move(spans));
      both = both ? both->within(set) : std::move(set);
      spans.clear();
      continue;
    }
    Escape one;
    if (skip("[:")) {
      TRY_SET(one.set, posix_class(begin));
      one.kind = Escape::Kind::kSet;
    } else if (skip("[")) {
      TRY_SET(one.set, character_class(depth + 1, flags));
      one.kind = Escape::Kind::kSet;
    } else {
      TRY_SET(one, class_character());
    }
    if (one.kind == Escape::Kind::kSet) {
      join(one.set);
      continue;
    }
    char32_t last = one.point;
    if (peek() == '-' && at_ + 1 < in_.size() && in_[at_ + 1] != ']') {
      ++at_;
      if (peek() == '[') return unsupported(begin, "a range that ends in a class");
      TRY_SET(const Escape end, class_character());
      if (end.kind != Escape::Kind::kPoint || end.point < one.point)
        return malformed(begin, str("the range '", in_.substr(begin, at_ - begin), "'"));
      last = end.point;
    }
    spans.push_back({one.point, last});
  }
  CodeSet set(std::move(spans));
  if (both) set = both->within(set);
  if (flags.any_case) set = any_case(set);
  return negated ? set.inverse() : std::move(set);
}
Result<RegexReader::Escape> RegexReader::class_character() {
  if (at_ == in_.size()) return malformed(at_, "'[' is not closed");
  if (peek() == '\\') return escape(true);
  return Escape{.point = next()};
}

// Behind "[:".
Result<CodeSet> RegexReader::posix_class(size_t from) {
  const bool negated = skip("^");
  const size_t end = in_.find(":]", at_);
  const std::string_view name = in_.substr(at_, end == std::string_view::npos ? 0 : end - at_);
  std::optional<CodeSet> set;
  if (name == "digit") set = property_of("nd");
  if (name == "space") set = flagged(kSpace);
  if (name == "word") set = word(true);
  if (name == "punct") set = flagged(kPunct | kSymbol);
  if (name == "cntrl") set = property_of("cc");
  if (name == "xdigit") set = hex_digits();
  if (name == "ascii") set = CodeSet({{0, 0x7F}});
  if (name == "blank") set = property_of("zs")->with(CodeSet::of('\t'));
  if (!set) return unsupported(from, str("the class '[:", name, ":]'"));
  at_ = end + 2;
  return negated ? set->inverse() : std::move(*set);
}

Result<RegexReader::Escape> RegexReader::escape(bool in_class) {
  const size_t from = at_;
  ++at_;
  if (at_ == in_.size()) return malformed(from, "'\\' at the end");
  const char32_t c = next();
  const auto point = [](char32_t p) { return Escape{.point = p}; };
  const auto set = [](CodeSet s) { return Escape{.kind = Escape::Kind::kSet, .set = std::move(s)}; };
  const auto test = [](Test t) { return Escape{.kind = Escape::Kind::kTest, .test = t}; };
  switch (c) {
    case 't':
      return point('\t');
    case 'n':
      return point('\n');
    case 'r':
      return point('\r');
    case 'f':
      return point('\f');
    case 'v':
      return point('\v');
    case 'a':
      return point('\a');
    case 'e':
      return point(0x1B);
    case 'd':
      return set(*property_of("nd"));
    case 'D':
      return set(property_of("nd")->inverse());
    case 's':
      return set(flagged(kSpace));
    case 'S':
      return set(flagged(kSpace).inverse());
    case 'w':
      return set(word(in_class));
    case 'W':
      return set(word(in_class).inverse());
    case 'h':
      return set(hex_digits());
    case 'H':
      return set(hex_digits().inverse());
    case 'p':
    case 'P':
      if (peek() != '{') return point(c);
      return property(c == 'P', from);
    case 'x':
    case 'u':
      return hex_escape(c, from);
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
      return octal_escape(from, in_class);
    default:
      break;
  }
  if (!in_class) {
    switch (c) {
      case 'N':
        return set(CodeSet::of('\n').inverse());
      case 'O':
        return set(everything());
      case 'A':
        return test(Test::kTextStart);
      case 'z':
        return test(Test::kTextEnd);
      case 'Z':
        return Escape{.kind = Escape::Kind::kTextEndOrNewline};
      case 'b':
        return test(Test::kWordEdge);
      case 'B':
        return test(Test::kNoWordEdge);
      default:
        break;
    }
  } else if (c == 'b') {
    return point('\b');
  }
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  if (letter) return unsupported(from, str("the escape '", in_.substr(from, at_ - from), "'"));
  return point(c);
}

Result<RegexReader::Escape> RegexReader::property(bool negated, size_t from) {
  ++at_;
  if (skip("^")) negated = !negated;
  const size_t end = in_.find('}', at_);
  if (end == std::string_view::npos) return malformed(from, "'\\p{' is not closed");
  std::optional<CodeSet> set = property_of(in_.substr(at_, end - at_));
  at_ = end + 1;
  if (!set) return unsupported(from, str("the property '", in_.substr(from, at_ - from), "'"));
  return Escape{.kind = Escape::Kind::kSet, .set = negated ? set->inverse() : std::move(*set)};
}

// \xHH \x{H..} \uHHHH
Result<RegexReader::Escape> RegexReader::hex_escape(char32_t letter, size_t from) {
  const bool braces = letter == 'x' && skip("{");
  const size_t most = braces ? 8 : letter == 'x' ? 2 : 4;
  uint32_t value = 0;
  size_t n = 0;
  for (; n < most; ++n, ++at_) {
    const int digit = hex_digit(peek());
    if (digit < 0) break;
    value = value * 16 + static_cast<uint32_t>(digit);
  }
  if (n == 0 || (letter == 'u' && n < 4) || (braces && !skip("}")) || value > kLastCodePoint ||
      (letter == 'x' && !braces && value > 0x7F))
    return malformed(from, str("the escape '", in_.substr(from, at_ - from), "' is no character"));
  return Escape{.point = value};
}
Result<RegexReader::Escape> RegexReader::octal_escape(size_t from, bool in_class) {
  --at_;
  uint32_t value = 0;
  size_t n = 0;
  for (; n < 3 && peek() >= '0' && peek() <= '7'; ++n, ++at_) value = value * 8 + static_cast<uint32_t>(peek() - '0');
  if ((n < 3 && in_[from + 1] != '0' && !in_class) || value > 0x7F)
    return unsupported(from, str("the backreference '", in_.substr(from, at_ - from), "'"));
  return Escape{.point = value};
}

// Six numbers of Latin-1 are word characters, but not in a class.
CodeSet RegexReader::word(bool in_class) {
  CodeSet set = flagged(kWord);
  return in_class ? set.within(CodeSet({{0xB2, 0xB3}, {0xB9, 0xB9}, {0xBC, 0xBE}}).inverse()) : set;
}

}  // namespace infer::text::pipeline
