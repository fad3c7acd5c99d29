// Matrices of random bytes as a model file's weights, and a folder for their packed form.
#pragma once
#include <doctest/doctest.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "backends/cpu/pack_set.h"
#include "backends/cpu/packing.h"
#include "quant/random_blocks.h"
#include "tests/unit/folder.h"

namespace infer::cpu {

// Weights of one model file: some tensors of different types. (A file, for the set drops pages of what it has read.)
struct PackWeights {
  std::vector<PackItem> items;
  std::shared_ptr<const File> file;

  explicit PackWeights(uint64_t seed = 1, int n = 6, const std::string& id = "model") {
    constexpr quant::Type kTypes[] = {quant::Type::kQ4_K, quant::Type::kQ6_K, quant::Type::kQ4_0, quant::Type::kIQ4_XS};
    quant::Random random(seed);
    std::vector<std::byte> all(512);
    for (int i = 0; i < n; i++) {
      const quant::Type type = kTypes[i % 4];
      const int64_t rows = 16 * (1 + i), row_bytes = static_cast<int64_t>(quant::row_bytes(type, 512));
      items.push_back({id, static_cast<int64_t>(all.size()), type, rows, row_bytes});
      for (int64_t at = 0; at < rows * row_bytes; at++) all.push_back(static_cast<std::byte>(random.bits() & 255));
    }
    const Folder folder;
    REQUIRE(write_file(folder / "model", all).ok());
    auto mapped = File::open(folder / "model");
    REQUIRE(mapped.ok());
    file = mapped.take();
  }
  const std::byte* at(size_t i) const { return file->bytes().data() + items[i].offset; }
  std::vector<std::byte> packed(size_t i) const {
    std::vector<std::byte> out(static_cast<size_t>(items[i].bytes()));
    pack_rows(items[i].type, items[i].row_bytes, reinterpret_cast<const uint8_t*>(at(i)), 0, items[i].rows,
              reinterpret_cast<uint8_t*>(out.data()));
    return out;
  }
  PackSources sources(int32_t (*intact)(const void*) = nullptr) const {
    PackSources all;
    for (size_t i = 0; i < items.size(); i++)
      all.push_back({at(i), nullptr, intact ? intact : [](const void*) { return 1; }});
    return all;
  }
};

inline std::string packed_notes;  // what the host's log was told
inline const infer_host kPackHost = {
    {sizeof(infer_host), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR},
    nullptr,
    [](void*, infer_status code, const char*, int64_t) { return code; },
    [](void*, int32_t, const char* text, int64_t n) { packed_notes.append(text, static_cast<size_t>(n)) += '\n'; },
    nullptr};

// A device's packs: what a process has.
struct PackProcess {
  Counter tensors{0}, kept{0}, refused{0}, busy{0};
  backend::Host host;
  Packs packs;
  explicit PackProcess(const std::string& folder, int64_t limit = int64_t{1} << 40)
      : packs(PackFolder(folder, limit), PackCounters{&tensors, &kept, &refused, &busy}, host) {
    host.set(&kPackHost);
    packed_notes.clear();
  }
  std::unique_ptr<PackUse> use(const PackWeights& w, PackSources sources) {
    auto made = std::make_unique<PackUse>(packs, std::move(sources));
    REQUIRE(made->enter(w.items).ok());
    return made;
  }
  std::unique_ptr<PackUse> use(const PackWeights& w) { return use(w, w.sources()); }
  void wait() const {
    for (int i = 0; busy.load() != 0; i++) {
      REQUIRE(i < 30000);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  // Packs or reads to the end; how many slots are filled.
  int64_t run(const PackWeights& w) {
    const auto use_of = use(w);
    wait();
    use_of->set().check();
    return sound(*use_of, w);
  }
  // How many slots are filled; each is checked byte for byte.
  static int64_t sound(const PackUse& u, const PackWeights& w) {
    int64_t n = 0;
    for (size_t i = 0; i < w.items.size(); i++) {
      const uint8_t* rows = u.set().slot(i).load();
      if (!rows) continue;
      n++;
      const auto expected = w.packed(i);
      CHECK_MESSAGE(std::memcmp(rows, expected.data(), expected.size()) == 0, "tensor ", i);
    }
    return n;
  }
};

inline std::vector<std::string> names_in(const Folder& folder) {
  std::vector<std::string> names;
  for (const auto& e : std::filesystem::directory_iterator(folder.path)) names.push_back(e.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}
inline std::string name_of(const PackWeights& w) { return PackFile::of(w.items)->name(); }

}  // namespace infer::cpu
