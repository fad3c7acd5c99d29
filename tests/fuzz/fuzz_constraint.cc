// Any bytes as a constraint (the first says which kind, what follows a zero byte is a text to walk through): refused
// with a sentence, or at every place of the text the mask has exactly the tokens that are then accepted, and what is
// forced is accepted.

// link: infer_constraint
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/constraint/constraint.h"
#include "text/constraint/control_code.h"

using namespace infer;
using namespace infer::text;

namespace {

struct Vocabulary {
  std::vector<std::string> tokens;
  size_t control, end;  // spelled <|call|> and <end>
  std::shared_ptr<const TokenTrie> trie;
  Vocabulary() {
    for (int b = 0; b < ControlCode::kEnd; ++b) tokens.emplace_back(1, static_cast<char>(b));
    for (const char* t : {"\"",   "\": ", ", \"", "{\"", "\"}",      "ab",       "abc",   "a\"b", "}}",    "]}", "true",
                          "null", "12",   "1.5",  "e+",  "\xc3\xa9", "\xe2\x82", "\\u00", "\\\"", "2026-", "  ", "\n"})
      tokens.emplace_back(t);
    control = tokens.size(), end = control + 1;
    const auto control_id = static_cast<int32_t>(control), end_id = static_cast<int32_t>(end);
    ControlCode::append(tokens.emplace_back(), control_id, false);
    ControlCode::append(tokens.emplace_back(), end_id, true);
    const std::array<TokenTrie::Control, 2> controls{{{"<|call|>", control_id}, {"<end>", end_id}}};
    trie = std::make_shared<const TokenTrie>(tokens, std::vector{end_id}, controls);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Vocabulary v;
  if (size == 0) return 0;
  const auto kind = static_cast<Constraint::Kind>(data[0] % 7);
  const std::string_view all(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t zero = all.find('\0');
  const std::string source(all.substr(0, zero)), walk(zero == all.npos ? std::string_view() : all.substr(zero + 1));
  const GrammarLimits limits{
      .source_bytes = 16 << 10, .rules = 200, .expressions = 20'000, .values = 200, .repetition = 1000};
  const auto compiled = Constraint::compile(kind, std::array{source}, v.trie, limits);
  if (!compiled.ok()) {
    if (compiled.status().message().empty()) __builtin_trap();
    return 0;
  }
  Constraint& c = **compiled;
  Constraint::Place place;
  std::vector<uint32_t> mask(v.trie->words());
  for (size_t at = 0; at <= walk.size() && at < 64; ++at) {
    (void)c.mask(place, mask);
    for (size_t t = 0; t < v.tokens.size(); ++t) {
      if (t < 256 && (at * 7 + t) % 5 != 0) continue;  // some, others at other places
      Constraint::Place tried = place;
      const bool accepted = c.accept(tried, v.tokens[t]) || (t == v.end && c.may_end(place));
      if (accepted != ((mask[t / 32] >> t % 32 & 1) != 0)) __builtin_trap();
    }
    const std::string forced = c.forced(place, 32);
    Constraint::Place ahead = place;
    if (!forced.empty() && !c.accept(ahead, forced)) __builtin_trap();
    if (at == walk.size()) break;
    const auto byte = static_cast<uint8_t>(walk[at]);  // 1 and 2 stand for the control tokens
    const std::string& next = byte == 1 ? v.tokens[v.control] : byte == 2 ? v.tokens[v.end] : v.tokens[byte % 0xfe];
    if (!c.accept(place, next)) break;
  }
  return 0;
}
