#include "text/tokenizer/pipeline/code_set.h"

#include <algorithm>
#include <string>

namespace infer::text::pipeline {
namespace {

// Indexes of the general categories are those of kUnicodeCategories (make_unicode.py).
constexpr std::string_view kCategories[] = {"lu", "ll", "lt", "lm", "lo", "mn", "mc", "me", "nd", "nl",
                                            "no", "pc", "pd", "ps", "pe", "pi", "pf", "po", "sm", "sc",
                                            "sk", "so", "zs", "zl", "zp", "cc", "cf", "cs", "co", "cn"};
struct LongName {
  std::string_view name, category;
};
constexpr LongName kLongNames[] = {{"letter", "l"},
                                   {"lc", "l&"},
                                   {"casedletter", "l&"},
                                   {"uppercaseletter", "lu"},
                                   {"lowercaseletter", "ll"},
                                   {"titlecaseletter", "lt"},
                                   {"modifierletter", "lm"},
                                   {"otherletter", "lo"},
                                   {"mark", "m"},
                                   {"combiningmark", "m"},
                                   {"nonspacingmark", "mn"},
                                   {"spacingmark", "mc"},
                                   {"enclosingmark", "me"},
                                   {"number", "n"},
                                   {"decimalnumber", "nd"},
                                   {"digit", "nd"},
                                   {"letternumber", "nl"},
                                   {"othernumber", "no"},
                                   {"punctuation", "p"},
                                   {"symbol", "s"},
                                   {"mathsymbol", "sm"},
                                   {"currencysymbol", "sc"},
                                   {"modifiersymbol", "sk"},
                                   {"othersymbol", "so"},
                                   {"separator", "z"},
                                   {"spaceseparator", "zs"},
                                   {"lineseparator", "zl"},
                                   {"paragraphseparator", "zp"},
                                   {"other", "c"},
                                   {"control", "cc"},
                                   {"cntrl", "cc"},
                                   {"format", "cf"},
                                   {"privateuse", "co"},
                                   {"unassigned", "cn"}};

// The code points whose kind `in` accepts. Most blocks of 128 hold one kind and are looked at once.
template <class In>
std::vector<CodeSpan> of_kinds(In in) {
  std::vector<CodeSpan> out;
  bool accepted[256] = {};
  for (size_t kind = 0; kind < kUnicodeKindCount; ++kind) accepted[kind] = in(kind);
  const auto add = [&](char32_t first, char32_t last) {
    if (!out.empty() && out.back().last + 1 == first) {
      out.back().last = last;
    } else {
      out.push_back({first, last});
    }
  };
  enum : uint8_t { kNew, kNone, kAll, kSome };
  std::vector<uint8_t> blocks;  // by number: what of the block is accepted
  for (char32_t first = 0; first <= kLastCodePoint; first += 128) {
    const size_t block = kUnicodeBlocks[first >> 7];
    if (block >= blocks.size()) blocks.resize(block + 1, kNew);
    const uint8_t* kinds = kUnicodeOfBlock + block * 128;
    if (blocks[block] == kNew) {
      const auto n = std::count_if(kinds, kinds + 128, [&](uint8_t kind) { return accepted[kind]; });
      blocks[block] = n == 0 ? kNone : n == 128 ? kAll : kSome;
    }
    if (blocks[block] == kAll) add(first, first + 127);
    for (char32_t i = 0; i < 128 && blocks[block] == kSome; ++i) {
      if (accepted[kinds[i]]) add(first + i, first + i);
    }
  }
  return out;
}

bool matches(std::string_view category, std::string_view wanted) {
  if (wanted == "l&") return category == "lu" || category == "ll" || category == "lt";
  return category.starts_with(wanted);
}

}  // namespace

CodeSet::CodeSet(std::vector<CodeSpan> spans) {
  std::sort(spans.begin(), spans.end(), [](const CodeSpan& a, const CodeSpan& b) { return a.first < b.first; });
  for (const CodeSpan& s : spans) {
    if (!spans_.empty() && s.first <= spans_.back().last + 1) {
      spans_.back().last = std::max(spans_.back().last, s.last);
    } else {
      spans_.push_back(s);
    }
  }
}

CodeSet CodeSet::of_flags(uint16_t any) {
  return CodeSet(of_kinds([any](size_t kind) { return (kUnicodeKinds[kind] & any) != 0; }));
}

std::optional<CodeSet> CodeSet::of_property(std::string_view name) {
  std::string plain;  // Oniguruma ignores case, spaces, '-' and '_'
  for (const char c : name) {
    if (c != ' ' && c != '-' && c != '_') plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  if (plain == "any") return CodeSet({{0, kLastCodePoint}});
  if (plain == "ascii") return CodeSet({{0, 0x7F}});
  if (plain == "space" || plain == "whitespace") return of_flags(kSpace);
  if (plain == "word") return of_flags(kWord);
  for (const NamedSpans& s : std::span(kScripts, kScriptCount)) {
    if (s.name == plain) return CodeSet({s.spans.begin(), s.spans.end()});
  }
  for (const LongName& n : kLongNames) {
    if (n.name == plain) plain = n.category;
  }
  const auto named = [&](std::string_view category) { return matches(category, plain); };
  if (plain.empty() || plain.size() > 2 || std::ranges::none_of(kCategories, named)) return std::nullopt;
  return CodeSet(of_kinds([&](size_t kind) { return named(kCategories[kUnicodeCategories[kind] & kCategory]); }));
}

CodeSet CodeSet::inverse() const {
  CodeSet out;
  char32_t next = 0;
  for (const CodeSpan& s : spans_) {
    if (s.first > next) out.spans_.push_back({next, s.first - 1});
    next = s.last + 1;
  }
  if (next <= kLastCodePoint) out.spans_.push_back({next, kLastCodePoint});
  return out;
}

CodeSet CodeSet::with(const CodeSet& other) const {
  std::vector<CodeSpan> all = spans_;
  all.insert(all.end(), other.spans_.begin(), other.spans_.end());
  return CodeSet(std::move(all));
}

CodeSet CodeSet::within(const CodeSet& other) const { return inverse().with(other.inverse()).inverse(); }

bool CodeSet::contains(char32_t c) const {
  const auto it =
      std::upper_bound(spans_.begin(), spans_.end(), c, [](char32_t v, const CodeSpan& s) { return v < s.first; });
  return it != spans_.begin() && (it - 1)->last >= c;
}

CodeSet CodeSet::any_case() const {
  CodeSet out = *this;
  for (int round = 0; round < 2; ++round) {  // S -> s, then s -> long s
    std::vector<CodeSpan> more = out.spans_;
    const auto pair = [&](char32_t a, char32_t b) {
      const bool has_a = out.contains(a), has_b = out.contains(b);
      if (has_a != has_b) more.push_back(has_a ? CodeSpan{b, b} : CodeSpan{a, a});
    };
    for (const LowerRun& run : std::span(kLowerRuns, kLowerRunCount)) {
      for (char32_t c = run.first; c <= run.last; c += run.step) pair(c, c + static_cast<char32_t>(run.difference));
    }
    for (const CaseTwin& t : std::span(kCaseTwins, kCaseTwinCount)) pair(t.c, t.twin);
    out = CodeSet(std::move(more));
  }
  return out;
}

bool operator==(const CodeSet& a, const CodeSet& b) {
  return std::ranges::equal(
      a.spans_, b.spans_, [](const CodeSpan& x, const CodeSpan& y) { return x.first == y.first && x.last == y.last; });
}

}  // namespace infer::text::pipeline
