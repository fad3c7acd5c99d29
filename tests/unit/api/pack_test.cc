// Packed weights through the C API: whatever form the weights have at the moment, the answers are the same bits.
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "base/file.h"
#include "open.h"
#include "tests/support/make_model.h"
#include "tests/unit/folder.h"

using namespace open_api;
namespace fs = std::filesystem;

namespace {

std::string make(const infer::Folder& folder, infer::quant::Type type, bool experts, uint64_t seed = 1) {
  const auto bytes = infer::testing::block_model_bytes({.type = type, .experts = experts, .seed = seed});
  REQUIRE(bytes.ok());
  const std::string path = folder / "model.gguf";
  REQUIRE(infer::write_file(path, *bytes).ok());
  return path;
}

struct Packing {
  libinfer::Runtime runtime;
  libinfer::Model model;
  libinfer::Engine engine;
  Packing(const std::string& path, const std::string& folder)
      : runtime(must(libinfer::Runtime::create(Options().set("cpu.threads", 2).set("pack.dir", folder)))),
        model(must(runtime.open(path))),
        engine(must(model.engine(Options().set("device", "cpu").set("context.max", 256)))) {}

  int64_t counter(const std::string& name) {
    for (const auto& [key, value] : must(engine.counters()))
      if (key == "cpu.pack." + name) return value;
    return -1;  // there is no such counter
  }
  Answer answer(int salt) {
    std::vector<int32_t> prompt;
    for (int i = 0; i < 40; i++) prompt.push_back((i * 31 + salt * 17) % 284);
    auto r = must(engine.tokens(prompt, greedy(6).set("logprobs", 3).set("ignore_end", 1)));
    const Answer a = collect(r);
    REQUIRE(a.tokens.size() == 6);
    return a;
  }
  void wait() {
    for (int i = 0; counter("busy") != 0; i++) {
      REQUIRE(i < 30000);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
};

}  // namespace

TEST_CASE("answers are the same bits without packing, while it goes on, after it, and on the second start") {
  using infer::quant::Type;
  for (const Type type : {Type::kQ4_K, Type::kQ6_K, Type::kQ8_0, Type::kIQ4_XS}) {
    for (const bool experts : {false, true}) {
      CAPTURE(static_cast<int>(type));
      CAPTURE(experts);
      const infer::Folder folder;
      const std::string path = make(folder, type, experts);
      std::vector<Answer> expected;
      {
        Packing off(path, "");
        for (int i = 0; i < 6; i++) expected.push_back(off.answer(i));
        CHECK(off.counter("tensors") == -1);
      }
      const std::string packed = folder / "packed";
      int64_t tensors = 0;
      {
        Packing first(path, packed);
        for (int i = 0; i < 3; i++) CHECK(first.answer(i) == expected[static_cast<size_t>(i)]);
        first.wait();
        tensors = first.counter("tensors");
        CHECK(tensors > 0);
        CHECK(first.counter("kept") == 0);
        const int64_t before = first.counter("products");
        for (int i = 3; i < 6; i++) CHECK(first.answer(i) == expected[static_cast<size_t>(i)]);
        CHECK(first.counter("products") > before);  // read by kernels indeed
      }
      Packing second(path, packed);
      CHECK(second.answer(0) == expected[0]);
      second.wait();
      CHECK(second.counter("kept") == tensors);
      CHECK(second.counter("tensors") == tensors);
      for (int i = 0; i < 6; i++) CHECK(second.answer(i) == expected[static_cast<size_t>(i)]);
    }
  }
}

TEST_CASE("engines of one runtime share what is packed, and may go in any order") {
  const infer::Folder folder;
  const std::string path = make(folder, infer::quant::Type::kQ4_K, false);
  Packing p(path, folder / "packed");
  const Answer expected = p.answer(1);
  for (int i = 0; i < 5; i++) {
    auto other = must(p.model.engine(Options().set("device", "cpu").set("context.max", 128)));
    auto r = must(other.tokens(std::vector<int32_t>{1, 2, 3}, greedy(2)));
    CHECK(collect(r).status == INFER_OK);
  }
  p.wait();
  const int64_t tensors = p.counter("tensors");
  auto another = must(p.model.engine(Options().set("device", "cpu").set("context.max", 128)));
  p.wait();
  CHECK(p.counter("tensors") == tensors);
  CHECK(p.answer(1) == expected);
}

TEST_CASE("a model file that was changed is packed again, one that only has another name is not") {
  const infer::Folder folder;
  const std::string path = make(folder, infer::quant::Type::kQ4_K, false);
  const std::string packed = folder / "packed";
  Packing(path, packed).wait();
  const auto files = [&] { return std::distance(fs::directory_iterator(packed), {}); };
  CHECK(files() == 1);
  fs::rename(path, folder / "renamed.gguf");
  {
    Packing p(folder / "renamed.gguf", packed);
    p.wait();
    CHECK(p.counter("kept") > 0);
  }
  fs::last_write_time(folder / "renamed.gguf", fs::file_time_type::clock::now() - std::chrono::hours(5));
  {
    Packing p(folder / "renamed.gguf", packed);
    p.wait();
    CHECK(p.counter("kept") == 0);
    CHECK(files() == 2);
  }
  // The same size, time and header, other weights.
  const auto time = fs::last_write_time(folder / "renamed.gguf");
  make(folder, infer::quant::Type::kQ4_K, false, 77);
  REQUIRE(fs::file_size(path) == fs::file_size(folder / "renamed.gguf"));
  fs::last_write_time(path, time);
  const Answer expected = Packing(path, "").answer(2);
  Packing p(path, packed);
  p.wait();
  CHECK(p.counter("refused") == 1);
  CHECK(p.counter("kept") == 0);
  CHECK(p.answer(2) == expected);
}

TEST_CASE("a model in memory, and one of another type, are not packed") {
  const infer::Folder folder;
  const std::string path = make(folder, infer::quant::Type::kF16, false);
  Packing f16(path, folder / "packed");
  f16.wait();
  CHECK(f16.counter("tensors") == 0);
  const auto bytes = infer::testing::block_model_bytes({.type = infer::quant::Type::kQ4_K});
  REQUIRE(bytes.ok());
  auto runtime = must(libinfer::Runtime::create(Options().set("pack.dir", folder / "packed")));
  infer_model* model = nullptr;
  infer_engine* engine = nullptr;
  REQUIRE(infer_model_open_memory(runtime.get(), bytes->data(), static_cast<int64_t>(bytes->size()), nullptr, &model) ==
          INFER_OK);
  REQUIRE(infer_engine_new(model, Options().set("device", "cpu").set("context.max", 64).get(), &engine) == INFER_OK);
  const char* name = nullptr;
  int64_t value = 0;
  for (int32_t i = 0; infer_engine_counter_at(engine, i, &name, &value) == INFER_OK; ++i)
    if (std::strcmp(name, "cpu.pack.tensors") == 0) CHECK(value == 0);
  infer_engine_release(engine);
  infer_model_release(model);
  CHECK(!fs::exists(folder / "packed"));
}

TEST_CASE("a log hook hears why weights are not packed") {
  static std::string said;
  static std::mutex mutex;
  const infer::Folder folder;
  const std::string path = make(folder, infer::quant::Type::kQ4_K, false);
  std::ofstream(folder / "file") << "x";
  infer_hooks hooks = INFER_HOOKS_INIT;
  hooks.log = [](void*, int32_t, const char* text, int64_t n) {
    const std::lock_guard lock(mutex);
    said.append(text, static_cast<size_t>(n)) += "\n";
  };
  infer_options* o = nullptr;
  infer_runtime* rt = nullptr;
  infer_model* model = nullptr;
  infer_engine* engine = nullptr;
  REQUIRE(infer_options_new(&o) == INFER_OK);
  REQUIRE(infer_options_parse(o, "pack.dir", (folder / "file").c_str()) == INFER_OK);
  REQUIRE(infer_options_parse(o, "log.level", "1") == INFER_OK);
  REQUIRE(infer_options_parse(o, "device", "cpu") == INFER_OK);
  REQUIRE(infer_runtime_new(o, &hooks, &rt) == INFER_OK);
  REQUIRE(infer_model_open(rt, path.c_str(), o, &model) == INFER_OK);
  REQUIRE(infer_engine_new(model, o, &engine) == INFER_OK);
  infer_engine_release(engine);
  infer_model_release(model);
  infer_runtime_release(rt);
  infer_options_release(o);
  const std::lock_guard lock(mutex);
  CHECK_MESSAGE(said.find("not packed") != std::string::npos, said);
}
