// eval on a generated model in every block type, beside reference.
#include "quant/types.h"
#include "tests/cli/tool.h"

using namespace infer::testing;

TEST_CASE("eval works on the generated model in every block type, on cpu as on reference") {
  const infer::Folder folder;
  int n_types = 0;
  for (const auto& type : infer::quant::all_types()) {
    if (type.type == infer::quant::Type::kI32) continue;
    CAPTURE(type.name);
    ++n_types;
    const Output made = run_program(INFER_MAKE_BLOCK_MODEL, {type.name, folder / "model.gguf"});
    REQUIRE_MESSAGE(made.exit_code == 0, made.err);
    std::vector<Array> logits;
    for (const char* device : {"reference", "cpu"}) {
      const Output o = run_tool({"eval", folder / "model.gguf", "--tokens", "1,5,9,40,7,200", "--logits",
                                 folder / "l.npy", "-o", std::string("device=") + device, "-o", "kv.type=f32"});
      REQUIRE_MESSAGE(o.exit_code == 0, o.err);
      logits.push_back(read_npy(folder / "l.npy"));
      CHECK(logits.back().rows == 6);
      CHECK(logits.back().cols == 288);
    }
    CHECK(nmse(logits[1].values, logits[0].values) <= 5e-4);
  }
  CHECK(n_types == 26);
}
