// The WordPiece model: a word is the longest piece that begins it, then again and again the longest that goes on. Where
// none does, or a word has too many characters, the whole word is unknown.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/tokenizer/piece_trie.h"

namespace infer::text {

class WordPiece {
 public:
  struct Piece {
    std::string_view text;  // without the mark that says which of the two it is ("##", U+2581)
    int32_t id;
    bool continues;  // it goes on with a word, rather than beginning one
  };
  struct Options {
    int32_t unknown = -1;       // -1: unknown words are left out
    size_t max_characters = 0;  // of a word; 0: any number
  };

  // Nothing of `pieces` is kept. Errors: as PieceTrie's.
  static Result<WordPiece> create(std::span<const Piece> pieces, const Options& options);

  // Appends the ids of one word.
  void append(std::string_view word, std::vector<int32_t>& out) const;

 private:
  PieceTrie first_, next_;
  Options options_;
};

}  // namespace infer::text
