// Where the rows come from: the tokenizer.json of the models that the names stand for, transformers' own definitions
// (GPT2, GPTNeoX, Qwen2, Qwen3.5, Cohere), and what llama.cpp quotes of the former where it says what a name means. A
// file carries neither the rule nor the normaliser, only this name.
#include "text/tokenizer/pretokenizers.h"

#include "text/tokenizer/scanners.h"

namespace infer::text {
namespace {

constexpr Stage kGpt2[] = {split_gpt2};
constexpr Stage kDigitsGpt2[] = {split_each_digit, split_gpt2};
constexpr Stage kLlama3[] = {split_llama3};
constexpr Stage kMiniCpm5[] = {split_up_to_3_digits, split_llama3};
constexpr Stage kJais2[] = {split_llama3, split_space_powers};
constexpr Stage kQwen2[] = {split_qwen2};
constexpr Stage kQwen35[] = {split_qwen35};
constexpr Stage kLaguna[] = {split_lines, split_qwen2};
constexpr Stage kSeedCoder[] = {split_seed_coder};
constexpr Stage kUfakzeka[] = {split_ufakzeka};
constexpr Stage kExaoneMoe[] = {split_exaone_moe};
constexpr Stage kTekken[] = {split_tekken};
constexpr Stage kGpt4o[] = {split_gpt4o};
constexpr Stage kTinyAya[] = {split_digits_from_end, split_gpt4o};
constexpr Stage kYoutu[] = {split_youtu_scripts, split_youtu};
constexpr Stage kKimiK2[] = {split_kimi_k2};
constexpr Stage kBloom[] = {split_bloom};
constexpr Stage kViking[] = {split_bloom, split_each_number};
constexpr Stage kSuperBpe[] = {split_numbers, split_before_threes};
constexpr Stage kFalcon[] = {split_punctuation, split_gpt2, split_digit_bytes, split_three_digits};
constexpr Stage kChameleon[] = {split_sentinels,  split_images,    split_indents,
                                split_each_digit, split_each_mark, split_gpt2};
constexpr Stage kDeepSeekLlm[] = {split_newlines, split_space_alphabets, split_space_marks, split_last_space,
                                  split_cjk,      split_each_digit};
constexpr Stage kDeepSeekCoder[] = {split_newlines, split_space_letters, split_space_punct, split_cjk,
                                    split_each_digit};
constexpr Stage kDeepSeek3[] = {split_up_to_3_digits, split_han_kana, split_deepseek3};
constexpr Stage kSpark[] = {split_up_to_3_digits, split_han_kana, split_spark, split_each_number};

constexpr PreTokenizer kRows[] = {
    // name             stages          nfc    whole  bos
    {"", kGpt2, false, false, false},  // written before the key existed; so does every reader of that time
    {"default", kGpt2, false, false, false},
    {"gpt-2", kGpt2, false, false, false},
    {"phi-2", kGpt2, false, false, false},
    {"jina-es", kGpt2, false, false, false},
    {"jina-de", kGpt2, false, false, false},
    {"jina-v1-en", kGpt2, false, false, false},
    {"jina-v2-es", kGpt2, false, false, false},
    {"jina-v2-de", kGpt2, false, false, false},
    {"jina-v2-code", kGpt2, false, false, false},
    {"roberta-bpe", kGpt2, false, false, false},
    {"gigachat", kGpt2, false, false, false},
    {"a.x-4.0", kGpt2, false, false, false},
    {"mellum", kGpt2, false, false, false},
    {"exaone4", kGpt2, false, false, false},
    {"trillion", kGpt2, false, false, false},
    {"granite-docling", kGpt2, false, false, false},
    {"jais", kGpt2, false, false, false},
    {"modern-bert", kGpt2, true, false, false},
    {"mpt", kGpt2, true, false, false},
    {"olmo", kGpt2, true, false, false},
    {"smollm", kDigitsGpt2, false, false, false},
    {"starcoder", kDigitsGpt2, false, false, false},
    {"refact", kDigitsGpt2, false, false, false},
    {"codeshell", kDigitsGpt2, false, false, false},
    {"exaone", kDigitsGpt2, false, false, false},
    {"minerva-7b", kDigitsGpt2, false, false, false},
    {"mellum2", kDigitsGpt2, false, false, false},
    {"command-r", kDigitsGpt2, true, false, false},
    {"llama-bpe", kLlama3, false, true, true},
    {"llama3", kLlama3, false, true, true},
    {"llama-v3", kLlama3, false, true, true},
    {"falcon3", kLlama3, false, true, true},
    {"falcon-h1", kLlama3, false, true, true},
    {"pixtral", kLlama3, false, true, true},
    {"midm-2.0", kLlama3, false, true, true},
    {"lfm2", kLlama3, false, true, true},
    {"jina-v5-nano", kLlama3, false, true, true},
    {"smaug-bpe", kLlama3, false, true, true},
    {"dbrx", kLlama3, false, false, false},
    {"chatglm-bpe", kLlama3, false, false, false},
    {"glm4", kLlama3, false, true, false},
    {"glm5", kLlama3, false, true, false},
    {"minicpm5", kMiniCpm5, false, true, false},
    {"jais-2", kJais2, false, false, false},
    {"qwen2", kQwen2, true, false, false},
    {"deepseek-r1-qwen", kQwen2, true, false, false},
    {"f2llmv2", kQwen2, true, false, false},
    {"megrez", kQwen2, true, false, false},
    {"stablelm2", kQwen2, true, false, false},
    {"hunyuan", kQwen2, true, false, false},
    {"kormo", kQwen2, false, false, false},
    {"bailingmoe", kQwen2, false, false, false},
    {"bailingmoe2", kQwen2, false, false, false},
    {"llada-moe", kQwen2, false, false, false},
    {"grok-2", kQwen2, false, false, false},
    {"solar-open", kQwen2, false, false, false},
    {"qwen35", kQwen35, true, false, false},
    {"laguna", kLaguna, false, false, false},
    {"seed-coder", kSeedCoder, false, false, false},
    {"ufakzeka", kUfakzeka, false, false, false},
    {"exaone-moe", kExaoneMoe, false, false, false},
    {"tekken", kTekken, false, true, true},
    {"gpt-4o", kGpt4o, false, false, false},
    {"llama4", kGpt4o, false, false, false},
    {"kanana2", kGpt4o, false, false, false},
    {"talkie", kGpt4o, false, false, false},
    {"minimax-m2", kGpt4o, false, false, false},
    {"granite-embed-multi-97m", kGpt4o, false, true, false},
    {"tiny_aya", kTinyAya, false, false, false},
    {"cohere2moe", kTinyAya, false, false, false},
    {"youtu", kYoutu, false, true, false},
    {"kimi-k2", kKimiK2, false, false, false},
    {"falcon", kFalcon, false, false, false},
    {"bloom", kBloom, false, false, false},
    {"poro-chat", kBloom, false, false, false},
    {"gpt3-finnish", kBloom, false, false, false},
    {"viking", kViking, false, false, false},
    {"superbpe", kSuperBpe, false, false, false},
    {"chameleon", kChameleon, false, false, true},
    {"deepseek-llm", kDeepSeekLlm, false, false, false},
    {"deepseek-coder", kDeepSeekCoder, false, false, false},
    {"deepseek-v3", kDeepSeek3, false, false, false},
    {"hunyuan-dense", kDeepSeek3, false, false, false},
    {"hy_v4", kDeepSeek3, false, false, false},
    {"joyai-llm", kDeepSeek3, false, false, false},
    {"spark2_5", kSpark, false, false, false},
};

}  // namespace

const PreTokenizer* find_pretokenizer(std::string_view name) {
  for (const PreTokenizer& row : kRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace infer::text
