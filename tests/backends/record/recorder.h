// Between an engine and its executor: everything the engine hands over goes on, and is written down as the runs of a
// case (cases/README.md).
#pragma once
#include "device/executor.h"
#include "models/model.h"
#include "tests/backends/scope.h"

namespace infer::conformance {

class Recorder : public device::Executor {
 public:
  // fills: of weights, by name. maxima: of the symbols.
  Recorder(std::unique_ptr<device::Executor> inner, const models::Model& model,
           const std::map<std::string, std::string>& fills, const Limits& limits);

  // The entry of a case file: the program, and what was run so far.
  Json entry(const std::string& name, const std::string& about, double tolerance) const;
  size_t n_runs() const { return runs_.size(); }

  using device::Executor::run;
  Status run(const Step& step, std::span<float> logits, std::span<float> hidden) override;
  Status copy_page(int32_t from, int32_t to) override;
  // Ranks are written down; of a bank's values the seeded ones are used in place of those that came.
  Status write(graph::TensorId input, int64_t at, std::span<const std::byte> bytes) override;

  Status make_pages(int64_t n) override { return inner_->make_pages(n); }
  void cancel() override { inner_->cancel(); }
  int64_t page_bytes() const override { return inner_->page_bytes(); }
  Status read_page(int32_t page, std::span<std::byte> out) override { return inner_->read_page(page, out); }
  Status write_page(int32_t, std::span<const std::byte>) override {
    return Status::unsupported("pages from elsewhere cannot be recorded");
  }
  Result<int64_t> discard_pages(int32_t first, int32_t n) override { return inner_->discard_pages(first, n); }
  std::vector<Placed> placement() const override { return inner_->placement(); }
  int64_t workspace_bytes() const override { return inner_->workspace_bytes(); }
  int64_t state_bytes() const override { return inner_->state_bytes(); }
  std::vector<std::pair<std::string, int64_t>> counters() const override { return inner_->counters(); }

 private:
  std::string label(graph::TensorId t) const;
  std::string tensor_text(graph::TensorId t) const;
  Json node(const graph::Program::Node& n) const;

  std::unique_ptr<device::Executor> inner_;
  const models::Model& model_;
  std::map<std::string, std::string> fills_;
  const Limits limits_;
  std::map<graph::TensorId, std::vector<std::byte>> banks_;       // seeded, whole
  std::map<graph::TensorId, std::vector<int32_t>> ranks_;         // as they are now
  Json copies_ = Json::array(), ranks_changed_ = Json::object();  // since the last run
  std::vector<Json> runs_;
};

}  // namespace infer::conformance
