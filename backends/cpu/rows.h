// Row by row operators: quantising activations, norms, activations of neurons, rotary positions. Each output value is
// computed by the same operations wherever it lies in a row; sums over a row have one fixed order.
#pragma once
#include <libinfer/backend.h>

#include "backends/cpu/formats.h"
#include "backends/cpu/kernels.h"
#include "backends/cpu/vector_math.h"

namespace infer::cpu {

// f(i, n): lanes i .. i+n-1, n == kLanes but for the last.
template <class V, class Body>
INFER_INLINE void each_vector(int64_t n, Body body) {
  int64_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) body(i, V::kLanes);
  if (i < n) body(i, static_cast<int>(n - i));
}
template <class V>
INFER_INLINE typename V::F load_part(const float* p, int n) {
  return n == V::kLanes ? V::load(p) : V::load_n(p, n);
}
template <class V>
INFER_INLINE void store_part(float* p, typename V::F a, int n) {
  n == V::kLanes ? V::store(p, a) : V::store_n(p, a, n);
}

struct Quantized {
  float scale;    // the largest magnitude / 127
  float squares;  // of the integers, summed: exact, whatever the order
};
// v[32 / kLanes] vectors -> the i-th group of a record's arrays at `out`. The largest magnitude is found as an integer,
// so that a NaN is the largest of all and poisons its group visibly.
template <class V>
INFER_INLINE Quantized quantize_group(const typename V::F* v, const RecordLayout& layout, uint8_t* out, int64_t g) {
  using I = typename V::I;
  constexpr int L = V::kLanes, kPart = 16 / L;  // vectors per 16 values
  I largest = V::zero_i();
  INFER_UNROLL for (int i = 0; i < 2 * kPart; i++) largest = V::max_i(largest, V::and_i(V::bits(v[i]), 0x7fffffffu));
  const int32_t bits = V::reduce_max_i(largest);
  float magnitude;
  __builtin_memcpy(&magnitude, &bits, 4);
  const bool vanishes = magnitude < 1e-30f;
  const float s = vanishes ? 0.0f : magnitude / 127.0f;
  const typename V::F inverse = V::set1(vanishes ? 0.0f : 127.0f / magnitude);
  int8_t* q = reinterpret_cast<int8_t*>(out);
  int32_t sums[2];
  typename V::F squares = V::zero();
  INFER_UNROLL for (int part = 0; part < 2; part++) {
    I total = V::zero_i();
    INFER_UNROLL for (int i = part * kPart; i < (part + 1) * kPart; i++) {
      const I n = V::max_i(V::to_i(V::mul(v[i], inverse)), V::set1_i(-127));
      V::store_i8(q + g * 32 + i * L, n);
      total = V::add_i(total, n);
      squares = V::fma(V::to_f(n), V::to_f(n), squares);
    }
    sums[part] = V::reduce_add_i(total);
    reinterpret_cast<int16_t*>(out + layout.isum16)[2 * g + part] = static_cast<int16_t>(sums[part]);
  }
  reinterpret_cast<float*>(out + layout.scale)[g] = s;
  reinterpret_cast<float*>(out + layout.sum)[g] = s * static_cast<float>(sums[0] + sums[1]);
  return {s, V::reduce_add(squares)};
}

// x[k] -> a record.
template <class V>
void quantize(const float* x, const RecordLayout& layout, uint8_t* out) {
  constexpr int kVectors = 32 / V::kLanes;
  constexpr int64_t kPanelGroups = kPanelValues / 32;
  const int64_t groups = layout.k / 32;
  typename V::F v[kVectors];
  float squares = 0;
  for (int64_t g = 0; g < groups; g++) {
    INFER_UNROLL for (int i = 0; i < kVectors; i++) v[i] = V::load(x + g * 32 + i * V::kLanes);
    const Quantized q = quantize_group<V>(v, layout, out, g);
    squares = squares + q.scale * q.scale * q.squares;
  }
  const float* scale = reinterpret_cast<const float*>(out + layout.scale);
  int32_t* group = reinterpret_cast<int32_t*>(out + layout.group);
  int32_t* panel = reinterpret_cast<int32_t*>(out + layout.panel);
  const float most = layout.stands_out * squares / static_cast<float>(groups) / (127.0f * 127.0f);
  int32_t n = 0;
  for (int64_t g = 0; g < groups; g++) {
    if (g % kPanelGroups == 0) panel[g / kPanelGroups] = n;
    if (!(scale[g] * scale[g] > most)) continue;
    const typename V::F back = V::set1(-scale[g]);
    INFER_UNROLL for (int i = 0; i < kVectors; i++) {
      const typename V::F q = V::load_i8(reinterpret_cast<const int8_t*>(out) + g * 32 + i * V::kLanes);
      v[i] = V::fma(q, back, V::load(x + g * 32 + i * V::kLanes));
    }
    quantize_group<V>(v, layout, out + layout.term, n);
    group[n++] = static_cast<int32_t>(g);
  }
  panel[(groups + kPanelGroups - 1) / kPanelGroups] = n;
}

template <class V>
float sum_of_squares(const float* x, int64_t n) {
  typename V::F acc[4] = {V::zero(), V::zero(), V::zero(), V::zero()};
  constexpr int L = V::kLanes;
  int64_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L) INFER_UNROLL for (int j = 0; j < 4; j++) {
      const typename V::F v = V::load(x + i + j * L);
      acc[j] = V::fma(v, v, acc[j]);
    }
  each_vector<V>(n - i, [&](int64_t at, int count) {
    const typename V::F v = load_part<V>(x + i + at, count);
    acc[0] = V::fma(v, v, acc[0]);
  });
  return V::reduce_add(V::add(V::add(acc[0], acc[1]), V::add(acc[2], acc[3])));
}

template <class V>
void rms_norm(const float* x, const float* weight, float* y, int64_t n, float eps) {
  const float mean = sum_of_squares<V>(x, n) / static_cast<float>(n);
  const typename V::F by = V::set1(1.0f / __builtin_sqrtf(mean + eps));
  each_vector<V>(n, [&](int64_t i, int count) {
    store_part<V>(y + i, V::mul(V::mul(load_part<V>(x + i, count), by), load_part<V>(weight + i, count)), count);
  });
}

template <class V>
void add_rows(const float* a, const float* b, float* y, int64_t n) {
  each_vector<V>(
      n, [&](int64_t i, int c) { store_part<V>(y + i, V::add(load_part<V>(a + i, c), load_part<V>(b + i, c)), c); });
}
template <class V>
void mul_rows(const float* a, const float* b, float* y, int64_t n) {
  each_vector<V>(
      n, [&](int64_t i, int c) { store_part<V>(y + i, V::mul(load_part<V>(a + i, c), load_part<V>(b + i, c)), c); });
}
template <class V>
void scale_row(const float* x, float by, float* y, int64_t n) {
  each_vector<V>(n, [&](int64_t i, int c) { store_part<V>(y + i, V::mul(load_part<V>(x + i, c), V::set1(by)), c); });
}

template <class V>
struct Silu {
  INFER_INLINE static typename V::F of(typename V::F x) {
    return V::div(x, V::add(V::set1(1.0f), vector_exp<V>(V::sub(V::zero(), x))));
  }
};
template <class V>
struct GeluTanh {
  INFER_INLINE static typename V::F of(typename V::F x) {
    const typename V::F inner =
        V::mul(V::set1(0.79788456f), V::mul(x, V::fma(V::set1(0.044715f), V::mul(x, x), V::set1(1.0f))));
    return V::mul(x, vector_sigmoid<V>(V::add(inner, inner)));  // 0.5 (1 + tanh u) = sigmoid(2u)
  }
};
template <class V>
struct GeluErf {
  INFER_INLINE static typename V::F of(typename V::F x) {
    const typename V::F half = V::mul(V::set1(0.5f), x);
    return V::fma(half, vector_erf<V>(V::mul(x, V::set1(0.70710678f))), half);
  }
};
template <class V>
struct Relu {
  INFER_INLINE static typename V::F of(typename V::F x) { return V::max(V::zero(), x); }
};
template <class V>
struct Sigmoid {
  INFER_INLINE static typename V::F of(typename V::F x) { return vector_sigmoid<V>(x); }
};
template <class V>
struct Tanh {
  INFER_INLINE static typename V::F of(typename V::F x) { return vector_tanh<V>(x); }
};

template <class V, class Act>
void act_row(const float* x, float* y, int64_t n) {
  each_vector<V>(n, [&](int64_t i, int c) { store_part<V>(y + i, Act::of(load_part<V>(x + i, c)), c); });
}
template <class V, class Act>
void glu_row(const float* gate, const float* up, float* y, int64_t n) {
  each_vector<V>(n, [&](int64_t i, int c) {
    store_part<V>(y + i, V::mul(Act::of(load_part<V>(gate + i, c)), load_part<V>(up + i, c)), c);
  });
}
template <class V>
void act(int32_t kind, const float* x, float* y, int64_t n) {
  switch (kind) {
    case INFER_ACT_SILU:
      return act_row<V, Silu<V>>(x, y, n);
    case INFER_ACT_GELU_TANH:
      return act_row<V, GeluTanh<V>>(x, y, n);
    case INFER_ACT_GELU_ERF:
      return act_row<V, GeluErf<V>>(x, y, n);
    case INFER_ACT_RELU:
      return act_row<V, Relu<V>>(x, y, n);
    case INFER_ACT_SIGMOID:
      return act_row<V, Sigmoid<V>>(x, y, n);
    default:
      return act_row<V, Tanh<V>>(x, y, n);
  }
}
template <class V>
void glu(int32_t kind, const float* gate, const float* up, float* y, int64_t n) {
  switch (kind) {
    case INFER_ACT_SILU:
      return glu_row<V, Silu<V>>(gate, up, y, n);
    case INFER_ACT_GELU_TANH:
      return glu_row<V, GeluTanh<V>>(gate, up, y, n);
    case INFER_ACT_GELU_ERF:
      return glu_row<V, GeluErf<V>>(gate, up, y, n);
    case INFER_ACT_RELU:
      return glu_row<V, Relu<V>>(gate, up, y, n);
    case INFER_ACT_SIGMOID:
      return glu_row<V, Sigmoid<V>>(gate, up, y, n);
    default:
      return glu_row<V, Tanh<V>>(gate, up, y, n);
  }
}

template <class V>
void rope(const float* x, const float* cos, const float* sin, float* y, int64_t head_dim, int64_t n_rot,
          int32_t style) {
  const int64_t half = n_rot / 2;
  const int64_t step = style == 0 ? 2 : 1, apart = style == 0 ? 1 : half;
  for (int64_t j = 0; j < half; j++) {
    const float a = x[j * step], b = x[j * step + apart];
    y[j * step] = a * cos[j] - b * sin[j];
    y[j * step + apart] = a * sin[j] + b * cos[j];
  }
  if (y != x)
    for (int64_t j = n_rot; j < head_dim; j++) y[j] = x[j];
}

template <class V>
void to_f16(const float* x, uint16_t* y, int64_t n) {
  each_vector<V>(n, [&](int64_t i, int c) {
    if (c == V::kLanes) return V::store_f16(y + i, V::load(x + i));
    uint16_t lanes[V::kLanes];
    V::store_f16(lanes, V::load_n(x + i, c));
    for (int j = 0; j < c; j++) y[i + j] = lanes[j];
  });
}

}  // namespace infer::cpu
