#include "backends/cuda/piece.h"

#include <cstring>

namespace infer::cuda {
namespace {

// The driver copies what it is pointed to before it returns.
struct Parameters {
  explicit Parameters(const Launch& l) : argument(const_cast<backend::Record*>(&l.record)) {
    node.func = l.function;
    node.gridDimX = l.blocks;
    node.gridDimY = node.gridDimZ = 1;
    node.blockDimX = l.threads;
    node.blockDimY = node.blockDimZ = 1;
    node.sharedMemBytes = l.shared_memory;
    node.kernelParams = &argument;
  }
  void* argument;
  CUDA_KERNEL_NODE_PARAMS node{};
};

bool same(const Launch& a, const Launch& b) {
  return a.function == b.function && a.blocks == b.blocks && a.threads == b.threads &&
         a.shared_memory == b.shared_memory && std::memcmp(&a.record, &b.record, sizeof a.record) == 0;
}

}  // namespace

Piece::~Piece() {
  const Driver& d = device_.driver();
  if (exec_) (void)d.cuGraphExecDestroy(exec_);
  if (graph_) (void)d.cuGraphDestroy(graph_);
  if (over_) (void)d.cuEventDestroy(over_);
}

Status Piece::make(size_t begin, size_t end, std::vector<bool> waits) {
  begin_ = begin, end_ = end, waits_ = std::move(waits);
  return device_.check(device_.driver().cuEventCreate(&over_, CU_EVENT_DISABLE_TIMING), "making an event");
}

Status Piece::build(std::span<const Launch> mine) {
  const Driver& d = device_.driver();
  TRY(device_.check(d.cuGraphCreate(&graph_, 0), "making a graph"));
  std::vector<CUgraphNode> before, group;
  for (size_t i = 0; i < mine.size(); ++i) {
    if (waits_[i]) before = std::move(group), group.clear();
    const Parameters p(mine[i]);
    CUgraphNode node = nullptr;
    TRY(device_.check(d.cuGraphAddKernelNode(&node, graph_, before.data(), before.size(), &p.node), "making a graph"));
    nodes_.push_back(node);
    group.push_back(node);
  }
  CUgraphExec made = nullptr;
  TRY(device_.check(d.cuGraphInstantiate(&made, graph_, 0), "making a graph"));
  exec_ = made;
  known_.assign(mine.begin(), mine.end());
  device_.graphs.fetch_add(1, std::memory_order_relaxed);
  return {};
}

Status Piece::change(std::span<const Launch> mine) {
  for (size_t i = 0; i < mine.size(); ++i) {
    if (same(mine[i], known_[i])) continue;
    const Parameters p(mine[i]);
    TRY(device_.check(device_.driver().cuGraphExecKernelNodeSetParams(exec_, nodes_[i], &p.node), "changing a graph"));
    known_[i] = mine[i];
    device_.graph_changes.fetch_add(1, std::memory_order_relaxed);
  }
  return {};
}

Status Piece::submit(std::span<const Launch> all) {
  const Driver& d = device_.driver();
  const std::span<const Launch> mine = all.subspan(begin_, end_ - begin_);
  TRY(device_.launching());
  if (device_.options().graphs) {
    TRY(exec_ ? change(mine) : build(mine));
    TRY(device_.check(d.cuGraphLaunch(exec_, device_.stream()), "running"));
  } else {
    for (const Launch& l : mine) {
      const Parameters p(l);
      TRY(device_.check(d.cuLaunchKernel(l.function, l.blocks, 1, 1, l.threads, 1, 1, l.shared_memory, device_.stream(),
                                         p.node.kernelParams, nullptr),
                        "running"));
    }
  }
  return device_.check(d.cuEventRecord(over_, device_.stream()), "running");
}

}  // namespace infer::cuda
