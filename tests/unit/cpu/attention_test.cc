// The attention kernels called directly, against a plain double loop, and against themselves cut up differently.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "quant/encode.h"
#include "tests/unit/cpu/kernel_bed.h"

namespace infer::cpu {
namespace {

struct Setup {
  int32_t heads = 6, kv_heads = 2, d = 20, dv = 24, page = 16;
  quant::Type type = quant::Type::kF16;
  int64_t length = 300, window = 0;
  float softcap = 0;
  bool sink = false;
};

class Cache {
 public:
  Cache(const Setup& s, uint64_t seed) : s_(s), pages_((s.length + s.page - 1) / s.page) {
    quant::Random random(seed);
    k_.resize(static_cast<size_t>(pages_ * page_bytes(s.d)));
    v_.resize(static_cast<size_t>(pages_ * page_bytes(s.dv)));
    table_.reserve(static_cast<size_t>(pages_));  // no room behind it that could be read unnoticed
    for (int64_t p = 0; p < pages_; p++) table_.push_back(static_cast<int32_t>(pages_ - 1 - p));
    for (int64_t position = 0; position < s.length; position++)
      for (int32_t h = 0; h < s.kv_heads; h++) {
        store(k_, keys_, position, h, s.d, true, [&] { return random.within(-1, 1); });
        store(v_, values_, position, h, s.dv, false, [&] { return random.within(-1, 1); });
      }
    for (int64_t i = 0; i < s.length * s.heads * s.d; i++) q_.push_back(random.within(-2, 2));
    for (int32_t h = 0; h < s.heads; h++) sinks_.push_back(random.within(-1, 1));
  }
  void poison(int64_t position) {
    const auto nan = [] { return std::numeric_limits<float>::quiet_NaN(); };
    std::vector<float> none;
    for (int32_t h = 0; h < s_.kv_heads; h++) {
      store(k_, none, position, h, s_.d, true, nan, true);
      store(v_, none, position, h, s_.dv, false, nan, true);
    }
  }

  // Rows first .. first + count, each at the position of its number. cut: every chunk on its own, merged afterwards.
  std::vector<float> run(const Kernels& kernels, int64_t first, int64_t count, bool cut) const {
    const int32_t group = s_.heads / s_.kv_heads;
    const int64_t state = kStateHead + s_.dv;
    std::vector<float> out(static_cast<size_t>(count * s_.heads * s_.dv)),
        scratch(static_cast<size_t>(kAttentionTileMax * (2 * kScoreStride + state)));
    for (int32_t h = 0; h < s_.kv_heads; h++) {
      std::vector<float> states(static_cast<size_t>(count * group * state));
      for (int64_t i = 0; i < count * group; i++) states[static_cast<size_t>(i * state)] = -INFINITY;
      AttentionArgs a{};
      a.k_state = k_.data();
      a.v_state = v_.data();
      a.k_page = page_bytes(s_.d);
      a.v_page = page_bytes(s_.dv);
      a.head_dim = s_.d;
      a.head_dim_v = s_.dv;
      a.page = s_.page;
      a.kv_type = s_.type;
      a.n_heads = s_.heads;
      a.n_kv_heads = s_.kv_heads;
      a.kv_head = h;
      a.block_table = table_.data();
      a.q_stride = int64_t{s_.heads} * s_.d;
      a.q = q_.data() + first * a.q_stride;
      a.n_rows = static_cast<int32_t>(count);
      a.first_position = first;
      a.window = s_.window;
      a.scale = 0.3f;
      a.softcap = s_.softcap;
      a.state = states.data();
      a.state_stride = state;
      a.scratch = scratch.data();
      const int64_t last = (first + count - 1) / kAttentionChunk;
      if (!cut) {
        a.chunk1 = last + 1;
        kernels.attend(a);
      }
      for (int64_t c = 0; cut && c <= last; c++) {
        std::vector<float> parts(states.size());
        for (int64_t i = 0; i < count * group; i++) parts[static_cast<size_t>(i * state)] = -INFINITY;
        a.chunk0 = c;
        a.chunk1 = c + 1;
        a.raw = 1;
        a.state = parts.data();
        kernels.attend(a);
        for (int64_t i = 0; i < count * group; i++)
          if (parts[static_cast<size_t>(i * state)] != -INFINITY)
            kernels.attention_merge(states.data() + i * state, parts.data() + i * state, s_.dv);
      }
      for (int64_t r = 0; r < count; r++)
        for (int32_t g = 0; g < group; g++) {
          const int32_t head = h * group + g;
          kernels.attention_finish(states.data() + (r * group + g) * state, sinks_[static_cast<size_t>(head)], s_.sink,
                                   out.data() + (r * s_.heads + head) * s_.dv, s_.dv);
        }
    }
    return out;
  }

  std::vector<double> expected(int64_t position) const {
    std::vector<double> out;
    for (int32_t head = 0; head < s_.heads; head++) {
      const int32_t h = head / (s_.heads / s_.kv_heads);
      const int64_t lo = s_.window > 0 ? std::max<int64_t>(0, position + 1 - s_.window) : 0;
      const double sink = static_cast<double>(sinks_[static_cast<size_t>(head)]);
      double top = s_.sink ? sink : -INFINITY;
      std::vector<double> score;
      for (int64_t p = lo; p <= position; p++) {
        double x = 0;
        for (int32_t i = 0; i < s_.d; i++)
          x += static_cast<double>(q_[static_cast<size_t>((position * s_.heads + head) * s_.d + i)]) *
               at(keys_, p, h, s_.d, i);
        x *= static_cast<double>(0.3f);
        if (s_.softcap > 0) x = static_cast<double>(s_.softcap) * std::tanh(x / static_cast<double>(s_.softcap));
        score.push_back(x);
        top = std::max(top, x);
      }
      double total = s_.sink ? std::exp(sink - top) : 0;
      for (double& x : score) total += x = std::exp(x - top);
      for (int32_t i = 0; i < s_.dv; i++) {
        double y = 0;
        for (int64_t p = lo; p <= position; p++) y += score[static_cast<size_t>(p - lo)] * at(values_, p, h, s_.dv, i);
        out.push_back(y / total);
      }
    }
    return out;
  }

 private:
  int64_t row_bytes(int64_t dim) const {
    return static_cast<int64_t>(quant::row_bytes(s_.type, static_cast<uint64_t>(dim)));
  }
  int64_t page_bytes(int64_t dim) const { return s_.page * s_.kv_heads * row_bytes(dim); }
  double at(const std::vector<float>& plain, int64_t position, int32_t h, int32_t dim, int32_t i) const {
    return static_cast<double>(plain[static_cast<size_t>((position * s_.kv_heads + h) * dim + i)]);
  }

  // A vector into its place, as backends/cpu/stored.h draws it; what then stands there goes to the end of `plain`.
  template <class Draw>
  void store(std::vector<uint8_t>& state, std::vector<float>& plain, int64_t position, int32_t head, int32_t dim,
             bool key, Draw draw, bool nan_scales = false) {
    std::vector<float> x(static_cast<size_t>(dim));
    for (float& v : x) v = draw();
    std::vector<uint8_t> row(static_cast<size_t>(row_bytes(dim)));
    quant::encode_row(s_.type, x.data(), row.data(), dim);
    quant::decode_row(s_.type, row.data(), x.data(), dim);
    plain.insert(plain.end(), x.begin(), x.end());

    const int64_t slot = position % s_.page, page = table_[static_cast<size_t>(position / s_.page)];
    uint8_t* part = state.data() + page * page_bytes(dim) + head * s_.page * row_bytes(dim);
    const quant::TypeInfo& info = quant::info(s_.type);
    const bool scaled = info.block_elems > 1;
    const int64_t cell = scaled ? 1 : info.block_bytes, of_block = scaled ? info.block_bytes - 2 : 1;
    const int64_t blocks = dim / info.block_elems, cells = blocks * of_block;
    for (int64_t i = 0; i < cells; i++) {
      const uint8_t* from = row.data() + i / of_block * info.block_bytes + (scaled ? 2 + i % of_block : 0);
      std::memcpy(part + (key ? i * s_.page + slot : slot * cells + i) * cell, from, static_cast<size_t>(cell));
    }
    for (int64_t g = 0; scaled && g < blocks; g++) {
      uint8_t* scale = part + cells * s_.page + (g * s_.page + slot) * 2;
      std::memcpy(scale, row.data() + g * info.block_bytes, 2);
      if (nan_scales) std::memset(scale, 0xff, 2);  // encoders make none
    }
  }

  Setup s_;
  int64_t pages_;
  std::vector<uint8_t> k_, v_;
  std::vector<float> keys_, values_;  // [position][kv head][dim] as stored
  std::vector<int32_t> table_;
  std::vector<float> q_, sinks_;
};

std::vector<Setup> setups() {
  std::vector<Setup> all = {{},
                            {.type = quant::Type::kF32},
                            {.type = quant::Type::kBF16},
                            {.page = 5},
                            {.page = 40, .window = 37},
                            {.page = 64},  // one page in the last chunk
                            {.heads = 2, .kv_heads = 2, .d = 64, .dv = 64, .page = 32, .length = 600},
                            {.heads = 8, .kv_heads = 1, .d = 7, .dv = 3, .page = 1, .length = 270},
                            {.window = 256, .softcap = 4, .sink = true}};
  for (const quant::Type type : {quant::Type::kQ8_0, quant::Type::kQ4_0}) {
    all.push_back({.d = 32, .dv = 64, .type = type});
    all.push_back({.d = 64, .dv = 32, .page = 5, .type = type});
    all.push_back({.heads = 7, .kv_heads = 1, .d = 96, .dv = 32, .page = 40, .type = type, .window = 37});
    all.push_back({.heads = 4, .kv_heads = 4, .d = 64, .dv = 64, .page = 32, .type = type, .length = 600});
    all.push_back({.heads = 2, .kv_heads = 1, .d = 64, .dv = 160, .page = 1, .type = type, .length = 270});
    all.push_back({.heads = 3,
                   .kv_heads = 1,
                   .d = 128,
                   .dv = 128,
                   .page = 64,
                   .type = type,
                   .window = 256,
                   .softcap = 4,
                   .sink = true});
  }
  return all;
}

TEST_CASE("attention equals a plain softmax in double, for every page size, head size, window, cap and sink") {
  for (const Kernels* kernels : runnable_kernels())
    for (const Setup& s : setups()) {
      const Cache cache(s, 3);
      const int64_t first = s.length - 20;
      const std::vector<float> got = cache.run(*kernels, first, 20, false);
      double worst = 0;
      for (int64_t r = 0; r < 20; r++) {
        const std::vector<double> want = cache.expected(first + r);
        for (size_t i = 0; i < want.size(); i++)
          worst =
              std::max(worst, std::abs(static_cast<double>(got[static_cast<size_t>(r) * want.size() + i]) - want[i]));
      }
      CHECK_MESSAGE(worst < 5e-6, std::string(kernels->name), " ", quant::info(s.type).name, " page ", s.page, ": ",
                    worst);
    }
}

TEST_CASE("a row's attention has the same bits alone, beside other rows, and with its chunks computed apart") {
  for (const Kernels* kernels : runnable_kernels())
    for (const Setup& s : setups()) {
      const Cache cache(s, 4);
      const int64_t first = s.length - 50;
      const std::vector<float> whole = cache.run(*kernels, first, 50, false),
                               cut = cache.run(*kernels, first, 50, true);
      CHECK(std::memcmp(whole.data(), cut.data(), whole.size() * 4) == 0);
      const size_t row = whole.size() / 50;
      for (const int64_t r : {0, 1, 17, 49}) {
        const std::vector<float> alone = cache.run(*kernels, first + r, 1, false);
        CHECK(std::memcmp(alone.data(), whole.data() + static_cast<size_t>(r) * row, row * 4) == 0);
      }
    }
}

TEST_CASE("what a row does not see cannot reach it, not even as NaN") {
  for (const Kernels* kernels : runnable_kernels())
    for (const Setup& s : setups()) {
      Cache cache(s, 5);
      const int64_t position = s.length - 30;
      const std::vector<float> before = cache.run(*kernels, position, 1, false);
      for (int64_t p = position + 1; p < s.length; p++) cache.poison(p);
      if (s.window > 0) cache.poison(position - s.window);
      const std::vector<float> after = cache.run(*kernels, position, 1, false);
      CHECK(std::memcmp(before.data(), after.data(), before.size() * 4) == 0);
    }
}

}  // namespace
}  // namespace infer::cpu
