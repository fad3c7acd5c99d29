// The packed weights of a set of tensors: from the folder or made anew, by a thread of their own, while plans already
// run from the model file.
//
// A slot per tensor is null until its packed bytes are there and sound. They give the same answers bit for bit, so a
// slot may be filled at any moment, even between two threads of one step; what it pointed to stays mapped as long as
// the set. Nothing that fails here fails anyone: the slots stay null and a note for the host's log says why.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/common/host.h"
#include "backends/cpu/op.h"
#include "backends/cpu/pack_file.h"
#include "backends/cpu/pack_folder.h"
#include "base/thread.h"

namespace infer::cpu {

// Where one plan has a tensor of the set, in memory.
struct PackSource {
  const std::byte* data = nullptr;
  const void* file = nullptr;  // for intact
  int32_t (*intact)(const void*) = nullptr;
};
using PackSources = std::vector<PackSource>;  // [items]

struct PackCounters {
  Counter* tensors = nullptr;  // slots filled
  Counter* kept = nullptr;     // of them, from a file that was there
  Counter* refused = nullptr;  // files that were not believed
  Counter* busy = nullptr;     // threads at work now
};

class PackSet {
 public:
  PackSet(PackFile file, const PackFolder& folder, PackCounters counters, const backend::Host& host);
  PackSet(const PackSet&) = delete;

  const PackSlot& slot(size_t i) const { return slots_[i]; }
  // A plan comes and goes; `sources` stay where they are in between. The thread reads those of one plan at a time.
  void enter(const PackSources& sources);
  void leave(const PackSources& sources) noexcept;
  // Before a step: empties the slots when a file that they point into was cut short; passes notes on to the host.
  void check() noexcept;

 private:
  void start() noexcept;  // mutex_ held
  void stop() noexcept;   // mutex_ held
  void run(const PackSources& sources) noexcept;
  Status work(const PackSources& sources);
  Status read_kept(const std::shared_ptr<const File>& kept, const PackSources& sources, PackFile& file);
  Status pack(size_t i, const PackSource& source, const PackFile& file, NewFile& into, uint64_t* sum);
  // False: the slot was filled already, or no slot is to be filled any more.
  bool publish(size_t i, std::span<const std::byte> packed, const PackSource& source);
  void hold(std::shared_ptr<const File> file);
  void note(int32_t level, std::string_view text) noexcept;
  void pass_notes() noexcept;  // to the log of a thread of the host's
  Status may_go_on(const PackSource& source) const;

  const PackFile empty_;
  const PackFolder& folder_;
  const PackCounters counters_;
  const backend::Host& host_;
  const std::unique_ptr<PackSlot[]> slots_;  // [items]

  std::mutex mutex_;  // of the thread and who it works for
  std::vector<const PackSources*> plans_;
  const PackSources* working_for_ = nullptr;
  std::atomic<bool> stop_{false}, finished_{false};
  Thread thread_;

  std::mutex state_;                                // of what follows
  std::vector<std::shared_ptr<const File>> files_;  // that slots point into
  bool withdrawn_ = false;                          // a file was cut: no slot is filled any more
  std::vector<std::pair<int32_t, std::string>> notes_;
  std::atomic<bool> has_notes_{false};
};

// The sets of a device, each once however many plans use it.
class Packs {
 public:
  Packs(PackFolder folder, PackCounters counters, const backend::Host& host)
      : folder_(std::move(folder)), counters_(counters), host_(host) {}
  Result<std::shared_ptr<PackSet>> set(std::vector<PackItem> items);
  void forget_unused() noexcept;

 private:
  const PackFolder folder_;
  const PackCounters counters_;
  const backend::Host& host_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<PackSet>> sets_;  // by name of the file
};

// What a plan holds: from enter() on, while it lives, the set reads the plan's weights.
class PackUse {
 public:
  PackUse(Packs& packs, PackSources sources) : packs_(packs), sources_(std::move(sources)) {}
  PackUse(const PackUse&) = delete;
  ~PackUse() {
    if (set_) set_->leave(sources_);
    set_.reset();
    packs_.forget_unused();
  }
  Status enter(std::vector<PackItem> items) {
    TRY_SET(auto set, packs_.set(std::move(items)));
    set->enter(sources_);
    set_ = std::move(set);
    return {};
  }
  PackSet& set() const { return *set_; }

 private:
  Packs& packs_;
  std::shared_ptr<PackSet> set_;
  const PackSources sources_;
};

// The weights of a plan's matrix products that can be packed and come from a file. slots: [n_tensors], null for all
// others. Null: there are none, or no set can be made of them.
std::unique_ptr<PackUse> pack_weights(Packs& packs, const Frame& frame, const Kernels& kernels,
                                      std::span<const infer_binding> weights, std::vector<const PackSlot*>& slots);

}  // namespace infer::cpu
