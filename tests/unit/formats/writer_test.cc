#include <doctest/doctest.h>

#include <cstring>

#include "formats/gguf_writer.h"
#include "formats/model_file.h"
#include "tests/unit/folder.h"

using namespace infer;
using namespace infer::formats;

namespace {
const std::vector<float> kNumbers{1, 2, 3, 4, 5, 6};
std::span<const std::byte> bytes_of(const std::vector<float>& v) { return std::as_bytes(std::span(v)); }
}  // namespace

TEST_CASE("what is written is read back, in versions 2 and 3 and at every alignment") {
  for (const uint32_t version : {2u, 3u}) {
    for (const uint32_t alignment : {8u, 32u, 64u, 4096u, 65536u}) {
      CAPTURE(version);
      CAPTURE(alignment);
      GgufWriter out(version, alignment);
      out.add("general.architecture", "llama");
      out.add("x.n", int16_t{-7});
      out.add_tensor("a", quant::Type::kF32, {2, 3}, bytes_of(kNumbers));
      out.add_tensor("b", quant::Type::kF32, {1, 1, 1, 6}, bytes_of(kNumbers));
      const auto file = out.bytes();
      REQUIRE_MESSAGE(file.ok(), file.status().message());
      const auto opened = open_model(*File::from_memory(file->data(), static_cast<int64_t>(file->size())));
      REQUIRE_MESSAGE(opened.ok(), opened.status().message());
      CHECK(*(*opened)->get_int("x.n", -10, 10) == -7);
      for (const char* name : {"a", "b"}) {
        const Tensor* t = (*opened)->tensor(name);
        REQUIRE(t);
        CHECK((t->data.data() - file->data()) % alignment == 0);
        CHECK(std::ranges::equal(t->data, bytes_of(kNumbers)));
      }
      CHECK((*opened)->tensor("a")->rank == 2);
      CHECK((*opened)->tensor("a")->dim[0] == 2);
      CHECK((*opened)->tensor("a")->dim[1] == 3);
      CHECK((*opened)->tensor("b")->dim[3] == 6);
    }
  }
}

TEST_CASE("a file on disk holds the bytes that memory holds") {
  GgufWriter out;
  out.add("general.architecture", "llama");
  out.add_tensor("a", quant::Type::kF32, {6}, bytes_of(kNumbers));
  const Folder dir;
  REQUIRE(out.write(dir / "a.gguf").ok());
  const auto file = File::open(dir / "a.gguf");
  REQUIRE(file.ok());
  CHECK(std::ranges::equal((*file)->bytes(), *out.bytes()));
}

TEST_CASE("what cannot be written is reported and nothing is written") {
  const auto message = [](auto fill) {
    GgufWriter out;
    fill(out);
    const auto r = out.bytes();
    CHECK(r.status().code() == INFER_E_INVALID);
    return std::string(r.status().message());
  };
  const auto f32 = quant::Type::kF32;
  CHECK(message([](auto& w) { w.add("", 1); }).find("key of 0 bytes") != std::string::npos);
  CHECK(message([](auto& w) { w.add(std::string(65536, 'k'), 1); }).find("key of 65536 bytes") != std::string::npos);
  CHECK(message([](auto& w) { w.add("k", 1), w.add("k", 2); }).find("'k' was added twice") != std::string::npos);
  CHECK(message([&](auto& w) { w.add_tensor("", f32, {6}, bytes_of(kNumbers)); }).find("name of 0 bytes") !=
        std::string::npos);
  CHECK(message([&](auto& w) { w.add_tensor("t", f32, {5}, bytes_of(kNumbers)); }).find("do not fit") !=
        std::string::npos);
  CHECK(message([&](auto& w) { w.add_tensor("t", f32, {}, bytes_of(kNumbers)); }).find("0 dimensions") !=
        std::string::npos);
  CHECK(message([&](auto& w) {
          w.add_tensor("t", f32, {1, 1, 1, 1, 6}, bytes_of(kNumbers));
        }).find("5 dimensions") != std::string::npos);
  CHECK(message([&](auto& w) { w.add_tensor("t", f32, {-6}, bytes_of(kNumbers)); }).find("dimension of -6") !=
        std::string::npos);
  CHECK(message([&](auto& w) {
          w.add_tensor("t", f32, {int64_t{1} << 33, int64_t{1} << 31}, {});
        }).find("do not fit") != std::string::npos);
  CHECK(message([&](auto& w) {
          w.add_tensor("t", quant::Type::kQ8_0, {6}, bytes_of(kNumbers));
        }).find("whole blocks") != std::string::npos);
  CHECK(message([&](auto& w) {
          w.add_tensor("t", f32, {6}, bytes_of(kNumbers));
          w.add_tensor("t", f32, {6}, bytes_of(kNumbers));
        }).find("'t' was added twice") != std::string::npos);
  CHECK(GgufWriter(4).bytes().status().code() == INFER_E_INVALID);
  CHECK(GgufWriter(3, 48).bytes().status().code() == INFER_E_INVALID);
  CHECK(GgufWriter(3, 0).bytes().status().code() == INFER_E_INVALID);
}
