#include "text/tokenizer/pipeline/normalizer.h"

#include <algorithm>
#include <span>

#include "base/utf8.h"
#include "text/tokenizer/alphabet.h"
#include "text/tokenizer/nfc.h"

namespace infer::text::pipeline {
namespace {

constexpr size_t kMostSteps = 16;
constexpr size_t kLongestInsert = 256;  // bytes that one step may put in one place
constexpr size_t kMostGrowth = 64;      // of a text, in all; NFKC makes 11 times as much of one character
constexpr size_t kLongestText = size_t{1} << 31;

// map(character, out) for each character, until more than `most` bytes are made.
template <class Map>
void each_character(std::string& text, size_t most, Map map) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size() && out.size() <= most;) {
    const Char c = char_at(text, at);
    map(c, std::string_view(text).substr(at, c.length), out);
    at += c.length;
  }
  text = std::move(out);
}

void make_compatible(std::string& text, size_t most) {
  each_character(text, most, [](const Char& c, std::string_view bytes, std::string& out) {
    const CompatibleRun* end = kCompatible + kCompatibleCount;
    const CompatibleRun* run =
        std::upper_bound(kCompatible, end, c.value, [](char32_t v, const CompatibleRun& r) { return v < r.first; });
    if (c.value < 0x80 || run == kCompatible || c.value - run[-1].first >= run[-1].count) {
      out += bytes;
      return;
    }
    --run;
    const char16_t* to = kCompatibleTo + run->at + (c.value - run->first) * run->length;
    for (const char16_t part : std::span(to, run->length)) append_utf8(out, part);
  });
}

void make_nfd(std::string& text) {
  if (!may_change_under_nfc(text) && std::ranges::all_of(text, [](char c) { return static_cast<uint8_t>(c) < 0x80; }))
    return;
  const std::u32string points = nfd(text);
  text.clear();
  for (const char32_t c : points) append_utf8(text, c);
}

void make_nfc(std::string& text) {
  if (may_change_under_nfc(text)) text = nfc(text);
}

void strip(std::string& text, bool left, bool right) {
  size_t begin = 0, end = text.size();
  if (left) begin = run_of(text, 0, [](const Char& c) { return c.is(kSpace); });
  while (right && end > begin) {
    const size_t last = utf8_before(text, end);
    if (!char_at(text, last).is(kSpace)) break;
    end = last;
  }
  text = text.substr(begin, end - begin);
}

// What SentencePiece's nmt_nfkc does beside NFKC.
void make_nmt(std::string& text, size_t most) {
  each_character(text, most, [](const Char& c, std::string_view bytes, std::string& out) {
    const char32_t v = c.value;
    if ((v >= 1 && v <= 8) || v == 0xB || (v >= 0xE && v <= 0x1F) || v == 0x7F || v == 0x8F || v == 0x9F) return;
    const bool space = v == 9 || v == 0xA || v == 0xC || v == 0xD || v == 0x1680 || (v >= 0x200B && v <= 0x200F) ||
                       v == 0x2028 || v == 0x2029 || v == 0x2581 || v == 0xFEFF || v == 0xFFFD;
    out += space ? std::string_view(" ") : bytes;
  });
}

// The end of the grapheme that begins at `at`, as far as it matters to precompiled(): those of fewer than six bytes,
// which are a character and marks, or a line's end.
size_t grapheme_end(std::string_view s, size_t at) {
  const Char first = char_at(s, at);
  at += first.length;
  if (first.value == '\r') return at < s.size() && s[at] == '\n' ? at + 1 : at;
  if (first.value < 0x20 || (first.value >= 0x7F && first.value < 0xA0)) return at;
  return run_of(s, at, [](const Char& c) {
    return c.is(kMark) || c.value == 0x200C || c.value == 0x200D || c.value == 0x0E33 || c.value == 0x0EB3 ||
           c.value == 0xFF9E || c.value == 0xFF9F;
  });
}

// As Hugging Face does it: a short grapheme becomes what the shortest rule that it begins with makes, all of it.
void apply_charsmap(const Precompiled& rules, std::string& text, size_t most) {
  std::string out;
  out.reserve(text.size());
  const std::string_view all = text;
  for (size_t at = 0; at < all.size() && out.size() <= most;) {
    const size_t end = grapheme_end(all, at);
    if (end - at < 6) {
      if (const auto rule = rules.shortest(all.substr(at, end - at)); rule.length != 0) {
        append_as_utf8(out, rule.replacement);
        at = end;
        continue;
      }
    }
    while (at < end && out.size() <= most) {
      const std::string_view one = all.substr(at, decode_utf8(all, at).length);
      const auto rule = rules.shortest(one);
      append_as_utf8(out, rule.length != 0 ? rule.replacement : one);
      at += one.size();
    }
  }
  text = std::move(out);
}

std::optional<std::string> base64(std::string_view text) {
  std::string out;
  uint32_t bits = 0, n = 0;
  while (text.ends_with('=')) text.remove_suffix(1);
  for (const char c : text) {
    const int v = c >= 'A' && c <= 'Z'   ? c - 'A'
                  : c >= 'a' && c <= 'z' ? c - 'a' + 26
                  : c >= '0' && c <= '9' ? c - '0' + 52
                  : c == '+'             ? 62
                  : c == '/'             ? 63
                                         : -1;
    if (v < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(v);
    n += 6;
    if (n >= 8) out += static_cast<char>(bits >> (n -= 8) & 0xFF);
  }
  return out;
}

Result<std::string_view> insert_of(const Spec& spec, std::string_view key) {
  TRY_SET(const std::string_view text, spec.text_of(key));
  if (text.size() > kLongestInsert)
    return spec.member(key).unsupported(str("a text of ", text.size(), " bytes; at most ", kLongestInsert));
  return text;
}

}  // namespace

void Normalizer::Step::apply(std::string& s, size_t most) const {
  switch (kind) {
    case Kind::kNfc:
      return make_nfc(s);
    case Kind::kNfd:
      return make_nfd(s);
    case Kind::kNfkc:
      make_compatible(s, most);
      if (s.size() <= most) make_nfc(s);
      return;
    case Kind::kNfkd:
      make_compatible(s, most);
      if (s.size() <= most) make_nfd(s);
      return;
    case Kind::kStrip:
      return strip(s, left, right);
    case Kind::kStripAccents:
      return each_character(s, most, [](const Char& c, std::string_view bytes, std::string& out) {
        if (!is_combining(c.value)) out += bytes;
      });
    case Kind::kBert:
      s = bert_normalized(s, rules);
      return;
    case Kind::kReplace: {
      std::string out;
      size_t done = 0;
      pattern->each_match(s, [&](size_t begin, size_t end) {
        if (out.size() > most) return;
        out.append(s, done, begin - done).append(text);
        done = end;
      });
      out.append(s, done);
      s = std::move(out);
      return;
    }
    case Kind::kPrepend:
      if (!s.empty()) s.insert(0, text);
      return;
    case Kind::kNmt:
      return make_nmt(s, most);
    case Kind::kByteLevel:
      s = spelled_in_alphabet(s);
      return;
    case Kind::kPrecompiled:
      return apply_charsmap(precompiled, s, most);
  }
}

Status Normalizer::apply(std::string& text) const {
  const size_t most = std::min(text.size() * kMostGrowth + 4096, kLongestText);
  for (const Step& s : steps_) {
    s.apply(text, most);
    if (text.size() > most)
      return Status::unsupported(str("the tokenizer's normalizer makes more than ", most, " bytes of a text"),
                                 "give the text in smaller parts");
  }
  return {};
}

Result<Normalizer::Step> Normalizer::read_one(const Spec& spec, std::string_view type) {
  constexpr BertRules kLowercase{.clean = false, .split_cjk = false, .strip_accents = false, .lowercase = true};
  if (type == "NFC") return Step{.kind = Kind::kNfc};
  if (type == "NFD") return Step{.kind = Kind::kNfd};
  if (type == "NFKC") return Step{.kind = Kind::kNfkc};
  if (type == "NFKD") return Step{.kind = Kind::kNfkd};
  if (type == "Nmt") return Step{.kind = Kind::kNmt};
  if (type == "ByteLevel") return Step{.kind = Kind::kByteLevel};
  if (type == "StripAccents") return Step{.kind = Kind::kStripAccents};
  if (type == "Lowercase") return Step{.kind = Kind::kBert, .rules = kLowercase};
  if (type == "Strip") {
    Step s{.kind = Kind::kStrip};
    TRY_SET(s.left, spec.flag_of("strip_left", true));
    TRY_SET(s.right, spec.flag_of("strip_right", true));
    return s;
  }
  if (type == "BertNormalizer") {
    Step s{.kind = Kind::kBert};
    TRY_SET(s.rules.clean, spec.flag_of("clean_text", true));
    TRY_SET(s.rules.split_cjk, spec.flag_of("handle_chinese_chars", true));
    TRY_SET(s.rules.lowercase, spec.flag_of("lowercase", true));
    TRY_SET(s.rules.strip_accents, spec.flag_of("strip_accents", s.rules.lowercase));
    return s;
  }
  if (type == "Prepend") {
    Step s{.kind = Kind::kPrepend};
    TRY_SET(s.text, insert_of(spec, "prepend"));
    return s;
  }
  if (type == "Replace") {
    Step s{.kind = Kind::kReplace};
    TRY_SET(s.pattern, Pattern::read(spec.member("pattern")));
    TRY_SET(s.text, insert_of(spec, "content"));
    return s;
  }
  if (type == "Precompiled") {
    Step s{.kind = Kind::kPrecompiled};
    TRY_SET(const std::string_view encoded, spec.text_of("precompiled_charsmap"));
    auto bytes = base64(encoded);
    if (!bytes) return spec.member("precompiled_charsmap").corrupt("this is not base64");
    s.charsmap = std::make_unique<const std::string>(std::move(*bytes));
    auto rules = Precompiled::create(*s.charsmap);
    if (!rules.ok()) return rules.status().in(spec.path());
    s.precompiled = rules.take();
    return s;
  }
  return spec.unsupported(str("the normalizer '", type, "' is not supported"));
}

Status Normalizer::read_step(const Spec& spec, int depth, std::vector<Step>& out) {
  if (spec.absent()) return {};
  TRY_SET(const std::string_view type, spec.text_of("type"));
  if (type == "Sequence") {
    if (depth > 8) return spec.unsupported("sequences in sequences so deep are not supported");
    TRY_SET(const std::vector<Spec> parts, spec.list_of("normalizers"));
    for (const Spec& part : parts) TRY(read_step(part, depth + 1, out));
    return {};
  }
  if (out.size() >= kMostSteps) return spec.unsupported(str("more than ", kMostSteps, " steps are not supported"));
  TRY_SET(Step step, read_one(spec, type));
  out.push_back(std::move(step));
  return {};
}

Result<Normalizer> Normalizer::read(const Spec& spec) {
  Normalizer out;
  TRY(read_step(spec, 0, out.steps_));
  return out;
}

}  // namespace infer::text::pipeline
