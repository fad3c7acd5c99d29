// Holds the tree against its own rules: who may include whom (the table in lib/README.md), file lengths, no platform
// outside base/, nothing that ends or talks from a library.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using Names = std::set<std::string>;

namespace {

const fs::path kRoot = INFER_SOURCE_DIR;

struct Source {
  std::string path;  // "lib/engine/engine.cc"
  std::vector<std::string> lines;
};

std::vector<Source> sources(const std::vector<std::string>& folders) {
  std::vector<Source> found;
  for (const auto& folder : folders) {
    for (const auto& e : fs::recursive_directory_iterator(kRoot / folder)) {
      const std::string ext = e.path().extension().string();
      if (ext != ".h" && ext != ".cc" && ext != ".hpp" && ext != ".c") continue;
      Source s{fs::relative(e.path(), kRoot).generic_string(), {}};
      std::ifstream in(e.path());
      for (std::string line; std::getline(in, line);) s.lines.push_back(line);
      found.push_back(std::move(s));
    }
  }
  return found;
}

bool generated(const std::string& path) { return path.find(".gen.") != std::string::npos; }

// "lib/text/tokenizer/bpe.cc" -> "tokenizer"; "backends/cpu/x.cc" -> "backends/cpu"
std::string place(const std::string& path) {
  std::stringstream ss(path);
  std::string first, second, third;
  std::getline(ss, first, '/');
  std::getline(ss, second, '/');
  std::getline(ss, third, '/');
  if (first == "lib") return second == "text" ? third : second;
  return first + "/" + second;
}

// The table of lib/README.md: folder -> folders it may include.
std::map<std::string, Names> table() {
  std::map<std::string, Names> edges;
  std::ifstream in(kRoot / "lib/README.md");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("| `", 0) != 0) continue;
    std::vector<std::string> cells;
    std::stringstream ss(line.substr(1));
    for (std::string cell; std::getline(ss, cell, '|');) cells.push_back(cell);
    REQUIRE(cells.size() >= 3);
    Names folders, may;
    const auto words = [](std::string text, Names& out) {
      std::replace_if(
          text.begin(), text.end(), [](char c) { return c == ',' || c == '`' || c == '/' || c == ' '; }, ' ');
      std::stringstream w(text);
      for (std::string word; w >> word;) out.insert(word);
    };
    words(cells[0], folders);
    words(cells[2], may);
    if (may.count("text")) may.insert({"tokenizer", "template", "constraint", "tools"});
    folders.erase("text");
    for (const auto& f : folders) edges[f] = may;
  }
  return edges;
}

}  // namespace

TEST_CASE("lib includes only along the edges of its map") {
  const auto edges = table();
  REQUIRE(edges.size() >= 11);
  for (const Source& s : sources({"lib"})) {
    const std::string from = place(s.path);
    if (from.find('.') != std::string::npos) continue;
    REQUIRE_MESSAGE(edges.count(from), from, " is not in lib/README.md");
    for (const auto& line : s.lines) {
      if (line.rfind("#include \"", 0) != 0) continue;
      const std::string target = line.substr(10, line.find('"', 10) - 10);
      const std::string to = place("lib/" + target);
      if (to == from || edges.at(from).count("everything")) continue;
      CHECK_MESSAGE(edges.at(from).count(to), s.path, " includes ", target, ", which lib/README.md does not allow");
    }
  }
}

TEST_CASE("backends know quant, base's plain headers, the contract and themselves") {
  for (const Source& s : sources({"backends"})) {
    for (const auto& line : s.lines) {
      if (line.rfind("#include \"", 0) != 0) continue;
      const std::string target = line.substr(10, line.find('"', 10) - 10);
      const std::string own = place(s.path) + "/";
      const bool good =
          target.rfind("quant/", 0) == 0 || target.rfind("base/", 0) == 0 || target.rfind("backends/common/", 0) == 0 ||
          (place(s.path) == "backends/common" && target == "graph/signature.h") ||  // ops.def's one checker
          target.rfind(own, 0) == 0 || target.find('/') == std::string::npos || target.rfind("libinfer/", 0) == 0;
      CHECK_MESSAGE(good, s.path, " includes ", target);
    }
  }
}

TEST_CASE("the tool includes no private header; where it writes model files, those of formats, quant and base alone") {
  for (const Source& s : sources({"examples"})) {
    const bool writes_files = s.path.rfind("examples/infer/synth", 0) == 0;
    for (const auto& line : s.lines) {
      if (line.rfind("#include \"", 0) != 0) continue;
      const std::string target = line.substr(10, line.find('"', 10) - 10);
      const std::string from = place("lib/" + target);
      const bool allowed = writes_files && (from == "formats" || from == "quant" || from == "base");
      CHECK_MESSAGE((allowed || !fs::exists(kRoot / "lib" / target)), s.path, " includes ", target);
    }
  }
}

TEST_CASE("a file holds one idea: at most 800 lines, and few above 500") {
  std::vector<std::string> longer;
  for (const Source& s : sources({"lib", "backends", "examples", "tests"})) {
    if (generated(s.path)) continue;
    CHECK_MESSAGE(s.lines.size() <= 800, s.path, " has ", s.lines.size(), " lines");
    if (s.lines.size() > 500) longer.push_back(s.path);
  }
  CHECK_MESSAGE(longer.size() <= 6, longer.size(), " files are longer than 500 lines");
}

TEST_CASE("no platform is named outside base, the cpu backend's feature test and export macros") {
  const Names words = {"_WIN32",      "__linux__", "__APPLE__",    "__ANDROID__",
                       "<windows.h>", "<dlfcn.h>", "<sys/mman.h>", "<unistd.h>"};
  for (const Source& s : sources({"lib"})) {
    if (place(s.path) == "base") continue;
    for (const auto& line : s.lines) {
      if (line.empty() || line[0] != '#') continue;
      for (const auto& w : words) CHECK_MESSAGE(line.find(w) == std::string::npos, s.path, ": ", line);
    }
  }
}

TEST_CASE("sources are ASCII and name no machine path") {
  for (const Source& s : sources({"lib", "backends", "examples", "include", "tests"})) {
    for (const auto& line : s.lines) {
      const bool ascii =
          std::all_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
      CHECK_MESSAGE((ascii || s.path.rfind("tests/", 0) == 0), s.path, ": ", line);
    }
  }
}
