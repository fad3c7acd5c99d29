#include "backends/cpu/pack_file.h"

#include <algorithm>
#include <cstring>

#include "backends/cpu/packing.h"
#include "base/checked.h"

namespace infer::cpu {
namespace {

constexpr uint64_t kMagic = 0x314b434150464e49;  // "INFPACK1"
constexpr int64_t kAlign = 4096;
constexpr size_t kHeadWords = 8, kTensorWords = 8;
enum Head : size_t { kMagicAt, kLayoutAt, kBytesAt, kCountAt, kKeyAt, kKeyAt2, kSumAt, kZeroAt };
enum Column : size_t { kOffset, kPlace, kRows, kRowBytes, kType, kThere, kSamples, kSum };

std::span<const std::byte> bytes_of(const std::vector<uint64_t>& words) { return std::as_bytes(std::span(words)); }

uint64_t sum_of(std::vector<uint64_t> words) {
  words[kSumAt] = 0;
  return hash64(bytes_of(words));
}

// Of every type that can be packed: a tile of two blocks a row.
uint64_t layout_of_packing() {
  Hash hash;
  for (const quant::TypeInfo& type : quant::all_types()) {
    if (!can_pack(type.type, kPackedRows)) continue;
    const int64_t row_bytes = 2 * int64_t{type.block_bytes};
    std::vector<uint8_t> rows(static_cast<size_t>(kPackedRows * row_bytes)), packed(rows.size());
    for (size_t i = 0; i < rows.size(); i++) rows[i] = static_cast<uint8_t>(uint32_t{2654435769} * i >> 24);
    pack_rows(type.type, row_bytes, rows.data(), 0, kPackedRows, packed.data());
    hash.add(std::as_bytes(std::span(packed)));
  }
  return hash.value();
}

}  // namespace

Result<PackFile> PackFile::of(std::vector<PackItem> items) {
  PackFile f;
  f.layout_ = layout_of_packing();
  std::string text = str("layout ", f.layout_);
  Size end = (Size(kHeadWords) + Size(items.size()) * Size(kTensorWords)) * Size(sizeof(uint64_t));
  for (const PackItem& item : items) {
    text += str("\n", item.source, " ", item.offset, " ", static_cast<uint32_t>(item.type), " ", item.rows, " ",
                item.row_bytes);
    const Size at = end.padded(kAlign);
    end = at + Size(item.rows) * Size(item.row_bytes);
    if (!end.fits(INT64_MAX - kAlign)) return Status::no_memory("packed weights of more than 2^63 bytes");
    f.entries_.push_back({static_cast<int64_t>(at.value())});
  }
  f.items_ = std::move(items);
  f.key_ = hash128(text);
  f.bytes_ = static_cast<int64_t>(end.value());
  return f;
}

bool PackFile::complete() const {
  return std::all_of(entries_.begin(), entries_.end(), [](const Entry& e) { return e.there; });
}

bool PackFile::empty() const {
  return std::none_of(entries_.begin(), entries_.end(), [](const Entry& e) { return e.there; });
}

std::vector<uint64_t> PackFile::header_words() const {
  std::vector<uint64_t> words = {kMagic, layout_, static_cast<uint64_t>(bytes_), items_.size(), key_.high, key_.low,
                                 0,      0};
  for (size_t i = 0; i < items_.size(); i++) {
    const PackItem& item = items_[i];
    const Entry& e = entries_[i];
    words.insert(words.end(),
                 {static_cast<uint64_t>(item.offset), static_cast<uint64_t>(e.at), static_cast<uint64_t>(item.rows),
                  static_cast<uint64_t>(item.row_bytes), static_cast<uint64_t>(item.type), e.there, e.samples, e.sum});
  }
  words[kSumAt] = sum_of(words);
  return words;
}

std::vector<std::byte> PackFile::header() const {
  const std::vector<uint64_t> all = header_words();
  const auto bytes = bytes_of(all);
  return {bytes.begin(), bytes.end()};
}

Status PackFile::read(std::span<const std::byte> file) {
  std::vector<uint64_t> expected = header_words();
  if (file.size() != static_cast<uint64_t>(bytes_) || file.size() < bytes_of(expected).size())
    return Status::corrupt(str("it has ", file.size(), " bytes, not ", bytes_));
  std::vector<uint64_t> words(expected.size());
  std::memcpy(words.data(), file.data(), words.size() * sizeof(uint64_t));
  if (words[kMagicAt] != kMagic) return Status::corrupt("it is no file of packed weights");
  if (words[kLayoutAt] != layout_) return Status::corrupt("it has another layout");
  if (words[kSumAt] != sum_of(words)) return Status::corrupt("its header is damaged");
  std::vector<Entry> found = entries_;
  for (size_t i = 0; i < items_.size(); i++) {
    const size_t row = kHeadWords + i * kTensorWords;
    if (words[row + kThere] > 1) return Status::corrupt(str("its tensor ", i, " is neither there nor missing"));
    found[i] = {found[i].at, words[row + kThere] == 1, words[row + kSamples], words[row + kSum]};
    for (const Column c : {kThere, kSamples, kSum}) expected[row + c] = words[row + c];
  }
  expected[kSumAt] = words[kSumAt];
  if (words != expected) return Status::corrupt("it holds other tensors");
  entries_ = std::move(found);
  return {};
}

std::span<const std::byte> PackFile::packed(size_t i, std::span<const std::byte> file) const {
  return file.subspan(static_cast<size_t>(entries_[i].at), static_cast<size_t>(items_[i].bytes()));
}

uint64_t hash_samples(std::span<const std::byte> bytes) {
  constexpr size_t kPieces = 8, kPiece = 64;  // each costs reading a page of the model file
  if (bytes.size() <= kPieces * kPiece) return hash64(bytes);
  Hash hash;
  const size_t last = bytes.size() - kPiece;
  for (size_t i = 0; i < kPieces; i++) hash.add(bytes.subspan(last / (kPieces - 1) * i, kPiece));
  hash.add(bytes.subspan(last));
  return hash.value();
}

}  // namespace infer::cpu
