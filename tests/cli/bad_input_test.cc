// What a person may do wrong: each a sentence that says what to do, never a crash.
#include "tests/cli/tool.h"

using namespace infer::testing;

namespace {

// Every subcommand that opens a model.
std::vector<std::vector<std::string>> commands(const std::string& file, const std::string& text_file) {
  return {{"run", file, "x"},
          {"chat", file},
          {"inspect", file},
          {"tokenize", file, "x"},
          {"eval", file, "--tokens", "1"},
          {"perplexity", file, "--text", text_file},
          {"bench", file, "-r", "1"}};
}

void check_all_refuse(const std::string& file, const std::string& word) {
  const infer::Folder folder;
  write_text(folder / "text", "some text");
  for (const auto& command : commands(file, folder / "text")) {
    CAPTURE(command[0]);
    check_refused(run_tool(command, "hello\n"), word);
  }
}

}  // namespace

TEST_CASE("a missing file is refused") {
  const infer::Folder folder;
  check_all_refuse(folder / "none.gguf", "no such file");
}

TEST_CASE("a directory is refused") {
  const infer::Folder folder;
  check_all_refuse(folder.path.string(), "directory");
}

TEST_CASE("an empty file is refused") {
  const infer::Folder folder;
  write_text(folder / "empty.gguf", "");
  check_all_refuse(folder / "empty.gguf", "empty");
}

TEST_CASE("a text file is refused") {
  const infer::Folder folder;
  write_text(folder / "text.gguf", "This is not a model, but a text that is long enough to hold a header.\n");
  check_all_refuse(folder / "text.gguf", "not a GGUF file");
}

TEST_CASE("a GGUF of an unknown family cannot be run, but be looked at") {
  const infer::Folder folder;
  // The family's name is in the value of general.architecture and in keys of its own: the same length keeps the file
  // whole.
  std::string bytes = read_text(tiny("llama"));
  for (size_t at = bytes.find("llama"); at != std::string::npos; at = bytes.find("llama", at))
    bytes.replace(at, 5, "lemur");
  write_text(folder / "lemur.gguf", bytes);
  check_refused(run_tool({"run", folder / "lemur.gguf", "x"}), "lemur");
  check_refused(run_tool({"eval", folder / "lemur.gguf", "--tokens", "1"}), "lemur");
  const Output o = run_tool({"inspect", folder / "lemur.gguf", "--json"});
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  CHECK(o.json()["runnable"] == false);
  CHECK(o.json()["reason"].get<std::string>().find("lemur") != std::string::npos);
}

TEST_CASE("a prompt longer than the context is refused with both numbers") {
  const std::string prompt(100, 'x');
  const Output o = run_tool({"run", tiny("llama"), prompt, "--ctx", "16"});
  check_refused(o, "16");
}

TEST_CASE("keys and values in blocks are refused for heads that are not made of them") {
  check_refused(run_tool({"run", tiny("llama"), "x", "-o", "kv.type=q8_0"}), "set kv.type to f16");  // heads of 12
}

TEST_CASE("a context larger than memory is refused with what would fit") {
  check_refused(run_tool({"run", tiny("llama"), "x", "--ctx", "16777216", "-o", "memory.max=1000000"}), "context");
}

TEST_CASE("an option that neither the library nor a backend has is refused by name") {
  check_refused(run_tool({"run", tiny("llama"), "x", "-o", "no.such.option=1"}), "no.such.option");
  check_refused(run_tool({"run", tiny("llama"), "x", "-o", "cpu.no_such=1"}), "cpu.no_such");
}

TEST_CASE("a rule for devices that fits nothing is refused by name") {
  const auto run = [](const char* rule) {
    return run_tool({"run", tiny("mixtral"), "x", "-o", std::string("place=") + rule});
  };
  check_refused(run("0..11"), "is not WHAT=DEVICE");
  check_refused(run("=cpu"), "is not WHAT=DEVICE");
  check_refused(run("99=cpu"), "the model has no layer 99");
  check_refused(run("*.no_such.*=cpu"), "no weight is called like '*.no_such.*'");
  check_refused(run("0=no_such_device"), "no_such_device");
}

TEST_CASE("a wrong command line is exit code 2 and points to the help") {
  const std::string file = tiny("llama");
  const std::vector<std::vector<std::string>> wrong = {
      {"frobnicate"},
      {"run"},
      {"run", file, "x", "--no-such-flag"},
      {"run", file, "x", "-o", "temperature"},
      {"run", file, "x", "--temperature", "hot"},
      {"run", file, "x", "--temperature", "-1"},
      {"run", file, "x", "--max-tokens", "0"},
      {"eval", file},
      {"eval", file, "--tokens", "1,x"},
      {"perplexity", file},
      {"bench", file, "-b", "0"},
      {"tokenize", file, "x", "--tokens", "1"},
      {"help", "nothing"},
  };
  for (const auto& command : wrong) {
    std::string line;
    for (const auto& word : command) line += word + " ";
    CAPTURE(line);
    const Output o = run_tool(command);
    CHECK(o.exit_code == 2);
    CHECK(o.out.empty());
    CHECK_MESSAGE(o.err.rfind("error: ", 0) == 0, o.err);
    CHECK_MESSAGE(o.err.find("\nhint: ") != std::string::npos, o.err);
  }
}
