#include "text/tokenizer/pipeline/pattern.h"

#include "base/utf8.h"
#include "text/tokenizer/scanners.h"

namespace infer::text::pipeline {
namespace {

struct Known {
  std::string_view regex;
  infer::text::Stage scanner;
};

#define TAIL R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"
#define SLASH_TAIL R"( ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"
#define SHORT R"((?i:'s|'t|'re|'ve|'m|'ll|'d))"
#define LED R"([^\r\n\p{L}\p{N}]?)"
#define UPPER R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])"
#define LOWER R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])"

// Expressions of published files, as they are written there.
constexpr Known kKnown[] = {
    {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", split_gpt2},
    {SHORT R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|)" TAIL, split_llama3},
    {SHORT R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|)" TAIL, split_qwen2},
    {SHORT R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     split_qwen35},
    {LED UPPER "*" LOWER "+|" LED UPPER "+" LOWER "*|"
               R"(\p{N}|)" SLASH_TAIL,
     split_tekken},
    {LED UPPER "*" LOWER "+" SHORT "?|" LED UPPER "+" LOWER "*" SHORT "?|"
               R"(\p{N}{1,3}|)" SLASH_TAIL,
     split_gpt4o},
    {R"(\p{N}{1,3})", split_up_to_3_digits},
};

#undef TAIL
#undef SLASH_TAIL
#undef SHORT
#undef LED
#undef UPPER
#undef LOWER

}  // namespace

Result<Pattern> Pattern::read(const Spec& spec) {
  Pattern out;
  const Spec text = spec.member("String"), regex = spec.member("Regex");
  if (text.is(Json::Kind::kString)) {
    out.literal_ = text.text();
    return out;
  }
  if (!regex.is(Json::Kind::kString)) return spec.unsupported("a pattern that is neither a String nor a Regex");
  for (const Known& k : kKnown) {
    if (k.regex == regex.text()) out.scanner_ = k.scanner;
  }
  auto compiled = Regex::compile(regex.text());
  if (!compiled.ok()) return compiled.status().in(regex.path());
  out.regex_ = compiled.take();
  return out;
}

bool Pattern::one_character() const {
  return !regex_ && (literal_.empty() || decode_utf8(literal_, 0).length == literal_.size());
}

}  // namespace infer::text::pipeline
