// bench beside a peer: a folder of scripts that print what llama.cpp's programs print, and what they must not.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>

#include "tests/cli/tool.h"

using namespace infer::testing;
using infer::Folder;
namespace fs = std::filesystem;

namespace {

// Every combination of the values asked for; flash attention, small micro-batches and threads make it faster.
constexpr const char* kBench = R"(#!/bin/sh
case $LD_LIBRARY_PATH in $(dirname "$0")*) ;; *) echo "no library folder" >&2; exit 9 ;; esac
p=0 n=0 fa=0 ub=0 t=0
while [ $# -gt 1 ]; do
  case $1 in -p) p=$2 ;; -n) n=$2 ;; -fa) fa=$2 ;; -ub) ub=$2 ;; -t) t=$2 ;; esac
  shift 2
done
mark='['
for f in $(echo $fa | tr , ' '); do for u in $(echo $ub | tr , ' '); do for k in $(echo $t | tr , ' '); do
  echo "$mark{\"n_prompt\": $p, \"n_gen\": $n, \"flash_attn\": $f, \"n_ubatch\": $u, \"n_threads\": $k, \"avg_ts\": $((1000 + 100 * f + (u < 512) * 20 + k)).5}"
  mark=,
done; done; done
echo ']'
)";
constexpr const char* kBatched = R"(#!/bin/sh
while [ $# -gt 1 ]; do case $1 in -npl) b=$2 ;; -fa) f=$2 ;; esac; shift 2; done
echo "a line that is no JSON"
[ $f = on ] && r=500 || r=600
echo "{\"pl\": $b, \"speed_pp\": 700.0, \"speed_tg\": $r}"
)";

class FakePeer {
 public:
  FakePeer() {
    program("llama-bench", kBench);
    program("llama-batched-bench", kBatched);
    program("llama-completion", "#!/bin/sh\necho ' Paris'\n");
  }
  void program(const std::string& name, const std::string& text) const {
    write_text(folder_ / name, text);
    fs::permissions(folder_ / name, fs::perms::owner_all);
  }
  void remove(const std::string& name) const { fs::remove(folder_ / name); }
  std::string path() const { return folder_.path.string(); }
  // more: flags and values, instead of these or besides.
  Output bench(const std::vector<std::string>& more = {}) const {
    std::map<std::string, std::string> flags = {
        {"-p", "16"}, {"-n", "4"}, {"-r", "4"}, {"-t", "2"}, {"--peer", path()}};
    std::vector<std::string> words = {"bench", tiny("llama"), "--json"};
    for (size_t i = 0; i < more.size(); ++i) {
      if (i + 1 == more.size() || more[i + 1].rfind("-", 0) == 0) {
        words.push_back(more[i]);
      } else {
        flags[more[i]] = more[i + 1];
        ++i;
      }
    }
    for (const auto& [flag, value] : flags) words.insert(words.end(), {flag, value});
    return run_tool(words);
  }

 private:
  Folder folder_;
};

std::map<std::string, std::vector<Json>> by_kind(const Output& o) {
  std::map<std::string, std::vector<Json>> lines;
  for (const Json& line : o.json_lines()) lines[line["kind"].get<std::string>()].push_back(line);
  return lines;
}

// It ends with a sentence about the peer, however much was measured before.
void check_failed(const Output& o, const std::string& word) {
  CAPTURE(o.err);
  CHECK(o.exit_code == 1);
  CHECK(o.err.rfind("error: ", 0) == 0);
  CHECK(o.err.find(word) != std::string::npos);
  CHECK(o.err.find("\nhint: ") != std::string::npos);
}

}  // namespace

TEST_CASE("each measurement beside a peer has both medians, the ratio, its quartiles and the pairs that counted") {
  const Output o = FakePeer().bench();
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  auto lines = by_kind(o);
  for (const char* kind : {"prefill", "decode"}) {
    REQUIRE(lines[kind].size() == 1);
    const Json& line = lines[kind][0];
    CAPTURE(line.dump());
    CHECK(line["peer_tokens_per_s"] == doctest::Approx(1102.5));
    CHECK(line["ratio"].get<double>() > 0);
    CHECK(line["ratio_q1"].get<double>() <= line["ratio"].get<double>());
    CHECK(line["ratio_q3"].get<double>() >= line["ratio"].get<double>());
    CHECK(line["pairs"].get<int>() + line["left_out"].get<int>() == 4);
    CHECK(line["samples"].size() == 4);
    CHECK(line["peer_samples"].size() == 4);
    CHECK(line["fraction_of_limit"].get<double>() > 0);
  }
  REQUIRE(lines["start"].size() == 1);
  CHECK(lines["start"][0]["peer_ms"].get<double>() > 0);
  CHECK(lines["start"][0]["ms"].get<double>() > 0);
  REQUIRE(lines["alone"].size() == 1);
  CHECK(lines["alone"][0]["peak_bytes"].get<int64_t>() > 1 << 20);
}

TEST_CASE("the peer runs with the settings it was fastest with") {
  const FakePeer peer;
  auto lines = by_kind(peer.bench({"-p", "512", "-b", "1,2", "-d", "0,8"}));
  for (const Json& line : lines["prefill"]) {
    if (line["batch"] == 2 && line["depth"] == 8) {
      CHECK(!line.contains("ratio"));  // its program has no form of that
      continue;
    }
    CAPTURE(line.dump());
    CHECK(line["peer_settings"] == Json{{"flash_attn", 1}, {"ubatch", 128}, {"threads", 2}});
    CHECK(line["peer_tokens_per_s"] == doctest::Approx(line["batch"] == 1 ? 1122.5 : 700.0));
  }
  CHECK(lines["prefill"].size() == 4);
  for (const Json& line : lines["decode"]) {
    CAPTURE(line.dump());
    CHECK(line["peer_settings"]["flash_attn"] == (line["batch"] == 1 ? 1 : 0));
    CHECK(line["peer_tokens_per_s"] == doctest::Approx(line["batch"] == 1 ? 1102.5 : 600.0));
  }
  CHECK(lines["decode"].size() == 4);
}

TEST_CASE("programs that a peer does not have leave out what they measure") {
  const FakePeer peer;
  peer.remove("llama-batched-bench");
  peer.remove("llama-completion");
  const Output o = peer.bench({"-b", "1,2"});
  REQUIRE_MESSAGE(o.exit_code == 0, o.err);
  auto lines = by_kind(o);
  for (const Json& line : lines["decode"]) CHECK(line.contains("ratio") == (line["batch"] == 1));
  CHECK(!lines["start"][0].contains("ratio"));
}

TEST_CASE("a busy core's figure stands beside the quiet one, of both") {
  auto lines = by_kind(FakePeer().bench({"-p", "0", "--busy"}));
  REQUIRE(lines["busy"].size() == 1);
  const Json& line = lines["busy"][0];
  CHECK(line["fraction_of_quiet"].get<double>() > 0);
  CHECK(line["quiet_tokens_per_s"] == lines["decode"][0]["tokens_per_s"]);
  CHECK(line["peer_fraction_of_quiet"] == doctest::Approx(1));
}

TEST_CASE("a folder without the peer's program is refused before anything is measured") {
  const Folder empty;
  check_refused(run_tool({"bench", tiny("llama"), "--peer", empty.path.string()}), "llama-bench");
  check_refused(run_tool({"bench", tiny("llama"), "--peer", empty / "absent"}), "llama-bench");
}

TEST_CASE("a peer that fails, dies or prints something else ends the benchmark with a sentence that says so") {
  struct Case {
    const char *script, *word;
  };
  for (const auto& [script, word] :
       {Case{"exit 3", "exit code 3"}, Case{"echo first >&2; echo 'no such model' >&2; exit 1", "no such model"},
        Case{"kill -SEGV $$", "signal 11"}, Case{"echo hello", "printed no list"}, Case{"true", "printed no list"},
        Case{"echo '[]'", "printed no list"}, Case{"echo '[1, 2, 3, 4]'", "another measurement"},
        Case{"echo '[{}, {}, {}, {}]'", "another measurement"}, Case{"printf '\\377\\376[[[[['", "printed no list"},
        Case{"exec yes", "printed too much"}}) {
    CAPTURE(script);
    const FakePeer peer;
    peer.program("llama-bench", std::string("#!/bin/sh\n") + script + "\n");
    check_failed(peer.bench({"-r", "1", "-p", "256"}), word);
  }
}

TEST_CASE("a peer's speed that cannot be one is no speed") {
  for (const char* rate : {"0", "-4", "\"fast\"", "null", "1e999"}) {
    CAPTURE(rate);
    const FakePeer peer;
    const std::string row = std::string("{\"n_prompt\": 16, \"n_gen\": 0, \"avg_ts\": ") + rate + "}";
    peer.program("llama-bench", "#!/bin/sh\necho '[" + row + "," + row + "]'\n");
    check_failed(peer.bench({"-r", "1"}), "printed no");
  }
  const FakePeer peer;
  peer.program("llama-batched-bench", "#!/bin/sh\necho '{\"pl\": 2, \"speed_tg\": \"much\"}'\n");
  check_failed(peer.bench({"-r", "1", "-b", "2", "-p", "0"}), "printed no speed");
}

TEST_CASE("a peer that does not end is ended") {
  const FakePeer peer;
  peer.program("llama-bench", "#!/bin/sh\nsleep 60\n");
  const auto start = std::chrono::steady_clock::now();
  check_failed(peer.bench({"--peer-timeout", "0.3"}), "took too long");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE("a program of the peer's that may not be run is named") {
  const FakePeer peer;
  fs::permissions(peer.path() + "/llama-bench", fs::perms::owner_read);
  check_failed(peer.bench(), "llama-bench");
}
