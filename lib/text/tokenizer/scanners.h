// The rules by which models' tokenizers cut text into words before merging: scanners written by hand, one per rule,
// each equal to the published regular expression above it and linear in the text.
#pragma once
#include "text/tokenizer/scan.h"

namespace infer::text {

// The word rules, complete: every character of a text lies in a match.
void split_gpt2(std::string_view s, PieceSink& out);
void split_llama3(std::string_view s, PieceSink& out);
void split_qwen2(std::string_view s, PieceSink& out);
void split_qwen35(std::string_view s, PieceSink& out);
void split_seed_coder(std::string_view s, PieceSink& out);
void split_ufakzeka(std::string_view s, PieceSink& out);
void split_exaone_moe(std::string_view s, PieceSink& out);
void split_bloom(std::string_view s, PieceSink& out);
void split_tekken(std::string_view s, PieceSink& out);  // scanners_cased.cc
void split_gpt4o(std::string_view s, PieceSink& out);
void split_youtu(std::string_view s, PieceSink& out);
void split_kimi_k2(std::string_view s, PieceSink& out);

// Parts of longer chains (scanners_parts.cc).
void split_each_digit(std::string_view s, PieceSink& out);       // Digits(individual_digits=True)
void split_punctuation(std::string_view s, PieceSink& out);      // Punctuation("contiguous")
void split_each_mark(std::string_view s, PieceSink& out);        // Punctuation("isolated")
void split_digit_bytes(std::string_view s, PieceSink& out);      // Digits(False) after ByteLevel: see there
void split_three_digits(std::string_view s, PieceSink& out);     // [0-9][0-9][0-9]
void split_each_number(std::string_view s, PieceSink& out);      // \p{N}
void split_up_to_3_digits(std::string_view s, PieceSink& out);   // \p{N}{1,3}
void split_numbers(std::string_view s, PieceSink& out);          // \p{N}+
void split_digits_from_end(std::string_view s, PieceSink& out);  // \d{1,3}(?=(?:\d{3})*\b)
void split_before_threes(std::string_view s, PieceSink& out);    // (?=(\d{3})+(?!\d))
void split_lines(std::string_view s, PieceSink& out);            // [^\n]+|[\n]+
// Cuts what \s+(?!\S)|\s+ took as \s{512}(?!\S)|\s{256}(?!\S)|...|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1} cuts it.
void split_space_powers(std::string_view s, PieceSink& out);

// Chameleon's (scanners_chameleon.cc).
void split_sentinels(std::string_view s, PieceSink& out);
void split_images(std::string_view s, PieceSink& out);
void split_indents(std::string_view s, PieceSink& out);

// DeepSeek's chains and their like (scanners_deepseek.cc).
void split_newlines(std::string_view s, PieceSink& out);         // [\r\n], each alone
void split_space_letters(std::string_view s, PieceSink& out);    // \s?\p{L}+
void split_space_punct(std::string_view s, PieceSink& out);      // \s?\p{P}+
void split_space_alphabets(std::string_view s, PieceSink& out);  // \s?[Latin, Greek, Cyrillic ... by ranges]+
void split_space_marks(std::string_view s, PieceSink& out);      // \s?[ASCII, full-width and quotation marks]+
void split_last_space(std::string_view s, PieceSink& out);       // \s+$
void split_cjk(std::string_view s, PieceSink& out);
void split_han_kana(std::string_view s, PieceSink& out);
void split_deepseek3(std::string_view s, PieceSink& out);
void split_spark(std::string_view s, PieceSink& out);
void split_youtu_scripts(std::string_view s, PieceSink& out);

}  // namespace infer::text
