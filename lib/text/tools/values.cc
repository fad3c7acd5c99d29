#include "text/tools/values.h"

#include "base/utf8.h"
#include "base/written.h"
#include "text/constraint/cursor.h"
#include "text/constraint/schema_document.h"
#include "text/tools/call_reader.h"
#include "text/tools/json_scan.h"

namespace infer::text::tools {
namespace {

// Text of a literal -> JSON, which the caller checks: brackets are not looked at here.
class Translator {
 public:
  Translator(std::string_view text, std::string_view quote) : in_(text), quote_(quote) {}

  std::optional<std::string> run() {
    while (!in_.done()) {
      const char c = in_.peek();
      if (is_space(c)) {
        in_.skip({&c, 1});
      } else if (!quote_.empty() && in_.skip(quote_)) {
        if (!quoted()) return {};
      } else if (c == '\'' || c == '"') {
        if (!string(c)) return {};
      } else if (std::string_view("()[]{},:").find(c) != std::string_view::npos) {
        in_.skip({&c, 1});
        mark(c);
      } else if (!word()) {
        return {};
      }
    }
    if (!is_json(out_)) return {};
    return std::move(out_);
  }

 private:
  void mark(char c) {
    string_ = word_ = false;
    if (c == '(') c = '[';
    if (c == ')') c = ']';
    if ((c == ']' || c == '}') && out_.ends_with(", ") && out_.find_last_not_of("[{, ") == out_.size() - 3)
      out_.resize(out_.size() - 2);  // (1,)
    out_ += c;
    if (c == ',' || c == ':') out_ += ' ';
  }
  // Strings side by side are one.
  void put_string(std::string_view text) {
    if (string_) {
      out_.pop_back();
    } else {
      out_ += '"';
    }
    append_json_escaped(out_, text);
    out_ += '"';
    string_ = true;
  }

  bool quoted() {
    const size_t begin = in_.at();
    for (; !in_.done(); in_.back_to(in_.at() + 1)) {
      const std::string_view inside = in_.since(begin);
      if (!in_.skip(quote_)) continue;
      put_string(inside);
      return true;
    }
    return false;
  }

  bool string(char quote) {
    std::string text;
    in_.back_to(in_.at() + 1);
    while (!in_.done()) {
      const char c = in_.peek();
      in_.back_to(in_.at() + 1);
      if (c == quote) {
        put_string(text);
        return true;
      }
      if (c != '\\') {
        text += c;
      } else if (!escape(text)) {
        return false;
      }
    }
    return false;
  }

  bool escape(std::string& text) {
    if (in_.done()) return false;
    const char c = in_.peek();
    in_.back_to(in_.at() + 1);
    static constexpr std::string_view kLetters = "abfnrtv\\'\"/\n", kMeant = "\a\b\f\n\r\t\v\\'\"/";
    if (c == 'x' || c == 'u' || c == 'U') {
      const auto point = in_.hex_escape(c);
      if (!point) return false;
      append_utf8(text, *point);
    } else if (const size_t at = kLetters.find(c); at == kLetters.npos) {
      text += '\\', text += c;
    } else if (at < kMeant.size()) {  // not a line's end, which is nothing
      text += kMeant[at];
    }
    return true;
  }

  bool word() {
    const size_t begin = in_.at();
    while (Cursor::is_letter(in_.peek()) || Cursor::is_digit(in_.peek()) ||
           (!in_.done() && std::string_view("_.+-").find(in_.peek()) != std::string_view::npos) ||
           (!quote_.empty() && static_cast<uint8_t>(in_.peek()) >= 0x80))
      in_.back_to(in_.at() + 1);
    const std::string_view w = in_.since(begin);
    if (w.empty() || word_) return false;
    string_ = false;
    word_ = true;
    if (!quote_.empty() && in_.peek() == ':') {
      put_string(w);
    } else {
      out_ += w == "True" ? "true" : w == "False" ? "false" : w == "None" ? "null" : w;
    }
    return true;
  }

  Cursor in_;
  const std::string_view quote_;
  std::string out_;
  bool string_ = false, word_ = false;  // what was written last
};

// Which type a JSON value has, by how it is written.
uint8_t type_written(std::string_view json) {
  switch (json[0]) {
    case '{':
      return json_schema::kObject;
    case '[':
      return json_schema::kArray;
    case '"':
      return json_schema::kString;
    case 't':
    case 'f':
      return json_schema::kBoolean;
    case 'n':
      return json_schema::kNull;
    default:
      return json.find_first_of(".eE") == json.npos ? json_schema::kInteger : json_schema::kFraction;
  }
}

}  // namespace

bool is_json(std::string_view text) {
  JsonScan scan;
  for (size_t i = 0; i < text.size(); ++i) {
    const JsonScan::Step step = scan.take(text[i]);
    if (step == JsonScan::Step::kDone) return i + 1 == text.size();
    if (step != JsonScan::Step::kMore) return false;
  }
  return scan.take(' ') == JsonScan::Step::kEnded;
}

bool is_json_object(std::string_view text) { return text.starts_with('{') && is_json(text); }

std::optional<std::string> literal_as_json(std::string_view text, std::string_view quote) {
  return Translator(text, quote).run();
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_json_escaped(out, text);
  out += '"';
}

std::string value_as_json(std::string_view text, uint8_t types) {
  std::string_view value = text;
  while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
  const auto wanted = [&](std::string_view json) { return (types & type_written(json) & ~json_schema::kString) != 0; };
  if (!value.empty() && (types & ~json_schema::kString) != 0) {
    if (is_json(value)) {
      if (wanted(value)) return std::string(value);
    } else if (const auto json = literal_as_json(value); json && wanted(*json)) {
      return *json;
    }
  }
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace infer::text::tools
