// vulkan.precision: what is computed with rounded numbers, and that rounding never loses a finite answer.
#include <cmath>
#include <limits>

#include "backends/vulkan/precision.h"
#include "base/numeric.h"
#include "quant/random_blocks.h"
#include "tests/unit/device/fixture.h"

extern "C" const infer_backend* infer_backend_vulkan_v0(const infer_host* host);

using namespace infer;
using namespace infer::test;
using device::Executor;

namespace {

constexpr device::Builtin kVulkan[] = {{"vulkan", infer_backend_vulkan_v0}};
constexpr int64_t kColumns = 64;  // of x
const Executor::Limits kSixteen{.tokens = 16, .seqs = 3, .rows = 16, .table_cols = 4, .pages = 9};

// logits = (x w0^T + x w1^T) + x w2^T with x = rows of a table, or what a norm makes of them.
struct Products {
  graph::Program program;
  std::vector<float> table;
  std::vector<std::vector<uint8_t>> blocks;
  std::vector<Executor::Weight> weights;

  // A row of the table is `sizes[row % n]` times values within -1 .. 1; every weight is multiplied by 2^power.
  Products(quant::Type type, const std::vector<float>& sizes, int power = 0, bool norm = false) {
    graph::Builder b;
    Random random;
    table.resize(kVocab * kColumns);
    for (size_t i = 0; i < table.size(); ++i) table[i] = random.real() * sizes[i / kColumns % sizes.size()];
    const graph::TensorId t = b.weight("table", INFER_TYPE_F32, {kVocab, kColumns});
    weights.push_back({t, std::as_bytes(std::span(table))});
    graph::TensorId x = b.embed(t, b.tokens());
    if (norm) {
      const graph::TensorId scale = b.weight("norm", INFER_TYPE_F32, {kColumns});
      weights.push_back({scale, std::as_bytes(std::span(table).first(kColumns))});
      x = b.rms_norm(x, scale, 1e-5);
    }
    graph::TensorId y = 0;
    for (size_t i = 0; i < 3; ++i) {
      blocks.push_back(quant::random_blocks(type, kVocab * kColumns, 5 + i));
      if (power != 0) scale(blocks.back(), power);
    }
    for (size_t i = 0; i < 3; ++i) {
      const graph::TensorId w = b.weight(str("w", i), static_cast<uint32_t>(type), {kVocab, kColumns});
      weights.push_back({w, std::as_bytes(std::span(blocks[i]))});
      const graph::TensorId product = b.matmul(x, w);
      y = i == 0 ? product : b.add(y, product);
    }
    auto made = b.finish(b.gather(y, b.rows()));
    REQUIRE_MESSAGE(made.ok(), made.status().message());
    program = made.take();
  }
  // The binary16 that each block of q4_0 begins with.
  static void scale(std::vector<uint8_t>& q4_0, int power) {
    for (size_t at = 0; at < q4_0.size(); at += 18) {
      const uint16_t half =
          f32_to_f16(std::ldexp(f16_to_f32(static_cast<uint16_t>(q4_0[at] | q4_0[at + 1] << 8)), power));
      q4_0[at] = static_cast<uint8_t>(half), q4_0[at + 1] = static_cast<uint8_t>(half >> 8);
    }
  }
  std::unique_ptr<Executor> on(const device::Registry& r) const {
    auto e = Executor::create(r.devices(), program, weights, kSixteen);
    REQUIRE_MESSAGE(e.ok(), e.status().message());
    return e.take();
  }
};

struct Vulkan {
  std::unique_ptr<device::Registry> registry;
  std::unique_ptr<Executor> executor;
  Vulkan(const Products& p, const char* precision) {
    device::RegistryOptions options;
    options.builtin = kVulkan;
    options.settings = {{"vulkan.use", "all"}, {"vulkan.precision", precision}};
    auto r = device::Registry::create(std::move(options), {});
    REQUIRE_MESSAGE(r.ok(), r.status().message());
    registry = r.take();
    executor = p.on(*registry);
  }
  int64_t count(std::string_view name) const {
    for (const auto& [counter, value] : executor->counters())
      if (counter == str("vulkan.", name)) return value;
    FAIL("no counter vulkan." << name);
    return -1;
  }
};

// The largest NMSE of a row of logits; infinite where one is finite and the other is not.
double worst_row(const std::vector<float>& want, const std::vector<float>& got) {
  double worst = 0;
  for (size_t row = 0; row < want.size(); row += kVocab) {
    double error = 0, power = 0;
    for (size_t i = row; i < row + kVocab; ++i) {
      if (std::isfinite(want[i]) != std::isfinite(got[i])) return std::numeric_limits<double>::infinity();
      error += (double(want[i]) - got[i]) * (double(want[i]) - got[i]);
      power += double(want[i]) * want[i];
    }
    worst = std::max(worst, error / power);
  }
  return worst;
}

// Over `n` rows, beside reference.
double off(const Products& p, const Vulkan& v, int32_t n) {
  const auto plain = runtime(false);
  const auto reference = p.on(*plain);
  return worst_row(run(*reference, one_sequence(0, n)), run(*v.executor, one_sequence(0, n)));
}

const std::vector<float> kOrdinary = {1.0f};
// Beyond binary16 and within, so small that binary16 has no bits for them, and close to the ends of binary32.
const std::vector<float> kExtreme = {1.0f, 7e4f, 1e30f, 3e-6f, 1e-25f, 65504.0f, 1e9f};

}  // namespace

TEST_CASE("each word of vulkan.precision has its arithmetic, by the number of rows") {
  const Products p(quant::Type::kQ4_0, kOrdinary);
  const struct {
    const char* word;
    bool f16, int8;
  } words[] = {{"exact", false, false}, {"f16", true, false}, {"int8", true, true}};
  for (const auto& w : words) {
    CAPTURE(w.word);
    const Vulkan v(p, w.word);
    CHECK(off(p, v, 1) < (w.int8 ? 1e-7 : 1e-11));
    CHECK(v.count("products.int8") == (w.int8 ? 3 : 0));
    CHECK(v.count("products.f32") == (w.int8 ? 0 : 3));
    CHECK(v.count("products.f16") == 0);
    CHECK(off(p, v, 12) < (w.f16 ? 1e-6 : 1e-11));
    CHECK(v.count("products.f16") == (w.f16 ? 3 : 0));
    CHECK(v.count("f16.scaled") == 0);
    CHECK(v.count("f16.exact") == 0);
    bool few = false, many = false;  // named as they run
    for (const auto& node : v.executor->placement()) {
      if (node.kernel.find("matvec_int8.q4_0") != std::string::npos) few = true;
      if (node.kernel.find("matmat_f16.q4_0") != std::string::npos) many = true;
    }
    CHECK(few == w.int8);
    CHECK(many == w.f16);
  }
}

TEST_CASE("activations of any finite size keep their answers finite and right") {
  const Products p(quant::Type::kQ4_0, kExtreme);
  for (const char* word : {"exact", "f16", "int8"}) {
    CAPTURE(word);
    const Vulkan v(p, word);
    for (const int32_t n : {1, 8, 9, 16}) CHECK(off(p, v, n) < 5e-4);
    if (std::string_view(word) != "exact") CHECK(v.count("f16.scaled") > 0);
  }
}

TEST_CASE("weights that binary16 cannot hold are multiplied exactly, and counted") {
  for (const int power : {17, -16}) {
    CAPTURE(power);
    const Products p(quant::Type::kQ4_0, kOrdinary, power);
    const Vulkan v(p, "f16");
    CHECK(off(p, v, 12) < 1e-11);
    CHECK(v.count("f16.exact") == 3);
  }
}

TEST_CASE("what is no number makes its own row no number, and no other") {
  Products p(quant::Type::kQ4_0, kOrdinary);
  p.table[7 * kColumns + 5] = std::numeric_limits<float>::quiet_NaN();  // of token 7, which is row 1
  for (const char* word : {"exact", "f16", "int8"}) {
    const Vulkan v(p, word);
    for (const int32_t n : {3, 12}) {
      const std::vector<float> got = run(*v.executor, one_sequence(0, n));
      for (size_t i = 0; i < got.size(); ++i) CHECK(std::isnan(got[i]) == (i / kVocab == 1));
    }
  }
}

TEST_CASE("products of the same x round it once, and a norm rounds what it makes for them") {
  const Products p(quant::Type::kQ4_0, kOrdinary), behind_norm(quant::Type::kQ4_0, kOrdinary, 0, true);
  const auto dispatches = [](const Products& of, const char* word) {
    const Vulkan v(of, word);
    const int64_t before = v.count("dispatches");
    run(*v.executor, one_sequence(0, 1));
    return v.count("dispatches") - before;
  };
  CHECK(dispatches(p, "int8") == dispatches(p, "exact") + 1);
  CHECK(dispatches(behind_norm, "int8") == dispatches(behind_norm, "exact"));
  const Vulkan v(behind_norm, "int8");
  for (const int32_t n : {1, 8, 9, 16}) CHECK(off(behind_norm, v, n) < 5e-4);
}

TEST_CASE("rows of one step do not change each other's answers") {
  const Products p(quant::Type::kQ4_0, kExtreme);
  for (const char* word : {"exact", "f16", "int8"}) {
    CAPTURE(word);
    const Vulkan v(p, word);
    // Rows 0 .. n - 1 are the same tokens whatever n is: few of them alike, and many alike.
    for (const auto& [n, more] : {std::pair{1, 2}, {2, 4}, {3, 8}, {9, 12}, {12, 16}}) {
      const std::vector<float> some = run(*v.executor, one_sequence(0, n)),
                               all = run(*v.executor, one_sequence(0, more));
      CHECK(std::equal(some.begin(), some.end(), all.begin()));
    }
  }
}

TEST_CASE("a word that is none is refused, and without dot products of bytes there is no int8") {
  CHECK(vulkan::policy_of("half", true, true).status().code() == INFER_E_INVALID);
  const auto slow = vulkan::policy_of("auto", true, false), fast = vulkan::policy_of("auto", true, true),
             none = vulkan::policy_of("int8", false, false);
  REQUIRE((slow.ok() && fast.ok() && none.ok()));
  CHECK(slow->few == vulkan::Arithmetic::kF32);
  CHECK(fast->few == vulkan::Arithmetic::kInt8);
  CHECK(fast->many == vulkan::Arithmetic::kF32);
  CHECK(none->few == vulkan::Arithmetic::kF32);
  CHECK(none->many == vulkan::Arithmetic::kF16);
}
