// Experts of a mixture that do not all fit in memory: those used last stay, a step reads the others (as Eliseev and
// Mazur, "Fast inference of mixture-of-experts language models with offloading", arXiv 2312.17238, keep them).
//
// Layers whose experts are of the same sizes share the places. A place has one expert's part of each bank (gate, up,
// down): bank b is a tensor [places, ...], and a layer's nodes are told places instead of numbers of experts.
#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "device/buffers.h"

namespace infer::device {

class ExpertCache {
 public:
  // n_places >= n_experts, so that whatever a step needs is there. bytes: of one expert in each bank.
  static Result<std::unique_ptr<ExpertCache>> make(const Device& device, int64_t n_layers, int64_t n_experts,
                                                   int64_t n_places, const std::vector<int64_t>& bytes);

  // places[i]: of expert ids[i] of this layer, which is read if it is not there. banks: of the layer, all its experts
  // one after the other. Allocates nothing. One thread.
  Status take(int64_t layer, std::span<const int32_t> ids, std::span<const Bytes> banks, std::span<int32_t> places,
              const std::atomic<bool>& cancelled);
  const Buffer& bank(size_t b) const { return banks_[b]; }
  int64_t bytes() const;

  struct Counts {
    std::atomic<int64_t> found{0}, read{0}, bytes{0}, read_ns{0};  // experts of steps; of those read, bytes and time
  };
  const Counts& counts() const { return counts_; }

 private:
  Status fill(int64_t place, int32_t expert, std::span<const Bytes> banks);
  int64_t oldest() const;

  int64_t n_experts_ = 0;
  std::vector<int64_t> bytes_;  // [banks] of an expert
  std::vector<Buffer> banks_;
  std::vector<int64_t> place_of_;  // [layers, experts] -1: not there
  std::vector<int64_t> holder_;    // [places] index into place_of_; -1: nobody
  std::vector<uint64_t> used_;     // [places] when, last
  uint64_t now_ = 0;
  std::vector<std::byte> staging_;  // where banks are not the host's
  Counts counts_;
};

}  // namespace infer::device
