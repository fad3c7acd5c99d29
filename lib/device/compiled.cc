#include "device/compiled.h"

#include <utility>

namespace infer::device {
namespace {
constexpr int32_t kWaitMs = 50;  // between looks at the cancel flag while a device works
}

Result<Compiled> Compiled::make(const Device& device, const graph::View& view, std::span<const infer_binding> weights,
                                const std::string& what, size_t* bad_op) {
  const LogScope scope(&device.log());
  infer_plan* plan = nullptr;
  uint32_t bad = UINT32_MAX;
  int64_t bytes = 0;
  const Status made = device.call(str("compiling ", what), [&] {
    return device.backend().plan_new(device.dev(), view.c(), weights.data(), static_cast<uint32_t>(weights.size()),
                                     &bad, &bytes, &plan);
  });
  *bad_op = made.code() == INFER_E_UNSUPPORTED && bad < view.c()->n_ops ? bad : SIZE_MAX;
  TRY(made);
  if (!plan) return Status::internal(str("backend '", device.name(), "' answered OK and gave no plan"));
  Compiled compiled(device, plan, bytes);
  if (bytes < 0)
    return Status::internal(str("backend '", device.name(), "' says that its plan takes ", bytes, " bytes"));
  return compiled;
}

Compiled::Compiled(Compiled&& o) noexcept
    : device_(o.device_), plan_(std::exchange(o.plan_, nullptr)), bytes_(o.bytes_) {}

Compiled::~Compiled() {
  if (!plan_) return;
  const LogScope scope(&device_->log());
  call_quietly([&] { device_->backend().plan_free(plan_); });
}

std::string Compiled::kernel(size_t op) const {
  if (!INFER_HAS(&device_->backend(), plan_kernel)) return {};
  const char* name =
      call_or<const char*>(nullptr, [&] { return device_->backend().plan_kernel(plan_, static_cast<uint32_t>(op)); });
  return name ? name : "";
}

Status Compiled::submit(const graph::Symbols& symbols, std::span<const infer_binding> binds) {
  const LogScope scope(&device_->log());
  return device_->call("starting a run", [&] {
    return device_->backend().plan_submit(plan_, symbols.data(), binds.data(), static_cast<uint32_t>(binds.size()));
  });
}

// A cancel that came before the device had started is repeated until the device has heard it.
Status Compiled::wait(const std::atomic<bool>& cancelled) {
  for (bool pending = true; pending;) {
    TRY(device_->call("running", [&] {
      const infer_status code = device_->backend().plan_wait(plan_, kWaitMs);
      pending = code == INFER_PENDING;
      return pending ? INFER_OK : code;
    }));
    if (pending && cancelled.load()) cancel();
  }
  return {};
}

void Compiled::cancel() {
  call_quietly([&] { device_->backend().plan_cancel(plan_); });
}

}  // namespace infer::device
