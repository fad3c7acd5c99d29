// Vocabularies that are inconsistent, and some that only look so.
#include <cmath>

#include "tests/unit/formats/hostile/corpus.h"
#include "tests/unit/formats/hostile/raw.h"

namespace infer::formats {
namespace {

constexpr const char* kPrefix = "tokenizer.ggml.";

// A file with a vocabulary of three tokens and `n` more keys that `more` writes.
template <class F>
std::string with_vocab(uint64_t n, F more) {
  Raw r;
  r.header(0, 3 + n).key("general.architecture", "llama").key("tokenizer.ggml.model", "gpt2");
  r.array("tokenizer.ggml.tokens", {"a", "b", "ab"});
  more(r);
  return r.bytes;
}
std::string with_tokens(const std::vector<std::string>& tokens) {
  Raw r;
  r.header(0, 3).key("general.architecture", "llama").key("tokenizer.ggml.model", "llama");
  r.array_head("tokenizer.ggml.tokens", kStr, tokens.size());
  for (const std::string& t : tokens) r.text("", t);
  return r.bytes;
}

void lengths(const Visit& visit) {
  for (const size_t n : {1, 2, 4, 100}) {
    visit({str("PR #20735: ", n, " scores for 3 tokens"), "vocab_lengths_differ",
           with_vocab(1, [&](Raw& r) { r.array("tokenizer.ggml.scores", kF32, std::vector<float>(n)); })});
    visit({str("PR #20735: ", n, " types for 3 tokens"), "vocab_lengths_differ",
           with_vocab(1, [&](Raw& r) { r.array("tokenizer.ggml.token_type", kI32, std::vector<int32_t>(n, 1)); })});
  }
  visit({"no scores but their key", "ok",
         with_vocab(1, [](Raw& r) { r.array("tokenizer.ggml.scores", kF32, std::vector<float>{}); })});
  visit({"no token", "vocab_size", with_tokens({})});
  visit({"one token", "ok", with_tokens({"a"})});
  visit({"2^20 tokens", "ok", with_tokens(std::vector<std::string>(1 << 20, "x"))});
  visit({"more than 2^22 tokens", "vocab_size", with_vocab(0, [](Raw& r) {
           r = Raw();
           r.header(0, 3).key("general.architecture", "llama").key("tokenizer.ggml.model", "llama");
           r.array_head("tokenizer.ggml.tokens", kStr, (1 << 22) + 1).bytes.append(8 * ((size_t{1} << 22) + 1), '\0');
         })});
  visit({"the longest token", "ok", with_tokens({"a", std::string(65535, 'x')})});
  visit({"a token longer than allowed", "token_too_long", with_tokens({"a", std::string(65536, 'x')})});
  visit({"CVE-2025-49847: a token of 5 MB", "token_too_long", with_tokens({std::string(5000000, 'x')})});
}

void contents(const Visit& visit) {
  visit({"tokens that are no UTF-8, empty, or the same", "ok",
         with_tokens({"\xff\xfe", "", "", std::string(1, '\0'), "\xed\xa0\x80"})});
  visit({"PLaMo-2: byte tokens that are none", "ok", with_tokens({"<0x-1>", "<0xGG>", "<0x100>", "<0x", "<0x>"})});
  visit({"merges that name unknown tokens", "ok", with_vocab(1, [](Raw& r) {
           r.array("tokenizer.ggml.merges", {"x y", "", " ", "nospace", "a b c"});
         })});
  for (const float v : {INFINITY, -INFINITY, NAN})
    visit({str("a score of ", v), "element_not_finite", with_vocab(1, [&](Raw& r) {
             r.array("tokenizer.ggml.scores", kF32, std::vector<float>{0, v, 0});
           })});
  for (const int32_t v : {-1, 7, 255, INT32_MAX, INT32_MIN})
    visit({str("a token of type ", v), "element_out_of_range", with_vocab(1, [&](Raw& r) {
             r.array("tokenizer.ggml.token_type", kI32, std::vector<int32_t>{1, v, 1});
           })});
  visit({"a token of type 0, from old converters", "ok", with_vocab(1, [](Raw& r) {
           r.array("tokenizer.ggml.token_type", kI32, std::vector<int32_t>{0, 1, 6});
         })});
  visit({"a charsmap of bytes", "ok", with_vocab(1, [](Raw& r) {
           r.array("tokenizer.ggml.precompiled_charsmap", kU8, std::vector<uint8_t>{1, 2, 255});
         })});
}

void missing(const Visit& visit) {
  visit({"tokens without a model", "tokens_without_model",
         Raw().header(0, 2).key("general.architecture", "llama").array("tokenizer.ggml.tokens", {"a"}).bytes});
  visit({"a model without tokens", "tokens_missing",
         Raw().header(0, 2).key("general.architecture", "llama").key("tokenizer.ggml.model", "llama").bytes});
  for (const char* none : {"none", "no_vocab", ""})
    visit({str("the model is '", none, "'"), "ok",
           Raw().header(0, 2).key("general.architecture", "llama").key("tokenizer.ggml.model", none).bytes});
  visit({"a chat template alone", "ok",
         Raw().header(0, 2).key("general.architecture", "llama").key("tokenizer.chat_template", "{{ x }}").bytes});
}

void special_ids(const Visit& visit) {
  for (const char* name : {"bos", "eos", "eot", "eom", "unknown", "seperator", "padding", "mask", "cls", "fim_pre",
                           "fim_suf", "fim_mid", "prefix", "suffix", "middle"}) {
    const std::string key = str(kPrefix, name, "_token_id");
    for (const uint32_t id : {3u, 4u, 1000u, 0x7fffffffu, 0x80000000u, 0xfffffffeu})
      visit(
          {str("#3634: ", name, " ", id, " of 3"), "special_id", with_vocab(1, [&](Raw& r) { r.key(key, kU32, id); })});
    visit({str(name, " -2"), "special_id", with_vocab(1, [&](Raw& r) { r.key(key, kI32, int32_t{-2}); })});
    visit({str(name, " 2^32 + 1"), "special_id",
           with_vocab(1, [&](Raw& r) { r.key(key, kU64, (uint64_t{1} << 32) + 1); })});
    visit(
        {str(name, " 2^63"), "key_out_of_range", with_vocab(1, [&](Raw& r) { r.key(key, kU64, uint64_t{1} << 63); })});
    visit({str(name, " as a string"), "key_wrong_type", with_vocab(1, [&](Raw& r) { r.key(key, "a"); })});
    visit({str(name, " as a float"), "key_wrong_type", with_vocab(1, [&](Raw& r) { r.key(key, kF32, 1.0f); })});
    visit({str(name, " is the last token"), "ok", with_vocab(1, [&](Raw& r) { r.key(key, kU32, 2u); })});
    visit({str(name, " -1: none"), "ok", with_vocab(1, [&](Raw& r) { r.key(key, kI32, int32_t{-1}); })});
    visit({str(name, " 2^32 - 1: none"), "ok", with_vocab(1, [&](Raw& r) { r.key(key, kU32, 0xffffffffu); })});
  }
  for (const char* flag :
       {"add_bos_token", "add_eos_token", "add_sep_token", "add_space_prefix", "remove_extra_whitespaces"}) {
    const std::string key = str(kPrefix, flag);
    visit({str(flag, " as a number"), "key_wrong_type", with_vocab(1, [&](Raw& r) { r.key(key, kU32, 1u); })});
    visit({str(flag, " is set"), "ok", with_vocab(1, [&](Raw& r) { r.key(key, kBool, uint8_t{1}); })});
  }
}

// Every key of the tokenizer, with a value of a type that it cannot have.
void types(const Visit& visit) {
  for (const char* name : {"model", "pre"})
    visit({str(name, " as a number"), "key_wrong_type",
           Raw().header(0, 2).key("general.architecture", "llama").key(str(kPrefix, name), kU32, 1u).bytes});
  visit({"chat template as an array", "key_wrong_type",
         Raw().header(0, 2).key("general.architecture", "llama").array("tokenizer.chat_template", {"a"}).bytes});
  visit({"tokens as numbers", "key_wrong_type",
         Raw()
             .header(0, 3)
             .key("general.architecture", "llama")
             .key("tokenizer.ggml.model", "llama")
             .array("tokenizer.ggml.tokens", kU32, std::vector<uint32_t>{1, 2})
             .bytes});
  for (const char* name : {"scores", "token_type", "merges", "precompiled_charsmap"}) {
    const std::string key = str(kPrefix, name);
    visit({str(name, " as a number"), "key_wrong_type", with_vocab(1, [&](Raw& r) { r.key(key, kU32, 1u); })});
    visit({str(name, " as doubles"), "key_wrong_type",
           with_vocab(1, [&](Raw& r) { r.array(key, kF64, std::vector<double>(3)); })});
  }
}

}  // namespace

void vocabularies(const Visit& visit) {
  for (const auto part : {lengths, contents, missing, special_ids, types}) part(visit);
}

}  // namespace infer::formats
