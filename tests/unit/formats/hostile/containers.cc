// What is known to have broken readers of GGUF. Names begin with the cause: a CVE, an issue, or the thing itself.
#include "tests/unit/formats/hostile/corpus.h"
#include "tests/unit/formats/hostile/raw.h"

namespace infer::formats {
namespace {

constexpr uint64_t k1 = 1;
constexpr const char* kArch = "general.architecture";

// A file with an architecture and one more key that `more` writes.
template <class F>
std::string with_key(F more) {
  Raw r;
  r.header(0, 2).key(kArch, "llama");
  more(r);
  return r.bytes;
}
// A file with one tensor.
std::string with_tensor(const std::vector<uint64_t>& dims, uint32_t type, uint64_t offset, size_t data) {
  return Raw().header(1, 1).key(kArch, "llama").tensor("t", dims, type, offset).data(data).bytes;
}
std::string le64(uint64_t v) { return Raw().put("", v).bytes; }

void magics(const Visit& visit) {
  visit({"CVE-2024-39720: four bytes", "header_cut", "GGUF"});
  visit({"one byte", "looks_text", "G"});
  visit({"header cut in the version", "header_cut", std::string("GGUF\3\0", 6)});
  visit({"text", "looks_text", "Dear model,\n\tplease answer.\r\n"});
  visit({"text cut inside a character", "looks_text", std::string(1023, 'a') + "\xc3\xa9"});
  visit({"web page", "looks_html", "\n <!DOCTYPE HTML><html><body>404</body></html>"});
  visit({"web page without a doctype", "looks_html", "<HTML>log in</HTML>"});
  visit({"git-lfs pointer", "looks_lfs", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"});
  visit({"zip", "looks_zip", std::string("PK\3\4\24\0\0\0\10\0", 10)});
  visit({"gzip", "looks_gzip", "\x1f\x8b\x08\x01\x02"});
  visit({"pickle", "looks_pickle", "\x80\x02}q\x01"});
  visit({"safetensors", "looks_safetensors", le64(16) + "{\"__metadata__\":" + "{}}"});
  visit({"safetensors, its length beyond the file", "looks_like_nothing", le64(1 << 20) + "{\"a\":1}"});
  visit({"ggml", "looks_ggml", std::string("lmgg\1\0\0\0", 8)});
  visit({"ggjt", "looks_ggml", std::string("tjgg\3\0\0\0", 8)});
  visit({"program", "looks_like_nothing",
         std::string("\x7f"
                     "ELF\2\1\1\0\0\0",
                     10)});
  visit({"zeros", "looks_like_nothing", std::string(4096, '\0')});
  visit({"a zero byte", "looks_like_nothing", std::string(1, '\0')});
  visit({"big-endian", "big_endian", std::string("GGUF\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24)});
  for (const uint32_t version : {0u, 1u})
    visit({str("version ", version), "version_old", Raw().header(0, 0, version).bytes});
  for (const uint32_t version : {4u, 255u, 0x7fffffffu, 0xffffffffu})
    visit({str("version ", version), "version_new", Raw().header(0, 0, version).bytes});
}

void counts(const Visit& visit) {
  for (const uint64_t n : {k1, k1 << 16, k1 << 31, k1 << 32, (k1 << 60) + 1, k1 << 63, UINT64_MAX}) {
    visit({str("CVE-2024-21836: n_keys ", n), "keys_beyond_file", Raw().header(0, n).bytes});
    visit({str("CVE-2024-23605: n_tensors ", n), "tensors_beyond_file", Raw().header(n, 0).bytes});
    visit(
        {str("CVE-2026-27940: both counts ", n), "keys_beyond_file", Raw().header(n, n).bytes + std::string(12, 'x')});
  }
  visit({"CVE-2025-0315: a bomb of 36 bytes", "keys_beyond_file",
         Raw().header(0, k1 << 36).bytes + std::string(12, '\0')});
  visit({"no keys and no tensors", "key_missing", Raw().header(0, 0).bytes});
  visit({"tensors that the keys leave no room for", "tensors_beyond_file",
         Raw().header(2, 1).key(kArch, std::string(40, 'a')).tensor("t", {1}, 0, 0).bytes});
  Raw many;
  many.header((k1 << 18) + 1, 0).bytes.resize(33 * ((k1 << 18) + 2));
  visit({"more tensors than allowed", "tensors_over_limit", many.bytes});
  Raw keys;
  keys.header(0, (k1 << 20) + 1).bytes.resize(14 * ((k1 << 20) + 2) + 24);
  visit({"more keys than allowed", "keys_over_limit", keys.bytes});
}

void many_keys(const Visit& visit) {
  const auto tiny = [](size_t n, auto name) {
    Raw r;
    r.header(0, n);
    r.bytes.reserve(n * 24);
    for (size_t i = 0; i < n; ++i) {
      const std::string key = name(i);
      r.text("", key).put("", uint32_t{kU8}).bytes += '\1';
    }
    return r.bytes;
  };
  visit({"a million keys", "key_missing", tiny(1000000, [](size_t i) { return std::to_string(i); })});
  visit({"a million times one key", "key_twice", tiny(1000000, [](size_t) { return std::string("k"); })});
  visit({"a million keys, the last one again", "key_twice",
         tiny(1000000, [](size_t i) { return std::to_string(i == 999999 ? 500000 : i); })});
  visit({"long keys that differ in the last byte", "key_missing",
         tiny(1000, [](size_t i) { return std::string(60000, 'k') + std::to_string(i); })});
}

void keys(const Visit& visit) {
  visit({"PR #24263: an empty key", "key_empty", with_key([](Raw& r) { r.key("", kU32, uint32_t{1}); })});
  visit({"a key longer than allowed", "key_too_long",
         with_key([](Raw& r) { r.key(std::string(65536, 'k'), kU32, uint32_t{1}); })});
  visit({"the longest key", "ok", with_key([](Raw& r) { r.key(std::string(65535, 'k'), kU32, uint32_t{1}); })});
  for (const uint64_t n : {k1 << 31, k1 << 32, k1 << 63, UINT64_MAX, UINT64_MAX - 7})
    visit({str("CVE-2024-23496: key length ", n), "key_too_long",
           with_key([&](Raw& r) { r.put("", n).bytes += std::string(12, 'x'); })});
  visit({"a key beyond the file", "ends_inside",
         with_key([](Raw& r) { r.put("", uint64_t{60000}).bytes += std::string(12, 'x'); })});
  for (const char* key :
       {"\xff", "a\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xe2\x82", "tab\t", "line\n", "\x7f"})
    visit({str("a key that is no text: ", key), "key_not_text",
           with_key([&](Raw& r) { r.key(key, kU32, uint32_t{1}); })});
  visit({"a key with a zero byte", "key_not_text",
         with_key([](Raw& r) { r.key(std::string_view("a\0b", 3), kU32, uint32_t{1}); })});
  visit({"a key in Chinese", "ok", with_key([](Raw& r) { r.key("\xe6\xa8\xa1\xe5\x9e\x8b", kU32, uint32_t{1}); })});
  visit({"a key twice", "key_twice", with_key([](Raw& r) { r.key(kArch, "llama"); })});
  for (const uint32_t type : {13u, 14u, 255u, 0x7fffffffu, 0xffffffffu})
    visit({str("value type ", type), "value_type_unknown", with_key([&](Raw& r) { r.key("k", type, uint32_t{1}); })});
  for (const int v : {2, 127, 255})
    visit({str("a bool of ", v), "value_not_bool",
           with_key([&](Raw& r) { r.key("k", kBool, static_cast<uint8_t>(v)); })});
  for (const uint64_t n : {k1 << 8, k1 << 31, k1 << 32, k1 << 63, UINT64_MAX, UINT64_MAX - 7})
    visit({str("CVE-2024-23496: string length ", n), "ends_inside",
           with_key([&](Raw& r) { r.text("k", "k").put("", uint32_t{kStr}).put("", n).bytes += "abc"; })});
  visit({"a value is missing", "ends_inside", with_key([](Raw& r) { r.text("k", "k").put("", uint32_t{kF64}); })});
  visit({"numbers that are none, and infinite", "ok", [] {
           Raw r;
           r.header(0, 4).key(kArch, "llama").key("nan", kF32, 0x7fc00000u).key("inf", kF32, 0xff800000u);
           return r.key("nan64", kF64, uint64_t{0x7ff8000000000001}).bytes;
         }()});
}

void arrays(const Visit& visit) {
  const auto array = [](uint32_t type, uint64_t count, size_t bytes) {
    return with_key([&](Raw& r) { r.array_head("k", type, count).bytes += std::string(bytes, '\0'); });
  };
  for (const uint32_t type : {uint32_t{kU8}, uint32_t{kU32}, uint32_t{kU64}, uint32_t{kStr}, uint32_t{kBool}})
    for (const uint64_t n :
         {uint64_t{65}, (k1 << 61) + 1, k1 << 31, k1 << 32, k1 << 36, (k1 << 62), k1 << 63, UINT64_MAX})
      visit({str("CVE-2024-21825: ", n, " elements of type ", type), "array_beyond_file", array(type, n, 64)});
  visit({"GGUF-PY-F001: empty strings beyond the file", "array_beyond_file", array(kStr, 9, 64)});
  visit({"strings whose lengths lead beyond the file", "ends_inside",
         with_key([](Raw& r) { r.array_head("k", kStr, 2).put("", uint64_t{20}).bytes += std::string(12, 'x'); })});
  visit({"a string of the array has length 2^64-1", "ends_inside",
         with_key([](Raw& r) { r.array_head("k", kStr, 2).put("", uint64_t{0}).put("", UINT64_MAX); })});
  visit({"CVE-2024-21825: the second string's length is missing", "ends_inside",
         with_key([](Raw& r) { r.array_head("k", kStr, 2).put("", uint64_t{8}).bytes += std::string(8, 'x'); })});
  visit({"an array of a million empty strings", "ok", array(kStr, 1000000, 8000000)});
  visit({"an array of many bytes", "ok", array(kU8, 20000000, 20000000)});
  visit({"an empty array of each type", "ok", [] {
           Raw r;
           r.header(0, 13).key(kArch, "llama");
           for (uint32_t t = 0; t <= kF64; ++t)
             if (t != kArr) r.array_head(std::to_string(t), t, 0);
           return r.bytes;
         }()});
  visit({"gguf-py #27188: an array of arrays", "array_nested", array(kArr, 1, 64)});
  visit({"arrays nested 10,000 deep", "array_nested", with_key([](Raw& r) {
           r.array_head("k", kArr, 1);
           for (int i = 0; i < 10000; ++i) r.put("", uint32_t{kArr}).put("", uint64_t{1});
         })});
  for (const uint32_t type : {13u, 0xffffffffu})
    visit({str("an array of type ", type), "array_type_unknown", array(type, 1, 64)});
  visit({"an array with a bool of 2", "array_not_bool", with_key([](Raw& r) {
           r.array("k", kBool, std::vector<uint8_t>{0, 1, 2});
         })});
  visit({"an array cut in its type", "ends_inside",
         with_key([](Raw& r) { r.text("k", "k").put("", uint32_t{kArr}).bytes += "\4"; })});
  visit({"an array cut in its count", "ends_inside",
         with_key([](Raw& r) { r.text("k", "k").put("", uint32_t{kArr}).put("", uint32_t{kU8}).bytes += "\4\4"; })});
}

void alignments(const Visit& visit) {
  constexpr const char* kKey = "general.alignment";
  for (const uint32_t a : {0u, 1u, 2u, 4u, 7u, 65537u, 1u << 17, 1u << 30, 1u << 31, 0xffffffffu})
    visit({str("ggml PR #1516: alignment ", a), "key_out_of_range", with_key([&](Raw& r) { r.key(kKey, kU32, a); })});
  for (const uint32_t a : {9u, 24u, 33u, 48u, 65535u})
    visit({str("alignment ", a), "alignment_not_power", with_key([&](Raw& r) { r.key(kKey, kU32, a); })});
  for (const uint32_t a : {8u, 16u, 32u, 65536u})
    visit({str("alignment ", a), "ok", with_key([&](Raw& r) { r.key(kKey, kU32, a); })});
  for (const uint64_t a : {k1 << 32, k1 << 63, UINT64_MAX, (k1 << 32) + 32})
    visit({str("alignment ", a, " in 64 bits"), "key_out_of_range", with_key([&](Raw& r) { r.key(kKey, kU64, a); })});
  visit({"alignment -32", "key_out_of_range", with_key([](Raw& r) { r.key(kKey, kI32, int32_t{-32}); })});
  visit({"PR #26318: alignment as a string", "key_wrong_type", with_key([](Raw& r) { r.key(kKey, "32"); })});
  visit({"alignment as a float", "key_wrong_type", with_key([](Raw& r) { r.key(kKey, kF32, 32.0f); })});
  visit({"alignment as a bool", "key_wrong_type", with_key([](Raw& r) { r.key(kKey, kBool, uint8_t{1}); })});
  visit({"alignment as an array", "key_wrong_type",
         with_key([](Raw& r) { r.array(kKey, kU32, std::vector<uint32_t>{32}); })});
}

void shapes(const Visit& visit) {
  const auto shape = [&](const std::string& name, const char* expected, const std::vector<uint64_t>& dims,
                         uint32_t type = 0) {
    visit({name, expected, with_tensor(dims, type, 0, 64)});
  };
  shape("a tensor of 16 values", "ok", {16});
  shape("no dimensions", "rank_bad", {});
  shape("CVE-2024-21802: 5 dimensions", "rank_bad", {1, 1, 1, 1, 1});
  for (const uint32_t rank : {6u, 64u, 0x7fffffffu, 0x80000000u, 0xffffffffu})
    visit({str("CVE-2024-21802: ", rank, " dimensions"), "rank_bad",
           Raw().header(1, 1).key(kArch, "llama").text("t", "t").put("", rank).data(256).bytes});
  for (size_t d = 0; d < 4; ++d) {
    std::vector<uint64_t> dims(4, 1);
    for (const uint64_t n : {uint64_t{0}, (k1 << 40) + 1, k1 << 63, UINT64_MAX}) {
      dims[d] = n;
      shape(str("CWE-369: dimension ", d, " is ", n), "dim_bad", dims);
    }
    dims[d] = k1 << 40;
    shape(str("dimension ", d, " is 2^40"), "data_outside", dims);
  }
  shape("wraps to zero: 2^33 x 2^31", "size_wraps", {k1 << 33, k1 << 31});
  shape("wraps to zero: 2^32 x 2^32", "size_wraps", {k1 << 32, k1 << 32});
  shape("wraps to zero: 2^40 x 2^24", "size_wraps", {k1 << 40, k1 << 24});
  shape("wraps to zero: four times 2^16", "size_wraps", {k1 << 16, k1 << 16, k1 << 16, k1 << 16});
  shape("wraps to zero, then times 16", "size_wraps", {k1 << 33, k1 << 31, 16});
  shape("wraps to a negative count: 2^32 x 2^31", "size_wraps", {k1 << 32, k1 << 31});
  shape("wraps to 16 values: (2^32 + 1) x (2^32 - 1) and more", "size_wraps",
        {(k1 << 32) + 1, (k1 << 32) - 1, 1u << 8});
  shape("CVE-2026-33298: bytes wrap, elements do not", "size_wraps", {k1 << 40, k1 << 22});
  shape("CVE-2026-33298: 4 bytes are left of 2^64 + 4", "size_wraps", {(k1 << 31) + 1, k1 << 31, 2});
  shape("an exabyte", "data_outside", {k1 << 40, k1 << 20});
  shape("rows that are no whole blocks of 32", "row_not_blocks", {33}, 2);
  shape("rows shorter than a block", "row_not_blocks", {1}, 8);
  shape("rows of 128 in blocks of 256", "row_not_blocks", {128}, 12);
  shape("whole blocks in all, but not in a row", "row_not_blocks", {16, 2}, 2);
  for (const uint32_t type : {4u, 5u, 31u, 32u, 33u, 36u, 37u, 38u})
    shape(str("removed type ", type), "type_removed", {256}, type);
  for (const uint32_t type : {9u, 15u, 24u, 25u, 27u, 28u, 41u})
    shape(str("type ", type, " is not for weights"), "type_unsupported", {256}, type);
  for (const uint32_t type : {42u, 100u, 255u, 256u, 1u << 16, 0x7fffffffu, 0x80000000u, 0xffffffffu})
    shape(str("unknown type ", type), "type_unknown", {256}, type);
}

void names(const Visit& visit) {
  const auto named = [](const std::string& name) {
    return Raw().header(1, 1).key(kArch, "llama").tensor(name, {16}, 0, 0).data(64).bytes;
  };
  visit({"a tensor without a name", "name_empty", named("")});
  visit({"the longest name", "ok", named(std::string(255, 'n'))});
  visit({"a name longer than allowed", "name_too_long", named(std::string(256, 'n'))});
  visit({"a name that is no text", "name_not_text", named("blk\xff")});
  visit({"a name with an escape sequence", "name_not_text", named("\x1b[31m")});
  for (const uint64_t n : {k1 << 32, k1 << 63, UINT64_MAX})
    visit({str("name length ", n), "name_too_long", Raw().header(1, 1).key(kArch, "llama").put("", n).data(64).bytes});
  visit({"a name beyond the file", "ends_inside",
         Raw().header(1, 1).key(kArch, "llama").put("", uint64_t{200}).bytes + std::string(30, 'x')});
  visit({"a tensor twice", "tensor_twice",
         Raw().header(2, 1).key(kArch, "llama").tensor("t", {8}, 0, 0).tensor("t", {8}, 0, 32).data(64).bytes});
}

void offsets(const Visit& visit) {
  for (const uint64_t offset : {k1, uint64_t{16}, uint64_t{31}, uint64_t{33}, UINT64_MAX})
    visit({str("offset ", offset), "offset_misaligned", with_tensor({16}, 0, offset, 256)});
  for (const uint64_t offset :
       {uint64_t{32}, uint64_t{64}, k1 << 31, k1 << 32, k1 << 63, UINT64_MAX - 31, UINT64_MAX - 63})
    visit({str("CVE-2026-7482: offset ", offset), "data_outside", with_tensor({16}, 0, offset, 64)});
  visit({"CVE-2026-7482: one byte is missing", "data_outside", with_tensor({16}, 0, 0, 63)});
  visit({"CVE-2026-7482: no data at all", "data_outside",
         Raw().header(1, 1).key(kArch, "llama").tensor("t", {16}, 0, 0).bytes});
  visit({"pie #423: a file cut short", "data_outside", with_tensor({1 << 20}, 0, 0, 1 << 20)});
  const auto two = [](uint64_t first, uint64_t second, size_t data) {
    return Raw()
        .header(2, 1)
        .key(kArch, "llama")
        .tensor("a", {16}, 0, first)
        .tensor("b", {16}, 0, second)
        .data(data)
        .bytes;
  };
  visit({"two tensors", "ok", two(0, 64, 128)});
  visit({"two tensors, the second one first, with a gap", "ok", two(128, 0, 192)});
  visit({"the same bytes twice", "data_overlaps", two(0, 0, 128)});
  visit({"overlapping by half", "data_overlaps", two(0, 32, 128)});
  visit({"overlapping by half, in the other order", "data_overlaps", two(32, 0, 128)});
  visit({"a small one inside a large one", "data_overlaps",
         Raw().header(2, 1).key(kArch, "llama").tensor("a", {64}, 0, 0).tensor("b", {8}, 0, 128).data(256).bytes});
  Raw sum;
  sum.header(3, 1).key(kArch, "llama");
  for (const char* name : {"a", "b", "c"}) sum.tensor(name, {k1 << 40, k1 << 21}, 0, 0);
  visit({"CVE-2025-53630: the sum of sizes wraps", "data_outside", sum.data(64).bytes});
  Raw many;
  many.header(200000, 1).key(kArch, "llama");
  for (int i = 0; i < 200000; ++i) many.tensor(str("t", i), {1}, 0, 0);
  visit({"200,000 tensors in one place", "data_overlaps", many.data(64).bytes});
}

void architectures(const Visit& visit) {
  visit({"no architecture", "key_missing", Raw().header(0, 1).key("k", "v").bytes});
  visit({"an empty architecture", "architecture_bad", Raw().header(0, 1).key(kArch, "").bytes});
  visit(
      {"an architecture of 65 letters", "architecture_bad", Raw().header(0, 1).key(kArch, std::string(65, 'a')).bytes});
  visit({"an architecture that is a number", "key_wrong_type", Raw().header(0, 1).key(kArch, kU32, uint32_t{1}).bytes});
}

}  // namespace

void containers(const Visit& visit) {
  for (const auto part : {magics, counts, many_keys, keys, arrays, alignments, shapes, names, offsets, architectures})
    part(visit);
}

}  // namespace infer::formats
