// The kernels, compiled by nvcc when the library is built: their names, the fatbins that they are in, and their
// functions on one device.
#pragma once
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/cuda/driver.h"

namespace infer::cuda {

// One fatbin per source of kernels/, in the order of kernels.cmake; fatbins.gen.cc holds them.
enum Module : uint32_t {
  kRows,
  kAttention,
  kWeightsPlain,
  kWeightsBlocks,
  kWeightsSuper,
  kWeightsGrids,
  kWeightsInt8,
  kModules
};
struct Fatbin {
  const void* data;
};
std::span<const Fatbin> fatbins();  // [kModules]

struct KernelName {
  std::string name;    // "matvec_q4_1_8"
  std::string symbol;  // "infer_matvec_q4_1_8"
  Module module;
};
// Kernels of one family stand together: matvec of a type for 1, 2, 4, 8 columns; attention of a type for 1 query head
// with one and four dimensions of a thread, for 4 heads with one and four, the same again for parts.
const std::vector<KernelName>& all_kernels();
// Place in all_kernels() of "matvec" with variant "q4_1", of the first of its family (variant empty: none); UINT32_MAX:
// there is none.
uint32_t find_kernel(std::string_view kernel, std::string_view variant);

// Loaded when first needed; freed with their context current.
class Functions {
 public:
  explicit Functions(const Driver& d)
      : driver_(d), modules_(kModules, nullptr), functions_(all_kernels().size(), nullptr) {}
  void unload();
  Result<CUfunction> load(uint32_t kernel);
  int64_t loaded() const;  // how many

 private:
  const Driver& driver_;
  mutable std::mutex mutex_;
  std::vector<CUmodule> modules_;      // [kModules] null: not yet
  std::vector<CUfunction> functions_;  // [all_kernels()] null: not yet
};

}  // namespace infer::cuda
