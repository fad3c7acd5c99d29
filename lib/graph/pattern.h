// Shapes as ops.def writes them ("[T,G*D]"), matched against tensors: names stand for dimensions.
#pragma once
#include <libinfer/backend.h>

#include <array>
#include <string>
#include <string_view>

namespace infer::graph {

// Cuts the first word off `s`; empty at the end.
std::string_view next_word(std::string_view& s, char separator = ' ');
size_t count_words(std::string_view s);

// One `slot?:type[dims]|[dims]` of a signature.
struct Slot {
  std::string_view name, type, shapes;
  bool optional = false;
};
Slot parse_slot(std::string_view word);

// What the names of a signature stand for in a node. A value is a dimension as in infer_tensor: > 0, or a symbol.
class Names {
 public:
  const int64_t* find(std::string_view name) const;
  bool bind_or_equal(std::string_view name, int64_t value);
  size_t size() const { return n_; }
  void resize(size_t n) { n_ = n; }  // forgets the later ones
  std::string text() const;          // "T = 4, K = 64"

 private:
  static constexpr size_t kMax = 16;  // more than any signature has
  std::array<std::string_view, kMax> names_;
  std::array<int64_t, kMax> values_{};
  size_t n_ = 0;
};

std::string dim_text(int64_t dim);  // "64", "T"

// Value of a dimension's text ("D", "G*D", "n_rot/2", "1"); false when a name in it is not bound, or the product
// overflows.
bool evaluate(std::string_view text, const Names& names, int64_t& value);

// The alternative of `slot` that fits the tensor, its names then bound; empty: none fits, nothing bound.
// plain: single names only. With a plain pass over all tensors first, products meet as many known factors as possible.
std::string_view choose_shape(const Slot& slot, const infer_tensor& t, Names& names, bool plain);

}  // namespace infer::graph
