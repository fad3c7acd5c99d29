#include "graph/signature.h"

#include <cmath>
#include <cstring>

#include "base/checked.h"
#include "graph/pattern.h"
#include "quant/types.h"

namespace infer::graph {
namespace {

constexpr OpInfo kOps[] = {
#define OP(kind, name, signature, ints, floats) {INFER_OP_##kind, name, signature, ints, floats},
#include "graph/ops.def"
#undef OP
};

bool type_fits(std::string_view type, const infer_tensor& t) {
  if (type == "f32") return t.type == INFER_TYPE_F32;
  if (type == "i32") return t.type == INFER_TYPE_I32;
  if (type == "w")
    return (t.role == INFER_ROLE_WEIGHT || t.role == INFER_ROLE_INPUT) && t.type != INFER_TYPE_I32 &&
           quant::find_type(t.type);
  if (type == "kv") return t.role == INFER_ROLE_STATE && is_kv_type(t.type);
  if (type == "bank") return t.role == INFER_ROLE_INPUT && is_bank_type(t.type);
  return false;
}

bool same_shape(const infer_tensor& a, const infer_tensor& b) {
  return a.type == b.type && a.rank == b.rank && std::memcmp(a.dim, b.dim, a.rank * sizeof a.dim[0]) == 0;
}

// A node being checked, and how its failures read.
class NodeCheck {
 public:
  NodeCheck(const infer_program& p, const infer_op& op, const OpInfo& info) : p_(p), op_(op), info_(info) {}

  Status run(std::vector<Shape>& outputs) {
    TRY(bind_attributes());
    TRY(split_signature());
    TRY(match_inputs(true));
    TRY(match_inputs(false));
    TRY(check_attributes());
    return shape_outputs(outputs);
  }
  Status fail(std::string_view what) const { return Status::invalid(str(info_.name, ": ", what, inputs_text())); }

 private:
  const infer_tensor* input(size_t i) const {
    return i < op_.n_in && op_.in[i] != INFER_NONE ? &tensor_at(p_, op_.in[i]) : nullptr;
  }

  std::string inputs_text() const {
    std::string s;
    for (uint32_t i = 0; i < op_.n_in; ++i)
      if (op_.in[i] < p_.n_tensors) s += str(s.empty() ? " (inputs: " : ", ", tensor_text(tensor_at(p_, op_.in[i])));
    return s.empty() ? s : s + ")";
  }

  Status bind_attributes() {
    const size_t n_i = count_words(info_.ints), n_f = count_words(info_.floats);
    if (op_.n_i != n_i || op_.n_f != n_f || (n_i && !op_.i) || (n_f && !op_.f))
      return fail(str("has ", op_.n_i, " integer and ", op_.n_f, " float attributes; needs ", n_i, " (", info_.ints,
                      ") and ", n_f, " (", info_.floats, ")"));
    std::string_view names = info_.ints;
    for (size_t i = 0; i < n_i; ++i) {
      const std::string_view name = next_word(names);
      const bool may_be_zero =
          name == "window" || name == "style" || name == "act" || name == "mode" || name == "n_rot";
      if (op_.i[i] < (may_be_zero ? 0 : 1) || op_.i[i] > INT32_MAX)
        return fail(str("attribute ", name, " is ", op_.i[i], "; allowed: ", may_be_zero ? 0 : 1, "..", INT32_MAX));
      names_.bind_or_equal(name, op_.i[i]);
    }
    for (size_t i = 0; i < n_f; ++i)
      if (!std::isfinite(op_.f[i])) return fail(str("float attribute ", i, " (of ", info_.floats, ") is not finite"));
    return {};
  }

  Status split_signature() {
    std::string_view s = info_.signature;
    bool after_arrow = false;
    for (std::string_view word = next_word(s); !word.empty(); word = next_word(s)) {
      if (word == "->")
        after_arrow = true;
      else
        (after_arrow ? outs_ : ins_).push_back(parse_slot(word));
    }
    if (op_.n_in > ins_.size() || op_.n_out != outs_.size())
      return fail(str("has ", op_.n_in, " inputs and ", op_.n_out, " outputs; takes ", info_.signature));
    for (uint32_t i = 0; i < op_.n_in; ++i)
      if (op_.in[i] != INFER_NONE && op_.in[i] >= p_.n_tensors)
        return fail(str("input ", i, " is tensor ", op_.in[i], " of ", p_.n_tensors));
    return {};
  }

  Status match_inputs(bool plain) {
    for (size_t i = 0; i < ins_.size(); ++i) {
      const Slot& slot = ins_[i];
      const infer_tensor* t = input(i);
      if (!t) {
        if (!slot.optional) return fail(str("input ", slot.name, " is missing"));
        continue;
      }
      const bool good = slot.type == "same"
                            ? same_shape(*t, *input(0))
                            : type_fits(slot.type, *t) && !choose_shape(slot, *t, names_, plain).empty();
      if (!good) {
        const std::string with = names_.size() ? str(" with ", names_.text()) : std::string();
        return fail(str(slot.name, " ", tensor_text(*t), " is not ", slot.type == "same" ? "of the shape of " : "",
                        slot.type == "same" ? ins_[0].name : slot.type, slot.shapes, with));
      }
    }
    return {};
  }

  // What the shapes do not say.
  Status check_attributes() const {
    const auto value = [&](std::string_view name) { return *names_.find(name); };
    switch (info_.kind) {
      case INFER_OP_RMS_NORM:
        return op_.f[0] >= 0 ? Status() : fail("eps is negative");
      case INFER_OP_ROPE:
        if (value("n_rot") < 2 || value("n_rot") % 2 || value("n_rot") > value("D"))
          return fail(str("n_rot ", value("n_rot"), " is not an even number from 2 to head_dim ", value("D")));
        if (value("style") > 1) return fail(str("style ", value("style"), " is not 0 or 1"));
        return op_.f[0] > 0 ? Status() : fail("base is not positive");
      case INFER_OP_KV_WRITE:
        return same_kv_type(2);
      case INFER_OP_ATTENTION:
        TRY(same_kv_type(1));
        if (value("H") % value("Hk"))
          return fail(str(value("H"), " heads cannot share ", value("Hk"), " KV heads evenly"));
        return op_.f[1] >= 0 ? Status() : fail("softcap is negative");
      case INFER_OP_ADAPT:
        return input(2)->type == input(3)->type ? Status() : fail("down and up are of different types");
      case INFER_OP_ACT:
      case INFER_OP_GLU:
        return value("act") <= INFER_ACT_TANH ? Status() : unsupported(str("activation ", value("act")));
      case INFER_OP_ROUTE:
        if (value("E") > 0 && value("k") > value("E"))
          return fail(str("k ", value("k"), " of ", value("E"), " experts"));
        return value("mode") <= 2 ? Status() : unsupported(str("routing mode ", value("mode")));
      default:
        return {};
    }
  }
  Status same_kv_type(size_t k) const {
    return input(k)->type == input(k + 1)->type ? Status() : fail("keys and values are stored as different types");
  }
  Status unsupported(std::string_view what) const {
    return Status::unsupported(str(info_.name, ": ", what, " is not known to this version"));
  }

  Status shape_outputs(std::vector<Shape>& outputs) const {
    outputs.clear();
    for (const Slot& slot : outs_) {
      Shape shape;
      if (slot.type == "same") {
        const infer_tensor& x = *input(0);
        shape.type = x.type;
        shape.rank = x.rank;
        std::memcpy(shape.dim, x.dim, x.rank * sizeof x.dim[0]);
      } else {
        shape.type = slot.type == "i32" ? INFER_TYPE_I32 : INFER_TYPE_F32;
        std::string_view dims = slot.shapes.substr(1, slot.shapes.size() - 2);
        while (!dims.empty()) {
          const std::string_view dim = next_word(dims, ',');
          if (!evaluate(dim, names_, shape.dim[shape.rank]))
            return fail(str("output ", slot.name, " has no size ", dim));
          ++shape.rank;
        }
      }
      outputs.push_back(shape);
    }
    return {};
  }

  const infer_program& p_;
  const infer_op& op_;
  const OpInfo& info_;
  std::vector<Slot> ins_, outs_;
  Names names_;
};

Status check_tensor(const infer_program& p, uint32_t index) {
  const infer_tensor& t = tensor_at(p, index);
  const auto fail = [&](std::string_view what) {
    return Status::invalid(str("tensor ", index, " ", tensor_text(t), ": ", what));
  };
  const quant::TypeInfo* type = quant::find_type(t.type);
  if (!type) return Status::unsupported(str("tensor ", index, ": type ", t.type, " is not known to this version"));
  if (t.role > INFER_ROLE_TEMP) return fail(str("role ", t.role, " is not known"));
  if (t.rank < 1 || t.rank > INFER_MAX_RANK) return fail(str("rank ", t.rank, " is not 1..", INFER_MAX_RANK));
  for (uint32_t d = 0; d < t.rank; ++d)
    if (t.dim[d] == 0 || t.dim[d] < -static_cast<int64_t>(p.n_symbols))
      return fail(str("dimension ", d, " is ", t.dim[d]));
  const int64_t inner = t.dim[t.rank - 1];
  if (type->block_elems > 1 && (inner < 0 || inner % type->block_elems))
    return fail(str("rows are not whole blocks of ", type->block_elems));
  int64_t bytes = 0;
  if (!tensor_bytes(t, p.symbol_max, p.n_symbols, &bytes)) return fail("larger than 2^63 bytes");
  return {};
}

}  // namespace

bool is_kv_type(uint32_t type) {
  switch (static_cast<quant::Type>(type)) {
    case quant::Type::kF32:
    case quant::Type::kF16:
    case quant::Type::kBF16:
    case quant::Type::kQ8_0:
    case quant::Type::kQ4_0:
      return true;
    default:
      return false;
  }
}

bool is_bank_type(uint32_t type) { return type == INFER_TYPE_F32 || type == INFER_TYPE_F16 || type == INFER_TYPE_BF16; }

const OpInfo* find_op(uint32_t kind) {
  for (const OpInfo& info : kOps)
    if (info.kind == kind) return &info;
  return nullptr;
}

const char* op_name(uint32_t kind) {
  const OpInfo* info = find_op(kind);
  return info ? info->name : "unknown";
}

const char* type_name(uint32_t type) {
  const quant::TypeInfo* info = quant::find_type(type);
  return info ? info->name : "unknown";
}

int64_t block_length(uint32_t type) {
  const quant::TypeInfo* info = quant::find_type(type);
  return info ? info->block_elems : 0;
}

const infer_tensor& tensor_at(const infer_program& p, uint32_t i) {
  return *reinterpret_cast<const infer_tensor*>(reinterpret_cast<const char*>(p.tensors) + size_t(i) * p.tensor_size);
}

const infer_op& op_at(const infer_program& p, uint32_t i) {
  return *reinterpret_cast<const infer_op*>(reinterpret_cast<const char*>(p.ops) + size_t(i) * p.op_size);
}

std::string shape_text(const infer_tensor& t) {
  const quant::TypeInfo* type = quant::find_type(t.type);
  std::string s = type ? std::string(type->name) : str("type ", t.type);
  for (uint32_t d = 0; d < t.rank && d < INFER_MAX_RANK; ++d) s += str(d ? "," : "[", dim_text(t.dim[d]));
  return s + "]";
}

std::string tensor_text(const infer_tensor& t) { return str("'", t.name ? t.name : "", "' ", shape_text(t)); }

Status check_inputs(const infer_program& p, const infer_op& op, std::vector<Shape>& outputs) {
  const OpInfo* info = find_op(op.kind);
  if (!info) return Status::unsupported(str("operator ", op.kind, " is not known to this version"));
  if ((op.n_in && !op.in) || (op.n_out && !op.out)) return Status::invalid(str(info->name, ": no list of tensors"));
  return NodeCheck(p, op, *info).run(outputs);
}

Status check_node(const infer_program& p, uint32_t index) {
  const infer_op& op = op_at(p, index);
  for (uint32_t i = 0; i < op.n_in && op.in; ++i)
    if (op.in[i] < p.n_tensors) TRY(check_tensor(p, op.in[i]));
  std::vector<Shape> outputs;
  TRY(check_inputs(p, op, outputs));
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto fail = [&](std::string_view what) {
      return Status::invalid(str(op_name(op.kind), ": output ", i, " ", what));
    };
    if (op.out[i] >= p.n_tensors) return fail(str("is tensor ", op.out[i], " of ", p.n_tensors));
    TRY(check_tensor(p, op.out[i]));
    const infer_tensor& t = tensor_at(p, op.out[i]);
    if (t.role != INFER_ROLE_TEMP && t.role != INFER_ROLE_OUTPUT)
      return fail(str(tensor_text(t), " is neither a temp nor an output"));
    infer_tensor want = t;
    want.type = outputs[i].type;
    want.rank = outputs[i].rank;
    std::memcpy(want.dim, outputs[i].dim, sizeof want.dim);
    if (!same_shape(t, want)) return fail(str(tensor_text(t), " should be ", shape_text(want)));
  }
  return {};
}

Status check_tables(const infer_program& p) {
  if (p.abi.struct_size < sizeof(infer_program) || p.abi.major != INFER_BACKEND_MAJOR ||
      p.tensor_size < sizeof(infer_tensor) || p.op_size < sizeof(infer_op))
    return Status(INFER_E_ABI, str("a program of backend ABI ", p.abi.major, ".", p.abi.minor, " cannot be read by ",
                                   INFER_BACKEND_MAJOR, ".", INFER_BACKEND_MINOR));
  if ((p.n_tensors && !p.tensors) || (p.n_ops && !p.ops) || (p.n_symbols && !p.symbol_max))
    return Status::invalid("program: an array is missing");
  for (uint32_t i = 0; i < p.n_symbols; ++i)
    if (p.symbol_max[i] < 1) return Status::invalid(str("program: symbol ", i, " has the maximum ", p.symbol_max[i]));
  return {};
}

namespace {
// What node n reads is there, and it writes what nobody has written.
Status check_order(const infer_program& p, uint32_t n, std::vector<bool>& written) {
  const infer_op& op = op_at(p, n);
  for (uint32_t i = 0; i < op.n_in; ++i) {
    if (op.in[i] == INFER_NONE) continue;
    const infer_tensor& t = tensor_at(p, op.in[i]);
    if ((t.role == INFER_ROLE_TEMP || t.role == INFER_ROLE_OUTPUT) && !written[op.in[i]])
      return Status::invalid(str(op_name(op.kind), ": reads ", tensor_text(t), " before it is written"));
  }
  for (uint32_t i = 0; i < op.n_out; ++i) {
    if (written[op.out[i]])
      return Status::invalid(
          str(op_name(op.kind), ": writes ", tensor_text(tensor_at(p, op.out[i])), " a second time"));
    written[op.out[i]] = true;
  }
  return {};
}
}  // namespace

Status check_program(const infer_program& p, uint32_t* bad_op) {
  TRY(check_tables(p));
  for (uint32_t i = 0; i < p.n_tensors; ++i) TRY(check_tensor(p, i));
  std::vector<bool> written(p.n_tensors, false);
  for (uint32_t n = 0; n < p.n_ops; ++n) {
    Status s = check_node(p, n);
    if (s.ok()) s = check_order(p, n, written);
    if (s.ok()) continue;
    if (bad_op) *bad_op = n;
    return s.in(str("node ", n));
  }
  return {};
}

bool tensor_bytes(const infer_tensor& t, const int64_t* values, uint32_t n_values, int64_t* bytes) {
  const quant::TypeInfo* type = quant::find_type(t.type);
  if (!type) return false;
  Size size = 1u;
  for (uint32_t d = 0; d < t.rank; ++d) {
    const int64_t symbol = -1 - t.dim[d];
    if (symbol >= static_cast<int64_t>(n_values)) return false;
    int64_t dim = symbol >= 0 ? values[symbol] : t.dim[d];
    if (dim < 0 || (d + 1 == t.rank && dim % type->block_elems)) return false;
    if (d + 1 == t.rank) dim /= type->block_elems;
    size = size * dim;
  }
  size = size * type->block_bytes;
  if (!size.fits(INT64_MAX)) return false;
  *bytes = static_cast<int64_t>(size.value());
  return true;
}

}  // namespace infer::graph
