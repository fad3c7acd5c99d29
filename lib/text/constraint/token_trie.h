// The texts of a vocabulary's tokens as a tree of their beginnings, laid out in the order in which a walk meets them:
// a node, then all below it. Made once per vocabulary, does not change, shared by all threads.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infer::text {

class TokenTrie {
 public:
  struct Control {
    std::string text;  // as the tokenizer finds it
    int32_t token;
  };
  // [n_vocab] bytes that each token adds to a text, or its ControlCode; empty: a token that no grammar may choose.
  // ends: tokens that end a text, chosen where the text may end. controls: tokens that a text may spell out.
  TokenTrie(std::span<const std::string> tokens, std::vector<int32_t> ends, std::span<const Control> controls = {});

  struct Node {
    uint32_t beyond;                 // the first node after all below this one
    uint32_t first_token, n_tokens;  // tokens()[..]: those that end here
    uint16_t depth;                  // bytes to here, 1 ..
    uint8_t byte;
    // Of all below, where a character begins behind this node.
    uint8_t characters = 0;  // most of them; kMany: or more
    uint16_t classes = 0;    // of their bytes (ByteClasses)
  };
  static constexpr uint8_t kMany = 255;
  std::span<const Node> nodes() const { return nodes_; }
  // [byte] where the nodes of the tokens that begin so begin; kNoNode: there are none.
  static constexpr uint32_t kNoNode = UINT32_MAX;
  const std::array<uint32_t, 256>& beginning() const { return beginning_; }
  std::span<const int32_t> tokens(const Node& n) const { return std::span(tokens_).subspan(n.first_token, n.n_tokens); }
  std::span<const int32_t> tokens_below(const Node& n) const {
    const size_t begin = n.first_token + n.n_tokens;
    const size_t end = n.beyond < nodes_.size() ? nodes_[n.beyond].first_token : tokens_.size();
    return std::span(tokens_).subspan(begin, end - begin);
  }
  std::span<const int32_t> ends() const { return ends_; }
  // Most tokens are a few plain characters (ByteClasses::kPlain), which most strings let pass: they are set at once.
  static constexpr uint8_t kMostPlain = 16;  // characters of a token that counts as plain
  // [words()] the mask of those of at most n characters, n <= kMostPlain.
  std::span<const uint32_t> plain(size_t n) const { return std::span(plain_).subspan(n * words(), words()); }
  // The nodes on the way to all tokens that are not plain, in order; as copies, which lie side by side.
  struct Other {
    Node node;
    uint32_t at;      // in nodes()
    uint32_t beyond;  // the first of the others that is not below this one
  };
  std::span<const Other> others() const { return others_; }
  // Does a token that is longer than this text begin with it? (The empty text: yes.)
  bool continues(std::string_view text) const;
  // With the code of each control token that is spelled out, the longest at each place, from left to right.
  std::string coded(std::string_view text) const;
  size_t n_vocab() const { return n_vocab_; }
  size_t words() const { return (n_vocab_ + 31) / 32; }  // of a mask
  uint32_t longest() const { return longest_; }          // bytes of a token

 private:
  void find_plain();
  void look_below(Node& n, uint32_t at, uint8_t more, uint8_t first, uint8_t last) const;

  size_t n_vocab_;
  std::vector<Node> nodes_;
  std::array<uint32_t, 256> beginning_;
  std::vector<int32_t> tokens_;
  std::vector<int32_t> ends_;
  std::vector<uint32_t> plain_;  // [kMostPlain + 1, words()]
  std::vector<Other> others_;
  std::map<std::string, int32_t, std::less<>> controls_;
  std::vector<size_t> control_sizes_;          // their lengths, longest first
  std::array<bool, 256> begins_control_ = {};  // by byte
  uint32_t longest_ = 0;
};

}  // namespace infer::text
