#include "backends/cuda/device.h"

#include "backends/common/code_books.h"
#include "backends/cuda/buffer.h"
#include "backends/cuda/lower.h"
#include "backends/cuda/staging.h"

namespace infer::cuda {

Result<std::unique_ptr<Device>> Device::open(const Adapter& adapter, const Options& options) {
  if (!adapter.lacks.empty()) return Status::unsupported(str(adapter.name, " lacks ", adapter.lacks));
  std::unique_ptr<Device> d(new Device(adapter, options));
  TRY_SET(d->policy_, policy_of(options.precision));
  TRY(d->init());
  return d;
}

Device::Device(const Adapter& adapter, const Options& options)
    : adapter_(adapter), options_(options), functions_(*adapter.driver), launches_left_(options.lost_at) {}

Device::~Device() {
  if (!context_) return;
  {
    const Current current(*this);
    if (stream_) (void)driver().cuStreamSynchronize(stream_);
    tables_.reset();
    staging_.reset();
    functions_.unload();
    if (stream_) (void)driver().cuStreamDestroy(stream_);
  }
  (void)driver().cuDevicePrimaryCtxRelease(adapter_.handle);
}

Status Device::init() {
  TRY(check(driver().cuDevicePrimaryCtxRetain(&context_, adapter_.handle), str("opening ", adapter_.name)));
  const Current current(*this);
  TRY(check(current.pushed(), str("opening ", adapter_.name)));
  TRY(check(driver().cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING), "making a stream"));
  staging_ = std::make_unique<Staging>(*this);
  TRY(staging_->init());
  const std::vector<uint32_t> words = backend::code_book_words();
  const auto bytes = static_cast<int64_t>(words.size() * sizeof(uint32_t));
  TRY_SET(tables_, Buffer::make(*this, bytes, INFER_USE_WEIGHT));
  return tables_->write(0, words.data(), bytes);
}

Status Device::supported(const infer_program& p, uint32_t op) const {
  return lowering().supported(p, op, adapter_.shared_memory);
}

uint64_t Device::tables() const { return tables_->address(); }

Status Device::check(CUresult r, std::string_view doing) {
  if (loses_device(r)) lost_.store(true);
  return cuda::check(driver(), r, doing);
}

Status Device::alive() const {
  return lost_.load() ? Status(INFER_E_DEVICE_LOST, str(adapter_.name, " is lost"), "start the program again")
                      : Status();
}

Status Device::launching() {
  TRY(alive());
  if (launches_left_.load() > 0 && launches_left_.fetch_sub(1) == 1) return check(CUDA_ERROR_LAUNCH_FAILED, "running");
  return {};
}

}  // namespace infer::cuda
