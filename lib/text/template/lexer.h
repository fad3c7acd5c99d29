// Template source -> tokens, with the white-space rules of jinja2 as chat templates are written for: trim_blocks (the
// newline after a block is dropped) and lstrip_blocks (blanks before a block that begins its line are dropped), - and +
// override them.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace infer::text::jinja {

enum class Tok : uint8_t {
  kData,
  kVariableBegin,
  kVariableEnd,
  kBlockBegin,
  kBlockEnd,
  kName,
  kString,
  kInteger,
  kFloat,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kFloorDiv,
  kMod,
  kPow,
  kTilde,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kAssign,
  kDot,
  kColon,
  kPipe,
  kComma,
  kSemicolon,
  kLeftParen,
  kRightParen,
  kLeftBracket,
  kRightBracket,
  kLeftBrace,
  kRightBrace,
  kEnd,
};

struct Token {
  Tok type;
  uint32_t offset;        // byte in Source::text
  std::string_view text;  // data, name or string; points into the Source
  int64_t integer = 0;
  double real = 0;
};

// What the tokens point into; also turns offsets into lines for messages.
struct Source {
  std::string text;                   // newlines are \n, the last one is dropped
  std::deque<std::string> unescaped;  // strings that were written with escapes

  // "line 3, column 14"
  std::string place(uint32_t offset) const;
};

const char* token_name(Tok);

// `source` is filled in; the tokens are good for as long as it lives. Ends with kEnd.
Result<std::vector<Token>> tokenize(std::string_view text, Source& source);

}  // namespace infer::text::jinja
