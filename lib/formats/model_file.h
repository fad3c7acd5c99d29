// What every model format becomes: typed metadata, named tensors, tokenizer data. Nothing after formats/ asks where a
// model came from. Bytes stay mapped; a ModelFile only points.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "base/tokens.h"
#include "formats/name_index.h"
#include "quant/types.h"

namespace infer::formats {

// A metadata array: elements packed little-endian in the file (strings: 8 bytes of length, then the text). It is a view
// and is decoded when asked for, so that an array costs no memory before someone wants it.
class Array {
 public:
  enum class Type : uint8_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kStr, kU64, kI64, kF64 };

  Array(Type type, uint64_t size, const std::byte* packed)
      : packed_(packed), size_(size), type_(type) {}  // checked by the reader
  Type type() const { return type_; }
  uint64_t size() const { return size_; }
  bool holds_ints() const {
    return type_ != Type::kF32 && type_ != Type::kF64 && type_ != Type::kBool && type_ != Type::kStr;
  }
  bool holds_floats() const { return type_ == Type::kF32 || type_ == Type::kF64; }

  // All elements; nullopt: they are of another kind (for ints(): or above INT64_MAX). nums() takes integers too.
  std::optional<std::vector<int64_t>> ints() const;
  std::optional<std::vector<double>> nums() const;
  std::optional<std::vector<bool>> bools() const;
  std::optional<std::vector<std::string_view>> strings() const;  // views into the file
  const std::byte* packed() const { return packed_; }

 private:
  const std::byte* packed_;  // in the file; unaligned
  uint64_t size_;            // elements
  Type type_;
};

// A metadata value. Integers of every width arrive as int64_t or (only above INT64_MAX) uint64_t, floats as double.
using Value = std::variant<int64_t, uint64_t, double, bool, std::string_view, Array>;
std::string describe(const Value& v);  // "an integer", "an array of f32": for messages

struct Tensor {
  std::string_view name;  // view into the file
  quant::Type type;
  int32_t rank;                     // 1..4
  int64_t dim[4];                   // outermost first, unused = 1: a matrix that maps K inputs to N outputs is [N, K]
  std::span<const std::byte> data;  // checked to lie inside the file; may be unaligned
};

class ModelFile {
 public:
  // Metadata -------------------------------------------------------------------------------------------------------
  struct Entry {
    std::string_view key;
    Value value;
  };
  std::span<const Entry> metadata() const { return metadata_; }  // in file order
  const Value* find(std::string_view key) const;                 // nullptr: absent
  // Typed and ranged: absent -> `fallback` if given else E_CORRUPT naming the key; other type or out of range ->
  // E_CORRUPT naming key, value and range.
  Result<int64_t> get_int(std::string_view key, int64_t least, int64_t most,
                          std::optional<int64_t> fallback = {}) const;
  Result<double> get_num(std::string_view key, std::optional<double> fallback = {}) const;  // finite
  Result<bool> get_bool(std::string_view key, std::optional<bool> fallback = {}) const;
  Result<std::string_view> get_str(std::string_view key, std::optional<std::string_view> fallback = {}) const;
  // Arrays: absent or of another kind -> E_CORRUPT; ask find() first where a key may be absent.
  Result<std::vector<int64_t>> get_ints(std::string_view key, int64_t least, int64_t most) const;  // each ranged
  Result<std::vector<double>> get_nums(std::string_view key) const;                                // each finite
  Result<std::vector<std::string_view>> get_strs(std::string_view key) const;

  // Tensors ----------------------------------------------------------------------------------------------------------
  std::span<const Tensor> tensors() const { return tensors_; }  // in file order
  const Tensor* tensor(std::string_view name) const;            // nullptr: absent

  const std::string& architecture() const { return architecture_; }  // "llama", "qwen2", ...
  const TokenizerData& tokenizer() const { return tokenizer_; }      // .model empty: file has none
  uint64_t file_bytes() const { return file_bytes_; }                // of all parts
  std::span<const std::shared_ptr<const File>> files() const { return files_; }
  // Where bytes of this model lie: in which file, at what offset, and an id that changes with the file's size, time or
  // header (not with its name). Null file: in none, or in one that cannot be told from others.
  struct Origin {
    const File* file = nullptr;
    std::string_view id;
    int64_t offset = 0;
  };
  Origin origin(std::span<const std::byte> bytes) const;
  Status intact() const {  // File::intact() of each part
    for (const auto& file : files_) TRY(file->intact());
    return {};
  }

 private:
  friend class ModelFileBuilder;  // model_file_builder.h: what a format reader fills
  std::vector<Entry> metadata_;
  std::vector<Tensor> tensors_;
  NameIndex key_index_, tensor_index_;  // positions in the two lists above
  std::string architecture_;
  TokenizerData tokenizer_;
  uint64_t file_bytes_ = 0;
  std::vector<std::shared_ptr<const File>> files_;
  std::vector<std::string> ids_;  // [files]; empty: none
};

// Called now and then while loading with 0..1; returning false stops the load with INFER_E_CANCELLED.
using Progress = std::function<bool(double)>;

// Opens what lies at path (a GGUF file; the first of a split set opens all of it; a tokenizer.json alone).
Result<std::shared_ptr<const ModelFile>> open_model(const std::string& path, const Progress& progress = {});
// From bytes already at hand (descriptor, memory).
Result<std::shared_ptr<const ModelFile>> open_model(std::shared_ptr<const File> file, const Progress& progress = {});

}  // namespace infer::formats
