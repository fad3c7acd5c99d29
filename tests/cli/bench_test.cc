// bench: every line it promises, with numbers that can be.
#include <map>

#include "tests/cli/tool.h"

using namespace infer::testing;

TEST_CASE("bench --json gives a line per measurement beside the machine's limits") {
  const Output o = run_tool(
      {"bench", tiny("llama"), "-p", "32", "-n", "8", "-b", "1,2", "-d", "0,16", "-t", "2", "-r", "2", "--json"});
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  std::map<std::string, int> lines;
  for (const Json& line : o.json_lines()) {
    const auto kind = line["kind"].get<std::string>();
    ++lines[kind];
    if (kind == "prefill" || kind == "decode") {
      CHECK(line["tokens_per_s"].get<double>() > 0);
      CHECK(line["samples"].size() == 2);
      CHECK(line["fraction_of_limit"].get<double>() > 0);
      CHECK(line["tokens"] == (kind == "prefill" ? 32 : 8));
    } else if (kind == "machine") {
      CHECK(line["threads"] == 2);
      CHECK(line["read_bytes_per_s"].get<double>() > 1e8);
      CHECK(line["int8_ops_per_s"].get<double>() > 1e8);
      CHECK(line["f32_ops_per_s"].get<double>() > 1e8);
    } else if (kind == "memory") {
      CHECK(line["peak_bytes"].get<int64_t>() > line["kv_bytes"].get<int64_t>());
    } else if (kind == "load") {
      CHECK(line["file_ms"].get<double>() > 0);
    } else if (kind == "kernel") {
      CHECK(!line["kernel"].get<std::string>().empty());
    }
  }
  CHECK(lines["prefill"] == 4);
  CHECK(lines["decode"] == 4);
  for (const char* kind : {"machine", "load", "memory"}) CHECK(lines[kind] == 1);
  CHECK(lines["kernel"] > 3);
}

TEST_CASE("-p 0 and -n 0 leave a kind out") {
  const auto kinds = [](const std::string& p, const std::string& n) {
    std::map<std::string, int> lines;
    for (const Json& line : run_tool({"bench", tiny("qwen3"), "-p", p, "-n", n, "-r", "1", "--json"}).json_lines()) {
      ++lines[line["kind"].get<std::string>()];
    }
    return lines;
  };
  auto only_prefill = kinds("16", "0"), only_decode = kinds("0", "4");
  CHECK(only_prefill["prefill"] == 1);
  CHECK(only_prefill["decode"] == 0);
  CHECK(only_decode["prefill"] == 0);
  CHECK(only_decode["decode"] == 1);
}

TEST_CASE("bench as text names the kernel per operator and the fraction of the limit, on every tiny model") {
  for (const std::string& name : tiny_models()) {
    CAPTURE(name);
    const Output o = run_tool({"bench", tiny(name), "-p", "8", "-n", "2", "-r", "1"});
    REQUIRE_MESSAGE(o.exit_code == 0, o.err);
    for (const char* word : {"machine", "load", "memory", "matmul", "prefill", "decode", "of limit"}) {
      CHECK(o.out.find(word) != std::string::npos);
    }
  }
}
