#include "text/tokenizer/pipeline/added_tokens.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/tokenizer/scan.h"

namespace infer::text::pipeline {
namespace {

constexpr int64_t kLastId = (1 << 22) - 1;

bool word_at(std::string_view s, size_t at) { return at < s.size() && is_rust_word(decode_utf8(s, at).value); }
bool white_at(std::string_view s, size_t at) { return at < s.size() && is_white(decode_utf8(s, at).value); }

}  // namespace

Result<std::vector<AddedToken>> read_added_tokens(const Document& document, const Vocabulary& vocabulary) {
  TRY_SET(const std::vector<Spec> list, Spec(document.root).list_of("added_tokens"));
  std::vector<AddedToken> out;
  for (const Spec& spec : list) {
    AddedToken t;
    TRY_SET(t.text, spec.text_of("content"));
    TRY_SET(t.special, spec.flag_of("special", false));
    TRY_SET(t.left, spec.flag_of("lstrip", false));
    TRY_SET(t.right, spec.flag_of("rstrip", false));
    TRY_SET(t.single_word, spec.flag_of("single_word", false));
    TRY_SET(t.normalized, spec.flag_of("normalized", !t.special));
    if (t.text.empty()) continue;
    if (t.text.size() > SpecialTokens::kLongest)
      return spec.member("content").unsupported(
          str("a text of ", t.text.size(), " bytes; at most ", SpecialTokens::kLongest, " are supported"));
    t.id = vocabulary.find_any(t.text);
    if (t.id < 0) {
      TRY_SET(const int64_t id, spec.count_of("id", 0, kLastId));
      t.id = static_cast<int32_t>(id);
    }
    out.push_back(std::move(t));
  }
  return out;
}

Result<AddedTokens> AddedTokens::create(std::vector<AddedToken> tokens, const std::vector<bool>& is_control,
                                        const Normalizer& normalizer) {
  AddedTokens out;
  out.tokens_ = std::move(tokens);
  std::vector<SpecialTokens::Entry> raw, raw_and_control, normalized;
  std::vector<std::string> made(out.tokens_.size());
  for (size_t i = 0; i < out.tokens_.size(); ++i) {
    const AddedToken& t = out.tokens_[i];
    const bool control = is_control[static_cast<size_t>(t.id)];
    const SpecialTokens::Entry entry{t.text, static_cast<int32_t>(i), control};
    if (!t.normalized) raw.push_back(entry);
    if (!t.normalized || control) raw_and_control.push_back(entry);
    if (!t.normalized) continue;
    made[i] = t.text;
    TRY(normalizer.apply(made[i]));
    normalized.push_back({made[i], entry.id, control});
  }
  TRY_SET(out.raw_, SpecialTokens::create(raw));
  TRY_SET(out.raw_and_control_, SpecialTokens::create(raw_and_control));
  TRY_SET(out.normalized_, SpecialTokens::create(normalized));
  return out;
}

std::vector<Stretch> AddedTokens::cut_by(const SpecialTokens& search, std::string_view text,
                                         std::span<const Range> trusted) const {
  std::vector<Stretch> out;
  size_t done = 0, white_end = 0;  // up to there the text was seen to be white
  for (Stretch s : search.cut(text, trusted)) {
    if (s.id < 0) continue;
    const AddedToken& t = tokens_[static_cast<size_t>(s.id)];
    if (t.single_word) {
      const bool after_word = s.begin > 0 && word_at(text, utf8_before(text, s.begin));
      if (after_word || word_at(text, s.end)) continue;
    }
    // White space that the token before it took stays there.
    if (t.left) {
      while (s.begin > done && white_at(text, utf8_before(text, s.begin))) s.begin = utf8_before(text, s.begin);
    }
    if (t.right) {
      s.end = std::max(s.end, white_end);
      while (white_at(text, s.end)) s.end += decode_utf8(text, s.end).length;
      white_end = s.end;
    }
    if (done < s.begin) out.push_back({done, s.begin, -1});
    out.push_back({s.begin, s.end, t.id});
    done = s.end;
  }
  if (done < text.size()) out.push_back({done, text.size(), -1});
  return out;
}

std::vector<Stretch> AddedTokens::cut(std::string_view text, std::span<const Range> trusted) const {
  const bool whole = trusted.empty() || all_trusted(text, trusted);
  return cut_by(whole ? *raw_ : *raw_and_control_, text, trusted);
}

std::vector<Stretch> AddedTokens::cut_normalized(std::string_view text, bool trusted) const {
  const Range all{0, text.size()};
  return cut_by(*normalized_, text, {&all, trusted ? size_t{1} : 0});
}

}  // namespace infer::text::pipeline
