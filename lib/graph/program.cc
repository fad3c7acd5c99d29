#include "graph/program.h"

#include <algorithm>

#include "graph/signature.h"

namespace infer::graph {

uint64_t Program::bytes(TensorId t, const Symbols& values) const {
  int64_t bytes = 0;
  return tensor_bytes(tensors_[t], values.data(), kSymbolCount, &bytes) ? static_cast<uint64_t>(bytes) : UINT64_MAX;
}

View::View(const Program& p, const Symbols& maxima, size_t first_node, size_t n_nodes, std::span<const uint32_t> roles)
    : maxima_(maxima), tensors_(p.tensors_) {
  for (size_t t = 0; t < roles.size() && t < tensors_.size(); ++t) tensors_[t].role = roles[t];
  const size_t total = p.nodes_.size(), first = std::min(first_node, total),
               last = first + std::min(n_nodes, total - first);
  ops_.reserve(last - first);
  for (size_t n = first; n < last; ++n) {
    const Program::Node& node = p.nodes_[n];
    infer_op op{};
    op.kind = node.kind;
    op.n_in = static_cast<uint32_t>(node.in.size());
    op.n_out = static_cast<uint32_t>(node.out.size());
    op.n_i = static_cast<uint32_t>(node.i.size());
    op.n_f = static_cast<uint32_t>(node.f.size());
    op.in = node.in.data();
    op.out = node.out.data();
    op.i = node.i.data();
    op.f = node.f.data();
    ops_.push_back(op);
  }
  c_.abi = {sizeof(infer_program), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR};
  c_.tensor_size = sizeof(infer_tensor);
  c_.n_tensors = static_cast<uint32_t>(tensors_.size());
  c_.op_size = sizeof(infer_op);
  c_.n_ops = static_cast<uint32_t>(ops_.size());
  c_.n_symbols = kSymbolCount;
  c_.tensors = tensors_.data();
  c_.ops = ops_.data();
  c_.symbol_max = maxima_.data();
}

TensorId View::add(const infer_tensor& t) {
  tensors_.push_back(t);
  c_.tensors = tensors_.data();
  return c_.n_tensors++;
}

void View::replace_input(size_t op, size_t i, TensorId t) {
  infer_op& o = ops_[op];
  std::vector<TensorId>& own = inputs_.emplace_back(o.in, o.in + o.n_in);
  own[i] = t;
  o.in = own.data();
}

}  // namespace infer::graph
