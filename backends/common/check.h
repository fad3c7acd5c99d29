// The checks of a program that come with the host's own table of operators (lib/graph/ops.def), for backends.
#pragma once
#include "graph/signature.h"

namespace infer::backend {

using graph::check_node;
using graph::check_program;
using graph::check_tables;
using graph::op_at;
using graph::op_name;
using graph::tensor_at;

// What `supports` needs to know before it looks closer: the node exists and is sound.
inline bool sound_node(const infer_program* p, uint32_t op) {
  return p && check_tables(*p).ok() && op < p->n_ops && check_node(*p, op).ok();
}

}  // namespace infer::backend
