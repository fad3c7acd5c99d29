// run and chat, on every tiny model.
#include <csignal>
#include <thread>

#include "tests/cli/tool.h"

using namespace infer::testing;

TEST_CASE("the likeliest token after the golden prompt is the golden one, on every tiny model") {
  for (const std::string& name : tiny_models()) {
    CAPTURE(name);
    const Golden golden = read_golden("tiny/" + name + ".golden");
    const auto n_prompt = static_cast<size_t>(golden.number("prompt"));
    std::vector<int32_t> tokens = golden.ints("tokens");
    tokens.resize(n_prompt);
    const Output next = run_tool(
        {"eval", tiny(name), "--tokens", join(tokens), "--json", "-o", "device=reference", "-o", "kv.type=f32"});
    REQUIRE(next.exit_code == 0);
    CHECK(next.json()["next"][0]["token"] == golden.ints("greedy")[0]);
  }
}

TEST_CASE("run streams text and then says on stderr what it cost") {
  for (const std::string& name : tiny_models()) {
    CAPTURE(name);
    const Output o = run_tool({"run", tiny(name), "abc", "--max-tokens", "6", "--temperature", "0"});
    CHECK(o.exit_code == 0);
    CHECK(!o.out.empty());
    for (const char* word : {"load", "first token after", "tokens", "peak memory"}) {
      CHECK_MESSAGE(o.err.find(word) != std::string::npos, o.err);
    }
  }
}

TEST_CASE("run --json counts what it made") {
  const Output o = run_tool({"run", tiny("llama"), "abc", "--max-tokens", "5", "-o", "ignore_end=true", "--json"});
  REQUIRE(o.exit_code == 0);
  const Json j = o.json();
  CHECK(j["generated_tokens"] == 5);
  CHECK(j["tokens"].size() == 5);
  CHECK(j["finish"] == "length");
  CHECK(j["prompt_tokens"].get<int>() > 0);
  CHECK(j["peak_memory_bytes"].get<int64_t>() > 0);
  CHECK(j["first_token_ms"].get<double>() > 0);
}

TEST_CASE("run is the same each time, and takes its prompt from standard input, too") {
  const std::vector<std::string> command = {"run", tiny("qwen2"), "abc", "--max-tokens", "8", "--json"};
  const Json first = run_tool(command).json(), second = run_tool(command).json();
  CHECK(first["tokens"] == second["tokens"]);
  const Json piped = run_tool({"run", tiny("qwen2"), "--max-tokens", "8", "--json"}, "abc").json();
  CHECK(piped["tokens"] == first["tokens"]);
}

TEST_CASE("a seed gives the same text again, another seed another") {
  const auto tokens = [](const std::string& seed) {
    return run_tool({"run", tiny("llama"), "abc", "--max-tokens", "16", "--temperature", "1", "--seed", seed, "-o",
                     "ignore_end=true", "--json"})
        .json()["tokens"];
  };
  CHECK(tokens("7") == tokens("7"));
  CHECK(tokens("7") != tokens("8"));
}

TEST_CASE("an option may be said with -o or by its flag, and the flag wins over the default") {
  const auto count = [](std::vector<std::string> more) {
    std::vector<std::string> command = {"run", tiny("llama"), "abc", "-o", "ignore_end=true", "--json"};
    command.insert(command.end(), more.begin(), more.end());
    return run_tool(command).json()["generated_tokens"].get<int>();
  };
  CHECK(count({"--max-tokens", "3"}) == 3);
  CHECK(count({"-o", "max_tokens=4"}) == 4);
  CHECK(count({"-o", "max_tokens=4", "--max-tokens", "3"}) == 3);
}

TEST_CASE("Ctrl-C ends an answer with exit code 130 and its summary") {
  Tool tool({"run", tiny("llama"), "abc", "--max-tokens", "2000000000", "-o", "ignore_end=true", "--ctx", "200000"});
  for (int i = 0; i < 600 && tool.out_so_far().size() < 10; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  kill(tool.pid(), SIGINT);
  const Output o = tool.wait();
  CHECK(o.exit_code == 130);
  CHECK_MESSAGE(o.err.find("ended: cancelled") != std::string::npos, o.err);
}

// A template of two lines, given as an option.
static const std::string kTemplate =
    "chat.template={% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant: ";

TEST_CASE("chat answers each line that is piped in, and each answer is in the next prompt") {
  const Output o = run_tool({"chat", tiny("llama"), "--max-tokens", "4", "--temperature", "0", "--json", "-o",
                             "ignore_end=true", "-o", kTemplate},
                            "hello\n\nagain\n");
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  const auto lines = o.json_lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["generated_tokens"] == 4);
  CHECK(lines[1]["prompt_tokens"].get<int>() > lines[0]["prompt_tokens"].get<int>() + 4);
}

TEST_CASE("a chat that outgrows the context goes on and says what it forgot") {
  std::string lines;
  for (int i = 0; i < 12; ++i) lines += "hello\n";
  const Output o = run_tool({"chat", tiny("llama"), "--max-tokens", "4", "--temperature", "0", "--json", "--system",
                             "be kind", "--ctx", "64", "-o", "ignore_end=true", "-o", kTemplate},
                            lines);
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  CHECK(o.json_lines().size() == 12);
  CHECK_MESSAGE(o.err.find("forgotten") != std::string::npos, o.err);
}

TEST_CASE("a chat whose one question is longer than the context is refused") {
  const Output o = run_tool({"chat", tiny("llama"), "--ctx", "16", "-o", kTemplate}, std::string(400, 'x') + "\n");
  check_refused(o, "the context holds 16");
}

TEST_CASE("/new forgets the conversation and /quit ends it") {
  const Output o =
      run_tool({"chat", tiny("llama"), "--max-tokens", "4", "--temperature", "0", "--json", "-o", kTemplate},
               "hello\n/new\nhello\n/quit\nhello\n");
  REQUIRE(o.exit_code == 0);
  const auto lines = o.json_lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["tokens"] == lines[1]["tokens"]);
}

TEST_CASE("chat without a template is refused") {
  const infer::Folder folder;
  std::string bytes = read_text(tiny("llama"));
  const std::string key = "tokenizer.chat_template";
  bytes.replace(bytes.find(key), key.size(), "tokenizer.shat_template");
  write_text(folder / "model.gguf", bytes);
  check_refused(run_tool({"chat", folder / "model.gguf"}, "hi\n"), "chat template");
}
