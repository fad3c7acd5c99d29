// A file of packed weights: one set of tensors of one model, in the layout of packing.h.
//
//   words [8]          magic, layout, file bytes, number of tensors, key (2), checksum of the header with this
//                      word as zero, zero
//   words [tensors][8] source offset, place in this file, rows, row bytes, type, 1 if its bytes are there, hash of
//                      samples of the source, checksum of the packed bytes
//   the tensors        each at a multiple of 4096
//
// Words are 64 bits in the machine's own order; the magic tells a file of the other kind. Everything but the last three
// columns follows from the list of tensors, so a reader compares instead of believing, and any process may go on with a
// file that another left half done. The layout is a hash of what packing.h makes of known bytes: with another packing,
// another file. The checksums are against accidents: kernels take any bytes.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/status.h"
#include "quant/types.h"

namespace infer::cpu {

// A matrix to pack: all experts of a tensor are one.
struct PackItem {
  std::string source;  // id of the file it lies in
  int64_t offset;      // there
  quant::Type type;
  int64_t rows, row_bytes;
  int64_t bytes() const { return rows * row_bytes; }
};

class PackFile {
 public:
  // The file of these tensors, none of them there yet. Refuses what does not fit 63 bits.
  static Result<PackFile> of(std::vector<PackItem> items);

  struct Entry {
    int64_t at = 0;  // in the file
    bool there = false;
    uint64_t samples = 0, sum = 0;
  };
  const std::vector<PackItem>& items() const { return items_; }
  const std::vector<Entry>& entries() const { return entries_; }
  int64_t bytes() const { return bytes_; }
  std::string name() const { return key_.hex() + ".pack"; }
  bool complete() const;  // every tensor is there
  bool empty() const;     // none is

  void set(size_t i, uint64_t samples, uint64_t sum) { entries_[i] = {entries_[i].at, true, samples, sum}; }
  std::vector<std::byte> header() const;
  // Takes over what a file says is there. Fails, changing nothing, when it is not a sound file of exactly this set.
  Status read(std::span<const std::byte> file);
  std::span<const std::byte> packed(size_t i, std::span<const std::byte> file) const;

 private:
  std::vector<uint64_t> header_words() const;
  std::vector<PackItem> items_;
  std::vector<Entry> entries_;  // [items]
  uint64_t layout_ = 0;
  Hash128 key_;
  int64_t bytes_ = 0;
};

// Of pieces spread evenly over the bytes, the first and the last among them.
uint64_t hash_samples(std::span<const std::byte> bytes);

}  // namespace infer::cpu
