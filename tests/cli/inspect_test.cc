// inspect, doctor, help.
#include <set>

#include "tests/cli/tool.h"

using namespace infer::testing;

TEST_CASE("inspect lists facts, metadata and tensors of every tiny model, and the bytes add up") {
  for (const std::string& name : tiny_models()) {
    CAPTURE(name);
    const Output o = run_tool({"inspect", tiny(name), "--json"});
    REQUIRE_MESSAGE(o.exit_code == 0, o.err);
    const Json j = o.json();
    CHECK(j["runnable"] == true);
    CHECK(j["facts"]["n_vocab"] == 288);
    CHECK(j["facts"]["has_tokenizer"] == true);
    CHECK(j["metadata"].contains("general.architecture"));
    int64_t tensors = 0, bytes = 0;
    for (const auto& [type, sums] : j["types"].items()) {
      tensors += sums["tensors"].get<int64_t>();
      bytes += sums["bytes"].get<int64_t>();
    }
    CHECK(tensors == static_cast<int64_t>(j["tensors"].size()));
    CHECK(bytes == j["facts"]["weight_bytes"].get<int64_t>());
    CHECK(bytes < j["facts"]["file_bytes"].get<int64_t>());
    const Output text = run_tool({"inspect", tiny(name)});
    CHECK(text.exit_code == 0);
    for (const char* word : {"Facts\n", "Metadata\n", "Tensors\n", "Bytes per type\n", "token_embd.weight"}) {
      CHECK(text.out.find(word) != std::string::npos);
    }
  }
}

TEST_CASE("doctor names backends and devices") {
  const Output o = run_tool({"doctor", "--json"});
  REQUIRE(o.exit_code == 0);
  const Json j = o.json();
  CHECK(j["ok"] == true);
  std::set<std::string> loaded, devices;
  for (const Json& b : j["backends"]) {
    if (b["loaded"] == true) loaded.insert(b["name"].get<std::string>());
  }
  for (const Json& d : j["devices"]) devices.insert(d["backend"].get<std::string>());
  CHECK(loaded.count("reference") == 1);
  CHECK(loaded.count("cpu") == 1);
  CHECK(devices == loaded);
  CHECK(j["devices"][0]["backend"] == "cpu");
  CHECK(j["cpu"]["threads"].get<int>() > 0);
  const Output text = run_tool({"doctor"});
  CHECK(text.out.find("oneDNN") != std::string::npos);
  CHECK(text.out.find("Models can run here.") != std::string::npos);
}

TEST_CASE("doctor says why a plugin was refused, and fails when no device is left") {
  const infer::Folder folder;
  write_text(folder / "libinfer-broken.json",
             "{\"name\": \"broken\", \"library\": \"libinfer-broken.so\", \"abi_major\": 0, \"abi_minor\": 1}\n");
  write_text(folder / "libinfer-broken.so", "not a library");
  const Output o = run_tool({"doctor", "--json", "-o", "backend.path=" + folder.path.string()});
  CHECK(o.exit_code == 0);
  bool found = false;
  const Json j = o.json();
  for (const Json& b : j["backends"]) {
    if (b["name"] != "broken") continue;
    found = true;
    CHECK(b["loaded"] == false);
    CHECK(!b["note"].get<std::string>().empty());
  }
  CHECK(found);
}

TEST_CASE("help lists subcommands and every option of the library") {
  const Output help = run_tool({"help"});
  CHECK(help.exit_code == 0);
  for (const char* word : {"run", "chat", "inspect", "tokenize", "eval", "perplexity", "bench", "doctor"}) {
    CHECK(help.out.find(word) != std::string::npos);
    CHECK(run_tool({word, "--help"}).exit_code == 0);
  }
  const Output options = run_tool({"help", "options"});
  CHECK(options.exit_code == 0);
  const Json rows = run_tool({"help", "options", "--json"}).json();
  CHECK(rows.size() > 30);
  for (const Json& row : rows) CHECK(options.out.find(row["key"].get<std::string>()) != std::string::npos);
  CHECK(run_tool({"run", "--help-options"}).out == options.out);
  CHECK(run_tool({"--version"}).exit_code == 0);
}
