// A backend to copy: three operators in the host's memory, and everything that the contract asks of any backend.
//
// To make one of your own: copy the folder, put its name for `skeleton`, add it to backends/CMakeLists.txt, and hold it
// to the contract with
//   infer-conform build/release/lib/skeleton/libinfer-skeleton.so
// Then operator by operator: a case in supported(), a kernel in run(). What you do not take runs on another backend, so
// there is something to see from the first kernel on. When all is there, --complete keeps it so.
//
// A device with memory of its own says where that is by a class of backend::Memories (backends/vulkan/plan.cc).
#include <libinfer/backend.h>

#include <atomic>
#include <cmath>
#include <utility>

#include "backends/common/calls.h"
#include "backends/common/frame.h"

namespace infer::skeleton {
namespace {

using backend::Frame;
using backend::Node;
using backend::Tensor;

constinit backend::Host host;  // fail(), log(), and a guard that lets no exception out

struct Device {
  // Is this a node that plan_new takes? The truth, for any program: check_node() has seen that it is sound.
  Status supported(const infer_program& p, uint32_t op) const {
    TRY(backend::check_node(p, op));
    const uint32_t kind = backend::op_at(p, op).kind;
    switch (kind) {
      case INFER_OP_ADD:
      case INFER_OP_SCALE:
      case INFER_OP_RMS_NORM:
        return {};
      default:
        return Status::unsupported(str("skeleton has no ", backend::op_name(kind)));
    }
  }
};

// ---- kernels: y is what the node makes, all sizes are this run's, and every id is in range
// ------------------------------

void add(const Frame& f, const Node& n) {
  const Tensor &a = *f.input(n, 0), &b = *f.input(n, 1), &y = f[n.out[0]];
  const bool of_columns = b.rank == 1, of_rows = !of_columns && b.columns() == 1;
  for (int64_t t = 0; t < a.rows(); ++t)
    for (int64_t d = 0; d < a.columns(); ++d) {
      const int64_t i = t * a.columns() + d;
      y.f32()[i] = a.f32()[i] + b.f32()[of_columns ? d : of_rows ? t : i];
    }
}

void scale(const Frame& f, const Node& n) {
  const Tensor &x = *f.input(n, 0), &y = f[n.out[0]];
  for (int64_t i = 0; i < x.rows() * x.columns(); ++i) y.f32()[i] = static_cast<float>(x.f32()[i] * n.f[0]);
}

void rms_norm(const Frame& f, const Node& n) {
  const Tensor &x = *f.input(n, 0), &weight = *f.input(n, 1), &y = f[n.out[0]];
  const int64_t width = weight.dim[0];
  for (int64_t run = 0; run < x.rows() * x.columns() / width; ++run) {
    const float* in = x.f32() + run * width;
    float* out = y.f32() + run * width;
    double sum = 0;
    for (int64_t d = 0; d < width; ++d) sum += static_cast<double>(in[d]) * static_cast<double>(in[d]);
    const double by = 1 / std::sqrt(sum / static_cast<double>(width) + n.f[0]);
    for (int64_t d = 0; d < width; ++d)
      out[d] = static_cast<float>(static_cast<double>(in[d]) * by * static_cast<double>(weight.f32()[d]));
  }
}

// ---- a compiled program
// -------------------------------------------------------------------------------------------------

class Plan {
 public:
  static Result<std::unique_ptr<Plan>> make(const Device& device, const infer_program& p, const infer_binding* weights,
                                            uint32_t n_weights, uint32_t* bad_op) {
    std::unique_ptr<Plan> plan(new Plan);
    TRY(plan->frame_.prepare(p, weights, n_weights, bad_op));  // checks the program, binds weights, makes the temps
    for (const Node& n : plan->frame_.nodes())
      if (Status s = device.supported(p, n.index); !s.ok()) {
        if (bad_op) *bad_op = n.index;
        return s;
      }
    return plan;
  }
  int64_t bytes() const { return frame_.bytes(); }
  const char* kernel(uint32_t op) const { return op < frame_.nodes().size() ? "plain" : nullptr; }

  // This one computes in submit and has nothing left to wait for. cancel() may come from any thread.
  Status submit(const int64_t* symbols, const infer_binding* binds, uint32_t n_binds) {
    cancelled_.store(false);
    state_ = State::kNone;
    TRY(frame_.bind(symbols, binds, n_binds));  // checks what comes from outside; after it kernels index freely
    state_ = State::kDone;
    for (const Node& n : frame_.nodes()) {
      if (cancelled_.load()) {
        state_ = State::kCancelled;
        break;
      }
      run(n);
    }
    return {};
  }
  Result<bool> wait(int32_t) {  // false would mean: not over yet
    const State ended = std::exchange(state_, State::kNone);
    if (ended == State::kNone) return Status::invalid("no run was submitted");
    if (ended == State::kCancelled) return Status(INFER_E_CANCELLED, "the run was cancelled");
    return true;
  }
  void cancel() { cancelled_.store(true); }

 private:
  Plan() = default;
  void run(const Node& n) {
    switch (n.kind) {
      case INFER_OP_ADD:
        return add(frame_, n);
      case INFER_OP_SCALE:
        return scale(frame_, n);
      case INFER_OP_RMS_NORM:
        return rms_norm(frame_, n);
      default:
        return;  // supported() takes no others
    }
  }
  Frame frame_;
  std::atomic<bool> cancelled_{false};
  enum class State { kNone, kDone, kCancelled } state_ = State::kNone;
};

// ---- the table
// ----------------------------------------------------------------------------------------------------------

using Buffers = backend::HostBufferCalls<host>;
using Plans = backend::PlanCalls<host, Device, Plan>;

const char* option_at(int32_t) { return nullptr; }
int32_t device_count() { return 1; }
infer_status device_info(int32_t index, infer_dev_info* out) {
  if (index != 0) return host.fail(INFER_E_NOT_FOUND, "skeleton has one device, number 0");
  *out = {{sizeof(infer_dev_info), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR}, INFER_DEV_CPU, 1, "skeleton", "", 0, 0};
  return INFER_OK;
}
infer_status device_open(int32_t index, const infer_setting*, int32_t, infer_dev** out) {
  if (index != 0) return host.fail(INFER_E_NOT_FOUND, "skeleton has one device, number 0");
  return host.guard([&]() -> Status {
    *out = reinterpret_cast<infer_dev*>(new Device);
    return {};
  });
}
void device_close(infer_dev* d) { delete reinterpret_cast<Device*>(d); }

int32_t counter_at(infer_dev*, int32_t, const char**, int64_t*) { return 0; }

const infer_backend kBackend = {
    {sizeof(infer_backend), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR},
    "skeleton",
    "to copy",
    1,  // priority: above reference
    0,
    option_at,
    device_count,
    device_info,
    device_open,
    device_close,
    Buffers::make,
    Buffers::import,
    Buffers::free,
    Buffers::write,
    Buffers::read,
    Buffers::address,
    Plans::supports,
    Plans::make,
    Plans::free,
    Plans::kernel,
    Plans::submit,
    Plans::wait,
    Plans::cancel,
    counter_at,
    nullptr,  // buffer_source: keeps nothing on disk
    Buffers::discard,
};

}  // namespace
}  // namespace infer::skeleton

extern "C" const infer_backend* infer_backend_skeleton_v0(const infer_host* table) {
  if (!infer::backend::Host::usable(table)) return nullptr;  // another major, or no way to report failures
  infer::skeleton::host.set(table);
  return &infer::skeleton::kBackend;
}
