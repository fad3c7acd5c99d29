#include "backends/vulkan/plan.h"

#include <algorithm>
#include <chrono>

#include "backends/common/check.h"
#include "backends/common/hazards.h"
#include "backends/vulkan/shaders.h"

namespace infer::vulkan {
namespace {

using backend::Emitter;
using backend::kFewRows;

constexpr size_t kInFlight = 2;      // pieces at a time
constexpr size_t kLongPiece = 4096;  // dispatches of a piece over few rows,
constexpr size_t kShortPiece = 48;   // and over many

void barrier(VkCommandBuffer c, VkPipelineStageFlags from, VkAccessFlags wrote, VkPipelineStageFlags to,
             VkAccessFlags reads) {
  const VkMemoryBarrier b{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, wrote, reads};
  vkCmdPipelineBarrier(c, from, to, 0, 1, &b, 0, nullptr, 0, nullptr);
}
constexpr VkPipelineStageFlags kCompute = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
constexpr VkAccessFlags kBoth = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;

}  // namespace

// Writes the records of a run, and the numbers of workgroups.
class Plan::Fill final : public Emitter {
 public:
  Fill(Plan& plan) : plan_(plan) {
    records_ = reinterpret_cast<Record*>(plan.records_->host());
    groups_ = reinterpret_cast<VkDispatchIndirectCommand*>(records_ + plan.most_dispatches_);
  }
  void dispatch(const Kernel& kernel, const Record& record, int64_t groups) override {
    const size_t i = plan_.kernels_.size();
    const int64_t across = std::min<int64_t>(groups, 65535);
    records_[i] = record;
    groups_[i] = {static_cast<uint32_t>(across), static_cast<uint32_t>(across ? (groups + across - 1) / across : 0), 1};
    plan_.kernels_.push_back(kernel);
  }

 private:
  Plan& plan_;
  Record* records_;
  VkDispatchIndirectCommand* groups_;
};

Plan::Plan(Device& device)
    : device_(device), frame_(std::make_unique<backend::DeviceMemories<Device, Buffer>>(device)) {}

Plan::~Plan() {
  if (running_) (void)finish({}).ok();
  for (const auto& s : sequences_)
    for (const Piece& p : s->pieces)
      if (p.fence) vkDestroyFence(device_.handle(), p.fence, nullptr);
  if (pool_) vkDestroyCommandPool(device_.handle(), pool_, nullptr);
}

Result<std::unique_ptr<Plan>> Plan::make(Device& device, const infer_program& p, const infer_binding* weights,
                                         uint32_t n_weights, uint32_t* bad_op) {
  TRY(device.alive());
  std::unique_ptr<Plan> plan(new Plan(device));
  TRY(plan->frame_.prepare(p, weights, n_weights, bad_op));
  plan->around_.shared_memory = device.adapter().limits.maxComputeSharedMemorySize;
  plan->around_.subgroup = device.adapter().subgroup;
  plan->around_.matrices = device.adapter().matrices;
  plan->around_.policy = device.policy();
  plan->around_.counts = device.counts();
  for (const Node& n : plan->frame_.nodes()) {
    if (Status s = device.supported(p, n.index); !s.ok()) {
      if (bad_op) *bad_op = n.index;
      return s;
    }
  }
  for (uint32_t t = 0; t < plan->frame_.n_tensors(); ++t) plan->most_bytes_.push_back(plan->frame_.size_of(t));
  plan->around_.tables = device.tables();
  TRY(plan->memory_.make(device, plan->frame_, lowering(), {weights, n_weights}, plan->around_));
  TRY(plan->make_pipelines());
  TRY(plan->make_records());
  return plan;
}

Status Plan::make_pipelines() {
  TRY_SET(const std::vector<Kernel> kernels, lowering().kernels_of(frame_, around_));
  for (const Node& n : frame_.nodes()) names_.push_back(lowering().name_of(frame_, n, around_));
  return device_.pipelines().make(kernels);
}

Status Plan::make_records() {
  most_dispatches_ = 2 * frame_.nodes().size();  // no operator takes more than two
  const auto bytes = static_cast<int64_t>(most_dispatches_ * (sizeof(Record) + sizeof(VkDispatchIndirectCommand)));
  TRY_SET(records_, Buffer::make(device_, bytes, INFER_USE_EXCHANGE));
  if (!device_.adapter().shares_memory) {
    TRY_SET(seen_, Buffer::make(device_, bytes, INFER_USE_STATE));
  }
  kernels_.reserve(most_dispatches_);
  dispatches_of_.reserve(frame_.nodes().size());
  VkCommandPoolCreateInfo pool{};
  pool.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  pool.queueFamilyIndex = device_.adapter().queue_family;
  return device_.check(vkCreateCommandPool(device_.handle(), &pool, nullptr, &pool_), "making a command pool");
}

int64_t Plan::bytes() const {
  int64_t n = frame_.bytes() + memory_.bytes();
  for (const auto* b : {&records_, &seen_})
    if (*b) n += (*b)->bytes();
  return n;
}

// ---- recording ------------------------------------------------------------------------------------------------------

Result<Plan::Sequence*> Plan::sequence() {
  for (const auto& s : sequences_)
    if (s->kernels == kernels_) return s.get();
  auto made = std::make_unique<Sequence>();
  made->kernels = kernels_;
  TRY(record(*made));
  sequences_.push_back(std::move(made));
  return sequences_.back().get();
}

Status Plan::record(Sequence& s) {
  size_t node = 0, dispatch = 0;
  while (node < frame_.nodes().size()) {
    s.pieces.emplace_back();
    if (const Status failed = record_piece(s, node, dispatch, s.pieces.size() == 1, s.pieces.back()); !failed.ok()) {
      for (const Piece& p : s.pieces)
        if (p.fence) vkDestroyFence(device_.handle(), p.fence, nullptr);  // its commands go with the pool
      return failed;
    }
  }
  return {};
}

Status Plan::record_piece(Sequence& s, size_t& node, size_t& dispatch, bool first, Piece& piece) {
  VkCommandBufferAllocateInfo allocate{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, nullptr, pool_,
                                       VK_COMMAND_BUFFER_LEVEL_PRIMARY, 1};
  TRY(device_.check(vkAllocateCommandBuffers(device_.handle(), &allocate, &piece.commands), "making a command buffer"));
  const VkFenceCreateInfo fence{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, nullptr, 0};
  TRY(device_.check(vkCreateFence(device_.handle(), &fence, nullptr, &piece.fence), "making a fence"));
  const VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr, 0, nullptr};
  const VkCommandBuffer c = piece.commands;
  TRY(device_.check(vkBeginCommandBuffer(c, &begin), "recording"));
  if (first && seen_) {
    const VkBufferCopy all{0, 0, static_cast<VkDeviceSize>(records_->bytes())};
    vkCmdCopyBuffer(c, records_->handle(), seen_->handle(), 1, &all);
    barrier(c, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT,
            kCompute | VK_PIPELINE_STAGE_DRAW_INDIRECT_BIT,
            VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_INDIRECT_COMMAND_READ_BIT);
  }
  const auto wait = [&] { barrier(c, kCompute, VK_ACCESS_SHADER_WRITE_BIT, kCompute, kBoth); };
  wait();  // for the piece, or the run, before
  backend::Hazards hazards(frame_, lowering(), most_bytes_, around_);
  const Buffer& records = seen_ ? *seen_ : *records_;
  const bool many = std::any_of(frame_.nodes().begin(), frame_.nodes().end(), [&](const Node& n) {
    return n.kind == INFER_OP_MATMUL && frame_[n.in[0]].dim[0] > kFewRows;
  });
  const size_t end = dispatch + (many ? kShortPiece : kLongPiece);
  const VkDeviceSize groups_at = most_dispatches_ * sizeof(Record);
  for (; node < frame_.nodes().size() && dispatch < end; ++node) {
    const Node& n = frame_.nodes()[node];
    for (uint32_t i = 0; i < dispatches_of_[node]; ++i, ++dispatch) {
      if (hazards.must_wait(n, i, dispatches_of_[node])) wait();
      const VkPipeline pipeline = device_.pipelines().at(s.kernels[dispatch]);
      if (!pipeline)
        return Status::internal(str("kernel ", all_shaders()[s.kernels[dispatch].shader].name, " was not compiled"));
      vkCmdBindPipeline(c, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
      const uint64_t record = records.address() + dispatch * sizeof(Record);
      vkCmdPushConstants(c, device_.pipelines().layout(), VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof record, &record);
      vkCmdDispatchIndirect(c, records.handle(), groups_at + dispatch * sizeof(VkDispatchIndirectCommand));
    }
  }
  barrier(
      c, kCompute, VK_ACCESS_SHADER_WRITE_BIT, VK_PIPELINE_STAGE_HOST_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
      VK_ACCESS_HOST_READ_BIT | VK_ACCESS_HOST_WRITE_BIT | VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT);
  return device_.check(vkEndCommandBuffer(c), "recording");
}

// ---- a run ----------------------------------------------------------------------------------------------------------

Status Plan::submit(const int64_t* symbols, const infer_binding* binds, uint32_t n_binds) {
  TRY(device_.alive());
  if (running_) return Status::invalid("a run of this plan is not over");
  cancelled_.store(false, std::memory_order_relaxed);
  TRY(frame_.bind(symbols, binds, n_binds));
  kernels_.clear();
  dispatches_of_.clear();
  Fill fill(*this);
  for (const Node& n : frame_.nodes()) {
    const size_t before = kernels_.size();
    lowering().lower(frame_, n, around_, fill);
    dispatches_of_.push_back(static_cast<uint32_t>(kernels_.size() - before));
    device_.runs[n.kind].fetch_add(1, std::memory_order_relaxed);
    if (backend::is_product(n))
      device_.products[static_cast<size_t>(backend::arithmetic_of(around_.policy, frame_, n))].fetch_add(
          1, std::memory_order_relaxed);
  }
  device_.dispatches.fetch_add(static_cast<int64_t>(kernels_.size()), std::memory_order_relaxed);
  TRY_SET(running_, sequence());
  submitted_ = finished_ = 0;
  while (submitted_ < std::min(kInFlight, running_->pieces.size()))
    if (Status s = next_piece(); !s.ok()) return finish(s);
  return {};
}

Status Plan::next_piece() {
  const Piece& p = running_->pieces[submitted_];
  TRY(device_.check(vkResetFences(device_.handle(), 1, &p.fence), "submitting work"));
  TRY(device_.submit(p.commands, p.fence));
  ++submitted_;
  return {};
}

// Waits for what is on the device, whatever comes of it.
Status Plan::finish(Status s) {
  for (; finished_ < submitted_; ++finished_) {
    const Status ended = device_.check(
        vkWaitForFences(device_.handle(), 1, &running_->pieces[finished_].fence, VK_TRUE, UINT64_MAX), "running");
    if (s.ok()) s = ended;
  }
  running_ = nullptr;
  return s;
}

Result<bool> Plan::wait(int32_t timeout_ms) {
  if (!running_) return Status::invalid("no run was submitted");
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::milliseconds(std::max(timeout_ms, 0));
  while (finished_ < running_->pieces.size()) {
    if (const Status s = device_.alive(); !s.ok()) return finish(s);
    if (finished_ == submitted_) return finish(Status(INFER_E_CANCELLED, "the run was cancelled"));
    uint64_t left = UINT64_MAX;
    if (timeout_ms >= 0)
      left = static_cast<uint64_t>(
          std::max<int64_t>(0, std::chrono::duration_cast<std::chrono::nanoseconds>(until - Clock::now()).count()));
    const VkResult r = vkWaitForFences(device_.handle(), 1, &running_->pieces[finished_].fence, VK_TRUE, left);
    if (r == VK_TIMEOUT) return false;
    if (const Status s = device_.check(r, "running"); !s.ok()) return finish(s);
    ++finished_;
    if (submitted_ < running_->pieces.size() && !cancelled_.load(std::memory_order_relaxed))
      if (Status s = next_piece(); !s.ok()) return finish(s);
  }
  running_ = nullptr;
  return true;
}

}  // namespace infer::vulkan
