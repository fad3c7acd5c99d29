// Keys and values of a text's first tokens in a file, from which another engine goes on without computing them.
//
//   head      magic, version, sizes, what it was computed by (StateKey), checksum of all before the pages
//   tokens    int32 [n_tokens], padded to 8
//   sums      uint64 [n_pages], hash64 of each page
//   pages     from the next multiple of 64 on: [n_pages, page_bytes], as the device keeps them
//
// Little-endian. A file is believed nothing: sizes, checksums and token ids are compared before anything is used, and a
// page is compared after it was copied, as the file may change at any moment. Who may write the file may still put
// numbers of their own choice into it, as into a model: take it from where you would take a model.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/status.h"

namespace infer::cache {

// Whose keys and values they are. Equal keys: the same bits would be computed.
struct StateKey {
  uint64_t model = 0;  // fingerprint of the weights
  uint64_t form = 0;   // and of the arithmetic: type of the cache, devices, kernels
  int64_t page = 0;    // tokens of a page
  int64_t page_bytes = 0;
};

// read(i, out) fills in page i, [page_bytes]. The file has its name when it is whole, and replaces what had it.
using ReadPage = std::function<Status(int32_t page, std::span<std::byte> out)>;
Status write_state(const std::string& path, const StateKey& key, std::span<const int32_t> tokens, const ReadPage& read);

class StateFile {
 public:
  // Refuses, saying what differs, a file that is damaged (E_CORRUPT) or of another model, form, page or version
  // (E_UNSUPPORTED).
  static Result<StateFile> open(std::shared_ptr<const File> file, const StateKey& key, int64_t n_vocab);
  std::span<const int32_t> tokens() const { return tokens_; }
  int32_t n_pages() const { return static_cast<int32_t>(sums_.size()); }
  Status read_page(int32_t i, std::span<std::byte> out) const;  // [page_bytes]

 private:
  std::shared_ptr<const File> file_;
  std::vector<int32_t> tokens_;
  std::vector<uint64_t> sums_;
  int64_t pages_at_ = 0, page_bytes_ = 0;
};

}  // namespace infer::cache
