// Failure at the n-th call, n rising until the scenario ends without an injection: eight scenarios through the C ABI,
// five classes of calls, transient (that one call) and persistent (from then on). After each: no crash, no hang, no
// block left, a fitting code, and the handles that lived through it still give the same answer.
#include <doctest/doctest.h>
#include <libinfer/infer.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/file.h"
#include "inject.h"
#include "tests/support/make_model.h"
#include "tests/unit/folder.h"

namespace {

const std::string kModel = INFER_SOURCE_DIR "/tests/golden/tiny/" INFER_FAULT_MODEL;

// Ends the process when one run takes longer than ten seconds: a hang is a failure with a name.
class Watchdog {
 public:
  Watchdog() : thread_([this] { watch(); }) {}
  ~Watchdog() {
    stop_ = true;
    thread_.join();
  }
  void beat(const char* what, long long n) {
    std::snprintf(what_, sizeof what_, "%s, n = %lld", what, n);
    at_ = now();
  }

 private:
  static int64_t now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  void watch() {
    while (!stop_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (now() - at_ < 10000 * kSlow) continue;
      std::fprintf(stderr, "hangs: %s\n", what_);
      _exit(3);
    }
  }
#ifdef INFER_SLOW
  static constexpr int kSlow = 6;
#else
  static constexpr int kSlow = 1;
#endif
  std::atomic<bool> stop_{false};
  std::atomic<int64_t> at_{now()};
  char what_[128] = "start";
  std::thread thread_;
};

struct Handles {  // those that a scenario finds made, and must find usable
  infer_runtime* rt = nullptr;
  infer_model* model = nullptr;
  infer_engine* engine = nullptr;
  infer_runtime* packing_rt = nullptr;
  infer_model* packing = nullptr;         // one whose weights are packed
  std::vector<int32_t> packing_ids, ids;  // expected; of the last run, with room for as many
  const infer::Folder folder = {};        // of its file, and of its packed weights
  std::string packed() const { return folder / "packed"; }
};

infer_status open_model(const std::string& path, const std::string& pack_dir, infer_runtime** rt, infer_model** model) {
  infer_options* o = nullptr;
  infer_status s = infer_options_new(&o);
  if (s == INFER_OK) s = infer_options_parse(o, "cpu.threads", "2");
  if (s == INFER_OK) s = infer_options_parse(o, "pack.dir", pack_dir.c_str());
  if (s == INFER_OK) s = infer_runtime_new(o, nullptr, rt);
  if (s == INFER_OK) s = infer_model_open(*rt, path.c_str(), nullptr, model);
  infer_options_release(o);
  return s;
}

infer_status make_engine(infer_model* model, infer_engine** engine) {
  infer_options* o = nullptr;
  infer_status s = infer_options_new(&o);
  if (s == INFER_OK) s = infer_options_parse(o, "context.max", "64");
  if (s == INFER_OK) s = infer_engine_new(model, o, engine);
  infer_options_release(o);
  return s;
}

// Greedy ids of a fixed prompt; cancels after `cancel_after` tokens when that is >= 0.
infer_status generate(infer_engine* engine, int cancel_after, std::vector<int32_t>* ids) {
  infer_options* o = nullptr;
  infer_request* r = nullptr;
  const int32_t prompt[] = {1, 2, 3, 4, 5};
  infer_status s = infer_options_new(&o);
  if (s == INFER_OK) s = infer_options_set_num(o, "temperature", 0);
  if (s == INFER_OK) s = infer_options_set_int(o, "max_tokens", 8);
  if (s == INFER_OK) s = infer_engine_submit_tokens(engine, prompt, 5, o, &r);
  infer_options_release(o);
  int seen = 0;
  while (s == INFER_OK) {
    infer_piece piece = INFER_PIECE_INIT;
    s = infer_request_next(r, -1, &piece);
    if (s != INFER_OK) break;
    if (ids) {
      for (int64_t i = 0; i < piece.n_tokens; ++i) ids->push_back(piece.tokens[i]);
    }
    seen += static_cast<int>(piece.n_tokens);
    if (cancel_after >= 0 && seen >= cancel_after) infer_request_cancel(r);
  }
  infer_request_release(r);
  if (s == INFER_DONE || (cancel_after >= 0 && s == INFER_E_CANCELLED)) s = INFER_OK;
  return s;
}

infer_status scenario_open(Handles&) {
  infer_runtime* rt = nullptr;
  infer_model* model = nullptr;
  const infer_status s = open_model(kModel, "", &rt, &model);
  infer_model_release(model);
  infer_runtime_release(rt);
  return s;
}

infer_status scenario_tokenize(Handles& h) {
  int32_t ids[64];
  char text[256];
  int64_t n = 0, bytes = 0;
  infer_status s = infer_model_encode(h.model, "hello, world", 12, 0, ids, 64, &n);
  if (s == INFER_OK) s = infer_model_decode(h.model, ids, n, 0, text, sizeof text, &bytes);
  return s;
}

infer_status scenario_generate(Handles& h) {
  infer_engine* engine = nullptr;
  infer_status s = make_engine(h.model, &engine);
  if (s == INFER_OK) s = generate(engine, -1, nullptr);
  infer_engine_release(engine);
  return s;
}

// An engine with a draft model and an adapter: loaded, used, its prefix pinned, dropped.
infer_status scenario_adapt(Handles& h) {
  constexpr const char* kAdapter = INFER_SOURCE_DIR "/tests/golden/adapters/llama_gqa-all.gguf";
  const int32_t prompt[] = {1, 2, 3, 4, 5};
  infer_options* o = nullptr;
  infer_engine* engine = nullptr;
  infer_status s = infer_options_new(&o);
  // Text that allocates nothing: what fails is to fail in the library.
  const std::pair<const char*, const char*> settings[] = {
      {"context.max", "64"},  {"adapter.slots", "1"}, {"adapter.rank", "4"}, {"draft.model", kModel.c_str()},
      {"draft.tokens", "2"},  {"adapter", "a"},       {"temperature", "0"},  {"max_tokens", "8"},
      {"ignore_end", "true"}, {"kv.page", "4"}};
  for (const auto& [key, value] : settings)
    if (s == INFER_OK) s = infer_options_parse(o, key, value);
  if (s == INFER_OK) s = infer_engine_new(h.model, o, &engine);
  if (s == INFER_OK) s = infer_engine_load_adapter(engine, "a", kAdapter, nullptr);
  infer_request* r = nullptr;
  if (s == INFER_OK) s = infer_engine_submit_tokens(engine, prompt, 5, o, &r);
  infer_piece piece = INFER_PIECE_INIT;
  while (s == INFER_OK) s = infer_request_next(r, -1, &piece);
  if (s == INFER_DONE) s = infer_engine_drain(engine, -1);
  if (s == INFER_OK) s = infer_engine_pin(engine, "p", prompt, 5, o, nullptr);
  if (s == INFER_OK) s = infer_engine_unpin(engine, "p");
  if (s == INFER_OK) s = infer_engine_drop_adapter(engine, "a");
  infer_request_release(r);
  infer_engine_release(engine);
  infer_options_release(o);
  return s;
}

// A chat from JSON to JSON whose answer is a call, on an engine of its own; and a text written by turns there.
infer_status scenario_chat(Handles& h) {
  constexpr const char* kRequest =
      R"({"messages": [{"role": "user", "content": "x"}], "max_tokens": 60, "temperature": 0, "tool_choice": "required",
          "parallel_tool_calls": false, "tools": [{"name": "f", "parameters": {"type": "object", "properties":
          {"a": {"const": 1}}, "required": ["a"], "additionalProperties": false}}]})";
  infer_options* o = nullptr;
  infer_engine* engine = nullptr;
  infer_status s = infer_options_new(&o);
  const std::pair<const char*, const char*> settings[] = {{"context.max", "1024"},
                                                          {"kv.tokens", "2048"},
                                                          {"temperature", "0"},
                                                          {"max_tokens", "6"},
                                                          {"response.regex", "[ab]+"}};
  for (const auto& [key, value] : settings)
    if (s == INFER_OK) s = infer_options_parse(o, key, value);
  if (s == INFER_OK) s = infer_engine_new(h.model, o, &engine);
  infer_request* r = nullptr;
  if (s == INFER_OK) s = infer_chat_json(engine, kRequest, -1, nullptr, &r);
  infer_piece piece = INFER_PIECE_INIT;
  bool called = false;
  while (s == INFER_OK && (s = infer_request_next(r, -1, &piece)) == INFER_OK)
    called = called || std::string_view(piece.text, static_cast<size_t>(piece.text_len)).find("tool_calls") !=
                           std::string_view::npos;
  if (s == INFER_DONE) s = called ? INFER_OK : INFER_E_CORRUPT;
  infer_request_release(r);
  infer_prompt *p = nullptr, *fork = nullptr;
  const char* const choices[] = {"a", "bb"};
  char text[64];
  int64_t n = 0;
  if (s == INFER_OK) s = infer_prompt_new(engine, o, &p);
  if (s == INFER_OK) s = infer_prompt_append(p, "hello", -1, 0);
  if (s == INFER_OK) s = infer_prompt_fork(p, &fork);
  if (s == INFER_OK) s = infer_prompt_gen(fork, "x", nullptr, nullptr);
  if (s == INFER_OK) s = infer_prompt_select(p, "y", choices, 2, nullptr, nullptr, nullptr);
  if (s == INFER_OK) s = infer_prompt_join(p, fork);
  if (s == INFER_OK) s = infer_prompt_value(p, "x", text, sizeof text, &n);
  infer_prompt_release(fork);
  infer_prompt_release(p);
  infer_engine_release(engine);
  infer_options_release(o);
  return s;
}

infer_status scenario_cancel(Handles& h) { return generate(h.engine, 2, nullptr); }

// An engine whose weights are packed, or read packed, to the end meanwhile.
infer_status scenario_pack(Handles& h) {
  infer_engine* engine = nullptr;
  h.ids.clear();
  infer_status s = make_engine(h.packing, &engine);
  if (s == INFER_OK) s = generate(engine, -1, &h.ids);
  const auto busy = [&] {
    const char* name = nullptr;
    int64_t value = 0;
    for (int32_t i = 0; infer_engine_counter_at(engine, i, &name, &value) == INFER_OK; ++i)
      if (std::strcmp(name, "cpu.pack.busy") == 0) return value != 0;
    return false;
  };
  while (s == INFER_OK && busy()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  infer_engine_release(engine);
  return s == INFER_OK && h.ids != h.packing_ids ? INFER_E_CORRUPT : s;
}

void nothing(Handles&) {}
void forget_packed(Handles& h) { std::filesystem::remove_all(h.packed()); }
void keep_packed(Handles& h) { REQUIRE(scenario_pack(h) == INFER_OK); }

// What is left of packing: files under their own names, none in the making.
void check_folder(const Handles& h) {
  if (!std::filesystem::exists(h.packed())) return;
  for (const auto& entry : std::filesystem::directory_iterator(h.packed()))
    CHECK_MESSAGE(entry.path().extension() == ".pack", entry.path().string());
}

bool fitting(infer_status s, uint32_t cls) {
  switch (cls) {
    case inject::kMemory:
      return s == INFER_E_NO_MEMORY;
    case inject::kMap:
      return s == INFER_E_NO_MEMORY || s == INFER_E_IO;
    case inject::kFile:
      return s == INFER_E_IO || s == INFER_E_NOT_FOUND;
    case inject::kWrite:
      return false;  // only what can be done without is written
    default:
      return s == INFER_E_NO_MEMORY || s == INFER_E_IO || s == INFER_E_INTERNAL;
  }
}

}  // namespace

TEST_CASE("every failing call of memory, map, file, thread and write is survived") {
  Watchdog dog;
  Handles h;
  REQUIRE(open_model(kModel, "", &h.rt, &h.model) == INFER_OK);
  REQUIRE(make_engine(h.model, &h.engine) == INFER_OK);
  std::vector<int32_t> expected;
  REQUIRE(generate(h.engine, -1, &expected) == INFER_OK);
  REQUIRE(expected.size() == 8);
  const auto bytes = infer::testing::block_model_bytes({.type = infer::quant::Type::kQ4_K});
  REQUIRE(bytes.ok());
  REQUIRE(infer::write_file(h.folder / "model.gguf", *bytes).ok());
  REQUIRE(open_model(h.folder / "model.gguf", h.packed(), &h.packing_rt, &h.packing) == INFER_OK);
  infer_engine* packing = nullptr;
  REQUIRE(make_engine(h.packing, &packing) == INFER_OK);
  REQUIRE(generate(packing, -1, &h.packing_ids) == INFER_OK);
  h.ids.reserve(h.packing_ids.size());
  infer_engine_release(packing);

  const struct {
    const char* name;
    infer_status (*run)(Handles&);
    void (*prepare)(Handles&);
  } scenarios[] = {{"open", scenario_open, nothing},         {"tokenize", scenario_tokenize, nothing},
                   {"generate", scenario_generate, nothing}, {"cancel", scenario_cancel, nothing},
                   {"adapt", scenario_adapt, nothing},       {"chat", scenario_chat, nothing},
                   {"pack", scenario_pack, forget_packed},   {"packed", scenario_pack, keep_packed}};
  const struct {
    const char* name;
    uint32_t cls;
  } classes[] = {{"memory", inject::kMemory},
                 {"map", inject::kMap},
                 {"file", inject::kFile},
                 {"thread", inject::kThread},
                 {"write", inject::kWrite}};

  int64_t injected = 0;
  for (const auto& scenario : scenarios) {
    for (const auto& c : classes) {
      for (const bool persistent : {false, true}) {
        // A new thread's first exception in a library that was loaded by dlopen, as the cpu plugin is, needs memory for
        // thread-local data; glibc ends the process when there is none. So no memory at all, ever again, is not tried
        // on the thread that packs, nor on that of an engine which computes several times.
        const bool late = scenario.run == scenario_pack || scenario.run == scenario_chat;
        if (persistent && c.cls == inject::kMemory && late) continue;
        REQUIRE(scenario.run(h) == INFER_OK);  // warm: what is kept for good is made now
        int64_t points = 0;
        for (int64_t n = 1;; ++n) {
          dog.beat(scenario.name, n);
          scenario.prepare(h);
          const int64_t before = inject::live_blocks();
          inject::arm(c.cls, n, persistent);
          const infer_status s = scenario.run(h);
          const int64_t failures = inject::disarm();
          // The engine's thread lets go of a finished request a moment after its caller has.
          int64_t after = inject::live_blocks();
          for (int i = 0; i < 1000 && after > before + 2; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            after = inject::live_blocks();
          }
          if (failures == 0) {
            REQUIRE(s == INFER_OK);
            break;
          }
          ++points;
          INFO("scenario ", scenario.name, ", ", c.name, persistent ? " persistently" : " once", " from call ", n, ": ",
               infer_last_error());
          // A call that fails may be made up for (fewer threads, a copy instead of a map): then the scenario succeeds.
          CHECK_MESSAGE((s == INFER_OK || fitting(s, c.cls)), infer_status_name(s));
          check_folder(h);
          CHECK_MESSAGE(after <= before + 2, (after - before), " blocks more than before");
          if (n % 16 == 1 || s == INFER_OK) {
            std::vector<int32_t> ids;
            REQUIRE(generate(h.engine, -1, &ids) == INFER_OK);
            REQUIRE(ids == expected);
          }
        }
        injected += points;
        if (c.cls == inject::kMemory) CHECK(points > 0);  // every scenario allocates
        if (!persistent) MESSAGE(std::string(scenario.name), " / ", std::string(c.name), ": ", points, " points");
      }
    }
  }
  MESSAGE(injected, " injected failures");
  CHECK(injected > 500);
  infer_engine_release(h.engine);
  infer_model_release(h.model);
  infer_runtime_release(h.rt);
  infer_model_release(h.packing);
  infer_runtime_release(h.packing_rt);
}
