// The option cpu.onednn through the C API. Built where oneDNN is given (INFER_ONEDNN_ROOT), nowhere else.
#include <map>

#include "open.h"
#include "tests/support/golden.h"

using namespace open_api;

namespace {

struct OnednnStack {
  explicit OnednnStack(int threads)
      : runtime(must(
            libinfer::Runtime::create(Options().set("cpu.threads", threads).set("cpu.onednn", INFER_ONEDNN_LIBRARY)))),
        model(must(runtime.open(tiny("llama_yarn")))),
        engine(must(model.engine(Options().set("device", "cpu").set("kv.type", "f32")))) {}
  libinfer::Runtime runtime;
  libinfer::Model model;
  libinfer::Engine engine;
};

int64_t counted(const libinfer::Engine& engine, const std::string& part) {
  int64_t sum = 0;
  for (const auto& [name, value] : must(engine.counters()))
    if (name.find(part) != std::string::npos) sum += value;
  return sum;
}

}  // namespace

TEST_CASE("with oneDNN a model's logits are those of transformers, and oneDNN really computed") {
  const auto g = infer::testing::read_golden("tiny/llama_yarn.golden");
  const auto tokens = g.ints("tokens");
  REQUIRE(tokens.size() >= 64);  // less is left to the own kernels
  for (const int threads : {1, 3}) {
    OnednnStack s(threads);
    const auto logits = must(s.engine.logits(tokens, 0, must(s.model.fact("n_vocab"))));
    CHECK(infer::testing::nmse(logits, g.data) <= 1e-6);
    CHECK(counted(s.engine, "onednn") > 0);
  }
}

TEST_CASE("a path that is no oneDNN is an error that names it") {
  const auto runtime = libinfer::Runtime::create(Options().set("cpu.onednn", "/nowhere/libdnnl.so.3"));
  REQUIRE(!runtime);
  CHECK(runtime.error().status == INFER_E_INVALID);
  CHECK(runtime.error().message.find("/nowhere/libdnnl.so.3") != std::string::npos);
}
