// By recursive descent, as deep as the parentheses. A rule ends where `name ::=` begins the next one, so that line ends
// are spaces everywhere: what llama.cpp reads is read the same.
#include "text/constraint/gbnf.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "text/constraint/grammar_reader.h"

namespace infer::text {
namespace {

using Expr = Grammar::Expr;

class GbnfParser : GrammarReader {
 public:
  GbnfParser(Grammar& g, std::string_view source) : GrammarReader(g, source) {}

  Result<Expr> run() {
    TRY(in_.check("grammar", g_.limits().source_bytes));
    for (space(); !in_.done(); space()) TRY(rule());
    TRY(check_defined());
    const auto root = find("root");
    if (!root)
      return Status::invalid("grammar: no rule is called 'root'", "add 'root ::= ..', which is the whole text");
    return g_.refer(*root);
  }

 private:
  struct Count {
    int32_t least, most;
  };

  Status rule() {
    const size_t at = in_.at();
    const std::string_view name = skip_name();
    if (name.empty()) return unexpected("a rule's name");
    blanks();
    if (!skip_defines()) return unexpected(str("'::=' after ", Cursor::quoted(name)));
    TRY_SET(const Grammar::Rule rule, define(name, at));
    TRY_SET(const Expr body, alternatives(0));
    g_.define(rule, body);
    space();
    if (!in_.skip(";") && !in_.done() && !at_rule())
      return unexpected(str("more of rule ", Cursor::quoted(name), ", or the next"));
    return {};
  }

  Result<Expr> alternatives(int32_t depth) {
    std::vector<Expr> options;
    do {
      TRY_SET(const Expr option, sequence(depth));
      options.push_back(option);
    } while (in_.skip("|"));
    return g_.choice(options);
  }

  // Ends before what is no part of one, after spaces.
  Result<Expr> sequence(int32_t depth) {
    std::vector<Expr> parts;
    for (space(); !in_.done() && !at_rule(); space()) {
      TRY_SET(const std::optional<Expr> part, item(depth));
      if (!part) break;
      TRY_SET(const Expr repeated, quantified(*part));
      parts.push_back(repeated);
    }
    return g_.sequence(parts);
  }

  Result<std::optional<Expr>> item(int32_t depth) {
    using Item = std::optional<Expr>;
    const size_t at = in_.at();
    const char c = in_.peek();
    if (c == '"' || c == '\'') {
      TRY_SET(const Expr text, literal());
      return Item(text);
    }
    if (c == '[') {
      TRY_SET(const Expr one, character_class());
      return Item(one);
    }
    if (in_.skip(".")) return Item(g_.code_points({}, true));
    if (in_.skip("(")) {
      if (depth >= g_.limits().depth)
        return invalid(at, str("more than ", g_.limits().depth, " levels of parentheses"));
      TRY_SET(const Expr inner, alternatives(depth + 1));
      if (!in_.skip(")"))
        return invalid(at, "'(' is not closed", in_.done() ? "" : str("')' is expected before ", found()));
      return Item(inner);
    }
    if (c == '<' || c == '!')
      return Status::unsupported(place(at, "tokens ('<..>', '!<..>') are not supported"),
                                 "write the token's text in quotes");
    if (c == '*' || c == '+' || c == '?' || c == '{')
      return invalid(at, str("'", c, "' has nothing to repeat"), "put it after an item, or in quotes");
    if (const std::string_view name = skip_name(); !name.empty()) {
      TRY_SET(const Expr rule, refer(name, at));
      return Item(rule);
    }
    return Item();
  }

  // Quantifiers one after another are made one: they would nest deeper than the source does.
  Result<Expr> quantified(Expr what) {
    std::optional<Count> all;
    for (;;) {
      const size_t before = in_.at();
      space();
      const size_t at = in_.at();
      TRY_SET(const std::optional<Count> c, count());
      if (!c) {
        in_.back_to(before);
        return all ? g_.repeat(what, all->least, all->most) : what;
      }
      const auto simple = [](const Count& q) { return q.least <= 1 && (q.most == 1 || q.most == Grammar::kNoMost); };
      if (all && (!simple(*all) || !simple(*c)))
        return invalid(at, str(in_.quoted(at), " repeats a repetition"), "put what it repeats in parentheses");
      all = all ? Count{std::min(all->least, c->least), all->most == c->most ? c->most : Grammar::kNoMost} : *c;
    }
  }

  Result<std::optional<Count>> count() {
    using Found = std::optional<Count>;
    const size_t at = in_.at();
    if (in_.skip("*")) return Found({0, Grammar::kNoMost});
    if (in_.skip("+")) return Found({1, Grammar::kNoMost});
    if (in_.skip("?")) return Found({0, 1});
    if (!in_.skip("{")) return Found();
    space();
    const auto least = in_.number();
    space();
    const bool comma = in_.skip(",");
    space();
    const auto most = comma ? in_.number() : least;
    space();
    if (!in_.skip("}") || (!least && !most))
      return invalid(at, "not a number of repetitions", "write {n}, {n,} or {n,m}");
    const Count c{least.value_or(0), most.value_or(Grammar::kNoMost)};
    if (std::max(c.least, c.most) > g_.limits().repetition)
      return invalid(at, str(in_.quoted(at), " repeats more than ", g_.limits().repetition, " times"),
                     "use a smaller bound");
    if (c.most != Grammar::kNoMost && c.most < c.least)
      return invalid(at, str(in_.quoted(at), " ends before it begins"));
    return Found(c);
  }

  Result<Expr> literal() {
    const size_t at = in_.at();
    const char quote = in_.peek();
    in_.next();
    std::string text;
    while (in_.done() || in_.peek() != quote) {
      if (in_.done()) return invalid(at, str(quote, " is not closed"));
      TRY_SET(const uint32_t c, character());
      append_utf8(text, c);
    }
    in_.next();
    return g_.literal(text);
  }

  Result<Expr> character_class() {
    const size_t at = in_.at();
    in_.skip("[");
    const bool negated = in_.skip("^");
    if (in_.peek() == ']') return invalid(at, "an empty class", "write '\\]' for the character, '.' for any");
    std::vector<CodeRange> ranges;
    while (!in_.skip("]")) {
      if (in_.done()) return invalid(at, "'[' is not closed");
      const size_t from = in_.at();
      TRY_SET(const uint32_t first, character());
      uint32_t last = first;
      if (in_.peek() == '-' && in_.peek(1) != ']') {
        in_.skip("-");
        if (in_.done()) return invalid(at, "'[' is not closed");
        TRY_SET(last, character());
      }
      if (last < first) return invalid(from, str("the range ", in_.quoted(from), " ends before it begins"));
      ranges.push_back({first, last});
    }
    return g_.code_points(std::move(ranges), negated);
  }

  Result<uint32_t> character() {
    const size_t at = in_.at();
    const uint32_t plain = in_.next();
    if (plain != '\\') return plain;
    const char c = in_.peek();
    static constexpr std::string_view kNames = "nrtfvbae0", kValues{"\n\r\t\f\v\b\a\x1b\0", 9};
    if (c == 'x' || c == 'u' || c == 'U') {
      in_.next();
      if (const auto p = in_.hex_escape(c)) return *p;
      return invalid(at, str("'\\", c, "' is not followed by the hexadecimal digits of a character"),
                     "write \\xHH, \\uHHHH or \\UHHHHHHHH");
    }
    const auto simple = kNames.find(c);
    const bool itself = static_cast<uint8_t>(c) > ' ' && static_cast<uint8_t>(c) < 0x7f && !Cursor::is_letter(c) &&
                        !Cursor::is_digit(c);
    if (in_.done() || (simple == kNames.npos && !itself))
      return invalid(at, in_.done() ? "'\\' at the end" : str("'\\' before ", found(), " is not a known escape"),
                     "write '\\\\' for the character");
    const uint32_t next = in_.next();
    return itself ? next : static_cast<uint8_t>(kValues[simple]);
  }

  // ---- names and spaces
  std::string_view skip_name() {
    const size_t at = in_.at();
    const auto within = [](char c) { return Cursor::is_letter(c) || Cursor::is_digit(c) || c == '_'; };
    if (within(in_.peek()))
      while (within(in_.peek()) || in_.peek() == '-') in_.next();
    return in_.since(at);
  }
  bool skip_defines() { return in_.skip("::=") || in_.skip(":=") || in_.skip(":") || in_.skip("="); }
  bool at_rule() {
    const size_t at = in_.at();
    const bool name = !skip_name().empty();
    blanks();
    const bool yes = name && skip_defines();
    in_.back_to(at);
    return yes;
  }
  void blanks() {
    while (in_.peek() == ' ' || in_.peek() == '\t') in_.next();
  }
  void space() {
    for (;;) {
      blanks();
      if (in_.peek() == '#') {
        while (!in_.done() && in_.peek() != '\n' && in_.peek() != '\r') in_.next();
      } else if (!in_.skip("\n") && !in_.skip("\r")) {
        return;
      }
    }
  }
};

}  // namespace

Result<Grammar::Expr> compile_gbnf(Grammar& g, std::string_view source) { return GbnfParser(g, source).run(); }

}  // namespace infer::text
