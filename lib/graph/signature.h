// What a node may be: the table ops.def, and the check that holds nodes of a program (C structs, from any source)
// against it.
//
// The Builder uses it while a model is built, a backend when it is handed a program (backends/common/check.h). Works on
// the C structs of backend.h alone and believes nothing in them, except that arrays are as long as their counts say.
#pragma once
#include <libinfer/backend.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace infer::graph {

struct OpInfo {
  uint32_t kind;
  const char *name, *signature, *ints, *floats;  // ops.def
};
// nullptr when `kind` is not an operator this version knows.
const OpInfo* find_op(uint32_t kind);
const char* op_name(uint32_t kind);  // "unknown" for others

// The i-th element of a program's arrays, whose elements may be longer than ours.
const infer_tensor& tensor_at(const infer_program& p, uint32_t i);
const infer_op& op_at(const infer_program& p, uint32_t i);

// "q4_1[576,T]": for messages.
std::string shape_text(const infer_tensor& t);
std::string tensor_text(const infer_tensor& t);  // "'blk.0.attn_q.weight' q4_1[576,576]"
const char* type_name(uint32_t type);            // "q4_1"; "unknown" for others
int64_t block_length(uint32_t type);             // values of a block; 1 for plain types, 0 for unknown ones
bool is_kv_type(uint32_t type);                  // can keys and values be stored so? f32 f16 bf16 q8_0 q4_0
bool is_bank_type(uint32_t type);                // can a bank of adapters be stored so? f32 f16 bf16

struct Shape {
  uint32_t type = 0, rank = 0;
  int64_t dim[INFER_MAX_RANK] = {1, 1, 1, 1, 1, 1};
};
// Checks a node's inputs and attributes; `outputs` becomes the shapes that its outputs have.
Status check_inputs(const infer_program& p, const infer_op& op, std::vector<Shape>& outputs);
// The same, and that the outputs declared are those and every tensor named is sound. Enough to answer `supports`.
Status check_node(const infer_program& p, uint32_t op);
// Can the program's arrays be read at all (ABI, element sizes, missing arrays, symbols)?
Status check_tables(const infer_program& p);
// Tables, every tensor, every node, and the order: what a node reads is an input, a weight, a state or was written
// before. bad_op (may be null): the node that a failure is about, else untouched.
Status check_program(const infer_program& p, uint32_t* bad_op = nullptr);

// Bytes of a tensor when symbol i has values[i]; false when that does not fit 63 bits or a dimension names no symbol.
bool tensor_bytes(const infer_tensor& t, const int64_t* values, uint32_t n_values, int64_t* bytes);

}  // namespace infer::graph
