// Any bytes as a model file: refused, or loaded and then every value, tensor and token of it can be read.
// link: infer_formats
// replay: tests/golden/errors tests/golden/tiny
#include <cstdint>

#include "formats/model_file.h"

using namespace infer;
using namespace infer::formats;

// Reads each byte, in a way that the compiler cannot leave out.
static void touch(const void* data, size_t size) {
  uint8_t sum = 0;
  for (size_t i = 0; i < size; ++i) sum ^= static_cast<const uint8_t*>(data)[i];
  volatile uint8_t sink = sum;
  (void)sink;
}
static void touch(std::string_view s) { touch(s.data(), s.size()); }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = File::from_memory(data, static_cast<int64_t>(size));
  if (!file.ok()) return 0;
  const auto opened = open_model(*file);
  if (!opened.ok()) {
    touch(opened.status().message());
    if (opened.status().message().empty()) __builtin_trap();
    return 0;
  }
  const ModelFile& model = **opened;
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
  for (const int32_t id : {vocab.bos, vocab.eos, vocab.eot, vocab.unk, vocab.pad})
    if (id < -1 || id >= n) __builtin_trap();
  return 0;
}
