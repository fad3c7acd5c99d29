// Calls as programs write them: [f(a=1, b='x')] and call:f{a:1,b:<|"|>x<|"|>}. Each argument passes, as JSON, when it
// is complete.
#include "text/tools/call_reader.h"
#include "text/tools/mark_finder.h"
#include "text/tools/values.h"

namespace infer::text::tools {
namespace {

constexpr size_t kMostName = 256;  // bytes, of a name or key
constexpr int kMostDepth = 64;     // levels of brackets in an argument

bool in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '-' || static_cast<uint8_t>(c) >= 0x80;
}

class LiteralReader final : public CallReader {
 public:
  LiteralReader(const CallSyntax& syntax, CallSink& sink)
      : syntax_(syntax),
        sink_(sink),
        braces_(syntax.notation == Notation::kBraces),
        quote_(braces_ ? syntax.tags->value_end : std::string_view()) {
    marks_.look_for({syntax.end, braces_ ? syntax.tags->call : std::string_view()});
  }

  size_t held() const override { return held_; }

  Step take(char c) override {
    switch (state_) {
      case State::kBetween:
        return between(c);
      case State::kName:
        return name(c);
      case State::kKeyOrEnd:
        if (is_space(c)) return Step::kMore;
        if (c == (braces_ ? '}' : ')')) return call_done();
        [[fallthrough]];
      case State::kKey:
        return key(c);
      case State::kValue:
        break;
    }
    return value(c);
  }

 private:
  enum class State : uint8_t { kBetween, kName, kKeyOrEnd, kKey, kValue };

  Step go(State s) { return state_ = s, Step::kMore; }

  // Before, between and behind calls.
  Step between(char c) {
    std::string passed;
    const int mark = marks_.take(c, passed);
    held_ = marks_.held().size();
    if (mark == 0) return n_calls_ > 0 ? Step::kDone : Step::kLeave;
    if (mark == 1) {
      text_.clear();
      return go(State::kName);
    }
    if (passed.empty() || (passed.size() == 1 && is_space(passed[0]))) return Step::kMore;
    held_ = passed.size() + held_ - 1;
    if (passed.size() != 1 || braces_ || closed_) return Step::kLeave;
    if (c == '[' && !list_ && n_calls_ == 0) {
      list_ = true;
      return Step::kMore;
    }
    if (c == ']' && list_) {
      closed_ = true;
      sink_.settled();
      return syntax_.end.empty() ? Step::kDone : Step::kMore;
    }
    if (c == ',' && list_ && n_calls_ > 0 && !comma_) {
      comma_ = true;
      sink_.settled();
      return Step::kMore;
    }
    // Calls of a list are told apart by commas, others by lines.
    if (!in_name(c) || (list_ && n_calls_ > 0 && !comma_)) return Step::kLeave;
    comma_ = false;
    text_ = c;
    return go(State::kName);
  }

  Step name(char c) {
    held_ = 0;
    if (c == (braces_ ? '{' : '(')) {
      if (text_.empty() || !sink_.begin(text_, {})) return Step::kLeave;
      n_arguments_ = 0;
      text_.clear();
      return go(State::kKeyOrEnd);
    }
    if (!in_name(c) || text_.size() >= kMostName) return Step::kLeave;
    text_ += c;
    return Step::kMore;
  }

  Step key(char c) {
    if (c == (braces_ ? ':' : '=')) {
      while (!text_.empty() && is_space(text_.back())) text_.pop_back();
      if (text_.empty()) return Step::kLeave;
      std::string out = n_arguments_++ == 0 ? "{" : ", ";
      append_json_string(out, text_);
      out += ": ";
      sink_.arguments(out);
      text_.clear();
      since_ = 0;
      return go(State::kValue);
    }
    const bool after_space = !text_.empty() && is_space(text_.back());
    if ((!is_space(c) && (!in_name(c) || after_space)) || text_.size() >= kMostName) return Step::kLeave;
    text_ += c;
    return go(State::kKey);
  }

  Step value(char c) {
    if (in_string_ == '\0' && depth_ == 0 && (c == ',' || c == (braces_ ? '}' : ')'))) {
      const auto json = literal_as_json(text_, quote_);
      if (!json) return Step::kLeave;
      sink_.arguments(*json);
      text_.clear();
      return c == ',' ? go(State::kKeyOrEnd) : call_done();
    }
    text_ += c;
    if (braces_) {
      if (text_.size() >= since_ + quote_.size() && text_.ends_with(quote_)) {
        in_string_ = in_string_ ? '\0' : '<';
        since_ = text_.size();
      }
    } else if (in_string_ != '\0') {
      if (!escaped_ && c == in_string_) in_string_ = '\0';
      escaped_ = !escaped_ && c == '\\';
      return Step::kMore;
    } else if (c == '\'' || c == '"') {
      in_string_ = c;
      return Step::kMore;
    }
    if (in_string_ != '\0') return Step::kMore;
    if (c == '(' || c == '[' || c == '{') return ++depth_ > kMostDepth ? Step::kLeave : Step::kMore;
    if (c == ')' || c == ']' || c == '}') return --depth_ < 0 ? Step::kLeave : Step::kMore;
    return Step::kMore;
  }

  Step call_done() {
    sink_.arguments(n_arguments_ == 0 ? "{}" : "}");
    if (!sink_.end()) return Step::kLeave;
    n_calls_++;
    return go(State::kBetween);
  }

  const CallSyntax& syntax_;
  CallSink& sink_;
  const bool braces_;
  const std::string_view quote_;
  State state_ = State::kBetween;
  MarkFinder marks_;  // the section's end, and what a call begins with
  size_t held_ = 0;
  bool list_ = false, closed_ = false, comma_ = false;
  int64_t n_calls_ = 0, n_arguments_ = 0;
  std::string text_;       // of a name, a key or a value
  char in_string_ = '\0';  // its quote
  bool escaped_ = false;
  size_t since_ = 0;  // the end of the last quote in text_
  int depth_ = 0;
};

}  // namespace

std::unique_ptr<CallReader> make_literal_reader(const CallSyntax& syntax, CallSink& sink) {
  return std::make_unique<LiteralReader>(syntax, sink);
}

}  // namespace infer::text::tools
