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
  f.avx2 = f.avxvnni = f.avx512 = f.avx512vnni = f.amx = f.neon = f.dotprod = f.i8mm = true;
  return f;
}
bool granted() { return true; }
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
  const auto best = [](const Features& f) { return std::string((*choose_kernels(f, "auto", granted))->name); };
  Features f;
  CHECK(best(f) == "portable");
  size_t taken = 1;
  struct Rung {
    const char* name;
    bool Features::*flag;
  };
  for (const Rung& rung : {Rung{"avx2", &Features::avx2},
                           {"avxvnni", &Features::avxvnni},
                           {"avx512", &Features::avx512},
                           {"avx512vnni", &Features::avx512vnni},
                           {"amx", &Features::amx},
                           {"neon", &Features::neon},
                           {"neon_dotprod", &Features::dotprod},
                           {"neon_i8mm", &Features::i8mm}})
    for (const Isa& isa : instruction_sets())
      if (isa.name == std::string(rung.name)) {
        f.*rung.flag = true;
        CHECK(best(f) == rung.name);
        taken++;
      }
  CHECK(taken == instruction_sets().size());
  CHECK((*choose_kernels(detect_features(), "auto"))->name == std::string(runnable_kernels().front()->name));
}

// The words of published CPUID listings, under a system that saves all registers the processor has.
constexpr uint64_t kYmm = 0x7, kZmm = 0xe7, kTiles = 0x600e7;
constexpr X86Words kZen3{0x7ef8320b, 0x219c97a9, 0x0040068c, 0x00000010, 0, kYmm};
constexpr X86Words kAlderLake{0x7ffafbff, 0x239ca7eb, 0x98c007bc, 0xfc18c410, 0x00400810, kYmm};
constexpr X86Words kCascadeLake{0x7ffefbff, 0xd39ffffb, 0x00000808, 0xbc000400, 0, kZmm};
constexpr X86Words kSapphireRapids{0x7ffefbff, 0xf3bfbffb, 0xfb417ffe, 0xffdd4432, 0x00001c30, kTiles};
constexpr X86Words kNehalem{0x0098e3fd, 0, 0, 0, 0, 0};

TEST_CASE("what a processor says of itself becomes the instruction sets it has") {
  struct Known {
    X86Words words;
    const char* has;
  };
  for (const Known& k : {Known{kNehalem, "portable"},
                         {kZen3, "avx2 fma f16c"},
                         {kAlderLake, "avx2 fma f16c avxvnni"},
                         {kCascadeLake, "avx2 fma f16c avx512 avx512vnni"},
                         {kSapphireRapids, "avx2 fma f16c avxvnni avx512 avx512vnni amx"}})
    CHECK(feature_text(features_of(k.words)) == k.has);
}

TEST_CASE("what Linux says of an Arm processor becomes the instruction sets it has") {
  const uint64_t plain = 0x3, dotprod = plain | 1 << 20, i8mm = 1 << 13;
  CHECK(feature_text(features_of(ArmWords{plain, 0})) == "neon");
  CHECK(feature_text(features_of(ArmWords{dotprod, 0})) == "neon dotprod");
  CHECK(feature_text(features_of(ArmWords{dotprod, i8mm})) == "neon dotprod i8mm");
  CHECK(feature_text(features_of(ArmWords{plain, i8mm})) == "neon");
}

TEST_CASE("an instruction set whose registers the system does not save, or without the ones below it, is not used") {
  X86Words w = kSapphireRapids;
  for (const uint64_t saved : {0xe7, 0x200e7, 0x400e7}) {
    w.saved = saved;
    CHECK(feature_text(features_of(w)) == "avx2 fma f16c avxvnni avx512 avx512vnni");
  }
  for (const int missing : {24, 25}) {  // the tiles, their products of bytes
    w = kSapphireRapids;
    w.leaf7_d &= ~(1u << missing);
    CHECK(feature_text(features_of(w)) == "avx2 fma f16c avxvnni avx512 avx512vnni");
  }
  w.saved = kYmm;
  CHECK(feature_text(features_of(w)) == "avx2 fma f16c avxvnni");
  for (const uint64_t saved : {0x0, 0x1, 0x3, 0xe3}) {
    w.saved = saved;
    CHECK(feature_text(features_of(w)) == "portable");
  }
  w = kSapphireRapids;
  w.leaf1_c &= ~(1u << 12);  // no FMA
  CHECK(feature_text(features_of(w)) == "portable");
}

TEST_CASE("a lower instruction set is had by its name") {
  for (const Isa& isa : instruction_sets()) {
    const auto kernels = choose_kernels(everything(), isa.name, granted);
    REQUIRE(kernels.ok());
    CHECK(*kernels == isa.kernels());
  }
}

TEST_CASE("the system is asked for tiles only where they are chosen; auto does without, and by name it is an error") {
  static int asked = 0;
  const auto ask = [] { return ++asked > 2; };  // refuses twice
  for (const Isa& isa : instruction_sets()) {
    if (isa.needs_tiles) continue;
    CHECK(choose_kernels(everything(), isa.name, ask).ok());
    Features f = everything();
    f.amx = false;
    CHECK(choose_kernels(f, "auto", ask).ok());
    CHECK(!choose_kernels(f, "amx", ask).ok());
  }
  CHECK(asked == 0);
  if (!instruction_sets().front().needs_tiles) return;
  CHECK((*choose_kernels(everything(), "auto", ask))->name == std::string(instruction_sets()[1].name));
  const auto named = choose_kernels(everything(), "amx", ask);
  REQUIRE(!named.ok());
  CHECK(named.status().code() == INFER_E_INVALID);
  CHECK(named.status().message().find("the system does not lend this process the registers of 'amx'") !=
        std::string_view::npos);
  CHECK(asked == 2);
  CHECK((*choose_kernels(everything(), "auto", ask))->name == std::string("amx"));
  CHECK((*choose_kernels(everything(), "amx", ask))->name == std::string("amx"));
  CHECK(asked == 4);
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
