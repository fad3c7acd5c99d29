// Metadata and tensors into a GGUF file: for tools that make models and for tests.
//
//   GgufWriter out;
//   out.add("general.architecture", "llama");
//   out.add("llama.block_count", uint32_t{2});
//   out.add_tensor("output.weight", quant::Type::kF32, {n_vocab, n_embd}, bytes);
//   TRY(out.write("tiny.gguf"));
//
// What cannot be written (a key twice, bytes that do not fit the shape) is remembered and reported once, by write() or
// bytes().
#pragma once
#include <concepts>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "formats/model_file.h"
#include "quant/types.h"

namespace infer::formats {

class GgufWriter {
 public:
  // version: 2 or 3. alignment: of each tensor's data; another than 32 is written as general.alignment.
  explicit GgufWriter(uint32_t version = 3, uint32_t alignment = 32);

  // A number, bool or string. The width of an integer is the width in the file.
  template <class T>
  requires std::is_arithmetic_v<T>
  void add(std::string_view key, T value) { add_packed(key, type_number<T>(), std::as_bytes(std::span(&value, 1))); }
  void add(std::string_view key, std::string_view value);
  void add(std::string_view key, const char* value) { add(key, std::string_view(value)); }

  template <class T>
  requires(std::is_arithmetic_v<T> && !std::same_as<T, bool>) void add_array(std::string_view key,
                                                                             std::span<const T> values) {
    add_packed_array(key, type_number<T>(), values.size(), std::as_bytes(values));
  }
  void add_array(std::string_view key, std::span<const std::string_view> values);
  void add_array(std::string_view key, const std::vector<bool>& values);

  // Every key of another file that begins with `prefix`, values as they are there (integers and numbers at 32 bits
  // where they fit).
  void copy(const ModelFile& from, std::string_view prefix);

  // dims: outermost first, as in formats::Tensor. data is borrowed until the file is written.
  void add_tensor(std::string_view name, quant::Type type, std::span<const int64_t> dims,
                  std::span<const std::byte> data);
  void add_tensor(std::string_view name, quant::Type type, std::initializer_list<int64_t> dims,
                  std::span<const std::byte> data) {
    add_tensor(name, type, std::span(dims.begin(), dims.size()), data);
  }

  Result<std::vector<std::byte>> bytes() const;  // the whole file in memory
  Status write(const std::string& path) const;   // without copying tensor data

 private:
  template <class T>
  static constexpr uint32_t type_number() {
    if constexpr (std::same_as<T, bool>) return 7;
    if constexpr (std::floating_point<T>) return sizeof(T) == 4 ? 6 : 12;
    return (sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 2 : sizeof(T) == 4 ? 4 : 10) + (std::signed_integral<T> ? 1 : 0);
  }
  void add_packed(std::string_view key, uint32_t type, std::span<const std::byte> value);
  void add_packed_array(std::string_view key, uint32_t type, uint64_t n, std::span<const std::byte> values);
  void add_key(std::string_view key, uint32_t type);
  // The file as pieces: header, metadata and tensor records, padded; then each tensor's data and padding.
  struct Layout {
    std::vector<std::byte> head, zeros;
    std::vector<std::span<const std::byte>> pieces;  // into head, zeros and the tensors' data
  };
  Result<Layout> layout() const;

  struct Record {
    std::string name;
    quant::Type type;
    std::vector<int64_t> dims;  // outermost first
    std::span<const std::byte> data;
  };
  uint32_t version_, alignment_;
  std::vector<std::byte> metadata_;  // packed as in the file
  std::vector<std::string> keys_;
  std::vector<Record> records_;
  Status wrong_;  // the first thing that could not be written
};

}  // namespace infer::formats
