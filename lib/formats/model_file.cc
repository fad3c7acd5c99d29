// Looking things up in a ModelFile: by name, typed and ranged.
#include "formats/model_file.h"

#include <cmath>
#include <cstring>
#include <functional>

#include "base/hash.h"
#include "formats/model_file_builder.h"
#include "formats/refusal.h"

namespace infer::formats {
namespace {

// Element i of packed values of type T.
template <class T>
T element(const std::byte* packed, uint64_t i) {
  T v;
  std::memcpy(&v, packed + i * sizeof v, sizeof v);
  return v;
}

// f(T{}) with T the C++ type of the elements of an array of numbers.
template <class F>
void with_type(Array::Type type, F f) {
  switch (type) {
    case Array::Type::kU8:
      return f(uint8_t{});
    case Array::Type::kI8:
      return f(int8_t{});
    case Array::Type::kU16:
      return f(uint16_t{});
    case Array::Type::kI16:
      return f(int16_t{});
    case Array::Type::kU32:
      return f(uint32_t{});
    case Array::Type::kI32:
      return f(int32_t{});
    case Array::Type::kU64:
      return f(uint64_t{});
    case Array::Type::kI64:
      return f(int64_t{});
    case Array::Type::kF32:
      return f(float{});
    case Array::Type::kF64:
      return f(double{});
    case Array::Type::kBool:
    case Array::Type::kStr:
      return;
  }
}

}  // namespace

std::string describe(const Value& v) {
  constexpr const char* kKinds[] = {"an integer", "an integer", "a float", "a bool", "a string"};
  constexpr const char* kElements[] = {"u8",  "i8",   "u16",    "i16", "u32", "i32",
                                       "f32", "bool", "string", "u64", "i64", "f64"};
  const auto* a = std::get_if<Array>(&v);
  return a ? str("an array of ", kElements[static_cast<size_t>(a->type())]) : kKinds[v.index()];
}

std::optional<std::vector<int64_t>> Array::ints() const {
  if (!holds_ints()) return std::nullopt;
  std::vector<int64_t> out(size_);
  bool fits = true;
  with_type(type_, [&]<class T>(T) {
    for (uint64_t i = 0; i < size_; ++i) {
      const T v = element<T>(packed_, i);
      if constexpr (std::is_same_v<T, uint64_t>) fits = fits && v <= static_cast<uint64_t>(INT64_MAX);
      out[i] = static_cast<int64_t>(v);
    }
  });
  if (!fits) return std::nullopt;
  return out;
}

std::optional<std::vector<double>> Array::nums() const {
  if (!holds_ints() && !holds_floats()) return std::nullopt;
  std::vector<double> out(size_);
  with_type(type_, [&]<class T>(T) {
    for (uint64_t i = 0; i < size_; ++i) out[i] = static_cast<double>(element<T>(packed_, i));
  });
  return out;
}

std::optional<std::vector<bool>> Array::bools() const {
  if (type_ != Type::kBool) return std::nullopt;
  std::vector<bool> out(size_);
  for (uint64_t i = 0; i < size_; ++i) out[i] = packed_[i] != std::byte{0};
  return out;
}

std::optional<std::vector<std::string_view>> Array::strings() const {
  if (type_ != Type::kStr) return std::nullopt;
  std::vector<std::string_view> out(size_);
  const std::byte* at = packed_;
  for (std::string_view& s : out) {
    const auto length = element<uint64_t>(at, 0);
    s = {reinterpret_cast<const char*>(at + 8), static_cast<size_t>(length)};
    at += 8 + length;
  }
  return out;
}

const Value* ModelFile::find(std::string_view key) const {
  const auto i = key_index_.find(key, [&](size_t n) { return metadata_[n].key; });
  return i ? &metadata_[*i].value : nullptr;
}

const Tensor* ModelFile::tensor(std::string_view name) const {
  const auto i = tensor_index_.find(name, [&](size_t n) { return tensors_[n].name; });
  return i ? &tensors_[*i] : nullptr;
}

void ModelFileBuilder::add_file(std::shared_ptr<const File> file, std::span<const std::byte> header) {
  model_->file_bytes_ += file->bytes().size();
  model_->ids_.push_back(file->stamp().empty() ? "" : hash128(str(file->stamp(), " ", hash128(header).hex())).hex());
  model_->files_.push_back(std::move(file));
}

void ModelFileBuilder::add_files(const ModelFile& other) {
  model_->file_bytes_ += other.file_bytes_;
  model_->ids_.insert(model_->ids_.end(), other.ids_.begin(), other.ids_.end());
  model_->files_.insert(model_->files_.end(), other.files_.begin(), other.files_.end());
}

ModelFile::Origin ModelFile::origin(std::span<const std::byte> bytes) const {
  for (size_t i = 0; i < files_.size(); ++i) {
    const std::span<const std::byte> all = files_[i]->bytes();
    const std::less_equal<const std::byte*> before;
    if (!before(all.data(), bytes.data()) || !before(bytes.data() + bytes.size(), all.data() + all.size())) continue;
    if (ids_[i].empty()) break;
    return {files_[i].get(), ids_[i], bytes.data() - all.data()};
  }
  return {};
}

std::optional<std::string_view> ModelFileBuilder::index_keys() {
  const auto name_at = [&](size_t i) { return model_->metadata_[i].key; };
  model_->key_index_.build(model_->metadata_.size(), name_at);
  const auto twice = model_->key_index_.duplicate(name_at);
  return twice ? std::optional(name_at(*twice)) : std::nullopt;
}

std::optional<std::string_view> ModelFileBuilder::index_tensors() {
  const auto name_at = [&](size_t i) { return model_->tensors_[i].name; };
  model_->tensor_index_.build(model_->tensors_.size(), name_at);
  const auto twice = model_->tensor_index_.duplicate(name_at);
  return twice ? std::optional(name_at(*twice)) : std::nullopt;
}

Result<int64_t> ModelFile::get_int(std::string_view key, int64_t least, int64_t most,
                                   std::optional<int64_t> fallback) const {
  const Value* v = find(key);
  if (!v && fallback) return *fallback;
  if (!v) return refuse<Refusal::key_missing>(quoted(key));
  if (const auto* big = std::get_if<uint64_t>(v))
    return refuse<Refusal::key_out_of_range>(quoted(key), *big, least, most);
  const auto* i = std::get_if<int64_t>(v);
  if (!i) return refuse<Refusal::key_wrong_type>(quoted(key), describe(*v), "an integer");
  if (*i < least || *i > most) return refuse<Refusal::key_out_of_range>(quoted(key), *i, least, most);
  return *i;
}

Result<double> ModelFile::get_num(std::string_view key, std::optional<double> fallback) const {
  const Value* v = find(key);
  if (!v && fallback) return *fallback;
  if (!v) return refuse<Refusal::key_missing>(quoted(key));
  if (const auto* i = std::get_if<int64_t>(v)) return static_cast<double>(*i);
  if (const auto* u = std::get_if<uint64_t>(v)) return static_cast<double>(*u);
  const auto* d = std::get_if<double>(v);
  if (!d) return refuse<Refusal::key_wrong_type>(quoted(key), describe(*v), "a number");
  if (!std::isfinite(*d)) return refuse<Refusal::key_not_finite>(quoted(key));
  return *d;
}

Result<bool> ModelFile::get_bool(std::string_view key, std::optional<bool> fallback) const {
  const Value* v = find(key);
  if (!v && fallback) return *fallback;
  if (!v) return refuse<Refusal::key_missing>(quoted(key));
  const auto* b = std::get_if<bool>(v);
  if (!b) return refuse<Refusal::key_wrong_type>(quoted(key), describe(*v), "a bool");
  return *b;
}

Result<std::string_view> ModelFile::get_str(std::string_view key, std::optional<std::string_view> fallback) const {
  const Value* v = find(key);
  if (!v && fallback) return *fallback;
  if (!v) return refuse<Refusal::key_missing>(quoted(key));
  const auto* s = std::get_if<std::string_view>(v);
  if (!s) return refuse<Refusal::key_wrong_type>(quoted(key), describe(*v), "a string");
  return *s;
}

Result<std::vector<int64_t>> ModelFile::get_ints(std::string_view key, int64_t least, int64_t most) const {
  const Value* v = find(key);
  if (!v) return refuse<Refusal::key_missing>(quoted(key));
  const auto* a = std::get_if<Array>(v);
  auto items = a ? a->ints() : std::nullopt;
  if (!items) return refuse<Refusal::key_wrong_type>(quoted(key), describe(*v), "an array of integers below 2^63");
  for (size_t i = 0; i < items->size(); ++i)
    if ((*items)[i] < least || (*items)[i] > most)
      return refuse<Refusal::element_out_of_range>(i, quoted(key), (*items)[i], least, most);
  return std::move(*items);
}

Result<std::vector<double>> ModelFile::get_nums(std::string_view key) const {
  const Value* v = find(key);
  if (!v) return refuse<Refusal::key_missing>(quoted(key));
  const auto* a = std::get_if<Array>(v);
  auto items = a ? a->nums() : std::nullopt;
  if (!items) return refuse<Refusal::key_wrong_type>(quoted(key), describe(*v), "an array of numbers");
  for (size_t i = 0; i < items->size(); ++i)
    if (!std::isfinite((*items)[i])) return refuse<Refusal::element_not_finite>(i, quoted(key));
  return std::move(*items);
}

Result<std::vector<std::string_view>> ModelFile::get_strs(std::string_view key) const {
  const Value* v = find(key);
  if (!v) return refuse<Refusal::key_missing>(quoted(key));
  const auto* a = std::get_if<Array>(v);
  auto items = a ? a->strings() : std::nullopt;
  if (!items) return refuse<Refusal::key_wrong_type>(quoted(key), describe(*v), "an array of strings");
  return std::move(*items);
}

}  // namespace infer::formats
