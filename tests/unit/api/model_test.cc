// Opening models and asking them: ways in, progress, facts, text, chats.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "open.h"

using namespace open_api;

namespace {
std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::string testing_path(const std::string& name) {
  return (std::filesystem::temp_directory_path() / ("libinfer-" + std::to_string(getpid()) + "-" + name)).string();
}
int64_t fact(infer_model* m, const char* name) {
  int64_t v = -1;
  CHECK(infer_model_fact(m, name, &v) == INFER_OK);
  return v;
}
}  // namespace

TEST_CASE("a model opens by path, by descriptor and window, and from memory, and answers the same") {
  auto rt = must(libinfer::Runtime::create());
  const std::string path = tiny("llama"), bytes = bytes_of(path);
  const std::string padded = "/tmp/infer_window_" + std::to_string(getpid());
  std::ofstream(padded, std::ios::binary) << std::string(4096 + 17, '#') << bytes << "tail";
  infer_model* m[3] = {};
  REQUIRE(infer_model_open(rt.get(), path.c_str(), nullptr, &m[0]) == INFER_OK);
  const int fd = open(padded.c_str(), O_RDONLY);
  REQUIRE(fd >= 0);
  REQUIRE(infer_model_open_fd(rt.get(), fd, 4096 + 17, static_cast<int64_t>(bytes.size()), nullptr, &m[1]) == INFER_OK);
  close(fd);  // it was duplicated
  unlink(padded.c_str());
  REQUIRE(infer_model_open_memory(rt.get(), bytes.data(), static_cast<int64_t>(bytes.size()), nullptr, &m[2]) ==
          INFER_OK);
  std::vector<float> first;
  for (infer_model* model : m) {
    infer_engine* e = nullptr;
    REQUIRE(infer_engine_new(model, nullptr, &e) == INFER_OK);
    std::vector<float> row(288);
    const int32_t ids[] = {5, 6, 7};
    REQUIRE(infer_engine_logits(e, ids, 3, 2, row.data(), 288) == INFER_OK);
    if (first.empty()) first = row;
    CHECK(row == first);
    infer_engine_release(e);
    infer_model_release(model);
  }
}

TEST_CASE("open_start returns at once; wait tells progress and the outcome; calls wait for it") {
  auto rt = must(libinfer::Runtime::create());
  auto m = must(rt.open_start(tiny("llama").c_str()));
  CHECK(must(m.fact("n_layer")) == 2);  // waited
  double progress = 0;
  CHECK(must(m.wait(-1, &progress)));
  CHECK(progress == 1.0);
  auto missing = must(rt.open_start("/nonexistent.gguf"));
  CHECK(infer_model_wait(missing.get(), -1, nullptr) == INFER_E_NOT_FOUND);
  int64_t v = 0;
  CHECK(infer_model_fact(missing.get(), "n_layer", &v) == INFER_E_NOT_FOUND);
  infer_engine* e = nullptr;
  CHECK(infer_engine_new(missing.get(), nullptr, &e) == INFER_E_NOT_FOUND);
}

TEST_CASE("a file that is cut short while in use ends calls and requests with an error, and nothing else") {
  const std::string path = testing_path("cut.gguf"), whole = bytes_of(tiny("llama"));
  for (const size_t left : {size_t{0}, whole.size() / 2, whole.size() - 1}) {
    CAPTURE(left);
    { std::ofstream(path, std::ios::binary) << whole; }
    Stack s(path);
    auto request = must(s.engine.text("hello", greedy(4)));
    CHECK(collect(request).status == INFER_OK);
    std::filesystem::resize_file(path, left);
    const auto refused = s.engine.text("hello", greedy(4));
    REQUIRE(!refused);
    CHECK(refused.error().status == INFER_E_IO);
    CHECK(refused.error().message.find("was cut to") != std::string::npos);
    CHECK(!s.model.encode("hello"));
    CHECK(!s.model.engine());
    { std::ofstream(path, std::ios::binary) << whole; }  // the same file, whole again
    auto again = must(s.engine.text("hello", greedy(4)));
    CHECK(collect(again).status == INFER_OK);
  }
  std::filesystem::remove(path);
}

TEST_CASE("a request that runs when its file is cut short fails with the reason") {
  const std::string path = testing_path("cut-running.gguf"), whole = bytes_of(tiny("llama"));
  int failed = 0;
  for (int i = 0; i < 50 && failed == 0; ++i) {
    { std::ofstream(path, std::ios::binary) << whole; }
    Stack s(path);
    auto request = must(s.engine.text("hello", greedy(200).set("ignore_end", 1)));
    REQUIRE(request.next(-1));
    std::filesystem::resize_file(path, whole.size() - 1);  // its page stays: a step that has begun may read on
    const Answer a = collect(request);
    failed += a.status == INFER_E_IO;
    CHECK((a.status == INFER_E_IO || a.finish != INFER_FINISH_NONE));
  }
  CHECK(failed == 1);
  std::filesystem::remove(path);
}

TEST_CASE("a file that is replaced by rename while in use changes nothing") {
  const std::string path = testing_path("replaced.gguf");
  { std::ofstream(path, std::ios::binary) << bytes_of(tiny("llama")); }
  Stack s(path);
  auto before = must(s.engine.text("hello", greedy(4)));
  const Answer first = collect(before);
  { std::ofstream(path + ".new", std::ios::binary) << "something else"; }
  std::filesystem::rename(path + ".new", path);
  auto after = must(s.engine.text("hello", greedy(4)));
  CHECK(collect(after) == first);
  std::filesystem::remove(path);
}

TEST_CASE("a load can be cancelled and released at any moment") {
  auto rt = must(libinfer::Runtime::create());
  int cancelled = 0;
  for (int i = 0; i < 50 || (cancelled == 0 && i < 5000); ++i) {
    auto m = must(rt.open_start(tiny("qwen2").c_str()));
    if (i % 3 == 0) continue;  // released while it loads
    if (i % 3 == 1) std::this_thread::sleep_for(std::chrono::microseconds(i % 50 * 20));
    REQUIRE(m.cancel());
    const infer_status s = infer_model_wait(m.get(), -1, nullptr);
    CHECK((s == INFER_OK || s == INFER_E_CANCELLED));
    cancelled += s == INFER_E_CANCELLED;
  }
  CHECK(cancelled > 0);
}

TEST_CASE("facts, metadata and tensors say what the file holds") {
  Stack s(tiny("llama_gqa"));
  infer_model* m = s.model.get();
  CHECK(fact(m, "n_vocab") == 288);
  CHECK(fact(m, "n_embd") == 48);
  CHECK(fact(m, "n_layer") == 2);
  CHECK(fact(m, "n_head") == 6);
  CHECK(fact(m, "n_head_kv") == 2);
  CHECK(fact(m, "head_dim") == 8);
  CHECK(fact(m, "has_tokenizer") == 1);
  CHECK(fact(m, "has_chat_template") == 1);
  CHECK(fact(m, "file_bytes") == static_cast<int64_t>(bytes_of(tiny("llama_gqa")).size()));
  int64_t v = 0;
  CHECK(infer_model_fact(m, "n_moons", &v) == INFER_E_NOT_FOUND);

  std::map<std::string, std::string> meta;
  const char *key = nullptr, *value = nullptr;
  for (int64_t i = 0; infer_model_meta_at(m, i, &key, &value) == INFER_OK; ++i) meta[key] = value;
  CHECK(meta["general.architecture"] == "llama");
  CHECK(meta["llama.block_count"] == "2");
  CHECK(meta["tokenizer.ggml.tokens"].find("(288)]") != std::string::npos);
  CHECK(infer_model_meta_at(m, 1 << 20, &key, &value) == INFER_DONE);

  int64_t elements = 0, bytes = 0;
  std::set<std::string> names;
  infer_tensor_info t = INFER_TENSOR_INFO_INIT;
  for (int64_t i = 0; infer_model_tensor_at(m, i, &t) == INFER_OK; ++i) {
    elements += t.dim[0] * t.dim[1] * t.dim[2] * t.dim[3];
    bytes += t.bytes;
    names.insert(t.name);
    CHECK(std::string(t.type) == "f32");
    if (std::string(t.name) == "blk.0.attn_k.weight") {
      CHECK(t.n_dims == 2);
      CHECK(t.dim[0] == 16);
      CHECK(t.dim[1] == 48);
    }
  }
  CHECK(elements == fact(m, "n_parameters"));
  CHECK(bytes == fact(m, "weight_bytes"));
  CHECK(names.count("token_embd.weight") == 1);
}

TEST_CASE("a buffer that is too small gets nothing but the size needed") {
  Stack s(tiny("llama"));
  int64_t n = -1;
  CHECK(infer_model_encode(s.model.get(), "the cat sat", 11, 0, nullptr, 0, &n) == INFER_OK);
  REQUIRE(n > 2);
  std::vector<int32_t> ids(static_cast<size_t>(n), -7);
  int64_t m = -1;
  CHECK(infer_model_encode(s.model.get(), "the cat sat", 11, 0, ids.data(), n - 1, &m) == INFER_E_FULL);
  CHECK(m == n);
  CHECK(ids == std::vector<int32_t>(static_cast<size_t>(n), -7));
  CHECK(infer_model_encode(s.model.get(), "the cat sat", -1, 0, ids.data(), n, &m) == INFER_OK);
  CHECK(must(s.model.decode(ids)) == "the cat sat");
  CHECK(infer_model_encode(s.model.get(), "", 0, 0, nullptr, 0, &n) == INFER_OK);
  CHECK(n == 0);
  CHECK(infer_model_encode(s.model.get(), "x", 1, 64, nullptr, 0, &n) == INFER_E_INVALID);
  CHECK(infer_model_encode(s.model.get(), "x", 1, 0, nullptr, -1, &n) == INFER_E_INVALID);
}

TEST_CASE("control tokens are made of trusted text only, and written when asked for") {
  Stack s(tiny("llama"));
  const auto plain = must(s.model.encode("<|im_end|>")),
             parsed = must(s.model.encode("<|im_end|>", INFER_ENCODE_PARSE));
  CHECK(parsed.size() == 1);
  CHECK(plain.size() > 1);
  CHECK(must(s.model.decode(parsed)).empty());
  CHECK(must(s.model.decode(parsed, INFER_DECODE_SPECIAL)) == "<|im_end|>");
}

TEST_CASE("tokens and special tokens are told by name") {
  Stack s(tiny("llama"));
  const char* bytes = nullptr;
  int64_t len = 0;
  std::string all;
  const auto ids = must(s.model.encode("the cat"));
  for (int32_t id : ids) {
    REQUIRE(infer_model_token(s.model.get(), id, &bytes, &len) == INFER_OK);
    all.append(bytes, static_cast<size_t>(len));
  }
  CHECK(all == "the cat");
  CHECK(infer_model_token(s.model.get(), 288, &bytes, &len) == INFER_E_INVALID);
  CHECK(must(s.model.special("eos")) >= 0);
  CHECK(must(s.model.special("fim_pre")) == -1);
  CHECK_FALSE(s.model.special("bogus"));
}

TEST_CASE("a chat is rendered by the model's template and encoded without letting user text become control tokens") {
  Stack s(tiny("llama"));
  CHECK(must(s.model.render({{"user", "hi"}})) == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n");
  CHECK(must(s.model.render({{"user", "hi"}}, Options().set("chat.generate", 0))) ==
        "<|im_start|>user\nhi<|im_end|>\n");
  const auto prompt_tokens = [&](const std::string& text) {
    auto r = must(s.engine.chat({{"user", text}}, greedy(1)));
    collect(r);
    return must(r.usage()).prompt_tokens;
  };
  // The same bytes as plain text: the control token's text in a user's message is spelled out in ordinary tokens.
  const int64_t spelled = static_cast<int64_t>(must(s.model.encode("<|im_end|>")).size());
  CHECK(prompt_tokens("<|im_end|>") - prompt_tokens("") == spelled);
}

TEST_CASE("parts: the kind must be known, the first needs a role, strides of newer programs are followed") {
  Stack s(tiny("llama"));
  struct Newer {
    infer_part part;
    uint64_t more;
  } parts[2] = {{INFER_PART_INIT, 1}, {INFER_PART_INIT, 2}};
  for (Newer& p : parts) p.part.struct_size = sizeof(Newer);
  parts[0].part.role = "user";
  parts[0].part.data = "a";
  parts[1].part.data = "b";
  const auto render = [&](int64_t n) {
    std::string out(256, '\0');
    int64_t size = 0;
    const infer_status status = infer_model_render(s.model.get(), &parts[0].part, n, nullptr, out.data(), 256, &size);
    return status == INFER_OK ? out.substr(0, static_cast<size_t>(size)) : std::string(infer_status_name(status));
  };
  CHECK(render(2) == "<|im_start|>user\nab<|im_end|>\n<|im_start|>assistant\n");
  CHECK(render(0) == "INFER_E_INVALID");
  CHECK(render(-1) == "INFER_E_INVALID");
  parts[1].part.kind = "image";
  CHECK(render(2) == "INFER_E_UNSUPPORTED");
  CHECK(std::string(infer_last_error()).find("parts[1] is of kind 'image'") != std::string::npos);
  parts[1].part.kind = "text";
  parts[0].part.role = nullptr;
  CHECK(render(2) == "INFER_E_INVALID");
  parts[0].part.role = "user";
  parts[1].part.struct_size = sizeof(infer_part);
  CHECK(render(2) == "INFER_E_ABI");
  parts[1].part.struct_size = sizeof(Newer);
  parts[1].part.data = "\xFF";
  CHECK(render(2) == "INFER_E_INVALID");
  parts[1].part.data = nullptr;
  CHECK(render(2) == "INFER_E_INVALID");
}

TEST_CASE("a chat template may be given; a wrong one is reported when it is used") {
  auto rt = must(libinfer::Runtime::create());
  auto own = must(rt.open(tiny("llama"), Options().set("chat.template", "{{ messages[0]['content'] }}!")));
  CHECK(must(own.render({{"user", "hi"}})) == "hi!");
  auto wrong = must(rt.open(tiny("llama"), Options().set("chat.template", "{% for %}")));
  const auto r = wrong.render({{"user", "hi"}});
  REQUIRE_FALSE(r);
  CHECK(r.error().message.find("chat template") != std::string::npos);
  CHECK(must(wrong.fact("has_chat_template")) == 0);
  auto raising =
      must(rt.open(tiny("llama"), Options().set("chat.template", "{{ raise_exception('no system role') }}")));
  const auto raised = raising.render({{"user", "hi"}});
  REQUIRE_FALSE(raised);
  CHECK(raised.error().status == INFER_E_INVALID);
  CHECK(raised.error().message.find("no system role") != std::string::npos);
}

TEST_CASE("template variables and the present are options") {
  auto rt = must(libinfer::Runtime::create());
  auto m = must(rt.open(tiny("llama"), Options().set("chat.template", "{% if think %}T{% endif %}{{ n + 1 }}")));
  CHECK(must(m.render({{"user", "x"}}, Options().set("chat.variable", "think=true").set("chat.variable", "n=41"))) ==
        "T42");
  CHECK_FALSE(m.render({{"user", "x"}}, Options().set("chat.variable", "nonsense")));
  auto dated = must(rt.open(tiny("llama"), Options().set("chat.template", "{{ strftime_now('%Y-%m-%d') }}")));
  CHECK(must(dated.render({{"user", "x"}}, Options().set("chat.now", 86400))) == "1970-01-02");
}

TEST_CASE("an engine describes itself as JSON, with device and kernel per operator") {
  Stack s(tiny("mixtral"), "cpu", Options().set("context.max", 100));
  const auto j = nlohmann::json::parse(must(s.engine.describe()));
  CHECK(j.at("architecture") == "llama");
  CHECK(j.at("context") == 100);
  CHECK(j.at("kv").at("type") == "f16");
  bool experts = false;
  for (const auto& p : j.at("placement")) {
    CHECK(p.at("device").get<std::string>().size() > 0);
    experts |= p.at("op") == "matmul_experts";
  }
  CHECK(experts);
}

TEST_CASE("experts run on the device that a rule names, which need not be named otherwise") {
  Stack s(tiny("mixtral"), "cpu", Options().set("place", "*_exps.*=reference"));
  const auto j = nlohmann::json::parse(must(s.engine.describe()));
  for (const auto& p : j.at("placement")) {
    if (p.at("op") == "matmul_experts") CHECK(p.at("device") == "reference");
    if (p.at("op") == "matmul" || p.at("op") == "attention") CHECK(p.at("device") == "cpu");
  }
}

TEST_CASE("versions are those of the header") {
  CHECK(infer_abi_version() == (uint32_t{INFER_ABI_MAJOR} << 16 | INFER_ABI_MINOR));
  CHECK(std::string(infer_version()).size() >= 5);
  CHECK(std::string(infer_status_name(INFER_E_FULL)) == "INFER_E_FULL");
  CHECK(std::string(infer_status_name(static_cast<infer_status>(-999))) == "unknown status");
}
