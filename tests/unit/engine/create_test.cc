// From a file to an engine, with more or less memory.
#include <doctest/doctest.h>

#include <array>

#include "formats/model_file.h"
#include "tests/unit/engine/toy.h"

extern "C" const infer_backend* infer_backend_reference_v0(const infer_host*);

using namespace infer;

namespace {

constexpr std::array<device::Builtin, 1> kBackends{{{"reference", infer_backend_reference_v0}}};

struct Host {  // a machine with so many bytes left
  explicit Host(int64_t free_bytes) {
    device::RegistryOptions wanted;
    wanted.builtin = kBackends;
    registry = device::Registry::create(std::move(wanted), Log()).take();
    engine::Source source;
    source.file = *formats::open_model(INFER_SOURCE_DIR "/tests/golden/tiny/llama_gqa.gguf");
    source.devices = registry->devices();
    source.free_memory = free_bytes;
    engine::EngineOptions options;
    options.batch_requests = 0;
    options.batch_tokens = 8;
    options.context = 64;
    made = engine::Engine::create(std::move(source), options, [] {});
  }
  std::unique_ptr<device::Registry> registry;
  Result<std::unique_ptr<engine::Engine>> made = Status();
};

int64_t streamed(const engine::Engine& e) { return e.parts().executor->streamed().step_bytes; }
std::vector<int32_t> answer(engine::Engine& e) {
  auto r = e.submit(toy::task({3, 1, 4, 1, 5}, 12));
  REQUIRE(r.ok());
  return toy::collect(**r).tokens;
}

}  // namespace

TEST_CASE("a model that is larger than the memory left is streamed unasked, and answers the same") {
  Host large(int64_t{1} << 30);
  REQUIRE(large.made.ok());
  CHECK(streamed(**large.made) == 0);
  const std::vector<int32_t> expected = answer(**large.made);
  CHECK(expected.size() == 12);
  const engine::Sizes& sizes = (*large.made)->sizes();

  int64_t weights = 0;
  for (const auto& w : (*large.made)->parts().model->weights) weights += static_cast<int64_t>(w.data.size());
  Host small((sizes.bytes() + weights * 3 / 4) * 16 / 15);
  REQUIRE_MESSAGE(small.made.ok(), small.made.status().message());
  CHECK(streamed(**small.made) > 0);
  CHECK(streamed(**small.made) < weights);
  CHECK(answer(**small.made) == expected);
}

TEST_CASE("where there is no room even for the layers that are streamed, the file is used as it is mapped") {
  Host large(int64_t{1} << 30);
  REQUIRE(large.made.ok());
  const std::vector<int32_t> expected = answer(**large.made);
  Host tiny((*large.made)->sizes().bytes() + 4096);
  REQUIRE_MESSAGE(tiny.made.ok(), tiny.made.status().message());
  CHECK(streamed(**tiny.made) == 0);
  CHECK((*tiny.made)->sizes().sequences == 8);
  CHECK(answer(**tiny.made) == expected);
}
