// Where the rows come from: the tokenizer.json of the models that the names stand for, and transformers' own
// definitions (GPT2, GPTNeoX, Qwen2, Qwen3.5, Cohere). A file carries neither the rule nor the normaliser, only this
// name.
#include "text/tokenizer/pretokenizers.h"

#include "text/tokenizer/scanners.h"

namespace infer::text {
namespace {

constexpr Stage kGpt2[] = {split_gpt2};
constexpr Stage kDigitsGpt2[] = {split_each_digit, split_gpt2};
constexpr Stage kLlama3[] = {split_llama3};
constexpr Stage kQwen2[] = {split_qwen2};
constexpr Stage kQwen35[] = {split_qwen35};
constexpr Stage kTekken[] = {split_tekken};
constexpr Stage kGpt4o[] = {split_gpt4o};
constexpr Stage kBloom[] = {split_bloom};
constexpr Stage kFalcon[] = {split_punctuation, split_gpt2, split_digit_bytes, split_three_digits};
constexpr Stage kDeepSeekLlm[] = {split_newlines, split_space_alphabets, split_space_marks, split_last_space,
                                  split_cjk,      split_each_digit};
constexpr Stage kDeepSeekCoder[] = {split_newlines, split_space_letters, split_space_punct, split_cjk,
                                    split_each_digit};
constexpr Stage kDeepSeek3[] = {split_up_to_3_digits, split_han_kana, split_deepseek3};

constexpr PreTokenizer kRows[] = {
    // name             stages          nfc    whole  bos
    {"", kGpt2, false, false, false},  // written before the key existed; so does every reader of that time
    {"default", kGpt2, false, false, false},
    {"gpt-2", kGpt2, false, false, false},
    {"phi-2", kGpt2, false, false, false},
    {"mpt", kGpt2, true, false, false},
    {"olmo", kGpt2, true, false, false},
    {"smollm", kDigitsGpt2, false, false, false},
    {"starcoder", kDigitsGpt2, false, false, false},
    {"refact", kDigitsGpt2, false, false, false},
    {"codeshell", kDigitsGpt2, false, false, false},
    {"command-r", kDigitsGpt2, true, false, false},
    {"llama-bpe", kLlama3, false, true, true},
    {"llama3", kLlama3, false, true, true},
    {"llama-v3", kLlama3, false, true, true},
    {"falcon3", kLlama3, false, true, true},
    {"pixtral", kLlama3, false, true, true},
    {"smaug-bpe", kLlama3, false, true, true},
    {"dbrx", kLlama3, false, false, false},
    {"qwen2", kQwen2, true, false, false},
    {"deepseek-r1-qwen", kQwen2, true, false, false},
    {"megrez", kQwen2, true, false, false},
    {"stablelm2", kQwen2, true, false, false},
    {"qwen35", kQwen35, true, false, false},
    {"tekken", kTekken, false, true, true},
    {"gpt-4o", kGpt4o, false, false, false},
    {"llama4", kGpt4o, false, false, false},
    {"falcon", kFalcon, false, false, false},
    {"bloom", kBloom, false, false, false},
    {"poro-chat", kBloom, false, false, false},
    {"gpt3-finnish", kBloom, false, false, false},
    {"deepseek-llm", kDeepSeekLlm, false, false, false},
    {"deepseek-coder", kDeepSeekCoder, false, false, false},
    {"deepseek-v3", kDeepSeek3, false, false, false},
};

}  // namespace

const PreTokenizer* find_pretokenizer(std::string_view name) {
  for (const PreTokenizer& row : kRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace infer::text
