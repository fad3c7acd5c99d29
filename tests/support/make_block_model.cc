// make_block_model TYPE OUT.gguf [experts]: a one-layer model in a block type, with a vocabulary, for tests of the
// tool.
#include <cstdio>
#include <string_view>

#include "base/file.h"
#include "tests/support/make_model.h"

int main(int argc, char** argv) {
  using namespace infer;
  const quant::TypeInfo* type = argc >= 3 ? quant::find_type(std::string_view(argv[1])) : nullptr;
  if (!type || type->type == quant::Type::kI32) {
    std::fprintf(stderr, "usage: make_block_model TYPE OUT.gguf [experts]\ntypes:");
    for (const auto& t : quant::all_types()) std::fprintf(stderr, " %s", t.name);
    std::fprintf(stderr, "\n");
    return 2;
  }
  const auto vocabulary = formats::open_model(INFER_SOURCE_DIR "/tests/golden/tiny/llama.gguf");
  if (!vocabulary.ok()) {
    std::fprintf(stderr, "%s\n", std::string(vocabulary.status().message()).c_str());
    return 1;
  }
  const auto bytes = testing::block_model_bytes(
      {.type = type->type, .experts = argc > 3 && std::string_view(argv[3]) == "experts"}, vocabulary->get());
  const Status done = bytes.ok() ? write_file(argv[2], *bytes) : bytes.status();
  if (!done.ok()) std::fprintf(stderr, "%s\n", std::string(done.message()).c_str());
  return done.ok() ? 0 : 1;
}
