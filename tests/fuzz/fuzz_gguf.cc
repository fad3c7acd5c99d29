// Any bytes as a model file: refused with a sentence, or loaded; then every value, tensor and token can be read.

// link: infer_formats
// replay: tests/golden/errors tests/golden/gguf tests/golden/tiny
#include <cstdint>

#include "formats/model_file.h"
#include "tests/unit/formats/touch.h"

using namespace infer;
using namespace infer::formats;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = File::from_memory(data, static_cast<int64_t>(size));
  if (!file.ok()) return 0;
  const auto opened = open_model(*file);
  if (opened.ok()) {
    touch_all(**opened);
  } else if (opened.status().message().empty()) {
    __builtin_trap();
  }
  return 0;
}
