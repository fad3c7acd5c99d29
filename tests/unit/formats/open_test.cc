#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "formats/model_file.h"
#include "tests/unit/folder.h"

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

TEST_CASE("bytes of a model are found in their file, under an id that changes with its size, time or header alone") {
  const Folder folder;
  const std::string golden = INFER_SOURCE_DIR "/tests/golden/tiny/llama.gguf", path = folder / "a.gguf";
  fs::copy_file(golden, path);
  // In whole seconds: some systems cannot set more.
  const auto time = std::chrono::floor<std::chrono::seconds>(fs::last_write_time(path));
  fs::last_write_time(path, time);
  const auto id = [&](const std::string& at) {
    const auto model = open_model(at);
    REQUIRE(model.ok());
    const std::span<const std::byte> data = (*model)->tensors()[1].data;
    const ModelFile::Origin from = (*model)->origin(data);
    REQUIRE(from.file);
    CHECK(from.file->bytes().data() + from.offset == data.data());
    CHECK((*model)->origin(std::vector<std::byte>(4)).file == nullptr);
    return std::string(from.id);
  };
  const std::string first = id(path);
  CHECK(first.size() == 32);
  CHECK(id(path) == first);
  fs::rename(path, folder / "b.gguf");
  CHECK(id(folder / "b.gguf") == first);
  fs::last_write_time(folder / "b.gguf", time - std::chrono::seconds(1));
  CHECK(id(folder / "b.gguf") != first);
  const auto all = *File::open(golden);
  std::string bytes(reinterpret_cast<const char*>(all->bytes().data()), all->bytes().size());
  const size_t name = bytes.find("tiny llama");
  REQUIRE(name != std::string::npos);
  bytes[name] = 'T';
  std::ofstream(folder / "c.gguf", std::ios::binary) << bytes;
  fs::last_write_time(folder / "c.gguf", time);
  CHECK(id(folder / "c.gguf") != first);
  fs::last_write_time(folder / "b.gguf", time);
  CHECK(id(folder / "b.gguf") == first);
  std::fstream(folder / "b.gguf", std::ios::in | std::ios::out | std::ios::binary | std::ios::ate) << "more";
  fs::last_write_time(folder / "b.gguf", time);
  CHECK(id(folder / "b.gguf") != first);
  const auto file = File::open(golden);
  const auto in_memory =
      open_model(*File::from_memory((*file)->bytes().data(), static_cast<int64_t>((*file)->bytes().size())));
  REQUIRE(in_memory.ok());
  CHECK((*in_memory)->origin((*in_memory)->tensors()[1].data).file == nullptr);
}
