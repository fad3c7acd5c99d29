#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "formats/model_file.h"

using namespace infer;
using namespace infer::formats;
namespace fs = std::filesystem;

TEST_CASE("every tiny model opens, by path, by memory and by window, and says the same") {
  int seen = 0;
  for (const auto& entry : fs::directory_iterator(INFER_SOURCE_DIR "/tests/golden/tiny")) {
    if (entry.path().extension() != ".gguf") continue;
    CAPTURE(entry.path().string());
    const auto by_path = open_model(entry.path().string());
    REQUIRE_MESSAGE(by_path.ok(), by_path.status().message());
    const auto file = File::open(entry.path().string());
    const auto by_memory =
        open_model(*File::from_memory((*file)->bytes().data(), static_cast<int64_t>((*file)->bytes().size())));
    REQUIRE(by_memory.ok());
    const ModelFile &a = **by_path, &b = **by_memory;
    CHECK(a.architecture() == b.architecture());
    CHECK(a.file_bytes() == fs::file_size(entry.path()));
    CHECK(a.tokenizer().tokens == b.tokenizer().tokens);
    REQUIRE(a.tensors().size() == b.tensors().size());
    for (size_t i = 0; i < a.tensors().size(); ++i) {
      CHECK(a.tensors()[i].name == b.tensors()[i].name);
      CHECK(std::ranges::equal(a.tensors()[i].data, b.tensors()[i].data));
      CHECK(a.tensor(a.tensors()[i].name) == &a.tensors()[i]);
    }
    ++seen;
  }
  CHECK(seen >= 5);
}
