// What backends share whose devices are behind drivers. Those take time and memory, so none is loaded before a device
// is really wanted: libinfer says so when the option `device` names one (the setting `named`), or the user does
// (`use`).
#pragma once
#include <libinfer/backend.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>

#include "backends/common/check.h"
#include "backends/common/frame.h"
#include "backends/common/host.h"

namespace infer::backend {

// One T per process, made at first use and kept, as drivers do not like to be unloaded. T: init() -> Status.
template <class T>
class Kept {
 public:
  static const T* loaded() { return the_one.load(); }  // null: nobody asked yet
  static Result<const T*> get() {
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    if (!loaded()) {
      auto made = std::make_unique<T>();
      TRY(made->init());
      the_one.store(made.release());  // never destroyed
    }
    return loaded();
  }

 private:
  static inline std::atomic<const T*> the_one{nullptr};
};

// Functions of the table about devices. Instance: Kept, with kApi ("Vulkan") and adapters(), each with name, features,
// kind, memory_total and memory_free(); Device::open(adapter, options) -> Result<std::unique_ptr<Device>>.
template <const Host& host, class Instance, class Device>
struct GpuCalls {
  // Until a driver is loaded there may be one.
  static int32_t count() {
    return Instance::loaded() ? static_cast<int32_t>(Instance::loaded()->adapters().size()) : 1;
  }

  static auto adapter_at(int32_t index) -> Result<decltype(&Instance::loaded()->adapters().front())> {
    TRY_SET(const Instance* instance, Instance::get());
    const auto& all = instance->adapters();
    if (all.empty()) return Status::not_found(str("no ", Instance::kApi, " driver shows a device"));
    if (index < 0 || static_cast<size_t>(index) >= all.size())
      return Status::not_found(str("there is no ", Instance::kApi, " device ", index));
    return &all[static_cast<size_t>(index)];
  }

  static infer_status info(int32_t index, infer_dev_info* out) {
    return host.guard([&]() -> Status {
      TRY_SET(const auto* a, adapter_at(index));
      *out = {{sizeof(infer_dev_info), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR},
              a->kind,
              1,
              a->name.c_str(),
              a->features.c_str(),
              a->memory_total,
              a->memory_free()};
      return {};
    });
  }

  // backend: its name, for messages. take(key, value, options): the settings of this backend alone; false: there is no
  // such one.
  template <class Take>
  static infer_status open(std::string_view backend, int32_t index, const infer_setting* settings, int32_t n_settings,
                           infer_dev** out, Take&& take) {
    return host.guard([&]() -> Status {
      bool named = false, gpus = false, all = false;
      typename Device::Options options;
      for (int32_t i = 0; i < n_settings; ++i) {
        const std::string_view key = settings[i].key, value = settings[i].value;
        if (key == "use") {
          all = value == "all", gpus = all || value == "gpus";
          if (!gpus && value != "named")
            return Status::invalid(str(backend, ".use is '", value, "'; it takes named, gpus or all"));
        } else if (key == "named") {
          named = is_true(value);
        } else if (!take(key, value, options)) {
          return Status::not_found(str(backend, " has no option '", key, "'"));
        }
      }
      if (!named && !gpus)
        return Status::not_found(
            str("no driver was loaded: name the device (option device), or set ", backend, ".use to gpus"));
      TRY_SET(const auto* a, adapter_at(index));
      if (a->kind == INFER_DEV_EMULATED && !named && !all)
        return Status::unsupported(
            str(a->name, " is no GPU: the processor computes it; ", backend, ".use all takes it"));
      TRY_SET(auto opened, Device::open(*a, options));
      *out = reinterpret_cast<infer_dev*>(opened.release());
      return {};
    });
  }
  static bool is_true(std::string_view value) { return value == "true" || value == "1"; }
  static void close(infer_dev* d) { delete reinterpret_cast<Device*>(d); }

  static constexpr int32_t kOperators = INFER_OP_COUNT - 1;
  // The first counters: runs of each operator. False: i is past them.
  static bool operator_at(infer_dev* d, int32_t i, const char** name, int64_t* value) {
    if (i < 0 || i >= kOperators) return false;
    *name = op_name(static_cast<uint32_t>(i + 1));
    *value = reinterpret_cast<Device*>(d)->runs[static_cast<size_t>(i + 1)].load(std::memory_order_relaxed);
    return true;
  }
};

// Memory of a device for a Frame: temps in a buffer of its own.
template <class Device, class Buffer>
class DeviceMemories final : public Memories {
 public:
  explicit DeviceMemories(Device& device) : device_(device) {}
  Memory of(infer_buf* b) const override { return of(*reinterpret_cast<const Buffer*>(b)); }
  Result<Memory> temps(int64_t bytes) override {
    TRY_SET(temps_, Buffer::make(device_, bytes, INFER_USE_STATE));
    return of(*temps_);
  }

 private:
  static Memory of(const Buffer& b) { return {b.host(), b.address(), b.bytes(), b.read_only()}; }
  Device& device_;
  std::unique_ptr<Buffer> temps_;
};

}  // namespace infer::backend
