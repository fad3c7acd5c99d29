// backend_conformance [--group G]... [--filter TEXT] [--complete] [--verbose] [--set KEY=VALUE]... [--counted TEXT]...
// BACKEND...
//
// BACKEND: a name linked in, or the path of a plugin. Groups: golden ops same hostile refuse (default: all).
// --complete: what the backend does not support is a failure. --set: a setting of the backend. --counted: some counter
// whose name has TEXT must have counted, so that a run can show which kernels it took.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/backends/report.h"

using namespace infer::conformance;

namespace {

bool counted(const Bed& bed, const std::string& text) {
  for (const auto& [name, value] : bed.counters())
    if (name.find(text) != std::string::npos && value > 0) return true;
  std::printf("FAIL  no counter with '%s' has counted\n", text.c_str());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Holds a libinfer backend against reference");
  std::vector<std::string> groups = {"golden", "ops", "same", "hostile", "refuse"}, names, settings, counters;
  Report options;
  app.add_option("--group", groups)->check(CLI::IsMember({"golden", "ops", "same", "hostile", "refuse"}));
  app.add_option("--filter", options.filter);
  app.add_flag("--complete", options.complete);
  app.add_flag("--verbose", options.verbose);
  app.add_option("--set", settings);
  app.add_option("--counted", counters);
  app.add_option("backend", names)->required();
  CLI11_PARSE(app, argc, argv);

  std::vector<std::pair<std::string, std::string>> table;
  for (const std::string& s : settings) table.emplace_back(s.substr(0, s.find('=')), s.substr(s.find('=') + 1));
  bool good = true;
  for (const std::string& name : names) {
    std::string why;
    const auto subject = Bed::open(name, table, why), reference = Bed::open("reference", {}, why);
    if (!subject || !reference) {
      std::printf("FAIL  %s\n", why.c_str());
      return 1;
    }
    for (const std::string& group : groups) {
      Report report = options;
      if (group == "golden") check_golden(*subject, report);
      if (group == "ops") check_ops(*subject, *reference, report);
      if (group == "same") check_same(name, report);
      if (group == "hostile") check_hostile(*subject, report);
      if (group == "refuse") check_refuse(*subject, report);
      std::printf("%s %s: %d passed, %d failed, %d not supported\n", name.c_str(), group.c_str(), report.passed,
                  report.failed, report.unsupported);
      good = good && report.good();
    }
    for (const std::string& text : counters) good = counted(*subject, text) && good;
  }
  return good ? 0 : 1;
}
