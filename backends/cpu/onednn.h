// Products of float matrices by oneDNN 3.x, a library that is opened at run time and only when the user names it.
//
// It is an option and not the default: its sums are in another order than those of the one-row kernel, so with it a
// request's last bits depend on how many rows run together. Each of our threads calls it on its own block of the
// result, with one thread of its own: who computes what, and how many do, stays ours. All primitives are made when a
// plan is, for blocks of fixed size; rows and columns that do not fill a block go to our kernels.
#pragma once
#include <memory>
#include <string>

#include "backends/cpu/kernels.h"
#include "base/status.h"

namespace infer::cpu {

// A weight shape's blocks: kRows rows of x times kColumns weight rows.
class OnednnProduct {
 public:
  static constexpr int64_t kRows = 64, kColumns = 64;
  virtual ~OnednnProduct() = default;
  // "brg_matmul:avx2": the implementation that oneDNN chose.
  virtual const char* kernel() const = 0;
  virtual int64_t scratch_bytes() const = 0;  // per thread, aligned to 64
  // The first rows of a, in whole blocks; a.n1 - a.n0 is kColumns. How many rows are done: 0 where oneDNN failed.
  virtual int64_t run(const MatmulArgs& a, int thread) = 0;
};

class Onednn {
 public:
  virtual ~Onednn() = default;
  // path: of libdnnl.so.3, built for OpenMP threads or none. n_threads: of the pool that will call.
  static Result<std::unique_ptr<Onednn>> open(const std::string& path, int n_threads);
  // For weights [n, k] of a type. Owned by this, made when new. Null: oneDNN has no fast kernel for it, or none can be
  // made (no memory that may be executed).
  virtual OnednnProduct* product(uint32_t type, int64_t n, int64_t k) = 0;
};

}  // namespace infer::cpu
