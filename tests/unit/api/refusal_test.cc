// What the C API refuses, and that it says why.
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "open.h"

using namespace open_api;

namespace {
bool says(std::string_view part) { return std::string_view(infer_last_error()).find(part) != std::string_view::npos; }
bool hints(std::string_view part) { return std::string_view(infer_last_hint()).find(part) != std::string_view::npos; }
}  // namespace

TEST_CASE("NULL for any handle or pointer that is needed is INFER_E_INVALID and named; NULL releases do nothing") {
  Stack s(tiny("llama"));
  infer_runtime* rt = s.runtime.get();
  infer_model* m = s.model.get();
  infer_engine* e = s.engine.get();
  auto request = must(s.engine.tokens({1}, greedy(1)));
  infer_request* r = request.get();
  const Options kept;
  infer_options* o = const_cast<infer_options*>(kept.get());
  infer_model* mo = nullptr;
  infer_engine* eo = nullptr;
  infer_request* ro = nullptr;
  infer_device dev = INFER_DEVICE_INIT;
  infer_backend_info info = INFER_BACKEND_INFO_INIT;
  infer_tensor_info tensor = INFER_TENSOR_INFO_INIT;
  infer_piece piece = INFER_PIECE_INIT;
  infer_usage usage = INFER_USAGE_INIT;
  infer_part part = INFER_PART_INIT;
  part.role = "user";
  part.data = "x";
  int64_t n = 0;
  int32_t id = 0, ids[4] = {1, 2, 3, 4};
  const char *a = nullptr, *b = nullptr;
  float f = 0;
  const std::string path = tiny("llama");
  struct Call {
    const char* argument;
    std::function<infer_status()> call;
  };
  const Call calls[] = {
      {"out", [&] { return infer_options_new(nullptr); }},
      {"o", [&] { return infer_options_set_int(nullptr, "top_k", 1); }},
      {"key", [&] { return infer_options_set_int(o, nullptr, 1); }},
      {"o", [&] { return infer_options_set_num(nullptr, "top_p", 1); }},
      {"key", [&] { return infer_options_set_num(o, nullptr, 1); }},
      {"o", [&] { return infer_options_set_str(nullptr, "stop", "x", 1); }},
      {"key", [&] { return infer_options_set_str(o, nullptr, "x", 1); }},
      {"value", [&] { return infer_options_set_str(o, "stop", nullptr, 1); }},
      {"value", [&] { return infer_options_parse(o, "top_k", nullptr); }},
      {"out", [&] { return infer_runtime_new(nullptr, nullptr, nullptr); }},
      {"rt", [&] { return infer_runtime_load_backend(nullptr, "x"); }},
      {"path", [&] { return infer_runtime_load_backend(rt, nullptr); }},
      {"rt", [&] { return infer_runtime_device_at(nullptr, 0, &dev); }},
      {"out", [&] { return infer_runtime_device_at(rt, 0, nullptr); }},
      {"rt", [&] { return infer_runtime_backend_at(nullptr, 0, &info); }},
      {"out", [&] { return infer_runtime_backend_at(rt, 0, nullptr); }},
      {"rt", [&] { return infer_model_open(nullptr, path.c_str(), nullptr, &mo); }},
      {"path", [&] { return infer_model_open(rt, nullptr, nullptr, &mo); }},
      {"out", [&] { return infer_model_open(rt, path.c_str(), nullptr, nullptr); }},
      {"rt", [&] { return infer_model_open_start(nullptr, path.c_str(), nullptr, &mo); }},
      {"path", [&] { return infer_model_open_start(rt, nullptr, nullptr, &mo); }},
      {"out", [&] { return infer_model_open_start(rt, path.c_str(), nullptr, nullptr); }},
      {"rt", [&] { return infer_model_open_fd(nullptr, 0, 0, -1, nullptr, &mo); }},
      {"out", [&] { return infer_model_open_fd(rt, 0, 0, -1, nullptr, nullptr); }},
      {"rt", [&] { return infer_model_open_memory(nullptr, "x", 1, nullptr, &mo); }},
      {"data", [&] { return infer_model_open_memory(rt, nullptr, 1, nullptr, &mo); }},
      {"out", [&] { return infer_model_open_memory(rt, "x", 1, nullptr, nullptr); }},
      {"m", [&] { return infer_model_wait(nullptr, 0, nullptr); }},
      {"m", [&] { return infer_model_cancel(nullptr); }},
      {"m", [&] { return infer_model_fact(nullptr, "n_vocab", &n); }},
      {"name", [&] { return infer_model_fact(m, nullptr, &n); }},
      {"out", [&] { return infer_model_fact(m, "n_vocab", nullptr); }},
      {"m", [&] { return infer_model_meta_at(nullptr, 0, &a, &b); }},
      {"key", [&] { return infer_model_meta_at(m, 0, nullptr, &b); }},
      {"value", [&] { return infer_model_meta_at(m, 0, &a, nullptr); }},
      {"m", [&] { return infer_model_tensor_at(nullptr, 0, &tensor); }},
      {"out", [&] { return infer_model_tensor_at(m, 0, nullptr); }},
      {"m", [&] { return infer_model_encode(nullptr, "x", 1, 0, ids, 4, &n); }},
      {"text", [&] { return infer_model_encode(m, nullptr, 1, 0, ids, 4, &n); }},
      {"out", [&] { return infer_model_encode(m, "x", 1, 0, nullptr, 4, &n); }},
      {"n", [&] { return infer_model_encode(m, "x", 1, 0, ids, 4, nullptr); }},
      {"m", [&] { return infer_model_decode(nullptr, ids, 1, 0, nullptr, 0, &n); }},
      {"tokens", [&] { return infer_model_decode(m, nullptr, 1, 0, nullptr, 0, &n); }},
      {"n", [&] { return infer_model_decode(m, ids, 1, 0, nullptr, 0, nullptr); }},
      {"m", [&] { return infer_model_token(nullptr, 0, &a, &n); }},
      {"bytes", [&] { return infer_model_token(m, 0, nullptr, &n); }},
      {"len", [&] { return infer_model_token(m, 0, &a, nullptr); }},
      {"m", [&] { return infer_model_special(nullptr, "bos", &id); }},
      {"name", [&] { return infer_model_special(m, nullptr, &id); }},
      {"token", [&] { return infer_model_special(m, "bos", nullptr); }},
      {"m", [&] { return infer_model_render(nullptr, &part, 1, nullptr, nullptr, 0, &n); }},
      {"parts", [&] { return infer_model_render(m, nullptr, 1, nullptr, nullptr, 0, &n); }},
      {"n", [&] { return infer_model_render(m, &part, 1, nullptr, nullptr, 0, nullptr); }},
      {"m", [&] { return infer_engine_new(nullptr, nullptr, &eo); }},
      {"out", [&] { return infer_engine_new(m, nullptr, nullptr); }},
      {"e", [&] { return infer_engine_submit_text(nullptr, "x", 1, nullptr, &ro); }},
      {"text", [&] { return infer_engine_submit_text(e, nullptr, 1, nullptr, &ro); }},
      {"out", [&] { return infer_engine_submit_text(e, "x", 1, nullptr, nullptr); }},
      {"e", [&] { return infer_engine_submit_chat(nullptr, &part, 1, nullptr, &ro); }},
      {"parts", [&] { return infer_engine_submit_chat(e, nullptr, 1, nullptr, &ro); }},
      {"out", [&] { return infer_engine_submit_chat(e, &part, 1, nullptr, nullptr); }},
      {"e", [&] { return infer_engine_submit_tokens(nullptr, ids, 1, nullptr, &ro); }},
      {"tokens", [&] { return infer_engine_submit_tokens(e, nullptr, 1, nullptr, &ro); }},
      {"out", [&] { return infer_engine_submit_tokens(e, ids, 1, nullptr, nullptr); }},
      {"e", [&] { return infer_engine_logits(nullptr, ids, 1, 0, &f, 1); }},
      {"tokens", [&] { return infer_engine_logits(e, nullptr, 1, 0, &f, 1); }},
      {"out", [&] { return infer_engine_logits(e, ids, 1, 0, nullptr, 1); }},
      {"e", [&] { return infer_engine_counter_at(nullptr, 0, &a, &n); }},
      {"name", [&] { return infer_engine_counter_at(e, 0, nullptr, &n); }},
      {"value", [&] { return infer_engine_counter_at(e, 0, &a, nullptr); }},
      {"e", [&] { return infer_engine_describe(nullptr, &a, &n); }},
      {"json", [&] { return infer_engine_describe(e, nullptr, &n); }},
      {"len", [&] { return infer_engine_describe(e, &a, nullptr); }},
      {"r", [&] { return infer_request_next(nullptr, 0, &piece); }},
      {"out", [&] { return infer_request_next(r, 0, nullptr); }},
      {"r", [&] { return infer_request_cancel(nullptr); }},
      {"r", [&] { return infer_request_usage(nullptr, &usage); }},
      {"out", [&] { return infer_request_usage(r, nullptr); }},
  };
  for (const Call& c : calls) {
    const auto at = &c - calls;
    CAPTURE(at);
    CAPTURE(c.argument);
    CHECK(c.call() == INFER_E_INVALID);
    CHECK(says(std::string("argument '") + c.argument + "' is NULL"));
  }
  CHECK((mo == nullptr && eo == nullptr && ro == nullptr));
  infer_options_release(nullptr);
  infer_runtime_release(nullptr);
  infer_model_release(nullptr);
  infer_engine_release(nullptr);
  infer_request_release(nullptr);
}

TEST_CASE("files that are no models are each refused by a sentence") {
  const std::string folder = std::filesystem::temp_directory_path() / ("infer_refusal_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto write = [&](const char* name, const std::string& content) {
    std::ofstream(folder + "/" + name, std::ios::binary) << content;
    return folder + "/" + name;
  };
  auto rt = must(libinfer::Runtime::create());
  struct Case {
    std::string path;
    infer_status status;
  };
  const Case cases[] = {{folder + "/missing.gguf", INFER_E_NOT_FOUND},
                        {folder, INFER_E_INVALID},
                        {write("empty.gguf", ""), INFER_E_CORRUPT},
                        {write("text.gguf", "Once upon a time there was no model.\n"), INFER_E_CORRUPT},
                        {"", INFER_E_NOT_FOUND}};
  for (const Case& c : cases) {
    const auto model = rt.open(c.path);
    CAPTURE(c.path);
    REQUIRE_FALSE(model);
    CHECK_MESSAGE(model.error().status < 0, model.error().message);
    CHECK(model.error().message.size() > 15);
    CHECK(model.error().hint.size() > 5);
    MESSAGE(c.path, ": ", std::string(infer_status_name(model.error().status)), ": ", model.error().message, " | ",
            model.error().hint);
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("an unknown family is refused by name; with model.partial it opens to be looked at") {
  std::ifstream in(tiny("llama"), std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const size_t at = bytes.find("llama", bytes.find("general.architecture"));
  REQUIRE(at != std::string::npos);
  bytes.replace(at, 5, "zebra");
  auto rt = must(libinfer::Runtime::create());
  infer_model* m = nullptr;
  CHECK(infer_model_open_memory(rt.get(), bytes.data(), static_cast<int64_t>(bytes.size()), nullptr, &m) ==
        INFER_E_UNSUPPORTED);
  CHECK(says("zebra"));
  CHECK(m == nullptr);
  const Options partial = Options().set("model.partial", 1);
  REQUIRE(infer_model_open_memory(rt.get(), bytes.data(), static_cast<int64_t>(bytes.size()), partial.get(), &m) ==
          INFER_OK);
  int64_t n = 0;
  CHECK(infer_model_encode(m, "hello", 5, 0, nullptr, 0, &n) == INFER_OK);
  CHECK(n > 0);
  CHECK(infer_model_fact(m, "n_layer", &n) == INFER_E_UNSUPPORTED);
  CHECK(infer_model_fact(m, "has_tokenizer", &n) == INFER_OK);
  infer_engine* e = nullptr;
  CHECK(infer_engine_new(m, nullptr, &e) == INFER_E_UNSUPPORTED);
  CHECK(says("zebra"));
  infer_model_release(m);
}

TEST_CASE("a context larger than memory is refused with numbers before anything is allocated") {
  Stack s(tiny("llama"));
  for (const auto& [key, value] : {std::pair<const char*, int64_t>{"memory.max", 1 << 20}}) {
    const auto e = s.model.engine(Options().set("context.max", 16777216).set(key, value));
    REQUIRE_FALSE(e);
    CHECK(e.error().status == INFER_E_NO_MEMORY);
    CHECK(says("a context of 16777216 tokens needs"));
    CHECK(says("1.0 MiB are allowed"));
    CHECK(hints("set context.max to less than "));
  }
}

TEST_CASE("a prompt longer than the context is refused with both numbers, or cut where the option says") {
  Stack s(tiny("llama"), "reference", Options().set("context.max", 20));
  std::vector<int32_t> ids(30);
  for (int32_t i = 0; i < 30; ++i) ids[static_cast<size_t>(i)] = i + 1;
  const auto r = s.engine.tokens(ids);
  REQUIRE_FALSE(r);
  CHECK(r.error().status == INFER_E_TOO_LONG);
  CHECK(says("30 tokens"));
  CHECK(says("20"));
  CHECK(hints("prompt.truncate"));
  const auto answer = [&](const std::vector<int32_t>& prompt, const char* how) {
    auto q = must(s.engine.tokens(prompt, greedy(5).set("ignore_end", 1).set("prompt.truncate", how)));
    return std::pair(collect(q).tokens, must(q.usage()).prompt_tokens);
  };
  // Room for the answer: 5 tokens; 15 are kept.
  CHECK(answer(ids, "left") == answer({ids.begin() + 15, ids.end()}, "none"));
  CHECK(answer(ids, "right") == answer({ids.begin(), ids.begin() + 15}, "none"));
  CHECK(answer(ids, "left").second == 15);
}

TEST_CASE("a full context ends with the reason length") {
  Stack s(tiny("llama"), "reference", Options().set("context.max", 20));
  auto r = must(s.engine.tokens({1, 2, 3}, greedy(1000).set("ignore_end", 1)));
  const Answer a = collect(r);
  CHECK(a.finish == INFER_FINISH_LENGTH);
  CHECK(a.tokens.size() == 17);
}

TEST_CASE("token ids outside the vocabulary are refused with place and range") {
  Stack s(tiny("llama"));
  CHECK_FALSE(s.engine.tokens({1, 2, 288}));
  CHECK(says("token 2 of the prompt is 288; ids are 0..287"));
  CHECK_FALSE(s.engine.tokens({-1}));
  CHECK_FALSE(s.engine.tokens({INT_MAX}));
  CHECK_FALSE(s.engine.tokens({}));
  CHECK_FALSE(s.model.decode({288}));
  CHECK_FALSE(s.model.decode({-5}));
  CHECK_FALSE(s.engine.tokens({1}, Options().set("logit_bias", "288:1")));
  CHECK_FALSE(s.engine.tokens({1}, Options().set("logit_bias", "1")));
  CHECK_FALSE(s.engine.tokens({1}, Options().set("logit_bias", "1:x")));
  CHECK_FALSE(s.engine.tokens({1}, Options().set("logit_bias", "1:nan")));
  CHECK_FALSE(s.engine.tokens({1}, Options().set("stop_ids", "999999")));
  CHECK_FALSE(s.engine.tokens({1}, Options().set("min_tokens", 5).set("max_tokens", 3)));
  CHECK_FALSE(s.engine.tokens({1}, Options().set("stop", std::string(5000, 'x'))));
}

TEST_CASE("keys and devices that do not exist are refused when an object takes them") {
  CHECK_FALSE(libinfer::Runtime::create(Options().set("gpu.threads", 2)));
  CHECK(says("no backend 'gpu'"));
  CHECK_FALSE(libinfer::Runtime::create(Options().set("cpu.thread", 2)));
  CHECK(says("cpu.thread"));
  CHECK_FALSE(libinfer::Runtime::create(Options().set("cpu.terms", 3)));
  CHECK(says("cpu.terms"));
  auto rt = must(libinfer::Runtime::create());
  CHECK_FALSE(rt.open(tiny("llama"), Options().set("gpu.x", 1)));
  auto model = must(rt.open(tiny("llama"), Options().set("cpu.threads", 1)));  // a known backend's: ignored here
  for (const char* bad : {"gpu", "cpu:7", "cpu:", "cpu:x", "cpu:-1", ""}) {
    CAPTURE(bad);
    CHECK_FALSE(model.engine(Options().set("device", bad)));
    CHECK(says("option 'device'"));
  }
  CHECK(model.engine(Options().set("device", "cpu:0")));
}

TEST_CASE("structs of another size: smaller than 1.0 or absurd is INFER_E_ABI, larger is filled as far as we know it") {
  Stack s(tiny("llama"));
  auto r = must(s.engine.tokens({1}, greedy(3)));
  for (const uint32_t bad : {0u, 8u, 63u, 100000u}) {
    infer_piece piece = INFER_PIECE_INIT;
    piece.struct_size = bad;
    CHECK(infer_request_next(r.get(), -1, &piece) == INFER_E_ABI);
    CHECK(says("infer_piece.struct_size is"));
    CHECK(hints("_INIT"));
  }
  struct Newer {
    infer_piece known;
    uint64_t more;
  } newer = {INFER_PIECE_INIT, 0xABCD};
  newer.known.struct_size = sizeof newer;
  CHECK(infer_request_next(r.get(), -1, &newer.known) == INFER_OK);
  CHECK(newer.known.struct_size == sizeof newer);
  CHECK(newer.known.n_tokens >= 1);
  CHECK(newer.more == 0xABCD);
  infer_usage usage = INFER_USAGE_INIT;
  usage.struct_size = 4;
  CHECK(infer_request_usage(r.get(), &usage) == INFER_E_ABI);
  infer_device dev = INFER_DEVICE_INIT;
  dev.struct_size = 0;
  CHECK(infer_runtime_device_at(s.runtime.get(), 0, &dev) == INFER_E_ABI);
  infer_hooks hooks = INFER_HOOKS_INIT;
  hooks.struct_size = 8;
  infer_runtime* rt = nullptr;
  CHECK(infer_runtime_new(nullptr, &hooks, &rt) == INFER_E_ABI);
}

TEST_CASE("out-parameters stay untouched on failure") {
  infer_runtime* rt = reinterpret_cast<infer_runtime*>(0x1234);
  const Options wrong = Options().set("gpu.x", 1);
  CHECK(infer_runtime_new(wrong.get(), nullptr, &rt) < 0);
  CHECK(rt == reinterpret_cast<infer_runtime*>(0x1234));
  auto good = must(libinfer::Runtime::create());
  infer_model* m = reinterpret_cast<infer_model*>(0x1234);
  CHECK(infer_model_open(good.get(), "/nonexistent", nullptr, &m) < 0);
  CHECK(m == reinterpret_cast<infer_model*>(0x1234));
}

TEST_CASE("errors are each thread's own and stay until the next failure") {
  CHECK(infer_options_new(nullptr) == INFER_E_INVALID);
  const std::string mine = infer_last_error();
  std::string others = "?";
  std::thread t([&] { others = infer_last_error(); });
  t.join();
  CHECK(others.empty());
  infer_options* o = nullptr;
  CHECK(infer_options_new(&o) == INFER_OK);
  CHECK(mine == infer_last_error());
  infer_options_release(o);
}

TEST_CASE("a very long message is cut at a whole character") {
  auto rt = must(libinfer::Runtime::create());
  std::string path = "/x";
  for (int i = 0; i < 3000; ++i) path += "\xE2\x82\xAC";
  CHECK_FALSE(rt.open(path));
  const std::string_view message = infer_last_error();
  CHECK(message.size() < 2048);
}
