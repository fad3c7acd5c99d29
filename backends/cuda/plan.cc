#include "backends/cuda/plan.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "backends/common/hazards.h"
#include "backends/cuda/lower.h"
#include "quant/types.h"

namespace infer::cuda {
namespace {

using backend::Kernel;
using backend::Node;
using backend::Record;

constexpr size_t kInFlight = 2;      // pieces at a time
constexpr size_t kLongPiece = 4096;  // launches of a piece over few rows,
constexpr size_t kShortPiece = 48;   // and over many
constexpr std::chrono::milliseconds kAttentive(5);
constexpr std::chrono::microseconds kNap(100);

}  // namespace

// What a run launches.
class Plan::Fill final : public backend::Emitter {
 public:
  explicit Fill(Plan& plan) : plan_(plan) {}
  Status failed;
  void dispatch(const Kernel& kernel, const Record& record, int64_t groups) override {
    plan_.kernels_.push_back(kernel);
    const auto function = plan_.device_.functions().load(kernel.shader);  // found when the plan was made
    if (!function.ok()) return failed = function.status(), void();
    if (groups > INT32_MAX) return failed = Status::invalid("a node of this run needs more than 2^31 blocks"), void();
    plan_.launches_.push_back(
        {*function, static_cast<uint32_t>(groups), kernel.constants[0], kernel.constants[1], record});
  }

 private:
  Plan& plan_;
};

Plan::Plan(Device& device)
    : device_(device), frame_(std::make_unique<backend::DeviceMemories<Device, Buffer>>(device)) {}

Plan::~Plan() {
  const Device::Current current(device_);
  if (running_) (void)finish({}).ok();
  sequences_.clear();
}

Result<std::unique_ptr<Plan>> Plan::make(Device& device, const infer_program& p, const infer_binding* weights,
                                         uint32_t n_weights, uint32_t* bad_op) {
  TRY(device.alive());
  const Device::Current current(device);
  std::unique_ptr<Plan> plan(new Plan(device));
  TRY(plan->frame_.prepare(p, weights, n_weights, bad_op));
  plan->around_.shared_memory = device.adapter().shared_memory;
  plan->around_.policy = device.policy();
  for (const Node& n : plan->frame_.nodes()) {
    if (Status s = device.supported(p, n.index); !s.ok()) {
      if (bad_op) *bad_op = n.index;
      return s;
    }
  }
  for (uint32_t t = 0; t < plan->frame_.n_tensors(); ++t) plan->most_bytes_.push_back(plan->frame_.size_of(t));
  TRY(plan->check_weights());
  plan->around_.tables = device.tables();
  TRY(plan->memory_.make(device, plan->frame_, lowering(), {weights, n_weights}, plan->around_));
  TRY(plan->prepare_inputs());
  TRY(plan->load_kernels());
  return plan;
}

// Kernels read blocks by words as wide as blocks are aligned, so the first one must be, as the contract says.
Status Plan::check_weights() const {
  for (const Node& n : frame_.nodes()) {
    if (n.kind != INFER_OP_MATMUL && n.kind != INFER_OP_MATMUL_EXPERTS && n.kind != INFER_OP_EMBED) continue;
    const uint32_t t = n.in[n.kind == INFER_OP_EMBED ? 0 : 1];
    if (quant::info(static_cast<quant::Type>(frame_[t].type)).block_elems > 1 && frame_[t].address % 16)
      return Status::invalid(str("weight '", frame_.name(t), "' does not begin at a multiple of 16 bytes"));
  }
  return {};
}

// Room for every input but what is large and there already: banks of adapters, and weights that are streamed.
Status Plan::prepare_inputs() {
  input_at_.assign(frame_.n_tensors(), -1);
  std::vector<bool> large(frame_.n_tensors(), false);
  for (const Node& n : frame_.nodes()) {
    if (n.kind == INFER_OP_ADAPT) large[n.in[2]] = large[n.in[3]] = true;
    if (n.kind == INFER_OP_MATMUL || n.kind == INFER_OP_MATMUL_EXPERTS) large[n.in[1]] = true;
  }
  int64_t bytes = 0;
  for (uint32_t t = 0; t < frame_.n_tensors(); ++t) {
    if (frame_[t].role != INFER_ROLE_INPUT || large[t]) continue;
    input_at_[t] = bytes;
    bytes += (most_bytes_[t] + 255) / 256 * 256;
  }
  if (bytes > 0) {
    TRY_SET(inputs_, Buffer::make(device_, bytes, INFER_USE_STATE));
  }
  return {};
}

Status Plan::load_kernels() {
  TRY_SET(const std::vector<Kernel> kernels, lowering().kernels_of(frame_, around_));
  for (const Kernel& k : kernels) {
    TRY_SET([[maybe_unused]] const CUfunction function, device_.functions().load(k.shader));
  }
  for (const Node& n : frame_.nodes()) names_.push_back(lowering().name_of(frame_, n, around_));
  const size_t most = 2 * frame_.nodes().size();  // no operator takes more than two
  kernels_.reserve(most);
  launches_.reserve(most);
  launches_of_.reserve(frame_.nodes().size());
  return {};
}

int64_t Plan::bytes() const {
  const int64_t n = frame_.bytes() + memory_.bytes();
  return inputs_ ? n + inputs_->bytes() : n;
}

// ---- pieces ---------------------------------------------------------------------------------------------------------

Result<Plan::Sequence*> Plan::sequence() {
  for (const auto& s : sequences_)
    if (s->kernels == kernels_) return s.get();
  auto made = std::make_unique<Sequence>();
  made->kernels = kernels_;
  TRY(cut(*made));
  sequences_.push_back(std::move(made));
  return sequences_.back().get();
}

Status Plan::cut(Sequence& s) {
  const bool many = std::any_of(frame_.nodes().begin(), frame_.nodes().end(), [&](const Node& n) {
    return n.kind == INFER_OP_MATMUL && frame_[n.in[0]].dim[0] > backend::kFewRows;
  });
  const size_t most = many ? kShortPiece : kLongPiece;
  backend::Hazards hazards(frame_, lowering(), most_bytes_, around_);
  size_t node = 0, launch = 0;
  while (node < frame_.nodes().size()) {
    std::vector<bool> waits;
    const size_t begin = launch;
    hazards.clear();  // pieces follow each other
    for (; node < frame_.nodes().size() && waits.size() < most; ++node) {
      const Node& n = frame_.nodes()[node];
      for (uint32_t i = 0; i < launches_of_[node]; ++i, ++launch)
        waits.push_back(hazards.must_wait(n, i, launches_of_[node]));
    }
    s.pieces.push_back(std::make_unique<Piece>(device_));
    TRY(s.pieces.back()->make(begin, launch, std::move(waits)));
  }
  return {};
}

// ---- a run ----------------------------------------------------------------------------------------------------------

Status Plan::copy_inputs() {
  for (uint32_t t = 0; t < input_at_.size(); ++t) {
    if (input_at_[t] < 0 || !frame_[t].data) continue;
    const uint64_t to = inputs_->address() + static_cast<uint64_t>(input_at_[t]);
    TRY(device_.check(device_.driver().cuMemcpyHtoDAsync(to, frame_[t].data, static_cast<size_t>(frame_.size_of(t)),
                                                         device_.stream()),
                      "copying inputs"));
    frame_.move(t, to);
  }
  return {};
}

Status Plan::submit(const int64_t* symbols, const infer_binding* binds, uint32_t n_binds) {
  TRY(device_.alive());
  if (running_) return Status::invalid("a run of this plan is not over");
  const Device::Current current(device_);
  cancelled_.store(false, std::memory_order_relaxed);
  TRY(frame_.bind(symbols, binds, n_binds));
  TRY(copy_inputs());
  TRY(check_weights());  // those that are bound now
  kernels_.clear();
  launches_.clear();
  launches_of_.clear();
  Fill fill(*this);
  for (const Node& n : frame_.nodes()) {
    const size_t before = kernels_.size();
    lowering().lower(frame_, n, around_, fill);
    launches_of_.push_back(static_cast<uint32_t>(kernels_.size() - before));
    device_.runs[n.kind].fetch_add(1, std::memory_order_relaxed);
    if (backend::is_product(n))
      device_.products[static_cast<size_t>(backend::arithmetic_of(around_.policy, frame_, n))].fetch_add(
          1, std::memory_order_relaxed);
  }
  TRY(fill.failed);
  TRY_SET(running_, sequence());
  submitted_ = finished_ = 0;
  while (submitted_ < std::min(kInFlight, running_->pieces.size()))
    if (Status s = next_piece(); !s.ok()) return finish(s);
  return {};
}

Status Plan::next_piece() {
  TRY(running_->pieces[submitted_]->submit(launches_));
  ++submitted_;
  return {};
}

// Waits for what is on the device, whatever comes of it.
Status Plan::finish(Status s) {
  for (; finished_ < submitted_; ++finished_) {
    const Status ended = device_.check(running_->pieces[finished_]->wait(), "running");
    if (s.ok()) s = ended;
  }
  running_ = nullptr;
  return s;
}

Result<bool> Plan::wait(int32_t timeout_ms) {
  if (!running_) return Status::invalid("no run was submitted");
  const Device::Current current(device_);
  using Clock = std::chrono::steady_clock;
  const auto began = Clock::now(), until = began + std::chrono::milliseconds(std::max(timeout_ms, 0));
  while (finished_ < running_->pieces.size()) {
    if (const Status s = device_.alive(); !s.ok()) return finish(s);
    if (finished_ == submitted_) return finish(Status(INFER_E_CANCELLED, "the run was cancelled"));
    const Piece& piece = *running_->pieces[finished_];
    // The driver knows no wait with a timeout, so we ask: without rest at first, as steps take a few milliseconds.
    const CUresult r = timeout_ms < 0 ? piece.wait() : piece.query();
    if (r == CUDA_ERROR_NOT_READY) {
      const auto at = Clock::now();
      if (at >= until) return false;
      if (at - began < kAttentive)
        std::this_thread::yield();
      else
        std::this_thread::sleep_for(kNap);
      continue;
    }
    if (const Status s = device_.check(r, "running"); !s.ok()) return finish(s);
    ++finished_;
    if (submitted_ < running_->pieces.size() && !cancelled_.load(std::memory_order_relaxed))
      if (Status s = next_piece(); !s.ok()) return finish(s);
  }
  running_ = nullptr;
  return true;
}

}  // namespace infer::cuda
