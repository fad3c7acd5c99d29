// Backends and devices of one runtime: found, checked, opened. A broken plugin is reported and skipped.
#pragma once
#include <libinfer/backend.h>

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/status.h"
#include "device/builtin.h"
#include "device/plugin_call.h"

namespace infer::device {

struct RegistryOptions {
  std::vector<std::string> folders;  // searched for *.json manifests, in order
  std::vector<std::string> use;      // names wanted, in order of preference; empty: all, by priority
  std::vector<std::pair<std::string, std::string>>
      settings;                    // "cpu.threads" -> "2"; an unknown key of a loaded backend is E_NOT_FOUND
  std::vector<std::string> named;  // backends whose devices the user asks for by name; those that know a setting
                                   // "named" are told
  std::vector<std::pair<std::string, std::string>> shared;  // "pack.dir" -> "..."; goes to backends that know the key
  infer_executor executor{};                                // lent to every device; parallel null: nothing is lent
  std::span<const Builtin> builtin;  // linked in; a plugin of the same name found in a folder comes first
};

// An opened device. Closed when the last user lets go.
class Device {
 public:
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  const infer_backend& backend() const { return *backend_; }
  infer_dev* dev() const { return dev_; }
  const infer_dev_info& info() const { return info_; }  // strings are never null, sizes never negative
  std::string_view name() const { return backend_->name; }
  const Log& log() const { return log_; }  // for a LogScope around calls
  // Calls a function of the plugin that can fail; its message (host->fail) becomes the Status, and so does what it
  // throws.
  template <class F>
  Status call(std::string_view doing, F&& f) const {
    return device::call(name(), doing, f);
  }
  // The Status of a code that a function of the plugin just answered with on this thread.
  Status check(infer_status code, std::string_view doing) const {
    return device::call(name(), doing, [=] { return code; });
  }

 private:
  friend class Registry;
  Device() = default;
  const infer_backend* backend_ = nullptr;
  infer_dev* dev_ = nullptr;
  infer_dev_info info_{};
  infer_executor executor_{};  // the plugin points here
  Log log_;
};

class Registry {
 public:
  struct Entry {  // a backend that was looked at
    std::string name, path, note;
    const infer_backend* backend = nullptr;  // null: refused, note says why
  };
  static Result<std::unique_ptr<Registry>> create(RegistryOptions options, Log log);
  Status load(const std::string& path);  // one plugin file; its devices join the others
  // The user asks for devices of this backend by name. One that opened none before, as nobody had asked, tries again;
  // what comes of it is in entries().
  Status want(std::string_view name);
  std::vector<Entry> entries() const;
  std::vector<std::shared_ptr<const Device>> devices() const;  // best first; reference last

 private:
  Registry(RegistryOptions options, Log log) : options_(std::move(options)), log_(std::move(log)) {}
  Status scan(const std::string& folder);
  bool wanted(std::string_view name) const;
  bool loaded(std::string_view name) const;
  void refuse(std::string name, std::string path, std::string_view why);
  Status add(const infer_backend* backend, const std::string& path);
  Result<std::shared_ptr<const Device>> open_device(const infer_backend* backend, int32_t index,
                                                    std::span<const infer_setting> settings);
  void sort_devices();

  RegistryOptions options_;
  Log log_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  std::vector<std::pair<const infer_backend*, std::string>> idle_;  // backends that opened no device, with their paths
  std::vector<std::shared_ptr<const Device>> devices_;
};

}  // namespace infer::device
