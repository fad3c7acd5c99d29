// A part of a program, compiled by its device: the host's side of infer_plan.
#pragma once
#include <atomic>
#include <span>
#include <string>
#include <string_view>

#include "device/registry.h"
#include "graph/program.h"

namespace infer::device {

class Compiled {
 public:
  // weights: those that the program has. On E_UNSUPPORTED about one node, *bad_op is that node of the view (else
  // SIZE_MAX). what: for messages.
  static Result<Compiled> make(const Device& device, const graph::View& view, std::span<const infer_binding> weights,
                               const std::string& what, size_t* bad_op);
  Compiled(Compiled&& o) noexcept;
  Compiled& operator=(Compiled&&) = delete;
  ~Compiled();

  int64_t bytes() const { return bytes_; }  // the plan's own memory
  int64_t bytes_on(const Device& d) const { return device_ == &d ? bytes_ : 0; }
  std::string kernel(size_t op) const;  // of a node of the view; empty: the device does not say

  Status submit(const graph::Symbols& symbols, std::span<const infer_binding> binds);
  Status wait(const std::atomic<bool>& cancelled);
  void cancel();

 private:
  Compiled(const Device& device, infer_plan* plan, int64_t bytes) : device_(&device), plan_(plan), bytes_(bytes) {}
  const Device* device_;
  infer_plan* plan_;
  int64_t bytes_;
};

}  // namespace infer::device
