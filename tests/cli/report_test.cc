// bench --html, --operators and -t with several numbers; what repetitions come to.
#include <cmath>
#include <filesystem>
#include <map>

#include "examples/infer/bench/repetitions.h"
#include "examples/infer/bench/results.h"
#include "examples/infer/handles.h"
#include "tests/cli/tool.h"

using namespace infer::testing;
using infer::Folder;
namespace fs = std::filesystem;
namespace tool = infer::tool;

namespace {

size_t count(const std::string& text, const std::string& word) {
  size_t n = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("--html writes one page that needs nothing else, and the lines beside it as JSON") {
  const Folder folder;
  const std::string model = folder / "a<b>&.gguf";
  fs::copy_file(tiny("llama"), model);
  Output o;
  for (int i = 0; i < 3; ++i) {  // where neighbours slowed the probes, it asks to be repeated
    o = run_tool({"bench", model, "-p", "8", "-n", "4", "-b", "1,2", "-d", "0,4", "-t", "1,2", "-r", "1", "--json",
                  "--html", folder / "out.html"});
    if (o.err.find("of what the machine allows") == std::string::npos) break;
  }
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  const std::string page = read_text(folder / "out.html");
  CHECK(page.rfind("<!doctype html>", 0) == 0);
  CHECK(count(page, "<svg ") == count(page, "</svg>"));
  CHECK(count(page, "<svg ") == 8);  // two kinds by batch, depth, threads; memory; operators
  CHECK(count(page, "http") == 0);
  CHECK(count(page, "a&lt;b&gt;&amp;.gguf") >= 1);
  CHECK(count(page, "a<b>") == 0);
  CHECK(count(page, "nan") == 0);
  const Json lines = Json::parse(read_text(folder / "out.json"), nullptr, false);
  REQUIRE(lines.is_array());
  CHECK(lines == Json(o.json_lines()));
  size_t files = 0;
  for ([[maybe_unused]] const auto& e : fs::directory_iterator(folder.path)) ++files;
  CHECK(files == 3);  // nothing unfinished stays
}

TEST_CASE("a report that cannot be written is refused before anything is measured") {
  const Folder folder;
  check_refused(run_tool({"bench", tiny("llama"), "--html", folder / "absent/out.html"}), "absent/out.html");
  fs::create_directory(folder / "taken.html");
  fs::create_directory(folder / "beside.json");
  const Output directory = run_tool({"bench", tiny("llama"), "--html", folder / "taken.html"});
  CHECK(directory.exit_code == 2);
  CHECK(directory.err.find("is a directory") != std::string::npos);
  CHECK(run_tool({"bench", tiny("llama"), "--html", folder / "beside.html"}).exit_code == 2);
}

TEST_CASE("--operators: shares of the time add up, and a prompt of one step reads every weight that multiplies once") {
  for (const char* name : {"llama", "qwen3"}) {
    CAPTURE(name);
    const Output o = run_tool({"bench", tiny(name), "-p", "8", "-n", "4", "-r", "1", "--json", "--operators"});
    REQUIRE_MESSAGE(o.exit_code == 0, o.err);
    std::map<std::string, double> share;
    double bytes = 0;
    for (const Json& line : o.json_lines()) {
      if (line["kind"] != "operator") continue;
      CHECK(line["ms"].get<double>() > 0);
      share[line["phase"].get<std::string>()] += line["share"].get<double>();
      if (line["phase"] == "prefill" && line["op"] == "matmul") bytes += line["bytes_read"].get<double>();
      if (line["op"] == "matmul") CHECK(line["gop_per_s"].get<double>() > 0);
    }
    CHECK(share.count("prefill") == 1);
    for (const auto& [phase, sum] : share) CHECK(sum == doctest::Approx(1));
    double expected = 0, embedding = 0;
    bool has_head = false;
    const Json file = run_tool({"inspect", tiny(name), "--json"}).json();
    for (const Json& t : file["tensors"]) {
      if (t["shape"].size() < 2) continue;
      const auto tensor = t["name"].get<std::string>();
      if (tensor == "output.weight") has_head = true;
      (tensor == "token_embd.weight" ? embedding : expected) += t["bytes"].get<double>();
    }
    CHECK(bytes == doctest::Approx(expected + (has_head ? 0 : embedding)));
  }
}

TEST_CASE("several numbers of threads are measured one after the other") {
  std::map<int, int> rows;
  for (const Json& line :
       run_tool({"bench", tiny("llama"), "-p", "8", "-n", "2", "-t", "1,2", "-r", "1", "--json"}).json_lines()) {
    if (line["kind"] == "prefill" || line["kind"] == "decode") ++rows[line["threads"].get<int>()];
  }
  CHECK(rows == std::map<int, int>{{1, 2}, {2, 2}});
  CHECK(run_tool({"bench", tiny("llama"), "-t", "-1"}).exit_code == 2);
}

TEST_CASE("repetitions during which the machine changed are left out while three others remain") {
  const auto of = [](std::vector<double> spreads) {
    std::vector<tool::Repetition> all;
    double ours = 0;
    for (const double s : spreads) all.push_back({ours += 10, 5, 100, s});
    return tool::summarize(all);
  };
  const auto steady = of({1, 1, 1, 1});
  CHECK(steady.used == 4);
  CHECK(steady.ours == 25);
  CHECK(steady.ratio == 5);
  CHECK(steady.q1 == 3.5);
  CHECK(steady.q3 == 6.5);
  CHECK(steady.fraction == 0.25);
  const auto one_out = of({1, 1.06, 1.05, 1});
  CHECK(one_out.used == 3);
  CHECK(one_out.left_out == 1);
  CHECK(!one_out.noisy);
  CHECK(one_out.ours == 30);
  const auto too_few = of({1, 1.2, 1.2, 1});
  CHECK(too_few.used == 4);
  CHECK(too_few.noisy);
  CHECK(too_few.left_out == 0);
  CHECK(of({1}).used == 1);
  CHECK(!of({1, 1}).noisy);
  CHECK(of({}).used == 0);
}

TEST_CASE("a figure above what the machine allows is refused") {
  const tool::Json good = {{"kind", "decode"}, {"fraction_of_limit", 1.02}};
  const tool::Json bad = {{"kind", "decode"}, {"tokens", 64}, {"batch", 1}, {"fraction_of_limit", 1.03}};
  const tool::Json part = {{"kind", "operator"}, {"fraction_of_limit", 1.5}};
  CHECK_NOTHROW(tool::refuse_the_impossible({good, part}));
  CHECK_THROWS_AS(tool::refuse_the_impossible({good, bad}), tool::Failure);
}
