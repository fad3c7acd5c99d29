// Where every tensor of a plan is in the current run, and the checks that let kernels index freely.
//
// prepare() copies the program (the host's goes away), binds the weights and allocates the temps; bind() resolves a
// run's symbols and bindings. After a bind() that answered OK a kernel may trust: every tensor's memory is as large as
// its dims say; ids, rows, positions in block tables and page numbers that come from outside are in range; q_start
// partitions the rows. A bind that succeeds allocates nothing.
//
// What memory is, the backend says (Memories): the host's unless it says otherwise. Of a device's own memory the host
// knows an address and no more; inputs that hold ids and tables must be where the host can check them.
#pragma once
#include <libinfer/backend.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace infer::backend {

// Bytes of a buffer: where the host reads them (null: it cannot) and where kernels do.
struct Memory {
  std::byte* data = nullptr;
  uint64_t address = 0;
  int64_t bytes = 0;
  bool read_only = false;
};
class Memories {
 public:
  virtual ~Memories() = default;
  virtual Memory of(infer_buf* b) const = 0;
  // Once: memory for the temps, which lives as long as this object.
  virtual Result<Memory> temps(int64_t bytes) = 0;
};

struct Tensor {
  std::byte* data = nullptr;  // borrowed; null: not the host's
  uint64_t address = 0;       // for kernels; 0: nowhere yet
  uint32_t type = 0, role = 0, rank = 0;
  int64_t dim[INFER_MAX_RANK] = {1, 1, 1, 1, 1, 1};  // this run's; at the maxima between prepare() and bind()

  float* f32() const { return reinterpret_cast<float*>(data); }
  int32_t* i32() const { return reinterpret_cast<int32_t*>(data); }
  int64_t columns() const { return dim[rank - 1]; }
  int64_t rows() const;  // product of all dims but the last
};

struct Node {
  uint32_t kind = 0, index = 0;  // infer_op_kind, place in the program
  std::vector<uint32_t> in,
      out;  // tensors, or INFER_NONE; `in` is as long as the operator's inputs, absent ones included
  std::vector<int64_t> i;
  std::vector<double> f;
};

class Frame {
 public:
  Frame();  // in the host's memory
  explicit Frame(std::unique_ptr<Memories> memories) : memories_(std::move(memories)) {}
  // On failure *bad_op (may be null) is the node it is about, where it is about one.
  Status prepare(const infer_program& p, const infer_binding* weights, uint32_t n_weights, uint32_t* bad_op);
  Status bind(const int64_t* symbols, const infer_binding* binds, uint32_t n_binds);
  // Dims and sizes as of a run with these symbols (each within its maximum), of which nothing is bound.
  Status assume(const int64_t* symbols);
  // In this run kernels find it there instead of where it is bound.
  void move(uint32_t t, uint64_t address) { tensors_[t].address = address; }

  const std::vector<Node>& nodes() const { return nodes_; }
  const Tensor& operator[](uint32_t t) const { return tensors_[t]; }
  // Input i of a node, or nullptr when it has none.
  const Tensor* input(const Node& n, size_t i) const { return n.in[i] == INFER_NONE ? nullptr : &tensors_[n.in[i]]; }
  const std::string& name(uint32_t t) const { return names_[t]; }
  int64_t max_dim(uint32_t t, uint32_t d) const;  // at the symbols' maxima
  size_t n_tensors() const { return tensors_.size(); }
  const std::vector<int64_t>& maxima() const { return maxima_; }  // [n_symbols]
  int64_t size_of(uint32_t t) const { return need_[t]; }          // bytes in this run
  int64_t bytes() const { return temps_bytes_; }

 private:
  struct IndexCheck {  // values of `ids` lie in least .. (dim d of `of`) + beyond
    uint32_t ids, of, d, node;
    int64_t least = 0, beyond = -1;
  };
  struct TableCheck {  // q_start, kv_len and block_table fit each other, x's rows and the state's pages
    uint32_t x, state, q_start, kv_len, block_table;
    int64_t page;
  };
  void copy(const infer_program& p);
  Status place(const infer_program& p);
  Status bind_weights(const infer_binding* weights, uint32_t n_weights);
  Status plan_checks();
  Status resolve(uint32_t t);
  Status attach(const infer_binding& b, int64_t need);
  void put(size_t t, const Memory& m, int64_t at);
  Status readable(uint32_t t) const;
  Status check_ids(const IndexCheck& c) const;
  Status check_tables(const TableCheck& c) const;

  std::vector<Node> nodes_;
  std::vector<infer_tensor> declared_;  // dims with symbols; name points into names_
  std::vector<std::string> names_;
  std::vector<Tensor> tensors_;
  std::vector<bool> used_;       // [n_tensors] by some node
  std::vector<bool> bound_;      // [n_tensors] in this run
  std::vector<int64_t> need_;    // [n_tensors] bytes in this run
  std::vector<int64_t> maxima_;  // [n_symbols]
  std::vector<int64_t> values_;  // [n_symbols] this run's
  std::vector<IndexCheck> index_checks_;
  std::vector<TableCheck> table_checks_;
  std::unique_ptr<Memories> memories_;
  int64_t temps_bytes_ = 0;
};

}  // namespace infer::backend
