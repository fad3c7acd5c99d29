// Runs the whole corpus once and holds the promises against what came of it: no crash (the sanitizers watch), the
// expected answer, within 2 s, within 2 x the file + 64 MiB of memory; and every line of refusals.def was needed.
#include <doctest/doctest.h>

#include <cstring>
#include <ctime>
#include <fstream>
#include <map>
#include <sstream>

#include "formats/refusal.h"
#include "tests/support/memory.h"
#include "tests/unit/formats/hostile/corpus.h"
#include "tests/unit/formats/touch.h"

using namespace infer;
using namespace infer::formats;

namespace {

// Whether `text`, each % standing for anything, is the end of `message` (which begins with the file's name).
bool fits(std::string_view message, std::string_view text) {
  size_t at = 0;
  while (true) {
    const size_t gap = text.find('%');
    const std::string_view piece = text.substr(0, gap);
    if (gap == std::string_view::npos) return message.size() >= at + piece.size() && message.ends_with(piece);
    const size_t found = message.find(piece, at);
    if (found == std::string_view::npos) return false;
    at = found + piece.size();
    text.remove_prefix(gap + 1);
  }
}

// The line of refusals.def that made this Status; "": none.
std::string refusal_of(const Status& s) {
  for (const RefusalLine& line : kRefusals)
    if (line.status == s.code() && line.hint == s.hint() && fits(s.message(), line.text)) return std::string(line.id);
  return "";
}

struct Report {
  size_t cases = 0, loaded = 0;
  std::vector<std::string> wrong;      // cases that did not end as they must
  std::map<std::string, size_t> hits;  // per refusal
  double slowest = 0;                  // seconds
  double most_memory = 0;              // MiB beyond 2 x the file
  std::string slowest_name, largest_name;
};

const Report& report() {
  static const Report whole = [] {
    Report r;
    const auto run = [&](const Case& c) {
      ++r.cases;
      // Exactly as many bytes as the case has: a sanitizer sees any byte beyond.
      const std::unique_ptr<std::byte[]> bytes(new std::byte[c.bytes.size()]);
      std::memcpy(bytes.get(), c.bytes.data(), c.bytes.size());
      const std::clock_t start = std::clock();  // processor time: the machine may be busy
      const MemoryWatch memory;
      Result<std::shared_ptr<const ModelFile>> opened = Status();
      if (c.open) {
        opened = c.open();
      } else {
        opened = open_model(*File::from_memory(bytes.get(), static_cast<int64_t>(c.bytes.size())));
      }
      const double beyond = static_cast<double>(memory.peak()) - 2.0 * static_cast<double>(c.bytes.size());
      if (opened.ok()) touch_all(**opened);
      const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
      if (seconds > r.slowest) r.slowest = seconds, r.slowest_name = c.name;
      if (beyond / (1 << 20) > r.most_memory) r.most_memory = beyond / (1 << 20), r.largest_name = c.name;

      const Status& s = opened.status();
      const std::string refusal = opened.ok() ? "ok" : refusal_of(s);
      bool right = c.expected == refusal;
      if (c.expected == "any") right = !refusal.empty();
      if (c.expected == "refused") right = !refusal.empty() && refusal != "ok";
      if (c.expected.starts_with("file: "))
        right = !opened.ok() && s.message().find(c.expected.substr(6)) != std::string_view::npos;
      if (!right) r.wrong.push_back(str(c.name, ": ", refusal, " instead of ", c.expected, ": ", s.message()));
      if (!c.expected.starts_with("file: ")) ++r.hits[refusal];
      if (!opened.ok()) return;
      ++r.loaded;
      for (const auto& entry : (*opened)->metadata()) {  // whoever asks for a number gets one or a sentence
        const auto number = (*opened)->get_num(entry.key);
        if (!number.ok()) ++r.hits[refusal_of(number.status())];
      }
    };
    for (const auto part : {containers, vocabularies, mutations, split_sets}) part(run);
    return r;
  }();
  return whole;
}

}  // namespace

TEST_CASE("every hostile file is answered as it must be") {
  for (const std::string& w : report().wrong) FAIL_CHECK(w);
  CHECK(report().loaded > 10);
}

TEST_CASE("the corpus is as large as was promised") {
  MESSAGE(report().cases, " cases, ", report().loaded, " loaded");
  CHECK(report().cases >= 500);
}

TEST_CASE("every refusal of the readers is reached by some hostile file") {
  for (const RefusalLine& line : kRefusals) {
    CAPTURE(line.id);
    CHECK(report().hits.count(std::string(line.id)) == 1);
  }
  CHECK(report().hits.count("") == 0);
}

TEST_CASE("no hostile file takes more than 2 seconds, or more memory than 2 x its size + 64 MiB") {
  MESSAGE("slowest: ", report().slowest, " s, ", report().slowest_name);
  MESSAGE("most memory beyond 2 x the file: ", report().most_memory, " MiB, ", report().largest_name);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr double kSlower = 4;  // the promise is of the library as it ships; a sanitizer multiplies its instructions
#else
  constexpr double kSlower = 1;
#endif
  CHECK(report().slowest < 2 * kSlower);
  CHECK(report().most_memory < 64);
}

TEST_CASE("the readers make no Status that is not in the table") {
  for (const char* file : {"gguf.cc", "gguf_reader.cc", "tokenizer_reader.cc", "sniff.cc", "model_file.cc"}) {
    CAPTURE(file);
    std::ifstream in(INFER_SOURCE_DIR "/lib/formats/" + std::string(file));
    std::stringstream text;
    text << in.rdbuf();
    REQUIRE(text.str().size() > 500);
    for (const char* maker : {"Status::invalid", "Status::corrupt", "Status::unsupported", "Status::not_found",
                              "Status::io", "Status::internal"})
      CHECK(text.str().find(maker) == std::string::npos);
  }
}

TEST_CASE("each file of golden/errors is refused as its index says") {
  const std::string folder = INFER_SOURCE_DIR "/tests/golden/errors/";
  const std::map<std::string, infer_status> statuses = {{"INFER_E_CORRUPT", INFER_E_CORRUPT},
                                                        {"INFER_E_UNSUPPORTED", INFER_E_UNSUPPORTED},
                                                        {"INFER_E_INVALID", INFER_E_INVALID},
                                                        {"INFER_E_NOT_FOUND", INFER_E_NOT_FOUND}};
  std::ifstream in(folder + "index.txt");
  int n = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string file, status, refusal;
    fields >> file >> status >> refusal;
    CAPTURE(file);
    const auto opened = open_model(folder + file);
    CHECK(refusal_of(opened.status()) == refusal);
    REQUIRE(statuses.count(status));
    CHECK(opened.status().code() == statuses.at(status));
    ++n;
  }
  CHECK(n >= 20);
}
