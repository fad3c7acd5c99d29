// Backends, devices and the host's hooks: what an infer_runtime refers to.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "api/settings.h"
#include "api/strings.h"
#include "base/log.h"
#include "device/registry.h"

namespace infer::api {

class Runtime {
 public:
  static Result<std::shared_ptr<Runtime>> create(const Settings& settings, const infer_hooks& hooks);

  device::Registry& registry() { return *registry_; }
  const Log& log() const { return log_; }
  void wake() const noexcept;  // tells the host that a request has something to pull
  const char* keep(std::string_view text) { return strings_.keep(text); }

  // The devices that an engine may use: all of them, or those that the option "device" names, in its order.
  Result<std::vector<std::shared_ptr<const device::Device>>> choose_devices(
      const std::vector<std::string>& names) const;
  // A key of a backend that is not there is a mistake, found when the first object takes it.
  Status check_backend_keys(const Settings& settings) const;

 private:
  explicit Runtime(const infer_hooks& hooks) : hooks_(hooks) {}
  const infer_hooks hooks_;
  Log log_;
  std::unique_ptr<device::Registry> registry_;
  Strings strings_;
};

}  // namespace infer::api
