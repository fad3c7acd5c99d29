// Any bytes as an adapter of a tiny model: refused with a sentence, or what it gives fits the model's banks.

// link: infer_models
// replay: tests/golden/adapters
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "formats/model_file.h"
#include "models/adapter.h"

using namespace infer;

namespace {

struct Base {
  Base() {
    const auto opened = formats::open_model(INFER_SOURCE_DIR "/tests/golden/tiny/llama_gqa.gguf");
    auto built = opened.ok() ? models::build(**opened, {.adapter_slots = 2, .adapter_rank = 8}) : opened.status();
    if (!built.ok()) {
      std::fprintf(stderr, "%s\n", std::string(built.status().message()).c_str());
      std::exit(1);
    }
    file = *opened;
    model = built.take();
  }
  std::shared_ptr<const formats::ModelFile> file;
  models::Model model;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Base base;
  const auto bytes = File::from_memory(data, static_cast<int64_t>(size));
  if (!bytes.ok()) return 0;
  const auto file = formats::open_model(*bytes);
  if (!file.ok()) return 0;
  const auto adapter = models::read_adapter(**file, *base.file, base.model, 1.0);
  if (!adapter.ok()) {
    if (adapter.status().message().empty()) __builtin_trap();
    return 0;
  }
  for (const models::Adapter::Part& p : adapter->parts) {
    const models::Bank& bank = base.model.banks.at(p.bank);
    if (p.rank < 1 || p.rank > 8 || p.down.size() != static_cast<size_t>(p.rank * bank.n_in) * 2 ||
        p.up.size() != static_cast<size_t>(8 * bank.n_out) * 2)
      __builtin_trap();
  }
  return 0;
}
