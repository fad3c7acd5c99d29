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

using namespace infer;
using namespace infer::text;

static const std::shared_ptr<const TokenTrie>& vocabulary() {
  static const auto trie = [] {
    std::vector<std::string> tokens;
    for (int b = 0; b < 256; ++b) tokens.emplace_back(1, static_cast<char>(b));
    for (const char* t : {"\"",   "\": ", ", \"", "{\"", "\"}",      "ab",       "abc",   "a\"b", "}}",    "]}", "true",
                          "null", "12",   "1.5",  "e+",  "\xc3\xa9", "\xe2\x82", "\\u00", "\\\"", "2026-", "  ", "\n"})
      tokens.emplace_back(t);
    tokens.emplace_back();  // the end
    return std::make_shared<const TokenTrie>(tokens, std::vector{static_cast<int32_t>(tokens.size()) - 1});
  }();
  return trie;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto kind = static_cast<Constraint::Kind>(data[0] % 5);
  const std::string_view all(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t zero = all.find('\0');
  const std::string source(all.substr(0, zero)), walk(zero == all.npos ? std::string_view() : all.substr(zero + 1));
  const GrammarLimits limits{
      .source_bytes = 16 << 10, .rules = 200, .expressions = 20'000, .values = 200, .repetition = 1000};
  const auto compiled = Constraint::compile(kind, std::array{source}, vocabulary(), limits);
  if (!compiled.ok()) {
    if (compiled.status().message().empty()) __builtin_trap();
    return 0;
  }
  Constraint& c = **compiled;
  Constraint::Place place;
  std::vector<uint32_t> mask(c.trie().words());
  for (size_t at = 0; at <= walk.size() && at < 64; ++at) {
    (void)c.mask(place, mask);
    for (const TokenTrie::Node& n : c.trie().nodes()) {
      if (n.n_tokens == 0 || (at * 7 + n.byte) % 5 != 0) continue;  // some, others at other places
      const auto t = static_cast<size_t>(c.trie().tokens(n)[0]);
      std::string bytes = t < 256 ? std::string(1, static_cast<char>(t)) : std::string();
      if (bytes.empty()) continue;
      Constraint::Place tried = place;
      if (c.accept(tried, bytes) != ((mask[t / 32] >> t % 32 & 1) != 0)) __builtin_trap();
    }
    const std::string forced = c.forced(place, 32);
    Constraint::Place ahead = place;
    if (!forced.empty() && !c.accept(ahead, forced)) __builtin_trap();
    if (at < walk.size() && !c.accept(place, walk.substr(at, 1))) break;
  }
  return 0;
}
