// One JSON value (RFC 8259), byte by byte: says where it ends, or at which byte it is none. Strings may hold any bytes
// from space on: whether they are UTF-8 is for the caller, who has the whole.
#pragma once
#include <cstdint>

namespace infer::text::tools {

class JsonScan {
 public:
  enum class Step : uint8_t {
    kMore,
    kDone,   // with this byte
    kEnded,  // before this byte, which is no part of it: numbers end so
    kError,  // before this byte
  };
  static constexpr int kMostDepth = 64;  // levels of objects and lists

  Step take(char c);

 private:
  enum class State : uint8_t {
    kValue,
    kFirstItem,  // a value or ]
    kFirstKey,   // a key or }
    kKey,
    kColon,
    kNext,  // , or what closes
    kString,
    kEscape,
    kHex,
    kSurrogate,        // a backslash must follow
    kSurrogateLetter,  // its u
    kLiteral,
    kMinus,
    kZero,
    kDigits,
    kPoint,
    kFraction,
    kE,
    kExponentSign,
    kExponent,
  };
  Step value(char c);
  Step string(char c);
  Step hex(char c);
  Step number(char c);
  Step next(char c);
  Step go(State s) { return state_ = s, Step::kMore; }
  Step open(bool object);
  Step close(bool object);
  Step closed();  // a value ended with this byte
  bool in_object() const { return (objects_ & 1) != 0; }

  State state_ = State::kValue;
  bool key_ = false;      // the string is one
  bool low_ = false;      // the second half of a surrogate pair is read
  uint8_t digits_ = 0;    // of \u, read so far
  uint32_t unit_ = 0;     // of \u
  uint64_t objects_ = 0;  // open levels, the innermost lowest: 1 an object
  int depth_ = 0;
  const char* rest_ = "";  // of a literal
};

}  // namespace infer::text::tools
