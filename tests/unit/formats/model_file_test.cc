// The typed getters: absent, of another type, out of range.
#include "formats/model_file.h"

#include <doctest/doctest.h>

#include <cmath>

#include "formats/gguf_writer.h"
#include "formats/name_index.h"

using namespace infer;
using namespace infer::formats;

namespace {

struct Sample {
  std::vector<std::byte> bytes;
  std::shared_ptr<const ModelFile> model;
  Sample() {
    GgufWriter w;
    w.add("general.architecture", "llama");
    w.add("u8", uint8_t{200});
    w.add("i64", int64_t{-5});
    w.add("u64", UINT64_MAX);
    w.add("f32", 0.5f);
    w.add("nan", std::nan(""));
    w.add("yes", true);
    w.add("text", "hi");
    w.add_array("ints", std::span<const int32_t>(std::vector<int32_t>{1, -2, 3}));
    w.add_array("huge", std::span<const uint64_t>(std::vector<uint64_t>{1, UINT64_MAX}));
    w.add_array("nums", std::span<const float>(std::vector<float>{1.5f, -2}));
    w.add_array("bad", std::span<const double>(std::vector<double>{1, INFINITY}));
    w.add_array("strs", std::span<const std::string_view>(std::vector<std::string_view>{"a", "", "bc"}));
    w.add_array("bools", std::vector<bool>{true, false});
    bytes = w.bytes().take();
    model = open_model(*File::from_memory(bytes.data(), static_cast<int64_t>(bytes.size()))).take();
  }
};

bool refused(const Status& s, const char* key) {
  return s.code() == INFER_E_CORRUPT && s.message().find(key) != std::string_view::npos;
}

}  // namespace

TEST_CASE("integers of every width are ranged") {
  const Sample s;
  CHECK(*s.model->get_int("u8", 0, 255) == 200);
  CHECK(*s.model->get_int("i64", -5, -5) == -5);
  CHECK(*s.model->get_int("absent", 0, 1, 7) == 7);
  CHECK(refused(s.model->get_int("u8", 0, 199).status(), "'u8' is 200; 0 to 199"));
  CHECK(refused(s.model->get_int("i64", 0, 9).status(), "'i64' is -5; 0 to 9"));
  CHECK(refused(s.model->get_int("u64", 0, INT64_MAX).status(), "'u64' is 18446744073709551615"));
  CHECK(refused(s.model->get_int("absent", 0, 1).status(), "'absent' is missing"));
  CHECK(refused(s.model->get_int("text", 0, 1, 0).status(), "'text' holds a string; an integer"));
  CHECK(refused(s.model->get_int("yes", 0, 1).status(), "'yes' holds a bool"));
  CHECK(refused(s.model->get_int("f32", 0, 1).status(), "'f32' holds a float"));
}

TEST_CASE("numbers are finite and may be integers") {
  const Sample s;
  CHECK(*s.model->get_num("f32") == 0.5);
  CHECK(*s.model->get_num("u8") == 200);
  CHECK(*s.model->get_num("u64") == 0x1p64);
  CHECK(*s.model->get_num("absent", 2.5) == 2.5);
  CHECK(refused(s.model->get_num("nan").status(), "'nan' is not a finite"));
  CHECK(refused(s.model->get_num("yes").status(), "'yes' holds a bool"));
  CHECK(refused(s.model->get_num("absent").status(), "'absent'"));
}

TEST_CASE("bools and strings are of their own type alone") {
  const Sample s;
  CHECK(*s.model->get_bool("yes"));
  CHECK(*s.model->get_bool("absent", true));
  CHECK(refused(s.model->get_bool("u8").status(), "'u8' holds an integer; a bool"));
  CHECK(refused(s.model->get_bool("absent").status(), "'absent'"));
  CHECK(*s.model->get_str("text") == "hi");
  CHECK(*s.model->get_str("absent", "x") == "x");
  CHECK(refused(s.model->get_str("strs").status(), "'strs' holds an array of string; a string"));
  CHECK(refused(s.model->get_str("absent").status(), "'absent'"));
}

TEST_CASE("arrays are decoded, typed and ranged") {
  const Sample s;
  CHECK(*s.model->get_ints("ints", -2, 3) == std::vector<int64_t>{1, -2, 3});
  CHECK(*s.model->get_nums("ints") == std::vector<double>{1, -2, 3});
  CHECK(*s.model->get_nums("nums") == std::vector<double>{1.5, -2});
  CHECK(*s.model->get_strs("strs") == std::vector<std::string_view>{"a", "", "bc"});
  CHECK(refused(s.model->get_ints("ints", 0, 3).status(), "element 1 of 'ints' is -2"));
  CHECK(refused(s.model->get_ints("huge", 0, 3).status(),
                "'huge' holds an array of u64; an array of integers below 2^63"));
  CHECK(refused(s.model->get_ints("nums", 0, 3).status(), "'nums' holds an array of f32"));
  CHECK(refused(s.model->get_ints("u8", 0, 300).status(), "'u8' holds an integer"));
  CHECK(refused(s.model->get_ints("absent", 0, 3).status(), "'absent'"));
  CHECK(refused(s.model->get_nums("bad").status(), "element 1 of 'bad'"));
  CHECK(refused(s.model->get_nums("bools").status(), "'bools' holds an array of bool"));
  CHECK(refused(s.model->get_nums("absent").status(), "'absent'"));
  CHECK(refused(s.model->get_strs("ints").status(), "'ints' holds an array of i32"));
  CHECK(refused(s.model->get_strs("absent").status(), "'absent'"));
}

TEST_CASE("an index finds each of many names, no other, and the one that is there twice") {
  std::vector<std::string> names;
  for (int i = 0; i < 50000; ++i) names.push_back(std::to_string(i * 7));
  const auto name_at = [&](size_t i) { return std::string_view(names[i]); };
  NameIndex index;
  index.build(names.size(), name_at);
  CHECK_FALSE(index.duplicate(name_at));
  for (size_t i = 0; i < names.size(); ++i) REQUIRE(index.find(names[i], name_at) == i);
  CHECK_FALSE(index.find("1", name_at));
  CHECK_FALSE(index.find("", name_at));
  names[40000] = names[17];
  index.build(names.size(), name_at);
  CHECK(index.duplicate(name_at) == 40000u);
}
