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

TEST_CASE("keys copied from another file have its values, whatever their kind, and only those of the prefix") {
  GgufWriter first;
  first.add("general.architecture", "llama");
  first.add("t.small", int8_t{-3});
  first.add("t.large", uint64_t{1} << 63);
  first.add("t.near", 0.5f);
  first.add("t.fine", 0.1);
  first.add("t.flag", true);
  first.add("t.text", "words");
  const std::vector<std::string_view> strings{"a", "", "long word"};
  first.add_array("t.strings", std::span<const std::string_view>(strings));
  const std::vector<int16_t> ints{-1, 2, 3};
  first.add_array("t.ints", std::span<const int16_t>(ints));
  first.add_array("t.numbers", std::span<const float>(kNumbers));
  first.add_array("t.flags", std::vector<bool>{true, false});
  first.add("u.other", uint32_t{5});
  const auto source_bytes = *first.bytes();
  const auto source = open_model(*File::from_memory(source_bytes.data(), static_cast<int64_t>(source_bytes.size())));
  REQUIRE(source.ok());
  GgufWriter second;
  second.add("general.architecture", "llama");
  second.copy(**source, "t.");
  const auto bytes = *second.bytes();
  const auto opened = open_model(*File::from_memory(bytes.data(), static_cast<int64_t>(bytes.size())));
  REQUIRE_MESSAGE(opened.ok(), opened.status().message());
  const ModelFile& copy = **opened;
  CHECK(copy.metadata().size() == 11);
  CHECK(copy.find("u.other") == nullptr);
  CHECK(*copy.get_int("t.small", -10, 10) == -3);
  CHECK(std::get<uint64_t>(*copy.find("t.large")) == uint64_t{1} << 63);
  CHECK(*copy.get_num("t.near") == 0.5);
  CHECK(*copy.get_num("t.fine") == 0.1);
  CHECK(*copy.get_bool("t.flag"));
  CHECK(*copy.get_str("t.text") == "words");
  CHECK(*copy.get_strs("t.strings") == strings);
  CHECK(*copy.get_ints("t.ints", -10, 10) == std::vector<int64_t>{-1, 2, 3});
  CHECK(*copy.get_nums("t.numbers") == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(*std::get<Array>(*copy.find("t.flags")).bools() == std::vector<bool>{true, false});
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
