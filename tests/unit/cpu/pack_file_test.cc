#include "backends/cpu/pack_file.h"

#include <cstring>

#include "pack_bed.h"

namespace infer::cpu {
namespace {

PackFile of(std::vector<PackItem> items) {
  auto f = PackFile::of(std::move(items));
  REQUIRE(f.ok());
  return f.take();
}

// A whole file: header, and zeros for the tensors.
std::vector<std::byte> file_of(const PackFile& f) {
  std::vector<std::byte> all = f.header();
  all.resize(static_cast<size_t>(f.bytes()));
  return all;
}

}  // namespace

TEST_CASE("a header says what was put into it") {
  const PackWeights w;
  PackFile f = of(w.items);
  CHECK(!f.complete());
  f.set(1, 11, 12);
  PackFile g = of(w.items);
  REQUIRE(g.read(file_of(f)).ok());
  CHECK(g.entries()[1].there);
  CHECK(g.entries()[1].samples == 11);
  CHECK(g.entries()[1].sum == 12);
  CHECK(!g.entries()[0].there);
  CHECK(!g.complete());
  for (size_t i = 0; i < w.items.size(); i++) f.set(i, i, i);
  REQUIRE(g.read(file_of(f)).ok());
  CHECK(g.complete());
}

TEST_CASE("tensors lie behind one another, each whole and at a multiple of 4096") {
  const PackWeights w;
  const PackFile f = of(w.items);
  int64_t end = static_cast<int64_t>(f.header().size());
  for (size_t i = 0; i < w.items.size(); i++) {
    CHECK(f.entries()[i].at % 4096 == 0);
    CHECK(f.entries()[i].at >= end);
    CHECK(f.entries()[i].at < end + 4096);
    end = f.entries()[i].at + w.items[i].bytes();
  }
  CHECK(f.bytes() == end);
}

TEST_CASE("whatever differs in the list of tensors is another file") {
  const PackWeights w;
  const std::string name = name_of(w);
  CHECK(name.size() == 32 + 5);
  CHECK(name == name_of(PackWeights(7)));  // the weights themselves are not in the name
  const auto changed = [&](auto change) {
    PackWeights other;
    change(other.items);
    return name_of(other);
  };
  CHECK(changed([](auto& i) { i[2].source = "model2"; }) != name);
  CHECK(changed([](auto& i) { i[2].offset++; }) != name);
  CHECK(changed([](auto& i) { i[2].type = quant::Type::kIQ4_NL; }) != name);
  CHECK(changed([](auto& i) { i[2].rows += 16; }) != name);
  CHECK(changed([](auto& i) { std::swap(i[2], i[3]); }) != name);
  CHECK(changed([](auto& i) { i.pop_back(); }) != name);
}

TEST_CASE("a list that does not fit 63 bits is refused") {
  for (const int64_t rows : {INT64_MAX / 144, INT64_MAX / 16 * 16}) {
    std::vector<PackItem> items(1, {"model", 0, quant::Type::kQ4_K, rows, 144});
    CHECK(!PackFile::of(items).ok());
  }
}

TEST_CASE("every changed word of a header, and every other size of the file, is refused and changes nothing") {
  const PackWeights w;
  PackFile f = of(w.items);
  for (size_t i = 0; i < w.items.size(); i++) f.set(i, i, i);
  const std::vector<std::byte> sound = file_of(f);
  PackFile g = of(w.items);
  for (size_t word = 0; word < f.header().size() / 8; word++) {
    for (const uint64_t flip : {uint64_t{1}, uint64_t{1} << 63, ~uint64_t{0}}) {
      std::vector<std::byte> damaged = sound;
      uint64_t value;
      std::memcpy(&value, damaged.data() + word * 8, 8);
      value ^= flip;
      std::memcpy(damaged.data() + word * 8, &value, 8);
      CHECK_MESSAGE(g.read(damaged).code() == INFER_E_CORRUPT, "word ", word);
    }
  }
  for (const size_t size : {size_t{0}, size_t{1}, size_t{63}, f.header().size() - 1, f.header().size(), size_t{4096},
                            sound.size() - 1, sound.size() + 1}) {
    std::vector<std::byte> other = sound;
    other.resize(size);
    CHECK_MESSAGE(g.read(other).code() == INFER_E_CORRUPT, "size ", size);
  }
  CHECK(!g.entries()[0].there);
  CHECK(g.read(sound).ok());
}

TEST_CASE("a header whose checksum fits is still held against the tensors") {
  const PackWeights w, other(1, 6, "other");
  PackFile g = of(w.items);
  CHECK(g.read(file_of(of(other.items))).code() == INFER_E_CORRUPT);
  // As a hostile file has it: any word, and the checksum made to fit.
  const PackFile f = of(w.items);
  for (size_t word = 0; word < f.header().size() / 8; word++) {
    const size_t column = word < 8 ? SIZE_MAX : word % 8;
    if (word == 6 || column == 6 || column == 7) continue;  // the checksum; samples and sums are checked elsewhere
    std::vector<std::byte> hostile = file_of(f);
    hostile[word * 8 + 3] ^= std::byte{0x40};
    std::memset(hostile.data() + 48, 0, 8);
    const uint64_t sum = hash64(std::span(hostile).first(f.header().size()));
    std::memcpy(hostile.data() + 48, &sum, 8);
    CHECK_MESSAGE(g.read(hostile).code() == INFER_E_CORRUPT, "word ", word);
  }
}

TEST_CASE("samples see the first and the last byte, and a change of all bytes between") {
  std::vector<std::byte> bytes(100000, std::byte{1});
  const uint64_t before = hash_samples(bytes);
  for (const size_t at : {size_t{0}, bytes.size() - 1}) {
    std::vector<std::byte> other = bytes;
    other[at] = std::byte{2};
    CHECK(hash_samples(other) != before);
  }
  std::vector<std::byte> middle = bytes;
  std::fill(middle.begin() + 64, middle.end() - 64, std::byte{2});
  CHECK(hash_samples(middle) != before);
  CHECK(hash_samples(std::span(bytes).first(5)) != hash_samples(std::span(bytes).first(6)));
}

}  // namespace infer::cpu
