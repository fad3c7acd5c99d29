// A program compiled for this device: its tensors (Frame), the operations that run it, and all memory that a run needs.
// Operations that need no order between them are a step of the pool.
//
// Compiling joins what costs little to join: a tensor that several matmuls read is quantised once, by the step that
// makes it where that works row by row; matmuls of the same input need no meeting of threads between them; gate, up and
// GLU are one step; a residual is added where the product is written.
#pragma once
#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "backends/common/host_buffer.h"
#include "backends/cpu/cpu_features.h"
#include "backends/cpu/op.h"
#include "backends/cpu/pack_set.h"
#include "backends/cpu/pool.h"
#include "backends/cpu/profile.h"

namespace infer::cpu {

// An open device: its kernels, its threads, its counters.
class Device {
 public:
  Device(const Kernels& kernels, Crew crew) : kernels_(kernels), pool_(std::move(crew)) {}
  // path: of oneDNN's library.
  Status use_onednn(const std::string& path);
  Onednn* onednn() { return onednn_.get(); }  // null: not used
  // Weights are packed, and kept in this folder.
  void use_packs(PackFolder folder, const backend::Host& host);
  Packs* packs() { return packs_.get(); }  // null: not used
  const Kernels& kernels() const { return kernels_; }
  Status supported(const infer_program& p, uint32_t op) const;  // would a plan take this node? (It is sound.)
  Pool& pool() { return pool_; }
  void use_terms(int n) { terms_ = n; }
  int terms() const { return terms_; }  // most of a group of activations: see RecordLayout
  void use_profile() { profiles_ = true; }
  bool profiles() const { return profiles_; }  // plans count what their operators cost
  Counter* counter(const std::string& name);   // made when new; stays where it is
  bool counter_at(int32_t i, const char** name, int64_t* value);

 private:
  struct Named {
    std::string name;
    Counter value{0};
  };
  const Kernels& kernels_;
  Pool pool_;
  std::unique_ptr<Onednn> onednn_;
  bool profiles_ = false;
  int terms_ = 2;
  std::mutex mutex_;
  std::deque<Named> counters_;
  std::unique_ptr<Packs> packs_;
};

class Plan final : private Work {
 public:
  // On failure *bad_op (may be null) is the node it is about, where it is about one.
  static Result<std::unique_ptr<Plan>> make(Device& device, const infer_program& p, const infer_binding* weights,
                                            uint32_t n_weights, uint32_t* bad_op);
  Status submit(const int64_t* symbols, const infer_binding* binds, uint32_t n_binds);  // runs to the end
  Result<bool> wait(int32_t timeout_ms) const;                                          // how it ended
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }                  // before the next step
  int64_t bytes() const { return frame_.bytes() + bytes_; }
  const char* kernel(uint32_t op) const { return op < kernels_.size() ? kernels_[op].c_str() : nullptr; }

 private:
  friend class Compiler;
  struct Step {
    OpPtr op;
    bool last = true;  // of its step of the pool; the next operation must find it done
    int64_t end = 0;   // of its pieces, among those of its step
  };
  explicit Plan(Device& device) : device_(device) {}
  Run context(int thread) const;
  int64_t next() override;
  void unit(int thread, int64_t unit) override;
  void count_step();

  Device& device_;
  Frame frame_;
  std::vector<Step> steps_;
  std::unique_ptr<Profile> profile_;             // null: not wanted
  std::vector<std::string> kernels_;             // [n_nodes] what each node runs with
  std::deque<Records> records_;                  // pointed at by ops
  std::unique_ptr<PackUse> packs_;               // null: no weight is packed
  std::unique_ptr<backend::HostBuffer> memory_;  // records, attention parts, scratch of the threads
  int64_t scratch_at_ = 0, scratch_each_ = 0;    // bytes
  int64_t bytes_ = 0;                            // beside the Frame's
  uint32_t rows_of_ = INFER_NONE;                // a tensor with the run's rows
  // Of the run. Written by next(), when nobody else is here.
  bool few_ = false;
  size_t step_ = 0, after_ = 0;        // operations step_ .. after_-1 are being done
  int64_t pieces_ = 0, per_unit_ = 1;  // of this step
  bool stopped_ = false;
  std::atomic<bool> cancelled_{false};
  enum class Outcome { kNone, kDone, kCancelled } outcome_ = Outcome::kNone;
};

}  // namespace infer::cpu
