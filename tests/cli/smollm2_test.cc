// The tool on SmolLM2-135M-Instruct, as `./dev run` uses it.
#include <algorithm>

#include "tests/cli/tool.h"

using namespace infer::testing;

namespace {

// The model's path, or the end of the program with a failure that says what is missing.
std::string model() {
  const std::string path = INFER_SMOLLM2;
  REQUIRE_MESSAGE(std::filesystem::exists(path), "SmolLM2 is not at '", path,
                  "': configure with -DINFER_SMOLLM2=FILE (packaging/model.sh fetches it)");
  return path;
}

}  // namespace

TEST_CASE("asked for the capital of France, SmolLM2 says Paris") {
  const Output o = run_tool({"run", model(), "Name the capital of France.", "--max-tokens", "24"});
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  CHECK_MESSAGE(o.out.find("Paris") != std::string::npos, o.out);
}

TEST_CASE("an answer is held to a JSON schema, an expression, a grammar, a choice") {
  const auto answer = [](std::vector<std::string> how) {
    std::vector<std::string> all{"run",           model(), "Describe the city of Paris.", "--max-tokens", "120",
                                 "--temperature", "0"};
    all.insert(all.end(), how.begin(), how.end());
    const Output o = run_tool(all);
    REQUIRE_MESSAGE(o.exit_code == 0, o.err);
    return o.out;
  };
  const Json city =
      Json::parse(answer({"--json-schema", R"({"type": "object", "required": ["name", "capital", "inhabitants", "kind"],
    "properties": {"name": {"type": "string", "maxLength": 20}, "capital": {"type": "boolean"},
      "inhabitants": {"type": "integer", "minimum": 1000, "maximum": 20000000}, "kind": {"enum": ["city", "village"]}},
    "additionalProperties": false})"}));
  CHECK(city["name"].is_string());
  CHECK(city["capital"].is_boolean());
  CHECK(city["inhabitants"].get<int>() >= 1000);
  CHECK((city["kind"] == "city" || city["kind"] == "village"));
  CHECK(answer({"--regex", "(Paris|London) has [1-9][0-9]{0,2},[0-9]{3},[0-9]{3} inhabitants\\."})
            .find(" inhabitants.\n") != std::string::npos);
  const std::string list = answer({"--grammar", "root ::= item{3}\nitem ::= \"- \" [A-Za-z ]{3,30} \"\\n\""});
  CHECK(std::count(list.begin(), list.end(), '-') == 3);
  const std::string chosen = answer({"--choice", "beautiful", "--choice", "ugly"});
  CHECK((chosen == "beautiful\n" || chosen == "ugly\n"));
  const std::string call = answer(
      {"--tags",
       R"({"free_text": false, "stop_after_first": true, "tags": [{"begin": "<call>{\"name\": \"weather\", \"arguments\": ",
    "schema": {"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"],
               "additionalProperties": false}, "end": "}</call>"}]})"});
  REQUIRE_MESSAGE((call.starts_with("<call>") && call.ends_with("</call>\n")), call);
  const Json inner = Json::parse(call.substr(6, call.size() - 6 - 8));
  CHECK(inner["name"] == "weather");
  CHECK(inner["arguments"]["city"].is_string());
  const Output refused = run_tool({"run", model(), "x", "--json-schema", R"({"type": "object", "minContains": 2})"});
  CHECK(refused.exit_code != 0);
  CHECK_MESSAGE(refused.err.find("minContains") != std::string::npos, refused.err);
}

TEST_CASE("text continues as text with --raw") {
  const Output o =
      run_tool({"run", model(), "The capital of France is", "--raw", "--max-tokens", "1", "--temperature", "0"});
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  CHECK(o.out == " Paris\n");
}

TEST_CASE("SmolLM2 answers in a piped chat") {
  const Output o =
      run_tool({"chat", model(), "--temperature", "0", "--max-tokens", "16"}, "Name the capital of France.\n");
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  CHECK_MESSAGE(o.out.find("Paris") != std::string::npos, o.out);
}

TEST_CASE("a user's text never becomes a control token") {
  const Json plain = run_tool({"tokenize", model(), "<|im_end|>", "--json"}).json();
  const Json parsed = run_tool({"tokenize", model(), "<|im_end|>", "--parse", "--json"}).json();
  CHECK(plain["n_tokens"].get<int>() > 1);
  CHECK(parsed["tokens"] == Json::array({2}));
}

TEST_CASE("inspect tells SmolLM2's sizes") {
  const Json j = run_tool({"inspect", model(), "--json"}).json();
  CHECK(j["facts"]["n_vocab"] == 49152);
  CHECK(j["facts"]["n_layer"] == 30);
  CHECK(j["facts"]["has_chat_template"] == true);
  CHECK(j["types"]["q4_1"]["tensors"] == 210);
}

TEST_CASE("eval writes SmolLM2's logits") {
  const infer::Folder folder;
  const Output o =
      run_tool({"eval", model(), "--tokens", "504,3575,282,4649,314", "--logits", folder / "l.npy", "--json"});
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  const Array a = read_npy(folder / "l.npy");
  CHECK(a.rows == 5);
  CHECK(a.cols == 49152);
  CHECK(o.json()["next"][0]["text"] == " Paris");
}

TEST_CASE("a context larger than memory is refused with what would fit") {
  check_refused(run_tool({"run", model(), "x", "--ctx", "16777216"}), "context.max");
}

TEST_CASE("SmolLM2 expects English text") {
  const Output o =
      run_tool({"perplexity", model(), "--text", golden_path("smollm2/text.txt"), "--ctx", "256", "--json"});
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  CHECK(o.json()["perplexity"].get<double>() < 40);
  CHECK(o.json()["perplexity"].get<double>() > 5);
}

TEST_CASE("bench measures SmolLM2 and memory stays within weights, KV cache and 64 MiB") {
  const Output o = run_tool({"bench", model(), "-p", "64", "-n", "8", "-r", "1", "--json"});
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  int seen = 0;
  for (const Json& line : o.json_lines()) {
    if (line["kind"] == "memory") {
      ++seen;
#if !defined(__SANITIZE_ADDRESS__)
      const int64_t allowed = line["weight_bytes"].get<int64_t>() + line["kv_bytes"].get<int64_t>() + (64 << 20);
      CHECK(line["peak_bytes"].get<int64_t>() <= allowed);
#endif
    }
    if (line["kind"] == "decode") {  // its weights do not fit a cache: memory is the limit
      ++seen;
      CHECK(line["fraction_of_limit"].get<double>() > 0);
      CHECK(line["fraction_of_limit"].get<double>() <= 1);
    }
  }
  CHECK(seen == 2);
}

#ifdef INFER_WITH_VULKAN
TEST_CASE("SmolLM2 says on a Vulkan device what it says on the processor") {
  std::vector<Output> answers;  // lavapipe takes seconds for each token
  for (const char* device : {"vulkan:0", "cpu"})
    answers.push_back(run_tool({"run", model(), "The capital of France is", "--raw", "--max-tokens", "8",
                                "--temperature", "0", "--device", device}));
  REQUIRE_MESSAGE(answers[0].exit_code == 0, answers[0].err);
  CHECK(answers[0].out == answers[1].out);
}

TEST_CASE("a Vulkan device that is lost ends the answer by a sentence") {
  const Output o = run_tool(
      {"run", model(), "Hello", "--raw", "--max-tokens", "8", "--device", "vulkan:0", "-o", "vulkan.fault.lost=2"});
  CHECK(o.exit_code == 1);
  CHECK_MESSAGE(o.err.find("lost") != std::string::npos, o.err);
}
#endif

TEST_CASE("SmolLM2 calls a tool, and reads what it gave") {
  const std::string tools = R"([{"type": "function", "function": {"name": "weather", "parameters": {"type": "object",
    "properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"], "additionalProperties": false}}}])";
  const std::vector<std::string> words = {"chat",          model(), "--tools",      tools, "--tool-choice", "required",
                                          "--temperature", "0",     "--max-tokens", "60",  "--json"};
  const Output o = run_tool(words, "What is the weather in Paris?\n{\"sky\": \"rain\"}\n");
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  const auto lines = o.json_lines();
  REQUIRE(lines.size() == 2);
  const Json& call = lines[0]["tool_calls"][0]["function"];
  CHECK(call["name"] == "weather");
  CHECK(Json::parse(call["arguments"].get<std::string>())["city"] == "Paris");
  CHECK(lines[1]["prompt_tokens"].get<int>() > lines[0]["prompt_tokens"].get<int>() + 20);  // call and result
  // Without a result it ends there.
  CHECK(run_tool(words, "What is the weather in Paris?\n").json_lines().size() == 1);
  // A call that is cut off is none.
  std::vector<std::string> few = words;
  *std::find(few.begin(), few.end(), "60") = "12";
  const auto cut = run_tool(few, "What is the weather in Paris?\n").json_lines();
  REQUIRE(cut.size() == 1);
  CHECK(!cut[0].contains("tool_calls"));
  CHECK(cut[0]["finish"] == "length");
  const Output refused = run_tool({"chat", model(), "--tools", tools, "--tool-choice", "other"}, "hi\n");
  CHECK(refused.exit_code != 0);
  CHECK_MESSAGE(refused.err.find("other") != std::string::npos, refused.err);
}
