// By recursive descent, as deep as the brackets.
#include "text/constraint/ebnf.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <vector>

#include "text/constraint/grammar_reader.h"

namespace infer::text {
namespace {

using Expr = Grammar::Expr;
using Ranges = std::vector<CodeRange>;

// Of alternatives that are one character; with more, what they are is not kept for exceptions. XML's names need 320.
constexpr size_t kMostRanges = 512;

class EbnfParser : GrammarReader {
 public:
  EbnfParser(Grammar& g, std::string_view source) : GrammarReader(g, source) {}

  Result<Expr> run() {
    TRY(in_.check("grammar", g_.limits().source_bytes));
    TRY(space());
    const size_t begin = in_.at();
    number();
    (void)skip_name();
    TRY(space());
    iso_ = !in_.skip("::=");
    in_.back_to(begin);
    std::optional<Grammar::Rule> first;
    while (!in_.done()) {
      TRY_SET(const Grammar::Rule made, rule());
      if (!first) first = made;
      TRY(space());
    }
    if (!first) return Status::invalid("grammar: it has no rule");
    TRY(check_defined());
    return g_.refer(find("root").value_or(*first));
  }

 private:
  struct Part {
    Expr what;
    std::optional<Ranges> one;  // it is one of these characters; tidy
  };

  Result<Grammar::Rule> rule() {
    if (!iso_) number();
    const size_t at = in_.at();
    const std::string name = skip_name();
    if (name.empty()) return unexpected("a rule's name");
    TRY(space());
    if (!in_.skip(iso_ ? "=" : "::=")) return unexpected(str(iso_ ? "'='" : "'::='", " after ", Cursor::quoted(name)));
    TRY_SET(const Grammar::Rule made, define(name, at));
    TRY_SET(Part body, alternatives(0));
    g_.define(made, body.what);
    if (body.one) classes_.emplace(name, std::move(*body.one));
    if (iso_ ? !in_.skip(";") && !in_.skip(".") : !in_.done() && !at_rule())
      return unexpected(str("more of rule ", Cursor::quoted(name), iso_ ? ", or ';'" : ", or the next"));
    return made;
  }

  Result<Part> alternatives(int32_t depth) {
    std::vector<Expr> options;
    std::optional<Ranges> one = Ranges();
    do {
      TRY_SET(const Part option, sequence(depth));
      options.push_back(option.what);
      if (!option.one) one.reset();
      if (!one) continue;
      const auto added = one->insert(one->end(), option.one->begin(), option.one->end());
      std::inplace_merge(one->begin(), added, one->end(), [](CodeRange a, CodeRange b) { return a.first < b.first; });
      one = tidy_ranges(std::move(*one), false);
      if (one->size() > kMostRanges) one.reset();
    } while (in_.skip("|") || (iso_ && (skip_slash() || in_.skip("!"))));
    return Part{g_.choice(options), std::move(one)};
  }
  bool skip_slash() { return in_.peek(1) != ')' && in_.skip("/"); }

  // Ends before what is no part of one, after spaces.
  Result<Part> sequence(int32_t depth) {
    std::vector<Expr> parts;
    std::optional<Ranges> one;
    bool comma = false;
    do {
      TRY(space());
      if (!iso_ && at_rule()) break;
      TRY_SET(std::optional<Part> part, exception(depth));
      if (!part) {
        if (comma) return unexpected("something after ','");
        break;
      }
      parts.push_back(part->what);
      one = parts.size() == 1 ? std::move(part->one) : std::nullopt;
      comma = iso_ && in_.skip(",");
    } while (!iso_ || comma);
    return Part{g_.sequence(parts), std::move(one)};
  }

  Result<std::optional<Part>> exception(int32_t depth) {
    const size_t at = in_.at();
    TRY_SET(std::optional<Part> from, repeated(depth));
    TRY(space());
    if (!from || !in_.skip("-")) return from;
    TRY(space());
    TRY_SET(const std::optional<Part> without, repeated(depth));
    if (!without) return unexpected("what is excepted, after '-',");
    TRY(space());
    if (!from->one || !without->one)
      return Status::unsupported(
          place(at, str("the exception ", in_.quoted(at), " is not of single characters")),
          "write what is left, or a class such as [a-z] - [x] with rules that are defined above");
    // All characters but those outside of the one, and those of the other.
    Ranges out = tidy_ranges(*from->one, true);
    out.insert(out.end(), without->one->begin(), without->one->end());
    out = tidy_ranges(std::move(out), true);
    const Expr what = g_.code_points(out);
    return std::optional<Part>({what, std::move(out)});
  }

  // With the sign behind it, or the number before it.
  Result<std::optional<Part>> repeated(int32_t depth) {
    const size_t at = in_.at();
    std::optional<int32_t> times;
    if (iso_ && (times = in_.number())) {
      TRY(space());
      if (!in_.skip("*")) return unexpected("'*' after a number");
      TRY(space());
      if (*times > g_.limits().repetition)
        return invalid(at, str(in_.quoted(at), " repeats more than ", g_.limits().repetition, " times"));
    }
    TRY_SET(std::optional<Part> part, primary(depth));
    if (!part && times) return unexpected("what is repeated");
    if (!part) return part;
    if (times) return std::optional<Part>({g_.repeat(part->what, *times, *times), {}});
    if (iso_) return part;
    if (in_.skip("?")) return std::optional<Part>({g_.optional(part->what), {}});
    if (in_.skip("*")) return std::optional<Part>({g_.repeat(part->what, 0), {}});
    if (in_.skip("+")) return std::optional<Part>({g_.repeat(part->what, 1), {}});
    return part;
  }

  Result<std::optional<Part>> primary(int32_t depth) {
    using Found = std::optional<Part>;
    const size_t at = in_.at();
    const char c = in_.peek();
    if (c == '"' || c == '\'') return literal();
    if (!iso_ && c == '#') {
      TRY_SET(const uint32_t one, code());
      return characters({{one, one}});
    }
    if (!iso_ && c == '[') return character_class();
    struct Bracket {
      std::string_view open, close;
      int32_t most;  // times, from 0; 0: once
    };
    static constexpr std::array<Bracket, 5> kBrackets{
        {{"(/", "/)", 1}, {"(:", ":)", Grammar::kNoMost}, {"[", "]", 1}, {"{", "}", Grammar::kNoMost}, {"(", ")", 0}}};
    for (const Bracket& b : kBrackets) {
      if ((!iso_ && b.most != 0) || !in_.skip(b.open)) continue;
      if (depth >= g_.limits().depth) return invalid(at, str("more than ", g_.limits().depth, " levels of brackets"));
      TRY_SET(Part inner, alternatives(depth + 1));
      if (!in_.skip(b.close)) return invalid(at, str("'", b.open, "' is not closed"));
      if (b.most == 0) return Found(std::move(inner));
      return Found({g_.repeat(inner.what, 0, b.most), {}});
    }
    if (iso_ && c == '?')
      return Status::unsupported(place(at, "special sequences ('?..?') are not supported"), "write the text in quotes");
    const std::string name = skip_name();
    if (name.empty()) return Found();
    TRY_SET(const Expr rule, refer(name, at));
    const auto known = classes_.find(name);
    return Found({rule, known == classes_.end() ? std::nullopt : std::optional(known->second)});
  }

  Result<std::optional<Part>> literal() {
    const size_t at = in_.at();
    const char quote = in_.peek();
    in_.next();
    const size_t begin = in_.at();
    while (!in_.done() && in_.peek() != quote) in_.next();
    const std::string_view text = in_.since(begin);
    if (in_.done()) return invalid(at, str(quote, " is not closed"));
    in_.next();
    if (iso_ && text.empty()) return invalid(at, "an empty text", "leave it out");
    const Utf8 one = text.empty() ? Utf8{} : decode_utf8(text, 0);
    if (!text.empty() && one.length == text.size()) return characters({{one.value, one.value}});
    return std::optional<Part>({g_.literal(text), {}});
  }

  Result<std::optional<Part>> character_class() {
    const size_t at = in_.at();
    in_.skip("[");
    const bool negated = in_.skip("^");
    Ranges ranges;
    while (!in_.skip("]")) {
      const size_t from = in_.at();
      CodeRange r{};
      TRY_SET(r.first, class_character(at));
      r.last = r.first;
      if (in_.peek() == '-' && in_.peek(1) != ']') {
        in_.skip("-");
        TRY_SET(r.last, class_character(at));
      }
      if (r.last < r.first) return invalid(from, str("the range ", in_.quoted(from), " ends before it begins"));
      ranges.push_back(r);
    }
    if (ranges.empty()) return invalid(at, "an empty class");
    return characters(tidy_ranges(std::move(ranges), negated));
  }
  Result<uint32_t> class_character(size_t begin) {
    if (in_.done()) return invalid(begin, "'[' is not closed");
    if (in_.peek() == '#' && in_.peek(1) == 'x') return code();
    return in_.next();
  }
  // #xN
  Result<uint32_t> code() {
    const size_t at = in_.at();
    const auto c = in_.skip("#x") ? in_.hex_character() : std::nullopt;
    if (!c) return invalid(at, "'#' is not followed by x and the hexadecimal number of a character");
    return *c;
  }
  Result<std::optional<Part>> characters(Ranges ranges) {
    const Expr what = g_.code_points(ranges);
    return std::optional<Part>({what, std::move(ranges)});
  }

  // ---- names and spaces
  // ISO's are of several words.
  std::string skip_name() {
    const auto within = [&] {
      return Cursor::is_letter(in_.peek()) || Cursor::is_digit(in_.peek()) || in_.peek() == '_';
    };
    std::string name;
    while (Cursor::is_letter(in_.peek()) || in_.peek() == '_' || (!name.empty() && within())) {
      if (!name.empty()) name += ' ';
      const size_t at = in_.at();
      while (within()) in_.next();
      name += in_.since(at);
      if (!iso_) break;
      blanks();
    }
    return name;
  }
  // [1] or [1a], as specifications number their rules.
  void number() {
    const size_t at = in_.at();
    if (in_.skip("[") && in_.number()) {
      if (Cursor::is_letter(in_.peek())) in_.next();
      if (in_.skip("]")) return blanks();
    }
    in_.back_to(at);
  }
  bool at_rule() {
    const size_t at = in_.at();
    number();
    const bool name = !skip_name().empty();
    blanks();
    const bool yes = name && in_.skip("::=");
    in_.back_to(at);
    return yes;
  }
  void blanks() {
    while (blank(in_.peek())) in_.next();
  }
  static bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  // And comments, and the notes of the W3C's specifications.
  Status space() {
    for (;;) {
      blanks();
      const size_t at = in_.at();
      std::string_view end;
      if (in_.skip("/*")) {
        end = "*/";
      } else if (in_.skip("(*")) {
        end = "*)";
      } else if (in_.skip("[") && (blanks(), in_.skip("wfc:") || in_.skip("vc:"))) {
        end = "]";
      } else {
        in_.back_to(at);
        return {};
      }
      while (!in_.skip(end)) {
        if (in_.done()) return invalid(at, "a comment is not closed");
        in_.next();
      }
    }
  }

  bool iso_ = false;
  std::unordered_map<std::string, Ranges> classes_;  // rules that are one character
};

}  // namespace

Result<Grammar::Expr> compile_ebnf(Grammar& g, std::string_view source) { return EbnfParser(g, source).run(); }

}  // namespace infer::text
