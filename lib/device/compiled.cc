#include "device/compiled.h"

#include <utility>

namespace infer::device {
namespace {
constexpr int32_t kWaitMs = 50;  // between looks at the cancel flag while a device works
}

Result<Compiled> Compiled::make(const Device& device, const graph::Program& program, const graph::Symbols& maxima,
                                const Segment& segment, std::span<const infer_binding> weights, size_t* bad_node) {
  const graph::View view(program, maxima, segment.first, segment.count, roles_in(program, segment));
  const LogScope scope(&device.log());
  infer_plan* plan = nullptr;
  uint32_t bad_op = UINT32_MAX;
  int64_t bytes = 0;
  const Status made = device.call(str("compiling nodes ", segment.first, "..", segment.first + segment.count - 1), [&] {
    return device.backend().plan_new(device.dev(), view.c(), weights.data(), static_cast<uint32_t>(weights.size()),
                                     &bad_op, &bytes, &plan);
  });
  *bad_node = made.code() == INFER_E_UNSUPPORTED && bad_op < segment.count ? segment.first + bad_op : SIZE_MAX;
  TRY(made);
  if (!plan) return Status::internal(str("backend '", device.name(), "' answered OK and gave no plan"));
  Compiled compiled(device, plan, segment, bytes);
  if (bytes < 0)
    return Status::internal(str("backend '", device.name(), "' says that its plan takes ", bytes, " bytes"));
  return compiled;
}

Compiled::Compiled(Compiled&& o) noexcept
    : binds(std::move(o.binds)),
      device_(o.device_),
      plan_(std::exchange(o.plan_, nullptr)),
      segment_(o.segment_),
      bytes_(o.bytes_) {}

Compiled::~Compiled() {
  if (!plan_) return;
  const LogScope scope(&device_->log());
  call_quietly([&] { device_->backend().plan_free(plan_); });
}

std::string Compiled::kernel(size_t node) const {
  if (!INFER_HAS(&device_->backend(), plan_kernel)) return {};
  const auto op = static_cast<uint32_t>(node - segment_.first);
  const char* name = call_or<const char*>(nullptr, [&] { return device_->backend().plan_kernel(plan_, op); });
  return name ? name : "";
}

Status Compiled::submit(const graph::Symbols& symbols) {
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

std::vector<bool> tensors_of(const graph::Program& program, const Segment& segment) {
  std::vector<bool> used(program.tensors().size(), false);
  for (const graph::Program::Node& node : program.nodes().subspan(segment.first, segment.count)) {
    for (graph::TensorId t : node.out) used[t] = true;
    for (graph::TensorId t : node.in)
      if (t != graph::kNone) used[t] = true;
  }
  return used;
}

}  // namespace infer::device
