#include "text/constraint/regex_syntax.h"

#include <algorithm>

namespace infer::text {
namespace {

using Kind = RegexNode::Kind;

constexpr uint32_t kLastCodePoint = 0x10ffff;

// The ASCII ones, and ECMAScript's WhiteSpace and LineTerminator; sorted.
constexpr CodeRange kDigits[] = {{'0', '9'}};
constexpr CodeRange kWords[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
constexpr CodeRange kSpaces[] = {{'\t', '\r'},     {' ', ' '},       {0xa0, 0xa0},     {0x1680, 0x1680},
                                 {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f},
                                 {0x3000, 0x3000}, {0xfeff, 0xfeff}};

std::vector<CodeRange> ranges_of(char lower) {
  if (lower == 'd') return {std::begin(kDigits), std::end(kDigits)};
  if (lower == 'w') return {std::begin(kWords), std::end(kWords)};
  return {std::begin(kSpaces), std::end(kSpaces)};
}

std::vector<CodeRange> outside(const std::vector<CodeRange>& sorted) {
  std::vector<CodeRange> out;
  uint32_t next = 0;
  for (const CodeRange r : sorted) {
    if (r.first > next) out.push_back({next, r.first - 1});
    next = r.last + 1;
  }
  if (next <= kLastCodePoint) out.push_back({next, kLastCodePoint});
  return out;
}

}  // namespace

Result<RegexTree> RegexParser::run() {
  TRY(in_.check("regular expression", limits_.source_bytes));
  TRY_SET(tree_.root, alternatives(0));
  if (!in_.done()) return invalid(in_.at(), "')' closes nothing", "write '\\)' for the character");
  return std::move(tree_);
}

RegexParser::Node RegexParser::add(RegexNode n) {
  n.has_anchor = n.kind == Kind::kStart || n.kind == Kind::kEnd;
  if (n.kind == Kind::kRepeat) n.has_anchor = tree_.nodes[n.index].has_anchor;
  for (const Node part : n.parts) n.has_anchor = n.has_anchor || tree_.nodes[part].has_anchor;
  tree_.nodes.push_back(std::move(n));
  return static_cast<Node>(tree_.nodes.size() - 1);
}

RegexParser::Node RegexParser::character(CharacterClass c, size_t at) {
  std::string key(reinterpret_cast<const char*>(c.ranges.data()), c.ranges.size() * sizeof(CodeRange));
  key += c.negated ? '^' : ' ';
  const auto [found, is_new] = class_of_.emplace(std::move(key), static_cast<uint32_t>(tree_.classes.size()));
  if (is_new) tree_.classes.push_back(std::move(c));
  return add({.kind = Kind::kCharacter, .at = static_cast<uint32_t>(at), .index = found->second});
}

Result<RegexParser::Node> RegexParser::alternatives(int32_t depth) {
  const size_t at = in_.at();
  std::vector<Node> options;
  do {
    TRY_SET(const Node option, sequence(depth));
    options.push_back(option);
  } while (in_.skip("|"));
  if (options.size() == 1) return options[0];
  return add({.kind = Kind::kChoice, .at = static_cast<uint32_t>(at), .parts = std::move(options)});
}

Result<RegexParser::Node> RegexParser::sequence(int32_t depth) {
  const size_t at = in_.at();
  std::vector<Node> parts;
  while (!in_.done() && in_.peek() != '|' && in_.peek() != ')') {
    TRY_SET(const Node part, term(depth));
    const RegexNode& n = tree_.nodes[part];
    if (n.kind == Kind::kSequence) {
      parts.insert(parts.end(), n.parts.begin(), n.parts.end());
    } else {
      parts.push_back(part);
    }
  }
  if (parts.size() == 1) return parts[0];
  return add({.kind = Kind::kSequence, .at = static_cast<uint32_t>(at), .parts = std::move(parts)});
}

Result<RegexParser::Node> RegexParser::term(int32_t depth) {
  const size_t at = in_.at();
  const auto where = static_cast<uint32_t>(at);
  const char c = in_.peek();
  if (c == '(') {
    TRY_SET(const Node inner, group(depth));
    return quantified(inner);
  }
  if (c == '[') {
    TRY_SET(const Node one, character_class());
    return quantified(one);
  }
  Count unused;
  if (count(unused)) return invalid(at, str(in_.quoted(at), " has nothing to repeat"), "escape it with '\\'");
  if (in_.skip("^")) return add({.kind = Kind::kStart, .at = where});
  if (in_.skip("$")) return add({.kind = Kind::kEnd, .at = where});
  if (in_.skip(".")) return quantified(character({{{'\n', '\n'}}, true}, at));
  if (c != '\\') {
    const uint32_t point = in_.next();
    return quantified(character({{{point, point}}}, at));
  }
  TRY_SET(Escape e, escape(false));
  if (e.kind == Escape::Kind::kStart) return add({.kind = Kind::kStart, .at = where});
  if (e.kind == Escape::Kind::kEnd) return add({.kind = Kind::kEnd, .at = where});
  if (e.kind == Escape::Kind::kPoint) e.of.ranges = {{e.point, e.point}};
  return quantified(character(std::move(e.of), at));
}

Result<RegexParser::Node> RegexParser::group(int32_t depth) {
  const size_t at = in_.at();
  if (depth >= limits_.depth) return invalid(at, str("more than ", limits_.depth, " levels of parentheses"));
  in_.skip("(");
  TRY(open_group());
  TRY_SET(const Node inner, alternatives(depth + 1));
  if (!in_.skip(")")) return invalid(at, "'(' is not closed", "write '\\(' for the character");
  return inner;
}

// What follows '('.
Status RegexParser::open_group() {
  const size_t at = in_.at() - 1;
  if (!in_.skip("?") || in_.skip(":")) return {};
  struct Refused {
    std::string_view begin, name, hint;
  };
  static constexpr std::string_view kEnumerate = "name what may come instead of what may not";
  static constexpr Refused kRefused[] = {
      {"=", "lookahead '(?='", kEnumerate},
      {"!", "negative lookahead '(?!'", kEnumerate},
      {"<=", "lookbehind '(?<='", kEnumerate},
      {"<!", "negative lookbehind '(?<!'", kEnumerate},
      {">", "the atomic group '(?>'", "use '(?:'"},
      {"P=", "the backreference '(?P='", "write out what it may repeat"},
      {"P>", "the recursion '(?P>'", "use a grammar"},
      {"&", "the recursion '(?&'", "use a grammar"},
      {"R", "the recursion '(?R'", "use a grammar"},
      {"(", "the condition '(?('", "write out the alternatives"},
      {"|", "the branch reset '(?|'", "use '(?:'"},
      {"#", "the comment '(?#'", "leave it out"},
  };
  for (const Refused& r : kRefused)
    if (in_.skip(r.begin)) return unsupported(at, str(r.name, " is not supported"), std::string(r.hint));
  if (in_.skip("P<") || in_.skip("<")) {
    const size_t begin = in_.at();
    while (Cursor::is_letter(in_.peek()) || in_.peek() == '_' || in_.peek() == '$' ||
           (static_cast<uint8_t>(in_.peek()) & 0x80) != 0 || (in_.at() > begin && Cursor::is_digit(in_.peek())))
      in_.next();
    if (in_.at() > begin && in_.skip(">")) return {};
    return invalid(begin, "not the name of a group", "write '(?<name>..)'");
  }
  if (Cursor::is_letter(in_.peek()) || in_.peek() == '-' || in_.peek() == '^')
    return unsupported(at, str("flags '(?", std::string(1, in_.peek()), "' are not supported"),
                       "write classes such as [aA], or [\\s\\S] for any character");
  return invalid(at, "'(?' begins no known group", "use '(?:'");
}

bool RegexParser::count(Count& c) {
  if (in_.skip("*")) return c = {0, Grammar::kNoMost}, true;
  if (in_.skip("+")) return c = {1, Grammar::kNoMost}, true;
  if (in_.skip("?")) return c = {0, 1}, true;
  const size_t at = in_.at();
  if (!in_.skip("{")) return false;
  const auto least = in_.number();
  const bool comma = in_.skip(",");
  const auto most = comma ? in_.number() : least;
  if ((least || comma) && in_.skip("}")) return c = {least.value_or(0), most.value_or(Grammar::kNoMost)}, true;
  in_.back_to(at);  // a brace that stands for itself
  return false;
}

Result<RegexParser::Node> RegexParser::quantified(Node what) {
  const size_t at = in_.at();
  Count c{};
  if (!count(c)) return what;
  const std::string text = in_.quoted(at);
  if (std::max(c.least, c.most) > limits_.repetition)
    return invalid(at, str(text, " repeats more than ", limits_.repetition, " times"), "use a smaller bound");
  if (c.most != Grammar::kNoMost && c.most < c.least) return invalid(at, str(text, " ends before it begins"));
  if (in_.skip("+"))
    return unsupported(at, str("the possessive quantifier ", in_.quoted(at), " is not supported"), "leave out the '+'");
  in_.skip("?");  // as few as possible: the same texts
  const size_t second = in_.at();
  Count unused;
  if (count(unused))
    return invalid(second, str(in_.quoted(second), " repeats a quantifier"), "put what it repeats in '(?:..)'");
  if (c.least == 1 && c.most == 1) return what;
  return add({.kind = Kind::kRepeat, .at = static_cast<uint32_t>(at), .index = what, .least = c.least, .most = c.most});
}

Result<RegexParser::Node> RegexParser::character_class() {
  const size_t at = in_.at();
  in_.skip("[");
  CharacterClass all{.negated = in_.skip("^")};
  if (in_.peek() == ']')
    return unsupported(at, "']' first in a class is itself for some, and the end of the class for others",
                       "write '\\]' for the character, [\\s\\S] for any");
  while (!in_.skip("]")) {
    const size_t from = in_.at();
    TRY_SET(Escape first, class_element(at));
    if (in_.peek() != '-' || in_.peek(1) == ']') {
      if (first.kind == Escape::Kind::kPoint) first.of.ranges = {{first.point, first.point}};
      all.ranges.insert(all.ranges.end(), first.of.ranges.begin(), first.of.ranges.end());
      continue;
    }
    in_.skip("-");
    TRY_SET(const Escape last, class_element(at));
    const std::string range = in_.quoted(from);
    if (first.kind == Escape::Kind::kClass || last.kind == Escape::Kind::kClass)
      return invalid(from, str(range, " is a range of classes"), "write '\\-' for the character");
    if (last.point < first.point) return invalid(from, str("the range ", range, " ends before it begins"));
    all.ranges.push_back({first.point, last.point});
  }
  return character(std::move(all), at);
}

Result<RegexParser::Escape> RegexParser::class_element(size_t opened) {
  if (in_.done()) return invalid(opened, "'[' is not closed", "write '\\[' for the character");
  if (in_.peek() == '\\') return escape(true);
  const size_t at = in_.at();
  if (in_.skip("[:")) {
    while (Cursor::is_letter(in_.peek())) in_.next();
    if (in_.skip(":]")) return unsupported(at, str("the class ", in_.quoted(at), " is not supported"), "use ranges");
    in_.back_to(at);
  }
  return Escape{.point = in_.next()};
}

Result<RegexParser::Escape> RegexParser::escape(bool in_class) {
  const size_t at = in_.at();
  in_.skip("\\");
  if (in_.done()) return invalid(at, "'\\' at the end", "write '\\\\' for the character");
  const uint32_t c = in_.next();
  const auto point = [](uint32_t p) { return Escape{.point = p}; };
  if (c >= 0x80) return point(c);
  const char letter = static_cast<char>(c);
  const std::string name = str("'\\", letter, "'");
  if (!Cursor::is_letter(letter) && !Cursor::is_digit(letter)) return point(c);
  switch (letter) {
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
    case 'd':
    case 'w':
    case 's':
      return Escape{Escape::Kind::kClass, 0, {ranges_of(letter)}};
    case 'D':
    case 'W':
    case 'S':
      return Escape{Escape::Kind::kClass, 0, {outside(ranges_of(static_cast<char>(letter | 0x20)))}};
    case 'x':
    case 'u':
    case 'U':
      if (const auto p = in_.hex_escape(letter)) return point(*p);
      return invalid(at, str(name, " is not followed by the hexadecimal digits of a character"),
                     "write \\xHH, \\uHHHH or \\u{H..}");
    case 'c':
      if (Cursor::is_letter(in_.peek())) return point(in_.next() % 32);
      return invalid(at, "'\\c' is not followed by a letter");
    case '0':
      if (!Cursor::is_digit(in_.peek())) return point(0);
      return unsupported(at, "octal escapes are not supported", "write \\xHH");
    case 'p':
    case 'P':
      return unsupported(at, str("the Unicode property ", name, " is not supported"),
                         "write ranges such as [a-z\\u00e0-\\u00ff]");
    case 'b':
      if (in_class) return point('\b');
      [[fallthrough]];
    case 'B':
      if (in_class) break;
      return unsupported(at, str("the word boundary ", name, " is not supported"), "write what may stand beside it");
    case 'A':
      if (!in_class) return Escape{.kind = Escape::Kind::kStart};
      break;
    case 'Z':
      if (!in_class) return Escape{.kind = Escape::Kind::kEnd};
      break;
    case 'k':
      return unsupported(at, "the backreference '\\k' is not supported", "write out what it may repeat");
    default:
      if (Cursor::is_digit(letter) && !in_class)
        return unsupported(at, str("the backreference ", name, " is not supported"), "write out what it may repeat");
  }
  return invalid(at, str(name, " is not a known escape"));
}

}  // namespace infer::text
