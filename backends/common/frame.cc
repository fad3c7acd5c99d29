#include "backends/common/frame.h"

#include <algorithm>
#include <cstring>

#include "backends/common/host_buffer.h"
#include "backends/common/memory_plan.h"
#include "base/checked.h"
#include "graph/signature.h"

namespace infer::backend {
namespace {

// Blocks of weights may lie anywhere; a state's scales may be kept apart from its blocks, as halves.
size_t alignment(uint32_t type, uint32_t role) {
  switch (type) {
    case INFER_TYPE_F32:
    case INFER_TYPE_I32:
      return 4;
    case INFER_TYPE_F16:
    case INFER_TYPE_BF16:
      return 2;
    default:
      return role == INFER_ROLE_STATE ? 2 : 1;
  }
}

class HostMemories final : public Memories {
 public:
  Memory of(infer_buf* b) const override {
    const HostBuffer& buffer = *host_buffer(b);
    return {buffer.data, reinterpret_cast<uintptr_t>(buffer.data), buffer.bytes, buffer.read_only};
  }
  Result<Memory> temps(int64_t bytes) override {
    TRY_SET(temps_, HostBuffer::make(bytes));
    return of(as_buf(temps_.get()));
  }

 private:
  std::unique_ptr<HostBuffer> temps_;
};

// Inputs an operator can have, so that absent trailing ones read as INFER_NONE.
size_t max_inputs(uint32_t kind) { return kind == INFER_OP_MATMUL ? 3 : kind == INFER_OP_MATMUL_EXPERTS ? 4 : 7; }

}  // namespace

Frame::Frame() : memories_(std::make_unique<HostMemories>()) {}

int64_t Tensor::rows() const {
  int64_t n = 1;
  for (uint32_t d = 0; d + 1 < rank; ++d) n *= dim[d];
  return n;
}

int64_t Frame::max_dim(uint32_t t, uint32_t d) const {
  const int64_t dim = declared_[t].dim[d];
  return dim > 0 ? dim : maxima_[static_cast<size_t>(-1 - dim)];
}

Status Frame::prepare(const infer_program& p, const infer_binding* weights, uint32_t n_weights, uint32_t* bad_op) {
  TRY(graph::check_program(p, bad_op));
  if (n_weights && !weights) return Status::invalid("the array of weights is missing");
  copy(p);
  TRY(place(p));
  TRY(bind_weights(weights, n_weights));
  return plan_checks();
}

void Frame::copy(const infer_program& p) {
  maxima_.assign(p.symbol_max, p.symbol_max + p.n_symbols);
  values_ = maxima_;
  names_.resize(p.n_tensors);
  used_.assign(p.n_tensors, false);
  bound_.assign(p.n_tensors, false);
  need_.assign(p.n_tensors, 0);
  tensors_.resize(p.n_tensors);
  for (uint32_t t = 0; t < p.n_tensors; ++t) {
    infer_tensor declared = graph::tensor_at(p, t);
    names_[t] = declared.name ? declared.name : "";
    declared.name = names_[t].c_str();
    declared_.push_back(declared);
    tensors_[t].type = declared.type;
    tensors_[t].role = declared.role;
    tensors_[t].rank = declared.rank;
  }
  for (uint32_t n = 0; n < p.n_ops; ++n) {
    const infer_op& op = graph::op_at(p, n);
    Node node{op.kind,
              n,
              {op.in, op.in + op.n_in},
              {op.out, op.out + op.n_out},
              {op.i, op.i + op.n_i},
              {op.f, op.f + op.n_f}};
    for (uint32_t t : node.in)
      if (t != INFER_NONE) used_[t] = true;
    for (uint32_t t : node.out) used_[t] = true;
    node.in.resize(max_inputs(op.kind), INFER_NONE);
    nodes_.push_back(std::move(node));
  }
}

// Dims and bytes of a tensor under values_.
Status Frame::resolve(uint32_t t) {
  for (uint32_t d = 0; d < declared_[t].rank; ++d) {
    const int64_t dim = declared_[t].dim[d];
    tensors_[t].dim[d] = dim > 0 ? dim : values_[static_cast<size_t>(-1 - dim)];
  }
  if (!graph::tensor_bytes(declared_[t], values_.data(), static_cast<uint32_t>(values_.size()), &need_[t]))
    return Status::invalid(str("tensor ", graph::tensor_text(declared_[t]), " has no size"));
  return {};
}

Status Frame::place(const infer_program& p) {
  Size total = 0u;
  for (uint32_t t = 0; t < tensors_.size(); ++t) {
    TRY(resolve(t));
    if (used_[t] && tensors_[t].role == INFER_ROLE_TEMP) total = total + Size(need_[t]).padded(64);
  }
  if (!total.fits(INT64_MAX / 2))
    return Status::no_memory("the temporary tensors of this program need more than 2^62 bytes");
  const MemoryPlan plan = plan_memory(p, need_);
  TRY_SET(const Memory temps, memories_->temps(plan.bytes));
  temps_bytes_ = temps.bytes;
  for (size_t t = 0; t < tensors_.size(); ++t)
    if (plan.offset[t] >= 0) put(t, temps, plan.offset[t]);
  return {};
}

void Frame::put(size_t t, const Memory& m, int64_t at) {
  tensors_[t].data = m.data ? m.data + at : nullptr;
  tensors_[t].address = m.address + static_cast<uint64_t>(at);
}

// Points a tensor at its binding, if that is large and aligned enough.
Status Frame::attach(const infer_binding& b, int64_t need) {
  const auto fail = [&](std::string_view what) {
    return Status::invalid(str("binding of ", graph::tensor_text(declared_[b.tensor]), ": ", what));
  };
  if (!b.buf) return fail("no buffer");
  const Memory buffer = memories_->of(b.buf);
  if (!inside(b.offset, b.bytes, buffer.bytes))
    return fail(str("bytes [", b.offset, ", +", b.bytes, ") of a buffer of ", buffer.bytes));
  if (b.bytes < need) return fail(str(b.bytes, " bytes; needs ", need));
  const uint32_t role = tensors_[b.tensor].role;
  if (buffer.read_only && (role == INFER_ROLE_STATE || role == INFER_ROLE_OUTPUT))
    return fail("the buffer is read-only");
  if ((buffer.address + static_cast<uint64_t>(b.offset)) % alignment(tensors_[b.tensor].type, role))
    return fail("not aligned to its element type");
  put(b.tensor, buffer, b.offset);
  bound_[b.tensor] = true;
  return {};
}

Status Frame::bind_weights(const infer_binding* weights, uint32_t n_weights) {
  for (uint32_t i = 0; i < n_weights; ++i) {
    const uint32_t t = weights[i].tensor;
    if (t >= tensors_.size() || tensors_[t].role != INFER_ROLE_WEIGHT)
      return Status::invalid(str("tensor ", t, " is bound as a weight and is none"));
    TRY(attach(weights[i], need_[t]));
  }
  for (size_t t = 0; t < tensors_.size(); ++t)
    if (used_[t] && tensors_[t].role == INFER_ROLE_WEIGHT && !bound_[t])
      return Status::invalid(str("weight ", graph::tensor_text(declared_[t]), " is not bound"));
  return {};
}

// One check per distinct set of tables, not per layer.
Status Frame::plan_checks() {
  const auto ids = [&](uint32_t list, uint32_t of, uint32_t d, const Node& n) {
    index_checks_.push_back({list, of, d, n.index});
  };
  // Of banks of one shape once.
  const auto bank_ids = [&](IndexCheck check) {
    for (const IndexCheck& c : index_checks_)
      if (c.ids == check.ids && c.d == check.d && declared_[c.of].dim[c.d] == declared_[check.of].dim[check.d]) return;
    index_checks_.push_back(check);
  };
  const auto tables = [&](const TableCheck& c) {
    for (const TableCheck& o : table_checks_)
      if (declared_[o.x].dim[0] == declared_[c.x].dim[0] && declared_[o.state].dim[0] == declared_[c.state].dim[0] &&
          o.q_start == c.q_start && o.kv_len == c.kv_len && o.block_table == c.block_table && o.page == c.page)
        return;
    table_checks_.push_back(c);
  };
  std::vector<int64_t> n_choices(tensors_.size(), 0);  // of ids that a ROUTE of this program makes
  for (const Node& n : nodes_) {
    switch (n.kind) {
      case INFER_OP_EMBED:
        ids(n.in[1], n.in[0], 0, n);
        break;
      case INFER_OP_GATHER:
        ids(n.in[1], n.in[0], 0, n);
        break;
      case INFER_OP_ROUTE:
        n_choices[n.out[0]] = declared_[n.in[0]].dim[1];
        break;
      case INFER_OP_MATMUL_EXPERTS:
        ids(n.in[2], n.in[1], 0, n);
        if (n_choices[n.in[2]] > declared_[n.in[1]].dim[0])
          return Status::invalid(str("node ", n.index, ": ids chosen from ", n_choices[n.in[2]], " experts; ",
                                     graph::tensor_text(declared_[n.in[1]]), " has fewer"));
        break;
      case INFER_OP_ADAPT:
        bank_ids({n.in[4], n.in[2], 0, n.index, -1, -1});
        bank_ids({n.in[5], n.in[2], 1, n.index, 0, 0});
        break;
      case INFER_OP_KV_WRITE:
        tables({n.in[0], n.in[2], n.in[4], n.in[5], n.in[6], n.i[3]});
        break;
      case INFER_OP_ATTENTION:
        tables({n.in[0], n.in[1], n.in[3], n.in[4], n.in[5], n.i[4]});
        break;
      default:
        break;
    }
  }
  return {};
}

Status Frame::assume(const int64_t* symbols) {
  if (!symbols && !maxima_.empty()) return Status::invalid("symbols are missing");
  for (size_t s = 0; s < maxima_.size(); ++s) {
    if (symbols[s] < 1 || symbols[s] > maxima_[s])
      return Status::invalid(str("symbol ", s, " is ", symbols[s], "; this plan takes 1..", maxima_[s]));
    values_[s] = symbols[s];
  }
  for (uint32_t t = 0; t < tensors_.size(); ++t) TRY(resolve(t));
  return {};
}

Status Frame::bind(const int64_t* symbols, const infer_binding* binds, uint32_t n_binds) {
  if (!binds && n_binds) return Status::invalid("bindings are missing");
  TRY(assume(symbols));
  bound_.assign(bound_.size(), false);
  for (uint32_t i = 0; i < n_binds; ++i) {
    const uint32_t t = binds[i].tensor;
    if (t >= tensors_.size() || tensors_[t].role == INFER_ROLE_WEIGHT || tensors_[t].role == INFER_ROLE_TEMP)
      return Status::invalid(str("tensor ", t, " cannot be bound at a run"));
    TRY(attach(binds[i], need_[t]));
  }
  for (size_t t = 0; t < tensors_.size(); ++t) {
    const uint32_t role = tensors_[t].role;
    if (used_[t] && !bound_[t] && role != INFER_ROLE_WEIGHT && role != INFER_ROLE_TEMP)
      return Status::invalid(str("tensor ", graph::tensor_text(declared_[t]), " is not bound"));
  }
  for (const IndexCheck& c : index_checks_)
    if (tensors_[c.ids].role == INFER_ROLE_INPUT) TRY(check_ids(c));
  for (const TableCheck& c : table_checks_) TRY(check_tables(c));
  return {};
}

Status Frame::readable(uint32_t t) const {
  if (tensors_[t].data) return {};
  return Status::invalid(str("'", names_[t], "' must be bound to memory that the host can read (INFER_USE_EXCHANGE)"));
}

Status Frame::check_ids(const IndexCheck& c) const {
  const Tensor& ids = tensors_[c.ids];
  const int64_t most = tensors_[c.of].dim[c.d] + c.beyond, n = ids.rows() * ids.columns();
  TRY(readable(c.ids));
  for (int64_t i = 0; i < n; ++i)
    if (ids.i32()[i] < c.least || ids.i32()[i] > most)
      return Status::invalid(str("'", names_[c.ids], "'[", i, "] is ", ids.i32()[i], "; ",
                                 graph::op_name(nodes_[c.node].kind), " of '", names_[c.of], "' takes ", c.least, "..",
                                 most));
  return {};
}

Status Frame::check_tables(const TableCheck& c) const {
  for (uint32_t t : {c.q_start, c.kv_len, c.block_table}) TRY(readable(t));
  const int32_t *q_start = tensors_[c.q_start].i32(), *kv_len = tensors_[c.kv_len].i32(),
                *table = tensors_[c.block_table].i32();
  const int64_t n_rows = tensors_[c.x].dim[0], n_seqs = tensors_[c.kv_len].dim[0],
                columns = tensors_[c.block_table].dim[1];
  const int64_t n_pages = tensors_[c.state].dim[0], room = std::min<int64_t>(columns, INT32_MAX) * c.page;
  if (tensors_[c.q_start].dim[0] != n_seqs + 1)
    return Status::invalid(str("q_start has ", tensors_[c.q_start].dim[0], " entries for ", n_seqs, " sequences"));
  if (q_start[0] != 0 || q_start[n_seqs] != n_rows)
    return Status::invalid(str("q_start runs from ", q_start[0], " to ", q_start[n_seqs], ", not from 0 to ", n_rows));
  for (int64_t s = 0; s < n_seqs; ++s) {
    const int64_t rows = int64_t(q_start[s + 1]) - q_start[s];
    if (rows < 0 || q_start[s] > n_rows) return Status::invalid(str("q_start falls at sequence ", s));
    if (kv_len[s] < rows || kv_len[s] > room)
      return Status::invalid(
          str("kv_len of sequence ", s, " is ", kv_len[s], "; it has ", rows, " rows here and room for ", room));
    for (int64_t b = 0; b * c.page < kv_len[s]; ++b)
      if (table[s * columns + b] < 0 || table[s * columns + b] >= n_pages)
        return Status::invalid(str("block_table[", s, ",", b, "] is page ", table[s * columns + b], " of ", n_pages));
  }
  return {};
}

}  // namespace infer::backend
