// A small decoder with random weights, steps for it, and the reference and mock backends as linked-in entries.
#pragma once
#include <doctest/doctest.h>

#include <cstring>
#include <deque>

#include "device/executor.h"
#include "graph/builder.h"
#include "tests/mock/mock.h"

extern "C" const infer_backend* infer_backend_reference_v0(const infer_host* host);

namespace infer::test {

inline constexpr device::Builtin kReference{"reference", infer_backend_reference_v0};
inline constexpr device::Builtin kMock{"mock", infer_backend_mock_v0};
inline constexpr device::Builtin kBoth[] = {kReference, kMock};

using Settings = std::vector<std::pair<std::string, std::string>>;

// Runtimes over linked-in backends; the mock, when asked for, comes first.
inline std::unique_ptr<device::Registry> runtime(bool with_mock, Settings settings = {}) {
  device::RegistryOptions options;
  options.settings = std::move(settings);
  options.builtin = with_mock ? std::span<const device::Builtin>(kBoth) : std::span<const device::Builtin>(kBoth, 1);
  auto r = device::Registry::create(std::move(options), {});
  REQUIRE_MESSAGE(r.ok(), r.status().message());
  return r.take();
}

struct Random {  // a small generator with the same values everywhere
  uint64_t state = 1;
  uint32_t next() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state >> 33);
  }
  float real() { return static_cast<float>(next() % 2001) / 1000.f - 1.f; }
};

inline constexpr int64_t kVocab = 48, kWidth = 32, kPage = 4;
inline constexpr device::Executor::Limits kLimits{.tokens = 16, .seqs = 3, .rows = 8, .table_cols = 4, .pages = 9};

// Two layers, two heads over one, a gated MLP; all operators of a dense decoder.
struct SmallModel {
  graph::Program program;
  std::deque<std::vector<float>> storage;
  std::vector<device::Executor::Weight> weights;

  explicit SmallModel(uint32_t kv_type = INFER_TYPE_F32, int n_layers = 2) {
    graph::Builder b;
    Random random;
    const auto w = [&](std::string name, std::vector<int64_t> dims) {
      size_t n = 1;
      for (int64_t d : dims) n *= static_cast<size_t>(d);
      std::vector<float>& data = storage.emplace_back(n);
      for (float& v : data) v = random.real() * 0.5f;
      const graph::TensorId t = b.weight(std::move(name), INFER_TYPE_F32, std::move(dims));
      weights.push_back({t, std::as_bytes(std::span(data))});
      return t;
    };
    const graph::Attention a{
        .n_heads = 2, .n_kv_heads = 1, .head_dim = 16, .head_dim_v = 16, .page = kPage, .scale = 0.25};
    const graph::Rope rope{.head_dim = 16, .n_rot = 16};
    graph::TensorId x = b.embed(w("embed", {kVocab, kWidth}), b.tokens());
    for (int layer = 0; layer < n_layers; ++layer) {
      b.enter_layer(layer);
      const graph::TensorId k_state = b.state(str("k.", layer), kv_type, {graph::sym(graph::kPages), kPage, 1, 16});
      const graph::TensorId v_state = b.state(str("v.", layer), kv_type, {graph::sym(graph::kPages), kPage, 1, 16});
      graph::TensorId h = b.rms_norm(x, w("norm", {kWidth}), 1e-5);
      const graph::TensorId q = b.rope(b.matmul(h, w("q", {kWidth, kWidth}), w("q.bias", {kWidth})), rope);
      const graph::TensorId k = b.rope(b.matmul(h, w("k", {16, kWidth})), rope);
      b.kv_write(k, b.matmul(h, w("v", {16, kWidth})), k_state, v_state, a);
      x = b.add(x, b.matmul(b.attention(q, k_state, v_state, a), w("o", {kWidth, kWidth})));
      h = b.rms_norm(x, w("norm2", {kWidth}), 1e-5);
      x = b.add(
          x, b.matmul(b.glu(b.matmul(h, w("gate", {64, kWidth})), b.matmul(h, w("up", {64, kWidth})), INFER_ACT_SILU),
                      w("down", {kWidth, 64})));
    }
    b.enter_layer(-1);
    x = b.gather(x, b.rows());
    auto made = b.finish(b.scale(b.matmul(x, w("output", {kVocab, kWidth})), 0.5));
    REQUIRE_MESSAGE(made.ok(), made.status().message());
    program = made.take();
  }

  Result<std::unique_ptr<device::Executor>> executor(const device::Registry& r,
                                                     device::Executor::Limits limits = kLimits) const {
    return device::Executor::create(r.devices(), program, weights, limits);
  }
};

// Positions first .. first + n - 1 of one sequence, whose pages are page0, page0 + 1, ...; logits of every row.
inline Step one_sequence(int32_t first, int32_t n, int32_t page0 = 0) {
  Step s;
  for (int32_t i = 0; i < n; ++i) {
    s.tokens.push_back((first + i) * 7 % kVocab);
    s.positions.push_back(first + i);
    s.rows.push_back(i);
  }
  s.q_start = {0, n};
  s.kv_len = {first + n};
  s.table_cols = (first + n + kPage - 1) / kPage;
  for (int32_t b = 0; b < s.table_cols; ++b) s.block_table.push_back(page0 + b);
  return s;
}

inline std::vector<float> run(device::Executor& e, const Step& s) {
  std::vector<float> logits(s.rows.size() * kVocab, -1e30f);
  const Status status = e.run(s, logits);
  REQUIRE_MESSAGE(status.ok(), status.message());
  return logits;
}

}  // namespace infer::test
