#include "backends/cpu/dispatch.h"

#include <doctest/doctest.h>

#include <string>

#include "backends/cpu/op.h"
#include "quant/types.h"
#include "tests/unit/cpu/kernel_bed.h"

namespace infer::cpu {
namespace {

Features everything() {
  Features f;
  f.avx2 = f.avx512 = f.avx512vnni = f.neon = f.dotprod = true;
  return f;
}
bool lists(const Status& s, const std::string& name) {
  return (str(s.message(), ' ')).find(str(' ', name, ' ')) != std::string::npos;
}

TEST_CASE("every instruction set multiplies every type of tensor, and its table bears its name") {
  std::vector<const Kernels*> tables = runnable_kernels();
  for (const Isa& isa : instruction_sets()) {
    CHECK(std::string(isa.kernels()->name) == isa.name);
    tables.push_back(isa.kernels());
  }
  for (const Kernels* k : tables) {
    int types = 0;
    for (const quant::TypeInfo& t : quant::all_types())
      types += matmul_path(*k, static_cast<uint32_t>(t.type)).kernel.run != nullptr;
    CHECK_MESSAGE(types == static_cast<int>(quant::all_types().size()) - 1, std::string(k->name));  // all but i32
  }
}

TEST_CASE("auto takes the best instruction set that the processor has, at worst the portable one") {
  const auto best = [](const Features& f) { return std::string((*choose_kernels(f, "auto"))->name); };
  Features f;
  CHECK(best(f) == "portable");
  size_t taken = 1;
  struct Rung {
    const char* name;
    bool Features::*flag;
  };
  for (const Rung& rung : {Rung{"avx2", &Features::avx2},
                           {"avx512", &Features::avx512},
                           {"avx512vnni", &Features::avx512vnni},
                           {"neon", &Features::neon},
                           {"neon_dotprod", &Features::dotprod}})
    for (const Isa& isa : instruction_sets())
      if (isa.name == std::string(rung.name)) {
        f.*rung.flag = true;
        CHECK(best(f) == rung.name);
        taken++;
      }
  CHECK(taken == instruction_sets().size());
  CHECK(best(detect_features()) == runnable_kernels().front()->name);
}

TEST_CASE("a lower instruction set is had by its name") {
  for (const Isa& isa : instruction_sets()) {
    const auto kernels = choose_kernels(everything(), isa.name);
    REQUIRE(kernels.ok());
    CHECK(*kernels == isa.kernels());
  }
}

TEST_CASE("an instruction set that the processor lacks, or that nobody has, is refused with a list of what there is") {
  for (const char* wrong : {"avx3", "", "AUTO", "avx", "neon2"}) {
    const auto r = choose_kernels(everything(), wrong);
    REQUIRE(!r.ok());
    CHECK(r.status().code() == INFER_E_INVALID);
    CHECK(r.status().message().find(str("this library has no '", wrong, "'")) != std::string_view::npos);
    for (const Isa& isa : instruction_sets()) CHECK(lists(r.status(), isa.name));
  }
  for (const Isa& isa : instruction_sets().first(instruction_sets().size() - 1)) {
    const auto r = choose_kernels(Features{}, isa.name);
    REQUIRE(!r.ok());
    CHECK(r.status().message().find(str("this processor cannot run '", isa.name, "'")) != std::string_view::npos);
    CHECK(lists(r.status(), "portable"));
    CHECK(!lists(r.status(), isa.name));
  }
}

}  // namespace
}  // namespace infer::cpu
