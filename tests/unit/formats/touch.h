// Reads every byte that a loaded ModelFile offers, and holds what it promises; traps where it does not.
#pragma once
#include "formats/model_file.h"

namespace infer::formats {

inline void touch(const void* data, size_t size) {
  uint8_t sum = 0;
  for (size_t i = 0; i < size; ++i) sum ^= static_cast<const uint8_t*>(data)[i];
  volatile uint8_t sink = sum;  // so that the reads stay
  (void)sink;
}
inline void touch(std::string_view s) { touch(s.data(), s.size()); }

inline void touch_all(const ModelFile& model) {
  for (const auto& [key, value] : model.metadata()) {
    touch(key);
    if (model.find(key) != &value) __builtin_trap();
    if (const auto* s = std::get_if<std::string_view>(&value)) touch(*s);
    if (const auto* a = std::get_if<Array>(&value)) {
      if (const auto items = a->strings())
        for (const std::string_view s : *items) touch(s);
      (void)a->ints();
      (void)a->nums();
      (void)a->bools();
    }
    (void)model.get_int(key, 0, 1000);
    (void)model.get_num(key);
  }
  for (const Tensor& t : model.tensors()) {
    if (model.tensor(t.name) != &t) __builtin_trap();
    touch(t.data.data(), t.data.size());
  }
  const TokenizerData& vocab = model.tokenizer();
  for (const std::string_view s : vocab.tokens) touch(s);
  for (const std::string_view s : vocab.merges) touch(s);
  const auto n = static_cast<int32_t>(vocab.tokens.size());
  for (const int32_t id : {vocab.bos, vocab.eos, vocab.eot, vocab.eom, vocab.unk, vocab.sep, vocab.pad, vocab.mask,
                           vocab.cls, vocab.fim_pre, vocab.fim_suf, vocab.fim_mid})
    if (id < -1 || id >= n) __builtin_trap();
  if (!vocab.scores.empty() && vocab.scores.size() != vocab.tokens.size()) __builtin_trap();
  if (!vocab.types.empty() && vocab.types.size() != vocab.tokens.size()) __builtin_trap();
}

}  // namespace infer::formats
