// One question to a backend: a small program, its weights, and runs with their inputs. Built by hand from the C
// structs, so that it can also be wrong.
#pragma once
#include <libinfer/backend.h>

#include <algorithm>
#include <cstring>
#include <list>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/status.h"

namespace infer::conformance {

using Bytes = std::vector<std::byte>;
template <class T>
Bytes bytes_of(const std::vector<T>& v) {
  Bytes b(v.size() * sizeof(T));
  if (!b.empty()) std::memcpy(b.data(), v.data(), b.size());
  return b;
}
template <class T>
std::vector<T> values_of(const Bytes& b) {
  std::vector<T> v(b.size() / sizeof(T));
  if (!v.empty()) std::memcpy(v.data(), b.data(), v.size() * sizeof(T));
  return v;
}

struct Run {
  std::vector<int64_t> symbols;
  std::map<uint32_t, Bytes> inputs;
  std::vector<std::pair<int64_t, int64_t>> copies = {};  // pages (from, to) of every state, before the run
};

struct Case {
  struct Node {
    uint32_t kind;
    std::vector<uint32_t> in, out;
    std::vector<int64_t> i;
    std::vector<double> f;
  };
  std::string name, group = "ops";
  std::list<std::string> names;  // tensors point into it: a move keeps them where they are, a copy does not
  std::vector<infer_tensor> tensors;
  std::vector<Node> nodes;
  std::map<uint32_t, Bytes> weights;
  std::vector<int64_t> symbol_max;
  std::vector<Run> runs;                // one after the other on one plan; states stay
  std::vector<uint32_t> streamed = {};  // inputs that are weights by what they hold: in memory for weights
  double tolerance = 0;                 // NMSE of float outputs against reference; 0: the same bits
  double power = 0;                     // what the error's square sum is relative to; 0: the outputs' own square sum

  uint32_t tensor(uint32_t role, std::string label, uint32_t type, std::vector<int64_t> dims) {
    infer_tensor t{type,
                   role,
                   static_cast<uint32_t>(dims.size()),
                   0,
                   {1, 1, 1, 1, 1, 1},
                   names.emplace_back(std::move(label)).c_str()};
    for (size_t d = 0; d < dims.size(); ++d) t.dim[d] = dims[d];
    tensors.push_back(t);
    return static_cast<uint32_t>(tensors.size() - 1);
  }
  uint32_t input(std::string label, uint32_t type, std::vector<int64_t> dims) {
    return tensor(INFER_ROLE_INPUT, std::move(label), type, std::move(dims));
  }
  uint32_t output(std::string label, uint32_t type, std::vector<int64_t> dims) {
    return tensor(INFER_ROLE_OUTPUT, std::move(label), type, std::move(dims));
  }
  uint32_t state(std::string label, uint32_t type, std::vector<int64_t> dims) {
    return tensor(INFER_ROLE_STATE, std::move(label), type, std::move(dims));
  }
  uint32_t weight(std::string label, uint32_t type, std::vector<int64_t> dims, Bytes data) {
    const uint32_t t = tensor(INFER_ROLE_WEIGHT, std::move(label), type, std::move(dims));
    weights[t] = std::move(data);
    return t;
  }
  void node(uint32_t kind, std::vector<uint32_t> in, std::vector<uint32_t> out, std::vector<int64_t> i = {},
            std::vector<double> f = {}) {
    nodes.push_back({kind, std::move(in), std::move(out), std::move(i), std::move(f)});
  }
};

static_assert(std::is_nothrow_move_constructible_v<Case>);  // a growing vector must not copy

Case copy_of(const Case& original);

// The case's program as a plugin sees it. Borrows from the case.
struct Program {
  explicit Program(const Case& c);
  std::vector<infer_op> ops;
  infer_program c{};
};

}  // namespace infer::conformance
