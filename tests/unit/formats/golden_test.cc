// Files written by the Python package `gguf`, against what that package's own reader says of them (tests/golden/gguf).
#include <doctest/doctest.h>

#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "formats/gguf_reader.h"
#include "formats/gguf_writer.h"
#include "formats/model_file.h"

using namespace infer;
using namespace infer::formats;
namespace fs = std::filesystem;

namespace {

const std::string kFolder = INFER_SOURCE_DIR "/tests/golden/gguf/";

std::string hex(uint64_t v, int digits) {
  std::string s;
  for (int i = digits; i-- > 0;) s += "0123456789abcdef"[v >> (4 * i) & 15];
  return s;
}

uint32_t crc32(std::span<const std::byte> bytes) {
  uint32_t c = ~0u;
  for (const std::byte b : bytes) {
    c ^= std::to_integer<uint32_t>(b);
    for (int i = 0; i < 8; ++i) c = (c >> 1) ^ (c & 1 ? 0xedb88320u : 0u);
  }
  return ~c;
}

std::string shown(int64_t v) { return std::to_string(v); }
std::string shown(double v) { return hex(std::bit_cast<uint64_t>(v), 16); }
std::string shown(bool v) { return v ? "1" : "0"; }
std::string shown(std::string_view v) {
  std::string s;
  for (const char c : v) s += hex(static_cast<uint8_t>(c), 2);
  return s.empty() ? "-" : s;
}
template <class V>
std::string joined(const V& items) {
  std::string s;
  for (size_t i = 0; i < items.size(); ++i) s += str(i ? " " : "", shown(items[i]));
  return s;
}

std::string shown(const Value& v) {
  if (const auto* u = std::get_if<uint64_t>(&v)) return std::to_string(*u);
  if (const auto* i = std::get_if<int64_t>(&v)) return shown(*i);
  if (const auto* d = std::get_if<double>(&v)) return shown(*d);
  if (const auto* b = std::get_if<bool>(&v)) return shown(*b);
  if (const auto* s = std::get_if<std::string_view>(&v)) return shown(*s);
  const auto& a = std::get<Array>(v);
  if (const auto items = a.strings()) return joined(*items);
  if (const auto items = a.bools()) return joined(*items);
  if (const auto items = a.ints()) return joined(*items);
  if (a.holds_floats()) return joined(*a.nums());
  std::string s;  // unsigned 64-bit integers, some above INT64_MAX
  for (uint64_t i = 0; i < a.size(); ++i) {
    uint64_t n;
    std::memcpy(&n, a.packed() + 8 * i, 8);
    s += str(i ? " " : "", n);
  }
  return s;
}

std::vector<std::string> split(const std::string& line, char by) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string f; std::getline(in, f, by);) fields.push_back(f);
  return fields;
}

std::vector<std::vector<std::string>> golden(const std::string& name) {
  std::ifstream in(kFolder + name + ".golden");
  std::vector<std::vector<std::string>> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.starts_with("#")) lines.push_back(split(line, '\t'));
  REQUIRE_FALSE(lines.empty());
  return lines;
}

constexpr const char* kFiles[] = {
    "types", "aligned", "vocab", "split-00001-of-00003", "split-00002-of-00003", "split-00003-of-00003"};

// Writes one golden key again, in the width that the golden line names.
template <class T>
void add_number(GgufWriter& out, const std::string& key, bool array, const std::string& text) {
  std::vector<T> items;
  for (const std::string& field : split(text, ' ')) {
    if constexpr (std::floating_point<T>) {
      items.push_back(static_cast<T>(std::bit_cast<double>(std::stoull(field, nullptr, 16))));
    } else if constexpr (std::signed_integral<T>) {
      items.push_back(static_cast<T>(std::stoll(field)));
    } else {
      items.push_back(static_cast<T>(std::stoull(field)));
    }
  }
  if (array) out.add_array(key, std::span<const T>(items));
  if (!array) out.add(key, items.at(0));
}

void add_again(GgufWriter& out, const std::vector<std::string>& line, const Value& value) {
  const std::string& key = line[1];
  const bool array = line[2].starts_with("array ");
  const std::string type = array ? line[2].substr(6) : line[2], text = line.size() > 3 ? line[3] : "";
  if (type == "uint8") return add_number<uint8_t>(out, key, array, text);
  if (type == "int8") return add_number<int8_t>(out, key, array, text);
  if (type == "uint16") return add_number<uint16_t>(out, key, array, text);
  if (type == "int16") return add_number<int16_t>(out, key, array, text);
  if (type == "uint32") return add_number<uint32_t>(out, key, array, text);
  if (type == "int32") return add_number<int32_t>(out, key, array, text);
  if (type == "uint64") return add_number<uint64_t>(out, key, array, text);
  if (type == "int64") return add_number<int64_t>(out, key, array, text);
  if (type == "float32") return add_number<float>(out, key, array, text);
  if (type == "float64") return add_number<double>(out, key, array, text);
  if (type == "bool" && array) return out.add_array(key, *std::get<Array>(value).bools());
  if (type == "bool") return out.add(key, text == "1");
  REQUIRE(type == "string");
  if (array) return out.add_array(key, std::span<const std::string_view>(*std::get<Array>(value).strings()));
  out.add(key, std::get<std::string_view>(value));
}

}  // namespace

TEST_CASE("every value and tensor of a file written by the gguf package is what that package reads") {
  for (const std::string name : kFiles) {
    CAPTURE(name);
    const auto read = read_gguf(*File::open(kFolder + name + ".gguf"));
    REQUIRE_MESSAGE(read.ok(), read.status().message());
    const ModelFile& model = read->model();
    size_t keys = 0, tensors = 0;
    for (const auto& line : golden(name)) {
      CAPTURE(line[1]);
      if (line[0] == "key") {
        REQUIRE(keys < model.metadata().size());
        const auto& entry = model.metadata()[keys++];
        CHECK(entry.key == line[1]);
        CHECK(shown(entry.value) == (line.size() > 3 ? line[3] : ""));
        CHECK(describe(entry.value).starts_with("an array") == line[2].starts_with("array"));
      } else {
        REQUIRE(tensors < model.tensors().size());
        const Tensor& t = model.tensors()[tensors++];
        std::vector<int64_t> dims(t.dim, t.dim + t.rank);
        CHECK(t.name == line[1]);
        CHECK(quant::info(t.type).name == line[2]);
        CHECK(joined(dims) == line[3]);
        CHECK(hex(crc32(t.data), 8) == line[4]);
        for (int32_t d = t.rank; d < 4; ++d) CHECK(t.dim[d] == 1);
      }
    }
    CHECK(keys == model.metadata().size());
    CHECK(tensors == model.tensors().size());
  }
}

TEST_CASE("our writer writes byte for byte what the gguf package writes") {
  for (const std::string name : kFiles) {
    if (name == "aligned") continue;  // the package puts general.alignment second, we put it first
    CAPTURE(name);
    const auto file = *File::open(kFolder + name + ".gguf");
    const auto read = read_gguf(file);
    REQUIRE(read.ok());
    GgufWriter out;
    size_t key = 0;
    for (const auto& line : golden(name))
      if (line[0] == "key") add_again(out, line, read->model().metadata()[key++].value);
    for (const Tensor& t : read->model().tensors())
      out.add_tensor(t.name, t.type, std::span(t.dim, static_cast<size_t>(t.rank)), t.data);
    const auto bytes = out.bytes();
    REQUIRE_MESSAGE(bytes.ok(), bytes.status().message());
    CHECK(std::ranges::equal(*bytes, file->bytes()));
  }
}

TEST_CASE("a split set opens by its first part, with the tensors of all") {
  const auto opened = open_model(kFolder + "split-00001-of-00003.gguf");
  REQUIRE_MESSAGE(opened.ok(), opened.status().message());
  const ModelFile& model = **opened;
  CHECK(model.files().size() == 3);
  CHECK(model.file_bytes() == 352 + 288 + 192);
  REQUIRE(model.tensors().size() == 5);
  for (int i = 0; i < 5; ++i) {
    const Tensor* t = model.tensor(str("blk.", i, ".weight"));
    REQUIRE(t);
    REQUIRE(t->data.size() == size_t(4) * (i + 1));
    for (int k = 0; k <= i; ++k) {
      float v;
      std::memcpy(&v, t->data.data() + 4 * k, 4);
      CHECK(v == k);
    }
  }
  CHECK(*model.get_int("llama.block_count", 1, 100) == 5);
}

TEST_CASE("loading reports progress from 0 to 1 and stops when told to") {
  for (const bool set : {false, true}) {
    const std::string path = kFolder + (set ? "split-00001-of-00003.gguf" : "types.gguf");
    std::vector<double> seen;
    REQUIRE(open_model(path, [&](double p) { return seen.push_back(p), true; }).ok());
    CHECK(seen.front() == 0);
    CHECK(seen.back() == 1);
    CHECK(std::ranges::is_sorted(seen));
    CHECK(seen.size() == (set ? 4 : 2));
    for (size_t stop = 0; stop < seen.size(); ++stop) {
      size_t calls = 0;
      CHECK(open_model(path, [&](double) { return calls++ != stop; }).status().code() == INFER_E_CANCELLED);
    }
  }
}

TEST_CASE("the vocabulary of a file becomes TokenizerData, its strings views into the file") {
  const auto opened = open_model(kFolder + "vocab.gguf");
  REQUIRE_MESSAGE(opened.ok(), opened.status().message());
  const TokenizerData& v = (*opened)->tokenizer();
  CHECK(v.model == "gpt2");
  CHECK(v.pre == "smollm");
  REQUIRE(v.tokens.size() == 74);
  CHECK(v.tokens[1] == "<|im_start|>");
  CHECK(v.tokens[73] == "\xc4\xa0the");
  CHECK(v.scores[73] == -73.0f);
  CHECK(v.types[2] == TokenizerData::kControl);
  CHECK(v.types[3] == TokenizerData::kNormal);
  CHECK(v.merges == std::vector<std::string_view>{"t h", "th e", "\xc4\xa0 the"});
  CHECK(v.bos == 1);
  CHECK(v.eos == 2);
  CHECK(v.unk == 0);
  CHECK(v.pad == 2);
  CHECK(v.sep == -1);
  CHECK(v.add_bos == 0);
  CHECK(v.add_eos == -1);
  CHECK(v.add_space_prefix == 0);
  CHECK(v.chat_template.starts_with("{% for m in messages %}"));
  const auto bytes = (*opened)->files()[0]->bytes();
  const auto* first = reinterpret_cast<const std::byte*>(v.tokens[0].data());
  CHECK(first > bytes.data());
  CHECK(first < bytes.data() + bytes.size());
}

TEST_CASE("a file without a tokenizer has empty TokenizerData") {
  const auto opened = open_model(kFolder + "types.gguf");
  REQUIRE(opened.ok());
  CHECK((*opened)->tokenizer().model.empty());
  CHECK((*opened)->tokenizer().tokens.empty());
  CHECK((*opened)->architecture() == "llama");
}
