#include "graph/signature.h"

#include <doctest/doctest.h>

#include <vector>

#include "graph/builder.h"

using namespace infer;
using namespace infer::graph;

namespace {
// A program as a plugin receives it, which tests then damage.
struct Raw {
  std::vector<infer_tensor> tensors;
  std::vector<infer_op> ops;
  std::vector<int64_t> symbol_max{8};
  uint32_t in[3] = {0, 1, INFER_NONE}, out[1] = {2};
  infer_program p{};

  Raw() {
    tensors = {tensor(0, INFER_ROLE_INPUT, INFER_SYMBOL(0), 64), tensor(2, INFER_ROLE_WEIGHT, 32, 64),
               tensor(0, INFER_ROLE_OUTPUT, INFER_SYMBOL(0), 32)};
    infer_op op{};
    op.kind = INFER_OP_MATMUL;
    op.n_in = 3;
    op.n_out = 1;
    op.in = in;
    op.out = out;
    ops = {op};
  }
  static infer_tensor tensor(uint32_t type, uint32_t role, int64_t rows, int64_t columns) {
    return {type, role, 2, 0, {rows, columns, 1, 1, 1, 1}, "t"};
  }
  Status check() {
    p.abi = {sizeof p, INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR};
    p.tensor_size = sizeof(infer_tensor);
    p.op_size = sizeof(infer_op);
    p.n_tensors = static_cast<uint32_t>(tensors.size());
    p.n_ops = static_cast<uint32_t>(ops.size());
    p.n_symbols = static_cast<uint32_t>(symbol_max.size());
    p.tensors = tensors.data();
    p.ops = ops.data();
    p.symbol_max = symbol_max.data();
    return check_program(p);
  }
};
}  // namespace

TEST_CASE("every operator of backend.h has a row in ops.def with a name of its own") {
  for (uint32_t kind = 1; kind < INFER_OP_COUNT; ++kind) {
    REQUIRE(find_op(kind));
    for (uint32_t other = 1; other < kind; ++other) CHECK(std::string_view(op_name(kind)) != op_name(other));
  }
  CHECK(!find_op(0));
  CHECK(!find_op(INFER_OP_COUNT));
}

TEST_CASE("a sound raw program passes") { CHECK(Raw().check().ok()); }

TEST_CASE("a weight may be an input: then it is streamed") {
  Raw raw;
  raw.tensors[1].role = INFER_ROLE_INPUT;
  CHECK(raw.check().ok());
}

TEST_CASE("a damaged raw program is refused, whatever the damage") {
  const auto refused = [](infer_status code, auto&& damage) {
    Raw raw;
    damage(raw);
    const Status s = raw.check();
    CHECK_MESSAGE(s.code() == code, s.message());
  };
  refused(INFER_E_UNSUPPORTED, [](Raw& r) { r.ops[0].kind = 999; });
  refused(INFER_E_UNSUPPORTED, [](Raw& r) { r.tensors[1].type = 999; });
  refused(INFER_E_INVALID, [](Raw& r) { r.tensors[1].type = INFER_TYPE_I32; });
  refused(INFER_E_INVALID, [](Raw& r) { r.tensors[1].role = 9; });
  refused(INFER_E_INVALID, [](Raw& r) { r.tensors[1].role = INFER_ROLE_STATE; });
  refused(INFER_E_INVALID, [](Raw& r) { r.tensors[1].rank = 0; });
  refused(INFER_E_INVALID, [](Raw& r) { r.tensors[1].rank = 7; });
  refused(INFER_E_INVALID, [](Raw& r) { r.tensors[1].dim[0] = 0; });
  refused(INFER_E_INVALID, [](Raw& r) { r.tensors[1].dim[1] = 65; });
  refused(INFER_E_INVALID, [](Raw& r) { r.tensors[0].dim[0] = INFER_SYMBOL(1); });
  refused(INFER_E_INVALID, [](Raw& r) { r.tensors[2].dim[1] = 31; });
  refused(INFER_E_INVALID, [](Raw& r) { r.tensors[2].type = INFER_TYPE_F16; });
  refused(INFER_E_INVALID, [](Raw& r) { r.tensors[2].role = INFER_ROLE_WEIGHT; });
  refused(INFER_E_INVALID, [](Raw& r) { r.in[0] = 3; });
  refused(INFER_E_INVALID, [](Raw& r) { r.in[0] = 2; });  // reads its own output
  refused(INFER_E_INVALID, [](Raw& r) { r.in[1] = INFER_NONE; });
  refused(INFER_E_INVALID, [](Raw& r) { r.out[0] = 77; });
  refused(INFER_E_INVALID, [](Raw& r) { r.ops[0].n_in = 5; });
  refused(INFER_E_INVALID, [](Raw& r) { r.ops[0].n_out = 0; });
  refused(INFER_E_INVALID, [](Raw& r) { r.ops[0].n_i = 1; });
  refused(INFER_E_INVALID, [](Raw& r) { r.ops[0].in = nullptr; });
  refused(INFER_E_INVALID, [](Raw& r) { r.symbol_max[0] = 0; });
  refused(INFER_E_INVALID, [](Raw& r) { r.ops.push_back(r.ops[0]); });  // written twice
}
