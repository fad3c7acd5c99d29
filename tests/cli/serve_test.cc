// bench serve: what its lines promise, and loads that are read back.
#include <fstream>
#include <map>

#include "tests/cli/tool.h"

using namespace infer::testing;

namespace {

std::vector<std::string> serve(std::vector<std::string> more) {
  std::vector<std::string> words = {"bench", "serve", tiny("llama"), "--json", "-p", "4,20", "-g", "2,8"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::map<std::string, Json> by_kind(const Output& o) {
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  std::map<std::string, Json> lines;
  for (const Json& line : o.json_lines()) lines[line["kind"].get<std::string>()] = line;
  return lines;
}

}  // namespace

TEST_CASE("bench serve says what requests waited, what came, and what the engine did") {
  auto lines = by_kind(run_tool(serve({"-n", "30", "--concurrency", "8"})));
  const Json& all = lines.at("serve");
  CHECK(all["requests"] == 30);
  CHECK(all["failed"] == 0);
  CHECK(all["tokens_per_s"].get<double>() > 0);
  CHECK(all["generated_tokens"].get<int64_t>() >= 30 * 2);
  CHECK(all["generated_tokens"].get<int64_t>() <= 30 * 8);
  CHECK(all["prompt_tokens"].get<int64_t>() <= 30 * 20);
  for (const char* key : {"first_token_ms", "between_tokens_ms", "request_ms"}) {
    const Json& p = all[key];
    CHECK(p["p50"].get<double>() >= 0);  // on a busy machine tokens come two by two
    CHECK(p["max"].get<double>() > 0);
    CHECK(p["p50"] <= p["p95"]);
    CHECK(p["p95"] <= p["p99"]);
    CHECK(p["p99"] <= p["max"]);
  }
  CHECK(all["pages_used"].get<double>() <= all["most_pages_used"].get<double>());
  const Json& engine = lines.at("engine");
  CHECK(engine["steps"].get<int64_t>() > 0);
  CHECK(engine["plan_share"].get<double>() < 1);
}

TEST_CASE("a shared text is found, turns go on behind each other, urgent requests have lines of their own") {
  auto shared = by_kind(run_tool(serve({"-n", "10", "--concurrency", "1", "--shared", "1", "--shared-tokens", "100"})));
  CHECK(shared.at("engine")["prefix_hits"].get<double>() > 0.7);
  auto turns = by_kind(run_tool(serve({"-n", "12", "--concurrency", "2", "--turns", "6"})));
  CHECK(turns.at("serve")["requests"] == 12);
  CHECK(turns.at("engine")["prefix_hits"].get<double>() > 0.4);
  auto urgent = by_kind(run_tool(serve({"-n", "40", "--rate", "500", "--burst", "10", "--high", "0.5"})));
  CHECK(urgent.count("class") == 1);
}

TEST_CASE("the load is the same for the same seed, and a trace of it can be replayed") {
  const infer::Folder folder;
  const auto load = [&](const char* name, const char* seed) {
    const std::string path = folder / name;
    by_kind(run_tool(serve({"-n", "6", "--seed", seed, "--write-load", path, "--trace", folder / "trace", "--html",
                            folder / "page.html"})));
    return read_text(path);
  };
  const std::string first = load("a", "7");
  CHECK(first == load("b", "7"));
  CHECK(first != load("c", "8"));
  CHECK(read_text(folder / "page.html").find("<svg") != std::string::npos);
  const Json trace = Json::parse(read_text(folder / "trace"));
  CHECK(trace["traceEvents"].size() > 20);
  auto again = by_kind(run_tool(serve({"--replay", folder / "trace"})));
  CHECK(again.at("serve")["requests"] == 6);
}

TEST_CASE("infer top shows what an engine of another program has counted") {
  const infer::Folder folder;
  by_kind(run_tool(serve({"-n", "20", "--metrics", folder / "metrics"})));
  const Output o = run_tool({"top", folder / "metrics", "--once"});
  CHECK(o.exit_code == 0);
  for (const char* word : {"requests", "running", "pages", "steps", "first token", "p99"})
    CHECK(o.out.find(word) != std::string::npos);
  check_refused(run_tool({"top", folder / "absent"}), "absent");
  write_text(folder / "other", "# nothing\n");
  check_refused(run_tool({"top", folder / "other"}), "metrics");
}

TEST_CASE("bench serve refuses what it cannot send, and says when requests failed") {
  const infer::Folder folder;
  write_text(folder / "bad", "{\"traceEvents\": [{\"name\": \"request\", \"ph\": \"b\", \"args\": {\"prompt\": -4}}]}");
  check_refused(run_tool(serve({"--replay", folder / "bad"})), "request");
  write_text(folder / "bad", "[1, 2");
  check_refused(run_tool(serve({"--replay", folder / "bad"})), "trace");
  check_refused(run_tool(serve({"--replay", folder / "absent"})), "absent");
  CHECK(run_tool({"bench", "serve"}).exit_code == 2);
  CHECK(run_tool({"bench"}).exit_code == 2);
  CHECK(run_tool(serve({"-n", "0"})).exit_code == 2);
  const Output o = run_tool({"bench", "serve", tiny("llama"), "-n", "3", "-o", "context.max=16", "-p", "20"});
  CHECK(o.exit_code == 1);
  CHECK(o.err.find("request 0 failed: the prompt has 20 tokens") != std::string::npos);
}
