#include "backends/common/memory_plan.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace infer::backend;

namespace {

// A program of nodes that only say what they read and write; sizes are given beside it.
struct Nodes {
  std::vector<infer_tensor> tensors;
  std::vector<std::vector<uint32_t>> in, out;
  std::vector<int64_t> bytes;
  std::vector<infer_op> ops;
  std::vector<uint32_t> kinds;  // of the first nodes; 0 of the others

  uint32_t tensor(uint32_t role, int64_t size) {
    tensors.push_back({INFER_TYPE_F32, role, 1, 0, {1, 1, 1, 1, 1, 1}, "t"});
    bytes.push_back(size);
    return static_cast<uint32_t>(tensors.size() - 1);
  }
  MemoryPlan plan() {
    ops.clear();
    for (size_t n = 0; n < in.size(); ++n) {
      infer_op op{};
      op.kind = n < kinds.size() ? kinds[n] : 0;
      op.n_in = static_cast<uint32_t>(in[n].size());
      op.n_out = static_cast<uint32_t>(out[n].size());
      op.in = in[n].data();
      op.out = out[n].data();
      ops.push_back(op);
    }
    infer_program p{};
    p.tensor_size = sizeof(infer_tensor);
    p.op_size = sizeof(infer_op);
    p.n_tensors = static_cast<uint32_t>(tensors.size());
    p.n_ops = static_cast<uint32_t>(ops.size());
    p.tensors = tensors.data();
    p.ops = ops.data();
    return plan_memory(p, bytes);
  }
  // First and last node that touches t.
  std::pair<size_t, size_t> life(uint32_t t) const {
    size_t first = SIZE_MAX, last = 0;
    for (size_t n = 0; n < in.size(); ++n) {
      const bool writes = std::count(out[n].begin(), out[n].end(), t),
                 reads = std::count(in[n].begin(), in[n].end(), t);
      if (writes || reads) first = std::min(first, n), last = n;
    }
    return {first, last};
  }
};

}  // namespace

TEST_CASE("temps that are alive together never share a byte, over many random programs") {
  uint64_t state = 7;
  const auto random = [&](uint64_t limit) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % limit;
  };
  for (int round = 0; round < 300; ++round) {
    Nodes p;
    p.tensor(INFER_ROLE_INPUT, 100);
    const size_t n_nodes = 1 + random(40);
    for (size_t n = 0; n < n_nodes; ++n) {
      std::vector<uint32_t> in;
      for (uint64_t k = 1 + random(3); k > 0; --k)
        in.push_back(random(5) ? static_cast<uint32_t>(random(p.tensors.size())) : INFER_NONE);
      const uint32_t role = random(8) ? INFER_ROLE_TEMP : INFER_ROLE_OUTPUT;
      p.in.push_back(in);
      p.out.push_back({p.tensor(role, static_cast<int64_t>(random(5) ? random(1000) + 1 : 64))});
    }
    const MemoryPlan plan = p.plan();
    int64_t sum = 0;
    for (uint32_t a = 0; a < p.tensors.size(); ++a) {
      if (p.tensors[a].role != INFER_ROLE_TEMP) {
        CHECK(plan.offset[a] == -1);
        continue;
      }
      REQUIRE(plan.offset[a] >= 0);
      CHECK(plan.offset[a] % 64 == 0);
      CHECK(plan.offset[a] + p.bytes[a] <= plan.bytes);
      sum += (p.bytes[a] + 63) / 64 * 64;
      for (uint32_t b = 0; b < a; ++b) {
        if (plan.offset[b] < 0) continue;
        const auto [a_first, a_last] = p.life(a);
        const auto [b_first, b_last] = p.life(b);
        const bool together = a_first <= b_last && b_first <= a_last;
        const bool overlap =
            plan.offset[a] < plan.offset[b] + p.bytes[b] && plan.offset[b] < plan.offset[a] + p.bytes[a];
        CHECK(!(together && overlap));
      }
    }
    CHECK(plan.bytes <= sum);
  }
}

TEST_CASE("a chain of any length needs the memory of two neighbours") {
  Nodes p;
  uint32_t last = p.tensor(INFER_ROLE_INPUT, 64);
  for (int n = 0; n < 50; ++n) {
    const uint32_t next = p.tensor(INFER_ROLE_TEMP, 640);
    p.in.push_back({last});
    p.out.push_back({next});
    last = next;
  }
  CHECK(p.plan().bytes == 2 * 640);
}

TEST_CASE("an adapter's sum takes the place of what it is added to, where nobody reads that later") {
  // y = f(x); sum = adapt(y, x); again = adapt(sum, x); end = g(again, `late`)
  const auto plan = [](bool late, bool itself) {
    Nodes p;
    const uint32_t x = p.tensor(INFER_ROLE_INPUT, 64), y = p.tensor(INFER_ROLE_TEMP, 640),
                   sum = p.tensor(INFER_ROLE_TEMP, 640), again = p.tensor(INFER_ROLE_TEMP, 640),
                   end = p.tensor(INFER_ROLE_TEMP, 640);
    p.kinds = {0, INFER_OP_ADAPT, INFER_OP_ADAPT, 0};
    p.in = {{x}, {y, itself ? y : x}, {sum, x}, {again, late ? y : x}};
    p.out = {{y}, {sum}, {again}, {end}};
    return p.plan();
  };
  const MemoryPlan plain = plan(false, false);
  CHECK(plain.offset[2] == plain.offset[1]);
  CHECK(plain.offset[3] == plain.offset[1]);
  CHECK(plain.offset[4] != plain.offset[1]);
  CHECK(plain.bytes == 2 * 640);
  const MemoryPlan later = plan(true, false);
  CHECK(later.offset[2] != later.offset[1]);
  CHECK(later.offset[3] == later.offset[2]);
  CHECK(later.offset[4] != later.offset[2]);
  const MemoryPlan itself = plan(false, true);  // what is read for the product must not change meanwhile
  CHECK(itself.offset[2] != itself.offset[1]);
}
