#include "text/template/lexer.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "text/template/letters.h"

namespace infer::text::jinja {

using std::string_view;

std::string Source::place(uint32_t offset) const {
  const string_view before = string_view(text).substr(0, offset);
  const size_t line = static_cast<size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const size_t start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  return str("line ", line, ", column ", count_characters(before.substr(start)) + 1);
}

namespace {

struct Operator {
  string_view text;
  Tok type;
};
constexpr Operator kOperators[] = {
    {"//", Tok::kFloorDiv},   {"**", Tok::kPow},         {"==", Tok::kEq},       {"!=", Tok::kNe},
    {">=", Tok::kGe},         {"<=", Tok::kLe},          {"+", Tok::kAdd},       {"-", Tok::kSub},
    {"/", Tok::kDiv},         {"*", Tok::kMul},          {"%", Tok::kMod},       {"~", Tok::kTilde},
    {"[", Tok::kLeftBracket}, {"]", Tok::kRightBracket}, {"(", Tok::kLeftParen}, {")", Tok::kRightParen},
    {"{", Tok::kLeftBrace},   {"}", Tok::kRightBrace},   {">", Tok::kGt},        {"<", Tok::kLt},
    {"=", Tok::kAssign},      {".", Tok::kDot},          {":", Tok::kColon},     {"|", Tok::kPipe},
    {",", Tok::kComma},       {";", Tok::kSemicolon},
};

bool digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(Source& source) : source_(source), text_(source.text) {}

  Result<std::vector<Token>> run() {
    while (at_ < text_.size()) TRY(root());
    add(Tok::kEnd, at_);
    return std::move(tokens_);
  }

 private:
  Status fail(size_t offset, std::string what) const {
    return Status::invalid(str("chat template, ", source_.place(static_cast<uint32_t>(offset)), ": ", what));
  }
  void add(Tok type, size_t offset, string_view text = {}) {
    tokens_.push_back({type, static_cast<uint32_t>(offset), text});
  }
  bool here(string_view s) const { return text_.substr(at_).starts_with(s); }

  // The end of a run of white space from i on.
  size_t skip_space(size_t i) const {
    size_t size;
    while (i < text_.size() && is_space(decode(text_, i, size))) i += size;
    return i;
  }

  size_t word_end(size_t i) const {
    size_t size;
    while (i < text_.size() && is_word(decode(text_, i, size))) i += size;
    return i;
  }

  // Moves to `end`, behind something that was recognised.
  void move_to(size_t end) {
    if (end > at_) line_starting_ = text_[end - 1] == '\n';
    at_ = end;
  }

  // After the closing bracket of a block or comment at `close`: "-" eats white space, "+" nothing, else one newline
  // goes.
  size_t behind(size_t close, char sign) const {
    if (sign == '-') return skip_space(close + 2);
    return sign != '+' && close + 2 < text_.size() && text_[close + 2] == '\n' ? close + 3 : close + 2;
  }

  // Template text before a tag at `end`, shortened as the tag's sign and the defaults ask.
  void data(size_t begin, size_t end, char sign, bool variable) {
    string_view s = text_.substr(begin, end - begin);
    if (sign == '-') {
      s = s.substr(0, strip(s, false, true).end);
    } else if (sign != '+' && !variable) {
      const size_t line = s.rfind('\n') == s.npos ? 0 : s.rfind('\n') + 1;
      const string_view tail = s.substr(line);
      const bool blank = !tail.empty() && strip(tail, true, false).begin == tail.size();
      if (blank && (line > 0 || line_starting_)) s = s.substr(0, line);
    }
    if (!s.empty()) add(Tok::kData, begin, s);
  }

  static char sign_at(string_view s, size_t i) { return i < s.size() && (s[i] == '-' || s[i] == '+') ? s[i] : 0; }

  // Text up to the next tag, and the tag with all that it holds.
  Status root() {
    size_t tag = at_;
    while ((tag = text_.find('{', tag)) != text_.npos) {
      if (tag + 1 < text_.size() && (text_[tag + 1] == '{' || text_[tag + 1] == '%' || text_[tag + 1] == '#')) break;
      tag++;
    }
    if (tag == text_.npos) {
      add(Tok::kData, at_, text_.substr(at_));
      at_ = text_.size();
      return {};
    }
    const char kind = text_[tag + 1], sign = sign_at(text_, tag + 2);
    data(at_, tag, sign, kind == '{');
    if (kind == '%') {
      if (const auto body = raw_begin(tag)) return raw(tag, *body);
    }
    move_to(tag + 2 + (sign != 0));
    if (kind == '#') return comment(tag);
    add(kind == '{' ? Tok::kVariableBegin : Tok::kBlockBegin, tag);
    return tag_body(tag, kind == '{');
  }

  Status comment(size_t tag) {
    if (at_ == text_.size()) return {};  // jinja2 asks for an end where there is something to be ended
    const size_t close = text_.find("#}", at_);
    if (close == text_.npos) return fail(tag, "this comment has no end: expected '#}'");
    const char sign = close > at_ ? sign_at(text_, close - 1) : char(0);
    move_to(behind(close, sign));
    return {};
  }

  // If "{% raw %}" stands at `tag`: where its body begins.
  std::optional<size_t> raw_begin(size_t tag) const {
    size_t i = skip_space(tag + 2 + (sign_at(text_, tag + 2) != 0));
    if (!text_.substr(i).starts_with("raw")) return std::nullopt;
    i = skip_space(i + 3);
    if (text_.substr(i).starts_with("-%}")) return skip_space(i + 3);
    if (text_.substr(i).starts_with("%}")) return i + 2;
    return std::nullopt;
  }

  Status raw(size_t tag, size_t body) {
    move_to(body);
    if (body == text_.size()) return {};  // as an empty comment
    for (size_t i = body; (i = text_.find("{%", i)) != text_.npos; i += 2) {
      const char sign = sign_at(text_, i + 2);
      size_t k = skip_space(i + 2 + (sign != 0));
      if (!text_.substr(k).starts_with("endraw")) continue;
      k = skip_space(k + 6);
      const char end_sign = sign_at(text_, k);
      if (!text_.substr(k + (end_sign != 0)).starts_with("%}")) continue;
      data(body, i, sign, false);
      move_to(behind(k + (end_sign != 0), end_sign));
      return {};
    }
    return fail(tag, "this raw block has no end: expected '{% endraw %}'");
  }

  // If the tag ends here: where the text goes on.
  std::optional<size_t> tag_end(bool variable) const {
    const string_view close = variable ? "}}" : "%}";
    const char sign = sign_at(text_, at_);
    if (sign == '+' && variable) return std::nullopt;
    if (!text_.substr(at_ + (sign != 0)).starts_with(close)) return std::nullopt;
    if (!variable) return behind(at_ + (sign != 0), sign);
    return sign == '-' ? skip_space(at_ + 3) : at_ + 2;
  }

  Status tag_body(size_t tag, bool variable) {
    open_.clear();
    while (true) {
      at_ = skip_space(at_);
      if (at_ >= text_.size()) return fail(tag, str("this tag has no end: expected '", variable ? "}}" : "%}", "'"));
      if (open_.empty()) {
        if (const auto end = tag_end(variable)) {
          add(variable ? Tok::kVariableEnd : Tok::kBlockEnd, at_);
          move_to(*end);
          return {};
        }
      }
      const char c = text_[at_];
      if (digit(c)) {
        TRY(number());
      } else if (const size_t end = word_end(at_); end > at_) {
        add(Tok::kName, at_, text_.substr(at_, end - at_));
        at_ = end;
      } else if (c == '\'' || c == '"') {
        TRY(string());
      } else {
        TRY(symbol());
      }
    }
  }

  Status symbol() {
    const auto op =
        std::find_if(std::begin(kOperators), std::end(kOperators), [&](const Operator& o) { return here(o.text); });
    if (op == std::end(kOperators)) return fail(at_, "a character that has no place in an expression");
    const char c = op->text[0];
    if (c == '(' || c == '[' || c == '{') open_ += c == '(' ? ')' : c == '[' ? ']' : '}';
    if (c == ')' || c == ']' || c == '}') {
      if (open_.empty() || open_.back() != c) {
        return fail(at_, open_.empty() ? str("'", c, "' closes nothing")
                                       : str("'", c, "' where '", open_.back(), "' was expected"));
      }
      open_.pop_back();
    }
    add(op->type, at_);
    at_ += op->text.size();
    return {};
  }

  // digits, each possibly behind one underscore
  size_t digits(size_t i, bool (*accepts)(char)) const {
    while (i < text_.size() &&
           (accepts(text_[i]) || (text_[i] == '_' && i + 1 < text_.size() && accepts(text_[i + 1]))))
      i++;
    return i;
  }

  Status number() {
    const size_t begin = at_;
    size_t end = digits(at_, digit);
    bool real = false;
    const bool after_dot = begin > 0 && text_[begin - 1] == '.';
    if (!after_dot) {
      size_t i = end;
      if (i + 1 < text_.size() && text_[i] == '.' && digit(text_[i + 1])) i = digits(i + 1, digit), real = true;
      if (i < text_.size() && (text_[i] | 32) == 'e') {
        size_t k = i + 1 + (i + 1 < text_.size() && (text_[i + 1] == '-' || text_[i + 1] == '+'));
        if (k < text_.size() && digit(text_[k])) i = digits(k, digit), real = true;
      }
      if (real) end = i;
    }
    int base = 10;
    if (!real && text_[begin] == '0') {
      static constexpr auto hex = [](char c) { return digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f'); };
      static constexpr auto octal = [](char c) { return c >= '0' && c <= '7'; };
      static constexpr auto binary = [](char c) { return c == '0' || c == '1'; };
      const char mark = begin + 1 < text_.size() ? static_cast<char>(text_[begin + 1] | 32) : char(0);
      const size_t prefixed = begin + 2;
      const size_t stop = mark == 'x'   ? digits(prefixed, hex)
                          : mark == 'o' ? digits(prefixed, octal)
                          : mark == 'b' ? digits(prefixed, binary)
                                        : prefixed;
      if (stop > prefixed) {
        base = mark == 'x' ? 16 : mark == 'o' ? 8 : 2;
        end = stop;
      } else {
        end = digits(begin, [](char c) { return c == '0'; });  // 007 is 00 and 7, which the parser refuses
      }
    }
    std::string plain;
    for (char c : text_.substr(begin, end - begin)) {
      if (c != '_') plain += c;
    }
    Token t{real ? Tok::kFloat : Tok::kInteger, static_cast<uint32_t>(begin), text_.substr(begin, end - begin)};
    const char* from = plain.data() + (base == 10 ? 0 : 2);
    const char* to = plain.data() + plain.size();
    const auto r = real ? std::from_chars(from, to, t.real) : std::from_chars(from, to, t.integer, base);
    if (r.ec != std::errc()) return fail(begin, "this number does not fit 64 bits");
    tokens_.push_back(t);
    at_ = end;
    return {};
  }

  Status string() {
    const size_t begin = at_;
    const char quote = text_[at_++];
    bool escapes = false;
    while (at_ < text_.size() && text_[at_] != quote) {
      escapes |= text_[at_] == '\\';
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    if (at_ >= text_.size()) return fail(begin, str("this string has no end: expected ", quote));
    const string_view body = text_.substr(begin + 1, at_ - begin - 1);
    at_++;
    if (!escapes) {
      add(Tok::kString, begin, body);
      return {};
    }
    TRY_SET(std::string plain, unescape(body, begin));
    source_.unescaped.push_back(std::move(plain));
    add(Tok::kString, begin, source_.unescaped.back());
    return {};
  }

  Result<std::string> unescape(string_view s, size_t begin) const {
    static constexpr string_view kFrom = "ntrabfv\\'\"", kTo = "\n\t\r\a\b\f\v\\'\"";
    std::string out;
    for (size_t i = 0; i < s.size(); i++) {
      if (s[i] != '\\' || i + 1 == s.size()) {
        out += s[i];
        continue;
      }
      const char c = s[++i];
      if (const size_t k = kFrom.find(c); k != kFrom.npos) {
        out += kTo[k];
      } else if (c == '\n') {
        // a line that goes on
      } else if (c >= '0' && c <= '7') {
        char32_t code = 0;
        const size_t end = std::min(i + 3, s.size());
        while (i < end && s[i] >= '0' && s[i] <= '7') code = code * 8 + static_cast<char32_t>(s[i++] - '0');
        i--;
        encode(code, out);
      } else if (c == 'x' || c == 'u' || c == 'U') {
        const size_t n = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        uint32_t code = 0;
        const string_view hex = s.substr(i + 1, n);
        const auto r = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
        if (hex.size() < n || r.ptr != hex.data() + n)
          return fail(begin, str("the escape \\", c, " needs ", n, " hexadecimal digits"));
        if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return fail(begin, "an escape that is no character");
        encode(code, out);
        i += n;
      } else if (c == 'N') {
        return fail(begin, "characters by name (\\N{...}) are not supported");
      } else {
        out += '\\';
        out += c;
      }
    }
    return out;
  }

  Source& source_;
  string_view text_;
  size_t at_ = 0;
  bool line_starting_ = true;  // what was recognised last ended with a newline, or nothing was yet
  std::string open_;           // closing brackets that are due
  std::vector<Token> tokens_;
};

}  // namespace

const char* token_name(Tok t) {
  static constexpr const char* kNames[] = {
      "text", "'{{'", "'}}'", "'{%'", "'%}'", "a name", "a string", "an integer", "a number",
      "'+'",  "'-'",  "'*'",  "'/'",  "'//'", "'%'",    "'**'",     "'~'",        "'=='",
      "'!='", "'<'",  "'<='", "'>'",  "'>='", "'='",    "'.'",      "':'",        "'|'",
      "','",  "';'",  "'('",  "')'",  "'['",  "']'",    "'{'",      "'}'",        "the end of the template",
  };
  static_assert(std::size(kNames) == static_cast<size_t>(Tok::kEnd) + 1);
  return kNames[static_cast<size_t>(t)];
}

Result<std::vector<Token>> tokenize(string_view text, Source& source) {
  source.text.reserve(text.size());
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '\r') {
      source.text += '\n';
      if (i + 1 < text.size() && text[i + 1] == '\n') i++;
    } else {
      source.text += text[i];
    }
  }
  if (source.text.ends_with('\n')) source.text.pop_back();
  return Lexer(source).run();
}

}  // namespace infer::text::jinja
