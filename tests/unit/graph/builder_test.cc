#include "graph/builder.h"

#include <doctest/doctest.h>

#include "graph/signature.h"

using namespace infer;
using namespace infer::graph;

namespace {
constexpr uint32_t kF32 = INFER_TYPE_F32, kF16 = INFER_TYPE_F16, kQ4_0 = 2;
constexpr Symbols kMaxima = {64, 4, 5, 8, 10, 100};

// One decoder layer, 64 wide, two query heads of 32 over one KV head, and logits.
Result<Program> small_decoder() {
  Builder b;
  Attention a{.n_heads = 2, .n_kv_heads = 1, .head_dim = 32, .head_dim_v = 32, .page = 16, .scale = 0.17};
  const TensorId k_state = b.state("k", kF16, {sym(kPages), 16, 1, 32}),
                 v_state = b.state("v", kF16, {sym(kPages), 16, 1, 32});
  TensorId x = b.embed(b.weight("embed", kQ4_0, {100, 64}), b.tokens());
  const TensorId h = b.rms_norm(x, b.weight("norm", kF32, {64}), 1e-5);
  Rope rope{.head_dim = 32, .n_rot = 32};
  const TensorId q = b.rope(b.matmul(h, b.weight("q", kQ4_0, {64, 64})), rope);
  const TensorId k = b.rope(b.matmul(h, b.weight("k", kQ4_0, {32, 64})), rope);
  b.kv_write(k, b.matmul(h, b.weight("v", kQ4_0, {32, 64})), k_state, v_state, a);
  x = b.add(x, b.matmul(b.attention(q, k_state, v_state, a), b.weight("o", kQ4_0, {64, 64})));
  x = b.gather(x, b.rows());
  return b.finish(b.matmul(x, b.weight("output", kF32, {100, 64})));
}
}  // namespace

TEST_CASE("a decoder layer builds, and its program passes the check that backends make") {
  auto program = small_decoder();
  REQUIRE_MESSAGE(program.ok(), program.status().message());
  CHECK(program->nodes().size() == 13);
  const View view(*program, kMaxima);
  const Status good = check_program(*view.c());
  CHECK_MESSAGE(good.ok(), good.message());
  const StepTensors& step = program->step();
  for (TensorId t : {step.tokens, step.positions, step.q_start, step.kv_len, step.block_table, step.rows, step.logits})
    CHECK(t != kNone);
  CHECK(program->tensor(step.logits).role == INFER_ROLE_OUTPUT);
  CHECK(program->bytes(step.logits, kMaxima) == 8 * 100 * 4);
}

TEST_CASE("the inputs of a Step exist only when the program uses them") {
  Builder b;
  const TensorId first = b.tokens();
  CHECK(first == b.tokens());
  auto program = b.finish(b.gather(b.embed(b.weight("e", kF32, {10, 4}), first), b.rows()));
  REQUIRE(program.ok());
  CHECK(program->step().positions == kNone);
  CHECK(program->step().q_start == kNone);
  CHECK(program->step().kv_len == kNone);
  CHECK(program->step().block_table == kNone);
}

TEST_CASE("the names of a program's tensors survive a move") {
  auto program = small_decoder();
  REQUIRE(program.ok());
  const Program moved = program.take();
  CHECK(std::string(moved.tensor(moved.step().logits).name) == "matmul.12");
  CHECK(std::string(moved.tensor(0).name) == "k");
}

TEST_CASE("the first mistake names the operator and every tensor with its shape, and later calls are harmless") {
  Builder b;
  const TensorId x = b.embed(b.weight("embed", kF32, {100, 64}), b.tokens());
  TensorId y = b.matmul(x, b.weight("blk.0.q", kQ4_0, {64, 96}));
  y = b.add(y, b.rms_norm(y, kNone, 1e-5));
  const auto program = b.finish(y);
  REQUIRE(!program.ok());
  CHECK(program.status().code() == INFER_E_INVALID);
  const std::string message(program.status().message());
  for (const char* part : {"matmul", "'blk.0.q' q4_0[64,96]", "'embed.0' f32[T,64]", "K = 64"})
    CHECK_MESSAGE(message.find(part) != std::string::npos, message);
}

TEST_CASE("every operator refuses shapes that do not fit") {
  const auto refused = [](const char* what, auto&& build) {
    Builder b;
    const auto program = b.finish(b.gather(build(b), b.rows()));
    CHECK_MESSAGE(!program.ok(), what);
    return program.ok() ? std::string() : std::string(program.status().message());
  };
  const auto x = [](Builder& b, int64_t d = 64) { return b.embed(b.weight("e", kF32, {100, d}), b.tokens()); };
  refused("embedding ids are not float", [&](Builder& b) { return b.embed(b.weight("e", kF32, {100, 64}), x(b)); });
  refused("an embedding table is a weight", [&](Builder& b) { return b.embed(x(b), b.tokens()); });
  refused("norm of 64 by 48", [&](Builder& b) { return b.rms_norm(x(b), b.weight("n", kF32, {48}), 1e-5); });
  refused("norm weight in f16", [&](Builder& b) { return b.rms_norm(x(b), b.weight("n", kF16, {64}), 1e-5); });
  refused("negative eps", [&](Builder& b) { return b.rms_norm(x(b), b.weight("n", kF32, {64}), -1); });
  refused("bias of another length", [&](Builder& b) {
    return b.matmul(x(b), b.weight("w", kF32, {32, 64}), b.weight("b", kF32, {64}));
  });
  refused("a matrix that is computed", [&](Builder& b) { return b.matmul(x(b), x(b)); });
  refused("rows that are not whole blocks", [&](Builder& b) {
    return b.matmul(x(b, 48), b.weight("w", kQ4_0, {32, 48}));
  });
  refused("an unknown type", [&](Builder& b) { return b.matmul(x(b), b.weight("w", 999, {32, 64})); });
  refused("heads that do not divide the row", [&](Builder& b) { return b.rope(x(b), {.head_dim = 48, .n_rot = 48}); });
  refused("odd n_rot", [&](Builder& b) { return b.rope(x(b), {.head_dim = 32, .n_rot = 31}); });
  refused("n_rot over head_dim", [&](Builder& b) { return b.rope(x(b), {.head_dim = 32, .n_rot = 64}); });
  refused("factors of another length", [&](Builder& b) {
    return b.rope(x(b), {.head_dim = 32, .n_rot = 32, .factors = b.weight("f", kF32, {32})});
  });
  refused("base 0", [&](Builder& b) { return b.rope(x(b), {.head_dim = 32, .n_rot = 32, .base = 0}); });
  refused("sum of different rows", [&](Builder& b) { return b.add(x(b), x(b, 32)); });
  refused("gate and up of different widths", [&](Builder& b) { return b.glu(x(b), x(b, 32), INFER_ACT_SILU); });
  refused("an activation that nobody knows", [&](Builder& b) { return b.act(x(b), static_cast<infer_act>(77)); });
  refused("more experts than there are", [&](Builder& b) { return b.route(x(b, 4), 5, 0, 1).weights; });
  refused("a routing mode that nobody knows", [&](Builder& b) { return b.route(x(b, 4), 2, 9, 1).weights; });
  refused("experts of another width", [&](Builder& b) {
    const Builder::Routed r = b.route(x(b, 4), 2, 0, 1);
    return b.expert_sum(b.matmul_experts(x(b), b.weight("w", kF32, {4, 8, 32}), r.ids), r);
  });
  refused("other experts than were chosen from", [&](Builder& b) {
    const Builder::Routed two = b.route(x(b, 4), 2, 0, 1), three = b.route(x(b, 4), 3, 0, 1);
    return b.expert_sum(b.matmul_experts(x(b), b.weight("w", kF32, {4, 8, 64}), two.ids), three);
  });

  const auto attend_as = [&](Builder& b, Attention a, std::vector<int64_t> state, uint32_t k_type, uint32_t v_type) {
    const TensorId k = b.state("k", k_type, state), v = b.state("v", v_type, state);
    b.kv_write(x(b, 32), x(b, 32), k, v, a);
    return b.attention(x(b), k, v, a);
  };
  const auto attend = [&](Builder& b, Attention a, std::vector<int64_t> state, uint32_t type = kF16) {
    return attend_as(b, a, state, type, type);
  };
  const Attention good{.n_heads = 2, .n_kv_heads = 1, .head_dim = 32, .head_dim_v = 32, .page = 16, .scale = 1};
  for (const uint32_t type : {kF32, kF16, uint32_t{INFER_TYPE_BF16}, uint32_t{INFER_TYPE_Q8_0}, kQ4_0}) {
    Builder b;
    const auto program = b.finish(b.gather(attend(b, good, {sym(kPages), 16, 1, 32}, type), b.rows()));
    CHECK_MESSAGE(program.ok(), program.status().message());
  }
  Attention a = good;
  a.page = 8;
  refused("a page of another size", [&](Builder& b) { return attend(b, a, {sym(kPages), 16, 1, 32}); });
  refused("a state of rank 3", [&](Builder& b) { return attend(b, good, {sym(kPages), 16, 32}); });
  refused("a state of a type for weights", [&](Builder& b) { return attend(b, good, {sym(kPages), 16, 1, 32}, 3); });
  refused("keys of another type than values", [&](Builder& b) {
    return attend_as(b, good, {sym(kPages), 16, 1, 32}, kF16, kF32);
  });
  a = good;
  a.n_heads = 3;
  refused("more heads than the row holds", [&](Builder& b) { return attend(b, a, {sym(kPages), 16, 1, 32}); });
  a = good;
  a.softcap = -1;
  refused("a negative softcap", [&](Builder& b) { return attend(b, a, {sym(kPages), 16, 1, 32}); });
  a = good;
  a.sinks = 0;
  refused("sinks that are a state", [&](Builder& b) { return attend(b, a, {sym(kPages), 16, 1, 32}); });
  a = good;
  a.window = -5;
  refused("a negative window", [&](Builder& b) { return attend(b, a, {sym(kPages), 16, 1, 32}); });
}

TEST_CASE("logits are one row per wanted row") {
  Builder b;
  const auto program = b.finish(b.embed(b.weight("e", kF32, {10, 4}), b.tokens()));
  REQUIRE(!program.ok());
  CHECK(program.status().message().find("f32[R,n_vocab]") != std::string_view::npos);
  Builder c;
  CHECK(!c.finish(kNone).ok());
  Builder d;
  const TensorId w = d.weight("e", kF32, {sym(kRows), 4});
  CHECK(!d.finish(w).ok());
}

TEST_CASE("dimensions of zero, unknown symbols and impossible ranks are refused") {
  for (const std::vector<int64_t>& dims :
       std::vector<std::vector<int64_t>>{{}, {0}, {4, 0}, {-7}, {1, 1, 1, 1, 1, 1, 1}, {INT64_MIN}}) {
    Builder b;
    b.weight("w", kF32, dims);
    CHECK(!b.finish(kNone).ok());
  }
}

TEST_CASE("bytes that do not fit are not wrapped") {
  Builder b;
  const TensorId w = b.weight("w", kF32, {int64_t(1) << 40, int64_t(1) << 40});
  const TensorId e = b.embed(b.weight("e", kF32, {10, 4}), b.tokens());
  auto program = b.finish(b.gather(e, b.rows()));
  REQUIRE(program.ok());
  CHECK(program->bytes(w, kMaxima) == UINT64_MAX);
  CHECK(!check_program(*View(*program, kMaxima).c()).ok());
}
