#include "backends/common/code_books.h"

#include <cstddef>

#include "quant/tables.h"

namespace infer::backend {

std::vector<uint32_t> code_book_words() {
  std::vector<uint32_t> words;
  const auto add8 = [&](const uint64_t* grid, size_t n) {
    for (size_t i = 0; i < n; ++i) {
      words.push_back(static_cast<uint32_t>(grid[i]));
      words.push_back(static_cast<uint32_t>(grid[i] >> 32));
    }
  };
  add8(quant::kGridIq2xxs, 256);
  add8(quant::kGridIq2xs, 512);
  add8(quant::kGridIq2s, 1024);
  add8(quant::kGridIq1, 2048);
  words.insert(words.end(), quant::kGridIq3xxs, quant::kGridIq3xxs + 256);
  words.insert(words.end(), quant::kGridIq3s, quant::kGridIq3s + 512);
  for (int8_t v : quant::kIq4Values) words.push_back(static_cast<uint32_t>(int32_t{v}));
  for (int8_t v : quant::kFp4Values) words.push_back(static_cast<uint32_t>(int32_t{v}));
  return words;
}

}  // namespace infer::backend
