#include "tests/backends/record/recorder.h"

#include <algorithm>
#include <cstring>
#include <sstream>

#include "graph/signature.h"
#include "tests/backends/fill.h"

namespace infer::conformance {
namespace {

constexpr const char* kSymbols[] = {"T", "S", "S1", "R", "B", "P"};  // graph::Symbol
constexpr const char* kRoles[] = {"weight", "input", "state", "output", "temp"};

std::vector<int64_t> dims_of(const infer_tensor& t) { return {t.dim, t.dim + t.rank}; }

}  // namespace

Recorder::Recorder(std::unique_ptr<device::Executor> inner, const models::Model& model,
                   const std::map<std::string, std::string>& fills, const Limits& limits)
    : inner_(std::move(inner)), model_(model), fills_(fills), limits_(limits) {
  uint64_t seed = 500;
  for (const models::Bank& b : model.banks) {
    for (const graph::TensorId t : {b.down, b.up}) {
      const infer_tensor& tensor = model.program.tensor(t);
      const std::string text = str("blocks(", ++seed, ")");
      fills_[label(t)] = text;
      if (auto bytes = fill(text, tensor.type, dims_of(tensor), Scope().lookup()); bytes.ok()) banks_[t] = bytes.take();
    }
    fills_[label(b.ranks)] = "value(0)";
    ranks_[b.ranks].resize(static_cast<size_t>(model.program.tensor(b.ranks).dim[0]));
  }
}

// Names in a file are unique: those of a program need not be.
std::string Recorder::label(graph::TensorId t) const {
  const auto named = [&](const infer_tensor& other) {
    return std::string_view(other.name) == model_.program.tensor(t).name;
  };
  const infer_tensor& tensor = model_.program.tensor(t);
  const auto n = std::count_if(model_.program.tensors().begin(), model_.program.tensors().end(), named);
  return tensor.role != INFER_ROLE_TEMP && n == 1 && *tensor.name ? tensor.name : str("t", t);
}

std::string Recorder::tensor_text(graph::TensorId t) const {
  const infer_tensor& tensor = model_.program.tensor(t);
  std::string dims;
  for (const int64_t d : dims_of(tensor))
    dims += str(dims.empty() ? "" : ", ", d < 0 ? std::string(kSymbols[-1 - d]) : str(d));
  const auto filled = fills_.find(label(t));
  return str(kRoles[tensor.role], " ", graph::type_name(tensor.type), " [", dims, "]",
             filled == fills_.end() ? std::string() : " = " + filled->second);
}

Json Recorder::node(const graph::Program::Node& n) const {
  const graph::OpInfo* info = graph::find_op(n.kind);
  Json j = {{"op", info->name}, {"in", Json::array()}, {"out", Json::array()}};
  for (const graph::TensorId t : n.in)
    if (t != graph::kNone) j["in"].push_back(label(t));  // optional ones come last
  for (const graph::TensorId t : n.out) j["out"].push_back(label(t));
  std::istringstream ints{std::string(info->ints)}, floats{std::string(info->floats)};
  std::string name;
  for (size_t i = 0; ints >> name; ++i) j[name] = n.i[i];
  for (size_t i = 0; floats >> name; ++i) j[name] = n.f[i];
  return j;
}

Json Recorder::entry(const std::string& name, const std::string& about, double tolerance) const {
  Json e = {{"name", name}, {"about", about}, {"tolerance", tolerance}, {"symbols", Json::object()}};
  const int64_t most[] = {limits_.tokens, limits_.seqs,       limits_.seqs + 1,
                          limits_.rows,   limits_.table_cols, limits_.pages};
  for (size_t s = 0; s < std::size(kSymbols); ++s) e["symbols"][kSymbols[s]] = most[s];
  for (graph::TensorId t = 0; t < model_.program.tensors().size(); ++t) e["tensors"][label(t)] = tensor_text(t);
  for (const auto& n : model_.program.nodes()) e["nodes"].push_back(node(n));
  e["runs"] = runs_;
  e["expand"] = Json::array({{{"group", "replay"}}});
  return e;
}

Status Recorder::run(const Step& step, std::span<float> logits, std::span<float> hidden) {
  const graph::StepTensors& t = model_.program.step();
  Json inputs = Json::object();
  const auto put = [&](graph::TensorId id, const std::vector<int32_t>& values) {
    if (id != graph::kNone) inputs[label(id)] = values;
  };
  put(t.tokens, step.tokens);
  put(t.positions, step.positions);
  put(t.q_start, step.q_start);
  put(t.kv_len, step.kv_len);
  put(t.block_table, step.block_table);
  std::vector<int32_t> rows = step.rows;
  if (rows.empty()) rows = {0};  // as executors do: a symbol is at least 1
  put(t.rows, rows);
  std::vector<int32_t> adapters = step.adapters, row_adapters;
  adapters.resize(step.tokens.size(), -1);
  for (const int32_t r : rows) row_adapters.push_back(adapters[static_cast<size_t>(r)]);
  put(t.adapters, adapters);
  put(t.row_adapters, row_adapters);
  inputs.update(ranks_changed_);
  Json run = {
      {"symbols", {step.n_tokens(), step.n_seqs(), step.n_seqs() + 1, rows.size(), step.table_cols, limits_.pages}},
      {"inputs", inputs}};
  if (!copies_.empty()) run["copies"] = copies_;
  TRY(inner_->run(step, logits, hidden));
  runs_.push_back(std::move(run));
  copies_ = Json::array();
  ranks_changed_ = Json::object();
  return {};
}

Status Recorder::copy_page(int32_t from, int32_t to) {
  copies_.push_back({from, to});
  return inner_->copy_page(from, to);
}

Status Recorder::write(graph::TensorId input, int64_t at, std::span<const std::byte> bytes) {
  if (const auto bank = banks_.find(input); bank != banks_.end())
    return inner_->write(input, at, std::span(bank->second).subspan(static_cast<size_t>(at), bytes.size()));
  const auto ranks = ranks_.find(input);
  if (ranks == ranks_.end()) return Status::unsupported("an input that cannot be recorded");
  std::memcpy(reinterpret_cast<std::byte*>(ranks->second.data()) + at, bytes.data(), bytes.size());
  ranks_changed_[label(input)] = ranks->second;
  return inner_->write(input, at, bytes);
}

}  // namespace infer::conformance
