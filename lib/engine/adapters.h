// Which adapters an engine has loaded, in which slots of the model's banks, and which of them requests still use.
//
// A name is found from when its adapter lies in the banks until it is dropped; its slot is free again when the last
// request that uses it has ended. Any thread.
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/names.h"
#include "base/status.h"

namespace infer::engine {

class Adapters {
 public:
  explicit Adapters(int64_t slots) : slots_(static_cast<size_t>(slots)) {}

  // A request's hold on an adapter. Ends before the Adapters do.
  class Use {
   public:
    Use() = default;
    Use(Use&& o) noexcept : of_(std::exchange(o.of_, nullptr)), slot_(std::exchange(o.slot_, -1)) {}
    Use& operator=(Use&& o) noexcept {
      std::swap(of_, o.of_);
      std::swap(slot_, o.slot_);
      return *this;
    }
    ~Use() { end(); }
    void end() noexcept;
    int32_t slot() const { return slot_; }  // -1: none
    // The domain of prefixes of requests with this adapter, or none: keys and values depend on it. No other pair of
    // adapter and domain has that name.
    Name domain(const Name& of_request) const;

   private:
    friend class Adapters;
    Use(Adapters* of, int32_t slot) : of_(of), slot_(slot) {}
    Adapters* of_ = nullptr;
    int32_t slot_ = -1;
  };

  Result<Use> use(const std::string& name);

  // A free slot for an adapter that is about to be loaded: not found before loaded(). E_FULL: there is none.
  // E_INVALID: the name is taken.
  Result<int32_t> begin(const std::string& name);
  void loaded(int32_t slot);
  void abandon(int32_t slot);
  Status drop(const std::string& name);
  std::vector<std::string> names() const;  // of those that requests find, in the order of their slots

 private:
  struct Slot {
    std::string name;
    uint64_t number = 0;  // of this load: no other one's
    int32_t users = 0;
    enum { kFree, kLoading, kLoaded, kDropped } state = kFree;
  };
  Slot& at(int32_t slot) { return slots_[static_cast<size_t>(slot)]; }
  Slot* find(const std::string& name);
  Status not_found(const std::string& name) const;

  mutable std::mutex mutex_;
  std::vector<Slot> slots_;
  uint64_t loads_ = 0;
};

}  // namespace infer::engine
