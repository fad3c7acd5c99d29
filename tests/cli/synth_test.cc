// synth: files in published shapes that load, run and have the sizes and types they should.
#include "tests/cli/tool.h"

using namespace infer::testing;

namespace {

Output synth(const std::string& path, std::vector<std::string> rest) {
  rest.insert(rest.begin(), {"synth", path, "--tokenizer", tiny("llama")});
  return run_tool(rest);
}

}  // namespace

TEST_CASE("a synthetic file of each dense family loads and answers") {
  const infer::Folder folder;
  for (const char* shape : {"smollm2-135m", "qwen2.5-0.5b", "qwen3-0.6b"}) {
    CAPTURE(shape);
    const std::string path = folder / "m.gguf";
    const Output o = synth(path, {"--shape", shape, "--type", "q4_0", "--layers", "1", "--json"});
    REQUIRE_MESSAGE(o.exit_code == 0, o.err);
    const Json facts = run_tool({"inspect", path, "--json"}).json()["facts"];
    CHECK(facts["n_layer"] == 1);
    CHECK(facts["n_parameters"] == o.json()["parameters"]);
    const Output answer = run_tool(
        {"run", path, "hello", "--raw", "--max-tokens", "3", "--temperature", "0", "--json", "-o", "ignore_end=true"});
    REQUIRE_MESSAGE(answer.exit_code == 0, answer.err);
    CHECK(answer.json()["generated_tokens"] == 3);
  }
}

TEST_CASE("the mix q4_k_m has the types of published files, other ones where rows are not whole blocks") {
  const infer::Folder folder;
  const std::string path = folder / "m.gguf";
  REQUIRE(synth(path, {"--shape", "qwen3-0.6b", "--type", "q4_k_m", "--layers", "2"}).exit_code == 0);
  Json types = run_tool({"inspect", path, "--json"}).json()["types"];
  CHECK(types["q6_k"]["tensors"] == 3);   // V and the second feed-forward matrix of the last layer, and the output
  CHECK(types["q4_k"]["tensors"] == 12);  // all others of the two layers
  REQUIRE(synth(path, {"--shape", "smollm2-135m", "--type", "q4_k_m", "--layers", "2"}).exit_code == 0);
  types = run_tool({"inspect", path, "--json"}).json()["types"];
  CHECK(types["q8_0"]["tensors"] == 2);  // rows of 576: the output and the last layer's V
  CHECK(types["q5_0"]["tensors"] == 11);
  CHECK(types["q6_k"]["tensors"] == 1);  // rows of 1536
  CHECK(types["q4_k"]["tensors"] == 1);
}

TEST_CASE("the same seed gives the same file, another one another file") {
  const infer::Folder folder;
  std::vector<std::string> files;
  for (const char* seed : {"1", "1", "2"}) {
    REQUIRE(synth(folder / "m.gguf", {"--shape", "smollm2-135m", "--type", "q8_0", "--layers", "1", "--seed", seed})
                .exit_code == 0);
    files.push_back(read_text(folder / "m.gguf"));
  }
  CHECK(files[0] == files[1]);
  CHECK(files[0] != files[2]);
}

TEST_CASE("synth refuses what it does not know, naming what it does") {
  const infer::Folder folder;
  const std::string path = folder / "m.gguf";
  const Output shape = synth(path, {"--shape", "gpt-9", "--type", "q8_0"});
  CHECK(shape.exit_code == 2);
  CHECK_MESSAGE(shape.err.find("llama-3.2-1b") != std::string::npos, shape.err);
  const Output type = synth(path, {"--shape", "smollm2-135m", "--type", "q9"});
  CHECK(type.exit_code == 2);
  CHECK_MESSAGE(type.err.find("q4_k_m") != std::string::npos, type.err);
  const Output unwritable =
      synth(folder / "no/such/m.gguf", {"--shape", "smollm2-135m", "--type", "q8_0", "--layers", "1"});
  CHECK(unwritable.exit_code == 1);
  CHECK(!unwritable.err.empty());
  const Output tokenizer =
      run_tool({"synth", path, "--shape", "smollm2-135m", "--type", "q8_0", "--tokenizer", folder / "none.gguf"});
  CHECK(tokenizer.exit_code == 1);
  CHECK_MESSAGE(tokenizer.err.find("none.gguf") != std::string::npos, tokenizer.err);
}

TEST_CASE("synth does not overwrite the file that it takes the tokenizer from") {
  const infer::Folder folder;
  const std::string path = folder / "m.gguf", before = read_text(tiny("llama"));
  write_text(path, before);
  const Output o = run_tool({"synth", folder / "./m.gguf", "--shape", "smollm2-135m", "--type", "q8_0", "--layers", "1",
                             "--tokenizer", path});
  CHECK(o.exit_code == 2);
  CHECK(read_text(path) == before);
}
