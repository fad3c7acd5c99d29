// The table of kernels against the kernels that there are.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "backends/cuda/kernels.h"
#include "backends/cuda/lower.h"
#include "quant/types.h"
#include "tests/cuda_emulated/block.h"

using namespace infer;
using namespace infer::cuda;

TEST_CASE("the table names every kernel of the sources, and no other") {
  std::set<std::string> named, written;
  for (const KernelName& k : all_kernels()) CHECK_MESSAGE(named.insert(k.symbol).second, k.symbol);
  for (const auto* k = cuda_emulated::all_kernels(); k; k = k->next)
    CHECK_MESSAGE(written.insert(k->name).second, k->name);
  CHECK(named == written);
  CHECK(named.size() > 200);
}

TEST_CASE("every weight type has its kernels, and a name that is none has none") {
  for (const quant::TypeInfo& t : quant::all_types()) {
    if (t.type == quant::Type::kI32) continue;
    for (const char* kernel : {"matvec", "matmat", "embed"}) {
      const uint32_t at = find_kernel(kernel, t.name);
      REQUIRE_MESSAGE(at != UINT32_MAX, kernel, ".", t.name);
      const std::string name = str(kernel, "_", t.name);
      CHECK(all_kernels()[at].name == (std::string_view(kernel) == "matvec" ? name + "_1" : name));
    }
  }
  CHECK(find_kernel("matvec", "") == UINT32_MAX);
  CHECK(find_kernel("attention", "q4_1") == UINT32_MAX);
  for (const char* kernel : {"matvec_int8", "matmat_int8"}) {
    CHECK(find_kernel(kernel, "q4_k") != UINT32_MAX);
    CHECK(find_kernel(kernel, "f16") == UINT32_MAX);
  }
  const uint32_t attention = find_kernel("attention", "f16");
  REQUIRE(attention != UINT32_MAX);
  CHECK(all_kernels()[attention].name == "attention_f16_1_1_whole");
  CHECK(all_kernels()[attention + 7].name == "attention_f16_4_4_part");
}

TEST_CASE(
    "products are int8 where there are kernels for the type, over any number of rows, unless exact is asked for") {
  for (const char* word : {"auto", "int8"}) {
    const auto p = policy_of(word);
    REQUIRE(p.ok());
    CHECK(p->few == backend::Arithmetic::kInt8);
    CHECK(p->many == backend::Arithmetic::kInt8);
    REQUIRE((p->int8_types != nullptr));
    CHECK(p->int8_types(static_cast<uint32_t>(quant::Type::kQ4_K)));
    CHECK_FALSE(p->int8_types(INFER_TYPE_F16));
    CHECK_FALSE(p->int8_types(1000));
  }
  REQUIRE(policy_of("exact").ok());
  CHECK(policy_of("exact")->few == backend::Arithmetic::kF32);
  CHECK(policy_of("f16").status().code() == INFER_E_INVALID);
}
