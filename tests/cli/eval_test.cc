// eval, tokenize and perplexity, on every tiny model.
#include <cmath>

#include "tests/cli/tool.h"

using namespace infer::testing;

TEST_CASE("eval writes the golden logits of every tiny model") {
  const infer::Folder folder;
  for (const std::string& name : tiny_models()) {
    CAPTURE(name);
    const Golden golden = read_golden("tiny/" + name + ".golden");
    const auto tokens = golden.ints("tokens");
    const std::string path = folder / "logits.npy";
    for (const char* device : {"reference", "cpu"}) {
      CAPTURE(device);
      const Output o = run_tool({"eval", tiny(name), "--tokens", join(tokens), "--logits", path, "-o",
                                 std::string("device=") + device, "-o", "kv.type=f32"});
      REQUIRE_MESSAGE(o.exit_code == 0, o.err);
      const Array logits = read_npy(path);
      CHECK(logits.rows == static_cast<int64_t>(tokens.size()));
      CHECK(logits.cols == golden.number("n_vocab"));
      REQUIRE(logits.values.size() == golden.data.size());
      CHECK(nmse(logits.values, golden.data) <= 1e-6);
    }
  }
}

TEST_CASE("eval --json says what it did and what comes next") {
  const Json j = run_tool({"eval", tiny("llama"), "--tokens", "1,2,3", "--json", "--top", "4"}).json();
  CHECK(j["n_tokens"] == 3);
  CHECK(j["n_vocab"] == 288);
  REQUIRE(j["next"].size() == 4);
  double before = INFINITY, sum = 0;
  for (const Json& row : j["next"]) {
    CHECK(row["logit"].get<double>() <= before);
    before = row["logit"].get<double>();
    sum += std::exp(row["logprob"].get<double>());
  }
  CHECK(sum <= 1.0);
  CHECK(sum > 4.0 / 288);
}

TEST_CASE("eval refuses token ids that the vocabulary does not have, and a folder that is not there") {
  check_refused(run_tool({"eval", tiny("llama"), "--tokens", "1,288"}), "288");
  check_refused(run_tool({"eval", tiny("llama"), "--tokens", "1", "--logits", "/no/such/folder/x.npy"}),
                "cannot write");
}

TEST_CASE("tokenize and back gives the text, on every tiny model") {
  const std::string text = "Hello, world 123";
  for (const std::string& name : tiny_models()) {
    CAPTURE(name);
    const Output o = run_tool({"tokenize", tiny(name), text, "--plain", "--json"});
    REQUIRE_MESSAGE(o.exit_code == 0, o.err);
    const Json j = o.json();
    CHECK(j["n_tokens"] == j["tokens"].size());
    CHECK(j["pieces"].size() == j["tokens"].size());
    const Output back =
        run_tool({"tokenize", tiny(name), "--tokens", join(j["tokens"].get<std::vector<int32_t>>()), "--json"});
    REQUIRE_MESSAGE(back.exit_code == 0, back.err);
    CHECK(back.json()["text"] == text);
  }
}

TEST_CASE("tokenize reads standard input and prints a line per token") {
  const Output o = run_tool({"tokenize", tiny("llama"), "--plain"}, "ab");
  REQUIRE(o.exit_code == 0);
  CHECK_MESSAGE(o.out.find(" tokens\n") != std::string::npos, o.out);
}

TEST_CASE("perplexity agrees with the logits that eval writes") {
  const infer::Folder folder;
  const std::string text = "The quick brown fox jumps over the lazy dog.";
  write_text(folder / "text", text);
  for (const std::string& name : tiny_models()) {
    CAPTURE(name);
    const Output o = run_tool({"perplexity", tiny(name), "--text", folder / "text", "--json", "--ctx", "256"});
    REQUIRE_MESSAGE(o.exit_code == 0, o.err);
    const auto tokens = run_tool({"tokenize", tiny(name), text, "--json"}).json()["tokens"].get<std::vector<int32_t>>();
    CHECK(o.json()["scored"] == tokens.size() - 1);
    REQUIRE(run_tool({"eval", tiny(name), "--tokens", join(tokens), "--logits", folder / "l.npy"}).exit_code == 0);
    const Array a = read_npy(folder / "l.npy");
    double loss = 0;
    for (int64_t i = 0; i + 1 < a.rows; ++i) {
      const float* row = a.values.data() + i * a.cols;
      double sum = 0;
      for (int64_t k = 0; k < a.cols; ++k) sum += std::exp(static_cast<double>(row[k]));
      loss += std::log(sum) - row[tokens[static_cast<size_t>(i + 1)]];
    }
    const double expected = std::exp(loss / static_cast<double>(a.rows - 1));
    CHECK(o.json()["perplexity"].get<double>() == doctest::Approx(expected).epsilon(1e-6));
  }
}

TEST_CASE("perplexity of a text in windows scores the second half of each") {
  const infer::Folder folder;
  std::string text;
  for (int i = 0; i < 40; ++i) text += "some words here ";
  write_text(folder / "text", text);
  const Json j = run_tool({"perplexity", tiny("llama"), "--text", folder / "text", "--json", "--ctx", "32"}).json();
  const int windows = j["tokens"].get<int>() / 32;
  REQUIRE(windows > 1);
  CHECK(j["scored"] == windows * 15);
}

TEST_CASE("perplexity refuses a text that is not there or too short") {
  const infer::Folder folder;
  check_refused(run_tool({"perplexity", tiny("llama"), "--text", folder / "none"}), "cannot open");
  write_text(folder / "empty", "");
  check_refused(run_tool({"perplexity", tiny("llama"), "--text", folder / "empty"}), "too few");
}
