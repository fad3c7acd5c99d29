// GGUF: header, metadata, tensor records, padding to general.alignment, data. All little-endian, nothing aligned before
// the data:
//
//   "GGUF"  u32 version  u64 n_tensors  u64 n_keys
//   key:     string  u32 type  value                    string: u64 length, bytes
//   array:   u32 element type  u64 count  elements      (never of arrays)
//   tensor:  string  u32 rank  u64 dim[rank], innermost first  u32 type  u64 offset into the data
//
// Every count is held against the bytes that are left before anything is allocated for it, every sum and product of
// sizes is checked, and whatever is refused names the thing and the byte at which it stands.
#include "formats/gguf_reader.h"

#include <algorithm>
#include <numeric>

#include "base/checked.h"
#include "base/utf8.h"
#include "formats/cursor.h"
#include "formats/limits.h"
#include "formats/refusal.h"
#include "formats/sniff.h"

namespace infer::formats {
namespace {

constexpr uint64_t kHeaderBytes = 24;

// The value types of the format, by number; an array's elements are any of them but kArray.
enum ValueType : uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kStr, kArray, kU64, kI64, kF64, kNumTypes };
struct TypeRow {
  Array::Type element;
  uint64_t least_bytes;  // of one element
};
constexpr TypeRow kTypes[kNumTypes] = {
    {Array::Type::kU8, 1},  {Array::Type::kI8, 1},
    {Array::Type::kU16, 2}, {Array::Type::kI16, 2},
    {Array::Type::kU32, 4}, {Array::Type::kI32, 4},
    {Array::Type::kF32, 4}, {Array::Type::kBool, 1},
    {Array::Type::kStr, 8}, {},
    {Array::Type::kU64, 8}, {Array::Type::kI64, 8},
    {Array::Type::kF64, 8},
};

// Tensor types that the format names and this library has no weights of.
struct Foreign {
  uint32_t number;
  const char* name;
  bool removed;
};
constexpr Foreign kForeign[] = {
    {4, "q4_2", true},        {5, "q4_3", true},        {9, "q8_1", false},     {15, "q8_k", false},
    {24, "i8", false},        {25, "i16", false},       {27, "i64", false},     {28, "f64", false},
    {31, "q4_0_4_4", true},   {32, "q4_0_4_8", true},   {33, "q4_0_8_8", true}, {36, "iq4_nl_4_4", true},
    {37, "iq4_nl_4_8", true}, {38, "iq4_nl_8_8", true}, {41, "q1_0", false},
};

// UTF-8 without control characters: fit to be shown, compared and handed out.
bool printable(std::string_view text) {
  const auto control = [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, control)) return false;
  return std::ranges::all_of(text, [](char c) { return static_cast<uint8_t>(c) < 0x80; }) || valid_utf8(text);
}

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, ModelFileBuilder& out) : bytes_(bytes), in_(bytes), out_(out) {}

  Status read() {
    TRY(header());
    TRY(keys());
    TRY(alignment());
    TRY(records());
    return place();
  }
  size_t header_bytes() const { return static_cast<size_t>(in_.at()); }  // of a file that was read: up to the data

 private:
  Status ends_inside(std::string what, uint64_t needed) const {
    return refuse<Refusal::ends_inside>(what, needed, in_.at(), in_.left());
  }

  Status header() {
    char magic[4] = {};
    uint32_t version = 0;
    if (!in_.take(magic) || std::string_view(magic, 4) != "GGUF") return not_gguf(bytes_);
    if (bytes_.size() < kHeaderBytes || !in_.take(version) || !in_.take(n_tensors_) || !in_.take(n_keys_))
      return refuse<Refusal::header_cut>(bytes_.size());
    if (version != 0 && (version & 0xffff) == 0) return refuse<Refusal::big_endian>();
    if (version < 2) return refuse<Refusal::version_old>(version);
    if (version > 3) return refuse<Refusal::version_new>(version);
    if (n_keys_ > in_.left() / limits::kKeyRecordBytes) return refuse<Refusal::keys_beyond_file>(n_keys_, in_.left());
    if (n_tensors_ > in_.left() / limits::kTensorRecordBytes)
      return refuse<Refusal::tensors_beyond_file>(n_tensors_, in_.left());
    if (n_keys_ > limits::kKeys) return refuse<Refusal::keys_over_limit>(n_keys_, limits::kKeys);
    if (n_tensors_ > limits::kTensors) return refuse<Refusal::tensors_over_limit>(n_tensors_, limits::kTensors);
    return {};
  }

  // Metadata ---------------------------------------------------------------------------------------------------------
  Status keys() {
    out_.metadata().reserve(n_keys_);
    for (uint64_t i = 0; i < n_keys_; ++i) {
      const uint64_t start = in_.at();
      uint64_t length = 0;
      uint32_t type = 0;
      std::string_view key;
      if (!in_.take(length)) return ends_inside(str("the length of metadata key ", i), sizeof length);
      if (length == 0) return refuse<Refusal::key_empty>(i, start);
      if (length > limits::kKeyBytes) return refuse<Refusal::key_too_long>(i, start, length, limits::kKeyBytes);
      if (!in_.take(length, key)) return ends_inside(str("metadata key ", i), length);
      if (!printable(key)) return refuse<Refusal::key_not_text>(i, start, quoted(key));
      if (!in_.take(type)) return ends_inside(str("the type of ", quoted(key)), sizeof type);
      Value value;
      TRY(read_value(key, type, value));
      out_.metadata().push_back({key, std::move(value)});
    }
    if (const auto twice = out_.index_keys()) return refuse<Refusal::key_twice>(quoted(*twice));
    return {};
  }

  Status read_value(std::string_view key, uint32_t type, Value& out) {
    switch (type) {
      case kU8:
        return scalar<uint8_t>(key, out);
      case kI8:
        return scalar<int8_t>(key, out);
      case kU16:
        return scalar<uint16_t>(key, out);
      case kI16:
        return scalar<int16_t>(key, out);
      case kU32:
        return scalar<uint32_t>(key, out);
      case kI32:
        return scalar<int32_t>(key, out);
      case kU64:
        return scalar<uint64_t>(key, out);
      case kI64:
        return scalar<int64_t>(key, out);
      case kF32:
        return scalar<float>(key, out);
      case kF64:
        return scalar<double>(key, out);
      case kBool:
        return boolean(key, out);
      case kStr:
        return string(key, out);
      case kArray:
        return array(key, out);
      default:
        return refuse<Refusal::value_type_unknown>(quoted(key), in_.at() - sizeof type, type);
    }
  }

  template <class T>
  Status scalar(std::string_view key, Value& out) {
    T v{};
    if (!in_.take(v)) return ends_inside(str("the value of ", quoted(key)), sizeof v);
    if constexpr (std::is_floating_point_v<T>) {
      out = static_cast<double>(v);
    } else if (std::in_range<int64_t>(v)) {
      out = static_cast<int64_t>(v);
    } else {
      out = static_cast<uint64_t>(v);
    }
    return {};
  }

  Status boolean(std::string_view key, Value& out) {
    uint8_t v = 0;
    if (!in_.take(v)) return ends_inside(str("the value of ", quoted(key)), sizeof v);
    if (v > 1) return refuse<Refusal::value_not_bool>(quoted(key), in_.at() - 1, v);
    out = v != 0;
    return {};
  }

  Status string(std::string_view key, Value& out) {
    uint64_t length = 0;
    std::string_view text;
    if (!in_.take(length)) return ends_inside(str("the value of ", quoted(key)), sizeof length);
    if (!in_.take(length, text)) return ends_inside(str("the value of ", quoted(key)), length);
    out = text;
    return {};
  }

  Status array(std::string_view key, Value& out) {
    const uint64_t start = in_.at();
    uint32_t type = 0;
    uint64_t count = 0;
    if (!in_.take(type)) return ends_inside(str("the element type of ", quoted(key)), sizeof type);
    if (type == kArray) return refuse<Refusal::array_nested>(quoted(key), start);
    if (type >= kNumTypes) return refuse<Refusal::array_type_unknown>(quoted(key), start, type);
    if (!in_.take(count)) return ends_inside(str("the length of ", quoted(key)), sizeof count);
    if (count > in_.left() / kTypes[type].least_bytes)
      return refuse<Refusal::array_beyond_file>(quoted(key), start, count, in_.left());
    out = Array(kTypes[type].element, count, in_.here());
    if (type == kStr) return skip_strings(key, count);
    if (type == kBool)
      for (uint64_t i = 0; i < count; ++i)
        if (const auto v = std::to_integer<uint8_t>(in_.here()[i]); v > 1)
          return refuse<Refusal::array_not_bool>(i, quoted(key), v);
    (void)in_.skip(count * kTypes[type].least_bytes);  // fits: count was held against it
    return {};
  }

  Status skip_strings(std::string_view key, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      uint64_t length = 0;
      if (!in_.take(length)) return ends_inside(str("element ", i, " of ", quoted(key)), sizeof length);
      if (!in_.skip(length)) return ends_inside(str("element ", i, " of ", quoted(key)), length);
    }
    return {};
  }

  Status alignment() {
    TRY_SET(const int64_t a,
            out_.model().get_int("general.alignment", limits::kAlignmentLeast, limits::kAlignmentMost, 32));
    alignment_ = static_cast<uint64_t>(a);
    if (!std::has_single_bit(alignment_))
      return refuse<Refusal::alignment_not_power>(a, limits::kAlignmentLeast, limits::kAlignmentMost);
    return {};
  }

  // Tensors ----------------------------------------------------------------------------------------------------------
  Status records() {
    if (n_tensors_ > in_.left() / limits::kTensorRecordBytes)  // again: the keys have taken their part
      return refuse<Refusal::tensors_beyond_file>(n_tensors_, in_.left());
    out_.tensors().reserve(n_tensors_);
    places_.reserve(n_tensors_);
    for (uint64_t i = 0; i < n_tensors_; ++i) TRY(record(i));
    return {};
  }

  Status record(uint64_t i) {
    const uint64_t start = in_.at();
    uint64_t length = 0;
    Tensor t{{}, quant::Type::kF32, 0, {1, 1, 1, 1}, {}};
    if (!in_.take(length)) return ends_inside(str("the name of tensor ", i), sizeof length);
    if (length == 0) return refuse<Refusal::name_empty>(i, start);
    if (length > limits::kNameBytes) return refuse<Refusal::name_too_long>(i, start, length, limits::kNameBytes);
    if (!in_.take(length, t.name)) return ends_inside(str("the name of tensor ", i), length);
    if (!printable(t.name)) return refuse<Refusal::name_not_text>(i, start, quoted(t.name));

    uint32_t rank = 0, type = 0;
    if (!in_.take(rank)) return ends_inside(str("the record of tensor ", quoted(t.name)), sizeof rank);
    if (rank < 1 || rank > limits::kRank) return refuse<Refusal::rank_bad>(quoted(t.name), start, rank, limits::kRank);
    t.rank = static_cast<int32_t>(rank);
    for (uint32_t d = 0; d < rank; ++d) {
      uint64_t n = 0;
      if (!in_.take(n)) return ends_inside(str("the record of tensor ", quoted(t.name)), sizeof n);
      if (n < 1 || n > limits::kDim) return refuse<Refusal::dim_bad>(quoted(t.name), start, d, n, limits::kDim);
      t.dim[rank - 1 - d] = static_cast<int64_t>(n);  // the file has the innermost first
    }
    if (!in_.take(type)) return ends_inside(str("the record of tensor ", quoted(t.name)), sizeof type);
    Place place{};
    if (!in_.take(place.offset)) return ends_inside(str("the record of tensor ", quoted(t.name)), sizeof place.offset);
    TRY(measure(t, type, start, place.bytes));
    if (place.offset % alignment_ != 0)
      return refuse<Refusal::offset_misaligned>(quoted(t.name), place.offset, alignment_);
    out_.tensors().push_back(t);
    places_.push_back(place);
    return {};
  }

  // The tensor's type, and the bytes that it takes.
  Status measure(Tensor& t, uint32_t type, uint64_t start, uint64_t& bytes) const {
    const quant::TypeInfo* info = quant::find_type(type);
    if (!info) {
      const auto foreign = std::ranges::find(kForeign, type, &Foreign::number);
      if (foreign == std::end(kForeign)) return refuse<Refusal::type_unknown>(quoted(t.name), start, type);
      return foreign->removed ? refuse<Refusal::type_removed>(quoted(t.name), start, type, foreign->name)
                              : refuse<Refusal::type_unsupported>(quoted(t.name), start, type, foreign->name);
    }
    t.type = info->type;
    const auto row = static_cast<uint64_t>(t.dim[t.rank - 1]);
    if (row % info->block_elems != 0)
      return refuse<Refusal::row_not_blocks>(quoted(t.name), row, info->block_elems, info->name);
    Size total = Size(row / info->block_elems) * info->block_bytes;
    Size elements(row);
    for (int32_t d = t.rank - 2; d >= 0; --d) {
      total = total * t.dim[d];
      elements = elements * t.dim[d];
    }
    if (!total.valid() || !elements.fits(INT64_MAX)) {
      std::string dims;
      for (int32_t d = t.rank - 1; d >= 0; --d) dims += str(d == t.rank - 1 ? "" : " x ", t.dim[d]);
      return refuse<Refusal::size_wraps>(quoted(t.name), dims);
    }
    bytes = total.value();
    return {};
  }

  // Data: every tensor lies inside the file, and no two share a byte.
  Status place() {
    const Size data = Size(in_.at()).padded(alignment_);
    auto& tensors = out_.tensors();
    for (size_t i = 0; i < tensors.size(); ++i) {
      const Size start = data + places_[i].offset;
      if (!(start + places_[i].bytes).fits(bytes_.size()))
        return refuse<Refusal::data_outside>(quoted(tensors[i].name), places_[i].bytes, places_[i].offset, data.value(),
                                             bytes_.size());
      tensors[i].data = bytes_.subspan(start.value(), places_[i].bytes);
    }
    std::vector<uint32_t> order(tensors.size());
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::sort(order, {}, [&](uint32_t i) { return places_[i].offset; });
    for (size_t k = 1; k < order.size(); ++k) {
      const uint32_t before = order[k - 1], after = order[k];
      if (places_[after].offset - places_[before].offset < places_[before].bytes)
        return refuse<Refusal::data_overlaps>(quoted(tensors[before].name), quoted(tensors[after].name));
    }
    return {};
  }

  struct Place {
    uint64_t offset, bytes;  // in the data
  };
  std::span<const std::byte> bytes_;
  Cursor in_;
  ModelFileBuilder& out_;
  uint64_t n_tensors_ = 0, n_keys_ = 0, alignment_ = 32;
  std::vector<Place> places_;  // of each tensor
};

}  // namespace

Result<ModelFileBuilder> read_gguf(std::shared_ptr<const File> file) {
  ModelFileBuilder out;
  Reader reader(file->bytes(), out);
  TRY(reader.read());
  const auto header = file->bytes().first(reader.header_bytes());
  out.add_file(std::move(file), header);
  return {std::move(out)};
}

}  // namespace infer::formats
