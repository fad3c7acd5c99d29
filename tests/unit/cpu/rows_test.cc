#include <doctest/doctest.h>

#include <libinfer/backend.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "tests/unit/cpu/kernel_bed.h"

namespace infer::cpu {
namespace {

std::vector<float> random_row(size_t n, uint64_t seed, float reach) {
  quant::Random random(seed);
  std::vector<float> x(n);
  for (float& v : x) v = random.within(-reach, reach);
  return x;
}

double activation(int kind, double x) {
  switch (kind) {
    case INFER_ACT_SILU:
      return x / (1 + std::exp(-x));
    case INFER_ACT_GELU_TANH:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case INFER_ACT_GELU_ERF:
      return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    case INFER_ACT_RELU:
      return x < 0 ? 0 : x;
    case INFER_ACT_SIGMOID:
      return 1 / (1 + std::exp(-x));
    default:
      return std::tanh(x);
  }
}

TEST_CASE("activations are within a millionth of their formula, over the whole range") {
  for (const Kernels* k : runnable_kernels())
    for (int kind = 0; kind < 6; kind++) {
      std::vector<float> x = random_row(3001, 4, 30), y(x.size());
      x[0] = 0;
      x[1] = 500;
      x[2] = -500;
      k->act(kind, x.data(), y.data(), static_cast<int64_t>(x.size()));
      double worst = 0;
      for (size_t i = 0; i < x.size(); i++) {
        const double want = activation(kind, static_cast<double>(x[i]));
        worst = std::max(worst, std::abs(static_cast<double>(y[i]) - want) / std::max(1.0, std::abs(want)));
      }
      CHECK_MESSAGE(worst < 1e-6, std::string(k->name), " activation ", kind, ": ", worst);
    }
}

TEST_CASE("a value's activation has the same bits wherever it lies in a row") {
  for (const Kernels* k : runnable_kernels()) {
    const std::vector<float> x = random_row(67, 5, 8);
    std::vector<float> whole(x.size());
    k->act(INFER_ACT_SILU, x.data(), whole.data(), 67);
    for (int64_t i = 0; i < 67; i++) {
      float one = 0;
      k->act(INFER_ACT_SILU, x.data() + i, &one, 1);
      CHECK(std::memcmp(&one, &whole[static_cast<size_t>(i)], 4) == 0);
    }
  }
}

TEST_CASE("NaN goes in and NaN comes out") {
  for (const Kernels* k : runnable_kernels()) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    float y = 0;
    k->act(INFER_ACT_SILU, &nan, &y, 1);
    CHECK(std::isnan(y));
  }
}

TEST_CASE("a norm divides by the root of the mean square") {
  for (const Kernels* k : runnable_kernels())
    for (const int64_t n : {1, 5, 16, 31, 64, 576, 1000}) {
      const auto x = random_row(static_cast<size_t>(n), 6, 3), weight = random_row(static_cast<size_t>(n), 7, 2);
      std::vector<float> y(x.size());
      k->rms_norm(x.data(), weight.data(), y.data(), n, 1e-5f);
      double square = 0;
      for (const float v : x) square += static_cast<double>(v) * static_cast<double>(v);
      const double by = 1 / std::sqrt(square / static_cast<double>(n) + 1e-5);
      for (size_t i = 0; i < x.size(); i++)
        CHECK(static_cast<double>(y[i]) ==
              doctest::Approx(static_cast<double>(x[i]) * by * static_cast<double>(weight[i])).epsilon(2e-6));
    }
}

struct Quantized {
  RecordLayout layout;
  std::vector<uint8_t> bytes;
  Quantized(const Kernels& k, const std::vector<float>& x, int terms = 2)
      : layout(record_layout(static_cast<int64_t>(x.size()), terms)), bytes(static_cast<size_t>(layout.bytes)) {
    k.quantize(x.data(), layout, bytes.data());
  }
  template <class T>
  T at(int64_t offset, int64_t i) const {
    T v;
    std::memcpy(&v, bytes.data() + offset + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    return v;
  }
};

TEST_CASE("a quantised row is within half a step of its values, and its sums are those of its bytes") {
  for (const Kernels* k : runnable_kernels()) {
    const std::vector<float> x = random_row(352, 8, 5);
    const Quantized r(*k, x);
    for (int64_t g = 0; g < 11; g++) {
      const float scale = r.at<float>(r.layout.scale, g);
      int sum = 0, half[2] = {0, 0};
      for (int64_t i = 0; i < 32; i++) {
        const int q = r.at<int8_t>(0, g * 32 + i);
        CHECK(std::abs(q) <= 127);
        CHECK(std::abs(static_cast<float>(q) * scale - x[static_cast<size_t>(g * 32 + i)]) <= 0.5001f * scale);
        sum += q;
        half[i / 16] += q;
      }
      CHECK(r.at<int16_t>(r.layout.isum16, 2 * g) == half[0]);
      CHECK(r.at<int16_t>(r.layout.isum16, 2 * g + 1) == half[1]);
      CHECK(r.at<float>(r.layout.sum, g) == scale * static_cast<float>(sum));
    }
  }
}

TEST_CASE("groups that stand out, and no others, have a second term of what the first left over") {
  for (const Kernels* k : runnable_kernels()) {
    std::vector<float> x = random_row(2560, 8, 5);
    for (const size_t g : {2, 31, 32, 70})
      for (size_t i = 0; i < 32; i++) x[32 * g + i] *= 100;
    for (size_t i = 0; i < 32; i++) x[32 * 40 + i] *= 10;  // hides behind the others
    const Quantized r(*k, x);
    const RecordLayout& l = r.layout;
    int32_t n = 0;
    for (const int32_t g : {2, 31, 32, 70}) {
      CHECK(r.at<int32_t>(l.group, n) == g);
      const float scale = r.at<float>(l.scale, g), fine = r.at<float>(l.term + l.scale, n);
      CHECK(fine <= 0.5001f * scale / 127.0f);
      for (int64_t i = 0; i < 32; i++) {
        const float q = static_cast<float>(r.at<int8_t>(0, g * 32 + i)),
                    p = static_cast<float>(r.at<int8_t>(l.term, n * 32 + i));
        CHECK(std::abs(q * scale + p * fine - x[static_cast<size_t>(g * 32 + i)]) <= 0.6f * fine);
      }
      n++;
    }
    const int32_t before_panel[] = {0, 2, 3, 4};  // panels of 32 groups
    for (int64_t i = 0; i < 4; i++) CHECK(r.at<int32_t>(l.panel, i) == before_panel[i]);
  }
}

// By the rule as kernels.h states it, in double: which groups must have a second term, and which must not. Nearer to
// the limit than rounding can be told from it, either is right.
TEST_CASE("second terms are where a group's largest square exceeds its share of the row's sum of squares") {
  for (const Kernels* k : runnable_kernels())
    for (const int64_t groups : {17, 40, 100}) {
      std::vector<float> x = random_row(static_cast<size_t>(groups * 32), static_cast<uint64_t>(groups), 1);
      for (size_t i = 0; i < x.size(); i++) x[i] *= x[i] * x[i] * std::pow(1.7f, static_cast<float>(i / 32 * 7 % 11));
      const Quantized r(*k, x);
      std::vector<double> most(static_cast<size_t>(groups));
      double squares = 0;
      for (size_t i = 0; i < x.size(); i++) {
        const double square = static_cast<double>(x[i]) * static_cast<double>(x[i]);
        squares += square;
        most[i / 32] = std::max(most[i / 32], square);
      }
      const int32_t n = r.at<int32_t>(r.layout.panel, (groups + 31) / 32);
      int32_t at = 0, expected = 0;
      for (int32_t g = 0; g < groups; g++) {
        const bool has = at < n && r.at<int32_t>(r.layout.group, at) == g;
        at += has;
        const double beside =
            most[static_cast<size_t>(g)] / (static_cast<double>(kStandsOut) * squares / static_cast<double>(groups));
        if (beside > 1.02) CHECK(has);
        if (beside < 0.98) CHECK_FALSE(has);
        expected += beside > 1;
      }
      CHECK(at == n);
      CHECK(expected > 0);
      CHECK(expected < groups / 2);
    }
}

TEST_CASE("few groups of Gaussian values have second terms, all of a short row, and none of zeros or with one term") {
  std::vector<float> gaussian = random_row(8192, 5, 0.5f);
  const std::vector<float> angles = random_row(8192, 6, 3.14159265f);
  for (size_t i = 0; i < gaussian.size(); i++)
    gaussian[i] = std::sqrt(-2 * std::log(std::max(gaussian[i] + 0.5f, 1e-7f))) * std::cos(angles[i]);
  for (const Kernels* k : runnable_kernels()) {
    const Quantized normal(*k, gaussian), zeros(*k, std::vector<float>(1024)), one(*k, gaussian, 1),
        shorter(*k, random_row(512, 8, 5)), short_one(*k, random_row(512, 8, 5), 1);
    CHECK(normal.at<int32_t>(normal.layout.panel, 8) < 8);  // of 256
    CHECK(one.at<int32_t>(one.layout.panel, 8) == 0);
    CHECK(shorter.at<int32_t>(shorter.layout.panel, 1) == 16);
    CHECK(short_one.at<int32_t>(short_one.layout.panel, 1) == 0);
    CHECK(zeros.at<int32_t>(zeros.layout.panel, 1) == 0);
  }
}

TEST_CASE("a NaN poisons its group of a quantised row and no other; zeros and tiny values quantise to zero") {
  for (const Kernels* k : runnable_kernels()) {
    std::vector<float> x = random_row(128, 9, 5);
    x[40] = std::numeric_limits<float>::quiet_NaN();
    for (size_t i = 64; i < 96; i++) x[i] = 0;
    for (size_t i = 96; i < 128; i++) x[i] = 1e-40f;
    const Quantized r(*k, x);
    CHECK(std::isfinite(r.at<float>(r.layout.scale, 0)));
    CHECK(std::isnan(r.at<float>(r.layout.scale, 1)));
    CHECK(r.at<float>(r.layout.scale, 2) == 0.0f);
    CHECK(r.at<float>(r.layout.scale, 3) == 0.0f);
    CHECK(r.at<int16_t>(r.layout.isum16, 7) == 0);
  }
}

}  // namespace
}  // namespace infer::cpu
