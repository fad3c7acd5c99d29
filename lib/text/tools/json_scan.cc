#include "text/tools/json_scan.h"

#include <string_view>

namespace infer::text::tools {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

using Step = JsonScan::Step;

Step JsonScan::take(char c) {
  switch (state_) {
    case State::kString:
    case State::kEscape:
    case State::kHex:
    case State::kSurrogate:
    case State::kSurrogateLetter:
      return string(c);
    case State::kLiteral:
      if (c != *rest_) return Step::kError;
      return *++rest_ == '\0' ? closed() : Step::kMore;
    case State::kMinus:
    case State::kZero:
    case State::kDigits:
    case State::kPoint:
    case State::kFraction:
    case State::kE:
    case State::kExponentSign:
    case State::kExponent:
      return number(c);
    default:
      break;
  }
  if (is_space(c)) return Step::kMore;
  switch (state_) {
    case State::kFirstItem:
      return c == ']' ? close(false) : value(c);
    case State::kFirstKey:
      if (c == '}') return close(true);
      [[fallthrough]];
    case State::kKey:
      key_ = true;
      return c == '"' ? go(State::kString) : Step::kError;
    case State::kColon:
      return c == ':' ? go(State::kValue) : Step::kError;
    case State::kNext:
      return next(c);
    default:
      return value(c);
  }
}

Step JsonScan::next(char c) {
  if (c == ',') return go(in_object() ? State::kKey : State::kValue);
  if (c == '}' || c == ']') return close(c == '}');
  return Step::kError;
}

Step JsonScan::value(char c) {
  switch (c) {
    case '{':
    case '[':
      return open(c == '{');
    case '"':
      key_ = false;
      return go(State::kString);
    case 't':
      rest_ = "rue";
      return go(State::kLiteral);
    case 'f':
      rest_ = "alse";
      return go(State::kLiteral);
    case 'n':
      rest_ = "ull";
      return go(State::kLiteral);
    case '-':
      return go(State::kMinus);
    case '0':
      return go(State::kZero);
    default:
      return is_digit(c) ? go(State::kDigits) : Step::kError;
  }
}

Step JsonScan::string(char c) {
  switch (state_) {
    case State::kEscape:
      if (c == 'u') {
        digits_ = 0, unit_ = 0;
        return go(State::kHex);
      }
      return std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos ? Step::kError : go(State::kString);
    case State::kHex:
      return hex(c);
    case State::kSurrogate:
      return c == '\\' ? go(State::kSurrogateLetter) : Step::kError;
    case State::kSurrogateLetter:
      if (c != 'u') return Step::kError;
      digits_ = 0, unit_ = 0, low_ = true;
      return go(State::kHex);
    default:
      break;
  }
  if (static_cast<uint8_t>(c) < 0x20) return Step::kError;
  if (c == '\\') return go(State::kEscape);
  if (c != '"') return Step::kMore;
  return key_ ? go(State::kColon) : closed();
}

Step JsonScan::hex(char c) {
  const char lower = static_cast<char>(c | 0x20);
  if (!is_digit(c) && !(lower >= 'a' && lower <= 'f')) return Step::kError;
  unit_ = unit_ << 4 | static_cast<uint32_t>(is_digit(c) ? c - '0' : lower - 'a' + 10);
  if (++digits_ < 4) return Step::kMore;
  const bool second = unit_ >= 0xdc00 && unit_ <= 0xdfff, expected = low_;
  low_ = false;
  if (second != expected) return Step::kError;
  return go(unit_ >= 0xd800 && unit_ <= 0xdbff ? State::kSurrogate : State::kString);
}

Step JsonScan::number(char c) {
  const bool digit = is_digit(c);
  switch (state_) {
    case State::kMinus:
      return digit ? go(c == '0' ? State::kZero : State::kDigits) : Step::kError;
    case State::kPoint:
      return digit ? go(State::kFraction) : Step::kError;
    case State::kE:
      if (c == '+' || c == '-') return go(State::kExponentSign);
      [[fallthrough]];
    case State::kExponentSign:
      return digit ? go(State::kExponent) : Step::kError;
    default:
      break;
  }
  if (digit && state_ != State::kZero) return Step::kMore;
  if (c == '.' && (state_ == State::kZero || state_ == State::kDigits)) return go(State::kPoint);
  if ((c == 'e' || c == 'E') && state_ != State::kExponent) return go(State::kE);
  if (digit) return Step::kError;  // 01
  if (depth_ == 0) return Step::kEnded;
  state_ = State::kNext;
  return is_space(c) ? Step::kMore : next(c);
}

Step JsonScan::open(bool object) {
  if (depth_ == kMostDepth) return Step::kError;
  objects_ = objects_ << 1 | (object ? 1u : 0u);
  depth_++;
  return go(object ? State::kFirstKey : State::kFirstItem);
}

Step JsonScan::close(bool object) {
  if (depth_ == 0 || in_object() != object) return Step::kError;
  objects_ >>= 1;
  depth_--;
  return closed();
}

Step JsonScan::closed() {
  if (depth_ == 0) return Step::kDone;
  return go(State::kNext);
}

}  // namespace infer::text::tools
