#include "formats/gguf_writer.h"

#include <bit>

#include "base/checked.h"
#include "base/file.h"
#include "formats/limits.h"
#include "formats/name_index.h"
#include "formats/refusal.h"

namespace infer::formats {
namespace {

constexpr uint32_t kString = 8, kArray = 9, kBool = 7;

template <class T>
void put(std::vector<std::byte>& out, T v) {
  const auto bytes = std::as_bytes(std::span(&v, 1));
  out.insert(out.end(), bytes.begin(), bytes.end());
}
void put_text(std::vector<std::byte>& out, std::string_view text) {
  put(out, uint64_t{text.size()});
  const auto bytes = std::as_bytes(std::span(text));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

uint64_t padding(uint64_t size, uint64_t alignment) { return (alignment - size % alignment) % alignment; }

// Nothing, or what is wrong with a tensor.
std::string fault(quant::Type type, std::span<const int64_t> dims, uint64_t n_bytes) {
  const quant::TypeInfo* info = quant::find_type(static_cast<uint32_t>(type));
  if (!info) return str("type ", static_cast<uint32_t>(type), " is unknown");
  if (dims.empty() || dims.size() > size_t{limits::kRank})
    return str(dims.size(), " dimensions: 1 to ", limits::kRank, " are allowed");
  for (const int64_t n : dims)
    if (n < 1 || static_cast<uint64_t>(n) > limits::kDim) return str("a dimension of ", n);
  if (dims.back() % info->block_elems != 0)
    return str("rows of ", dims.back(), " are not whole blocks of ", info->block_elems);
  Size bytes = quant::row_bytes(type, static_cast<uint64_t>(dims.back()));
  for (const int64_t n : dims.first(dims.size() - 1)) bytes = bytes * n;
  if (!bytes.valid() || bytes.value() != n_bytes) return str(n_bytes, " bytes of data do not fit its shape");
  return {};
}

}  // namespace

GgufWriter::GgufWriter(uint32_t version, uint32_t alignment) : version_(version), alignment_(alignment) {
  if (version < 2 || version > 3)
    wrong_ = Status::invalid(str("GGUF version ", version, " cannot be written; 2 and 3 can"));
  if (!std::has_single_bit(alignment) || alignment < limits::kAlignmentLeast || alignment > limits::kAlignmentMost)
    wrong_ = Status::invalid(str("alignment ", alignment, ": a power of two from ", limits::kAlignmentLeast, " to ",
                                 limits::kAlignmentMost, " is wanted"));
  if (alignment != 32) add("general.alignment", alignment);
}

void GgufWriter::add_key(std::string_view key, uint32_t type) {
  if (wrong_.ok() && (key.empty() || key.size() > limits::kKeyBytes))
    wrong_ = Status::invalid(str("a metadata key of ", key.size(), " bytes cannot be written: ", quoted(key)));
  keys_.emplace_back(key);
  put_text(metadata_, key);
  put(metadata_, type);
}

void GgufWriter::add_packed(std::string_view key, uint32_t type, std::span<const std::byte> value) {
  add_key(key, type);
  metadata_.insert(metadata_.end(), value.begin(), value.end());
}

void GgufWriter::add_packed_array(std::string_view key, uint32_t type, uint64_t n, std::span<const std::byte> values) {
  add_key(key, kArray);
  put(metadata_, type);
  put(metadata_, n);
  metadata_.insert(metadata_.end(), values.begin(), values.end());
}

void GgufWriter::add(std::string_view key, std::string_view value) {
  add_key(key, kString);
  put_text(metadata_, value);
}

void GgufWriter::add_array(std::string_view key, std::span<const std::string_view> values) {
  add_packed_array(key, kString, values.size(), {});
  for (const std::string_view v : values) put_text(metadata_, v);
}

void GgufWriter::add_array(std::string_view key, const std::vector<bool>& values) {
  add_packed_array(key, kBool, values.size(), {});
  for (const bool v : values) put(metadata_, static_cast<uint8_t>(v));
}

void GgufWriter::copy(const ModelFile& from, std::string_view prefix) {
  constexpr uint32_t kElement[] = {0, 1, 2, 3, 4, 5, 6, kBool, kString, 10, 11, 12};  // of Array::Type, in its order
  constexpr uint32_t kBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 8, 8, 8};
  for (const auto& [key, value] : from.metadata()) {
    if (!key.starts_with(prefix)) continue;
    if (const auto* i = std::get_if<int64_t>(&value)) {
      if (*i >= 0 && *i <= UINT32_MAX)
        add(key, static_cast<uint32_t>(*i));
      else
        add(key, *i);
    }
    if (const auto* u = std::get_if<uint64_t>(&value)) add(key, *u);
    if (const auto* d = std::get_if<double>(&value)) {
      if (const auto f = static_cast<float>(*d); static_cast<double>(f) == *d)
        add(key, f);
      else
        add(key, *d);
    }
    if (const auto* b = std::get_if<bool>(&value)) add(key, *b);
    if (const auto* s = std::get_if<std::string_view>(&value)) add(key, *s);
    if (const auto* a = std::get_if<Array>(&value)) {
      const auto type = static_cast<size_t>(a->type());
      if (const auto strings = a->strings())
        add_array(key, std::span<const std::string_view>(*strings));
      else
        add_packed_array(key, kElement[type], a->size(), std::span(a->packed(), a->size() * kBytes[type]));
    }
  }
}

void GgufWriter::add_tensor(std::string_view name, quant::Type type, std::span<const int64_t> dims,
                            std::span<const std::byte> data) {
  std::string what = fault(type, dims, data.size());
  if (name.empty() || name.size() > limits::kNameBytes) what = str("a name of ", name.size(), " bytes");
  if (wrong_.ok() && !what.empty())
    wrong_ = Status::invalid(str("tensor ", quoted(name), " cannot be written: ", what));
  records_.push_back({std::string(name), type, {dims.begin(), dims.end()}, data});
}

Result<GgufWriter::Layout> GgufWriter::layout() const {
  TRY(Status(wrong_));
  NameIndex index;
  const auto key_at = [&](size_t i) { return std::string_view(keys_[i]); };
  const auto name_at = [&](size_t i) { return std::string_view(records_[i].name); };
  index.build(keys_.size(), key_at);
  if (const auto i = index.duplicate(key_at))
    return Status::invalid(str("metadata key ", quoted(keys_[*i]), " was added twice"));
  index.build(records_.size(), name_at);
  if (const auto i = index.duplicate(name_at))
    return Status::invalid(str("tensor ", quoted(records_[*i].name), " was added twice"));

  Layout out;
  std::vector<std::byte>& head = out.head;
  for (const char c : {'G', 'G', 'U', 'F'}) put(head, c);
  put(head, version_);
  put(head, uint64_t{records_.size()});
  put(head, uint64_t{keys_.size()});
  head.insert(head.end(), metadata_.begin(), metadata_.end());
  Size offset(0u);
  for (const Record& r : records_) {
    put_text(head, r.name);
    put(head, static_cast<uint32_t>(r.dims.size()));
    for (size_t d = r.dims.size(); d-- > 0;) put(head, static_cast<uint64_t>(r.dims[d]));  // innermost first
    put(head, static_cast<uint32_t>(r.type));
    put(head, offset.value());
    offset = (offset + r.data.size()).padded(alignment_);
    if (!offset.valid()) return Status::invalid("the tensors are larger than 64 bits count");
  }
  head.resize(head.size() + padding(head.size(), alignment_));

  out.zeros.resize(alignment_);
  out.pieces.push_back(out.head);
  for (const Record& r : records_) {
    out.pieces.push_back(r.data);
    out.pieces.push_back(std::span(out.zeros).first(padding(r.data.size(), alignment_)));
  }
  return {std::move(out)};
}

Result<std::vector<std::byte>> GgufWriter::bytes() const {
  TRY_SET(const Layout file, layout());
  std::vector<std::byte> whole;
  for (const auto& piece : file.pieces) whole.insert(whole.end(), piece.begin(), piece.end());
  return {std::move(whole)};
}

Status GgufWriter::write(const std::string& path) const {
  TRY_SET(const Layout file, layout());
  return write_file(path, file.pieces);
}

}  // namespace infer::formats
