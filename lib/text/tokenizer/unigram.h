// The Unigram model: of all ways to cut a text into pieces, the one whose scores (log probabilities) have the highest
// sum; a character that is no piece is unknown, at ten less than the worst score. Viterbi's algorithm over the pieces
// that begin at each character (Kudo 2018, "Subword Regularization"; the constants are SentencePiece's).
//
// Scores add up as doubles, as Hugging Face tokenizers and llama.cpp add them. Of equal sums the one found first stays:
// the one whose last piece is longest.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/tokenizer/piece_trie.h"

namespace infer::text {

class Unigram {
 public:
  struct Piece {
    std::string_view text;
    double score;
    int32_t id;
  };
  struct Unknown {
    int32_t id = -1;   // -1: what is unknown is left out
    bool fuse = true;  // unknown characters side by side are one token
    // Tokens that spell an unknown character instead, when all of its bytes have one; -1: there is none for a byte.
    std::array<int32_t, 256> bytes = no_bytes();
    static constexpr std::array<int32_t, 256> no_bytes() {
      std::array<int32_t, 256> none{};
      none.fill(-1);
      return none;
    }
  };

  // Nothing of `pieces` is kept. Errors: as PieceTrie's.
  static Result<Unigram> create(std::span<const Piece> pieces, const Unknown& unknown);

  // Appends the ids of `text`, valid UTF-8 that is normalised already.
  void append(std::string_view text, std::vector<int32_t>& out) const;

 private:
  struct Best {  // the best way to reach a place of the text
    double score;
    uint32_t length;  // of its last piece, in bytes; 0: none reached it yet
    int32_t place;    // of that piece in scores_, -1: unknown
  };
  // Whether it became the unknown token, alone or with the one before.
  bool append_unknown(std::string_view character, bool follows_unknown, std::vector<int32_t>& out) const;

  PieceTrie trie_;  // ids are places in the lists below
  std::vector<double> scores_;
  std::vector<int32_t> ids_;
  double unknown_score_ = 0;
  Unknown unknown_;
};

}  // namespace infer::text
