// The vocabulary is checked here for what can be checked without knowing the kind of tokenizer: types, lengths, ids.
// What the kinds ask for beyond that (merges that name tokens, byte tokens that are bytes) is theirs to check.
#include "formats/tokenizer_reader.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "formats/limits.h"
#include "formats/refusal.h"

namespace infer::formats {
namespace {

constexpr std::string_view kTokens = "tokenizer.ggml.tokens", kScores = "tokenizer.ggml.scores";
constexpr std::string_view kTypes = "tokenizer.ggml.token_type", kMerges = "tokenizer.ggml.merges";
constexpr std::string_view kCharsmap = "tokenizer.ggml.precompiled_charsmap";

// Which member a special token's key sets. Later rows win nothing: a key sets a member only if it is not set yet.
struct SpecialRow {
  std::string_view key;
  int32_t TokenizerData::*id;
};
constexpr SpecialRow kSpecial[] = {
    {"tokenizer.ggml.bos_token_id", &TokenizerData::bos},
    {"tokenizer.ggml.eos_token_id", &TokenizerData::eos},
    {"tokenizer.ggml.eot_token_id", &TokenizerData::eot},
    {"tokenizer.ggml.eom_token_id", &TokenizerData::eom},
    {"tokenizer.ggml.unknown_token_id", &TokenizerData::unk},
    {"tokenizer.ggml.seperator_token_id", &TokenizerData::sep},  // the specification's own spelling
    {"tokenizer.ggml.padding_token_id", &TokenizerData::pad},
    {"tokenizer.ggml.mask_token_id", &TokenizerData::mask},
    {"tokenizer.ggml.cls_token_id", &TokenizerData::cls},
    {"tokenizer.ggml.fim_pre_token_id", &TokenizerData::fim_pre},
    {"tokenizer.ggml.fim_suf_token_id", &TokenizerData::fim_suf},
    {"tokenizer.ggml.fim_mid_token_id", &TokenizerData::fim_mid},
    {"tokenizer.ggml.prefix_token_id", &TokenizerData::fim_pre},  // older names of the last three
    {"tokenizer.ggml.suffix_token_id", &TokenizerData::fim_suf},
    {"tokenizer.ggml.middle_token_id", &TokenizerData::fim_mid},
};
struct FlagRow {
  std::string_view key;
  int8_t TokenizerData::*flag;
};
constexpr FlagRow kFlags[] = {
    {"tokenizer.ggml.add_bos_token", &TokenizerData::add_bos},
    {"tokenizer.ggml.add_eos_token", &TokenizerData::add_eos},
    {"tokenizer.ggml.add_sep_token", &TokenizerData::add_sep},
    {"tokenizer.ggml.add_space_prefix", &TokenizerData::add_space_prefix},
    {"tokenizer.ggml.remove_extra_whitespaces", &TokenizerData::remove_extra_whitespaces},
    {"tokenizer.ggml.normalizer.lowercase", &TokenizerData::lowercase},
    {"tokenizer.ggml.normalizer.strip_accents", &TokenizerData::strip_accents},
};

// The packed elements of an array of one type, copied as they lie; empty when the key is absent.
template <class T>
Status copy_array(const ModelFile& model, std::string_view key, std::initializer_list<Array::Type> types,
                  const char* wanted, std::vector<T>& out) {
  const Value* v = model.find(key);
  if (!v) return {};
  const auto* a = std::get_if<Array>(v);
  if (!a || std::ranges::find(types, a->type()) == types.end())
    return refuse<Refusal::key_wrong_type>(quoted(key), describe(*v), wanted);
  out.resize(a->size());
  if (!out.empty()) std::memcpy(out.data(), a->packed(), out.size() * sizeof(T));
  return {};
}

Status same_length(std::string_view key, size_t n, size_t n_tokens) {
  if (n != 0 && n != n_tokens) return refuse<Refusal::vocab_lengths_differ>(key, n, n_tokens);
  return {};
}

Status read_vocabulary(const ModelFile& model, TokenizerData& out) {
  if (!model.find(kTokens)) return refuse<Refusal::tokens_missing>(out.model);
  TRY_SET(out.tokens, model.get_strs(kTokens));
  const size_t n = out.tokens.size();
  if (n < 1 || n > limits::kVocab) return refuse<Refusal::vocab_size>(n, limits::kVocab);
  for (size_t i = 0; i < n; ++i)
    if (out.tokens[i].size() > limits::kTokenBytes)
      return refuse<Refusal::token_too_long>(i, out.tokens[i].size(), limits::kTokenBytes);

  TRY(copy_array(model, kScores, {Array::Type::kF32}, "an array of f32", out.scores));
  TRY(same_length(kScores, out.scores.size(), n));
  for (size_t i = 0; i < out.scores.size(); ++i)
    if (!std::isfinite(out.scores[i])) return refuse<Refusal::element_not_finite>(i, kScores);

  TRY(copy_array(model, kTypes, {Array::Type::kI32, Array::Type::kU32}, "an array of i32", out.types));
  TRY(same_length(kTypes, out.types.size(), n));
  for (size_t i = 0; i < out.types.size(); ++i) {
    if (out.types[i] < 0 || out.types[i] > TokenizerData::kByte)
      return refuse<Refusal::element_out_of_range>(i, kTypes, out.types[i], 0, int{TokenizerData::kByte});
    if (out.types[i] == 0) out.types[i] = TokenizerData::kNormal;  // "undefined", written by old converters
  }
  if (model.find(kMerges)) {
    TRY_SET(out.merges, model.get_strs(kMerges));
  }
  return copy_array(model, kCharsmap, {Array::Type::kU8, Array::Type::kI8}, "an array of u8", out.precompiled_charsmap);
}

Status read_special(const ModelFile& model, TokenizerData& out) {
  const auto n = static_cast<int64_t>(out.tokens.size());
  for (const SpecialRow& row : kSpecial) {
    TRY_SET(const int64_t id, model.get_int(row.key, INT64_MIN, INT64_MAX, -1));
    if (id == -1 || id == UINT32_MAX) continue;  // -1 in either width: some converters write it for "none"
    if (id < 0 || id >= n) return refuse<Refusal::special_id>(row.key, id, n);
    if (out.*row.id < 0) out.*row.id = static_cast<int32_t>(id);
  }
  for (const FlagRow& row : kFlags) {
    if (!model.find(row.key)) continue;
    TRY_SET(const bool on, model.get_bool(row.key));
    out.*row.flag = on ? 1 : 0;
  }
  return {};
}

}  // namespace

Result<TokenizerData> read_tokenizer(const ModelFile& model) {
  TokenizerData out;
  TRY_SET(const std::string_view chat, model.get_str("tokenizer.chat_template", ""));
  TRY_SET(const std::string_view kind, model.get_str("tokenizer.ggml.model", ""));
  TRY_SET(const std::string_view pre, model.get_str("tokenizer.ggml.pre", ""));
  out.chat_template = chat;
  if (kind.empty() && model.find(kTokens)) return refuse<Refusal::tokens_without_model>();
  if (kind.empty() || kind == "none" || kind == "no_vocab") return {std::move(out)};
  out.model = kind;
  out.pre = pre;
  if (!model.files().empty()) out.backing = model.files().front();
  TRY(read_vocabulary(model, out));
  TRY(read_special(model, out));
  return {std::move(out)};
}

}  // namespace infer::formats
