#include "graph/pattern.h"

#include "base/status.h"

namespace infer::graph {

std::string_view next_word(std::string_view& s, char separator) {
  while (!s.empty() && s.front() == separator) s.remove_prefix(1);
  const size_t end = s.find(separator);
  const std::string_view word = s.substr(0, end);
  s.remove_prefix(end == std::string_view::npos ? s.size() : end);
  return word;
}

size_t count_words(std::string_view s) {
  size_t n = 0;
  while (!next_word(s).empty()) ++n;
  return n;
}

Slot parse_slot(std::string_view word) {
  Slot slot;
  const size_t colon = word.find(':');
  slot.name = word.substr(0, colon);
  if (slot.name.ends_with('?')) {
    slot.optional = true;
    slot.name.remove_suffix(1);
  }
  const std::string_view rest = word.substr(colon + 1);
  const size_t bracket = rest.find('[');
  slot.type = rest.substr(0, bracket);
  slot.shapes = bracket == std::string_view::npos ? std::string_view() : rest.substr(bracket);
  return slot;
}

const int64_t* Names::find(std::string_view name) const {
  for (size_t i = 0; i < n_; ++i)
    if (names_[i] == name) return &values_[i];
  return nullptr;
}

bool Names::bind_or_equal(std::string_view name, int64_t value) {
  if (const int64_t* known = find(name)) return *known == value;
  if (n_ == kMax) return false;
  names_[n_] = name;
  values_[n_] = value;
  ++n_;
  return true;
}

std::string dim_text(int64_t dim) {
  static constexpr const char* kSymbols[] = {"T", "S", "S+1", "R", "B", "P"};  // graph::Symbol
  if (dim >= 0) return std::to_string(dim);
  const int64_t symbol = -1 - dim;
  return symbol < 6 ? kSymbols[symbol] : str("symbol ", symbol);
}

std::string Names::text() const {
  std::string s;
  for (size_t i = 0; i < n_; ++i) s += str(i ? ", " : "", names_[i], " = ", dim_text(values_[i]));
  return s;
}

namespace {

bool is_number(std::string_view s) { return !s.empty() && s[0] >= '0' && s[0] <= '9'; }
int64_t number(std::string_view s) {
  int64_t v = 0;
  for (char c : s) v = v * 10 + (c - '0');
  return v;
}

}  // namespace

bool evaluate(std::string_view text, const Names& names, int64_t& value) {
  if (is_number(text)) return value = number(text), true;
  const size_t at = text.find_first_of("*/");
  const int64_t* a = names.find(text.substr(0, at));
  if (!a) return false;
  value = *a;
  if (at == std::string_view::npos) return true;
  const std::string_view right = text.substr(at + 1);
  const int64_t* b = is_number(right) ? nullptr : names.find(right);
  const int64_t by = is_number(right) ? number(right) : b ? *b : 0;
  if (value <= 0 || by <= 0) return false;
  if (text[at] == '/') return value /= by, true;
  return !__builtin_mul_overflow(value, by, &value);
}

namespace {

// Matches one dimension. Products bind the factor that is missing.
bool match_dim(std::string_view text, int64_t dim, Names& names) {
  int64_t known = 0;
  if (evaluate(text, names, known)) return known == dim;
  const size_t star = text.find('*');
  if (star == std::string_view::npos) return text.find('/') == std::string_view::npos && names.bind_or_equal(text, dim);
  const std::string_view left = text.substr(0, star), right = text.substr(star + 1);
  const int64_t *a = names.find(left), *b = names.find(right);
  const int64_t* factor = a ? a : b;
  if (!factor || (a && b) || *factor <= 0 || dim <= 0 || dim % *factor != 0) return false;
  return names.bind_or_equal(a ? right : left, dim / *factor);
}

bool match_shape(std::string_view shape, const infer_tensor& t, Names& names, bool plain) {
  shape = shape.substr(1, shape.size() - 2);
  uint32_t rank = 0;
  while (!shape.empty()) {
    const std::string_view dim = next_word(shape, ',');
    if (rank == t.rank) return false;
    const bool compound = dim.find_first_of("*/") != std::string_view::npos;
    if (!(plain && compound) && !match_dim(dim, t.dim[rank], names)) return false;
    ++rank;
  }
  return rank == t.rank;
}

}  // namespace

std::string_view choose_shape(const Slot& slot, const infer_tensor& t, Names& names, bool plain) {
  std::string_view rest = slot.shapes;
  while (true) {
    const std::string_view shape = next_word(rest, '|');
    if (shape.empty()) return {};
    const size_t before = names.size();
    if (match_shape(shape, t, names, plain)) return shape;
    names.resize(before);
  }
}

}  // namespace infer::graph
