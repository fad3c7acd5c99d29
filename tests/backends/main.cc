// infer-conform [--group G]... [--cases DIR] [--filter TEXT]... [--complete] [--verbose] [--time] [--set KEY=VALUE]...
// [--each KEY] [--all-counted] [--counted TEXT]... BACKEND...
//
// BACKEND: a name linked in, or the path of a plugin. Groups: golden ops streamed replay same hostile refuse (default:
// all). --cases: the case files of this folder (cases/README.md) instead of the built-in ones; golden and refuse keep
// theirs.
// --time: how long the cases of each operator took, beside reference (ops; small shapes, so mostly what a run costs at
// all). --complete: what the backend does not support is a failure. --set: a setting of the backend. --each: everything
// once per value that this setting can have, other than auto; a value that this machine refuses is named, one at least
// must run. --counted: some counter whose name has TEXT must have counted; --all-counted: all of them must, so that a
// path that the groups never took is a failure.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <sstream>

#include "tests/backends/report.h"

using namespace infer::conformance;

namespace {

const std::vector<std::string> kGroups = {"golden", "ops", "streamed", "replay", "same", "hostile", "refuse"};

struct Options {
  std::vector<std::string> groups = kGroups, counted;
  bool all_counted = false, time = false;
  Report report;
  Cases built_in, others;        // others: of --cases
  const Cases* cases = nullptr;  // what is asked
};

bool counted(const Options& options, const std::map<std::string, int64_t>& counters) {
  bool good = true;
  const auto missing = [&](const std::string& what) {
    good = false;
    std::printf("FAIL  %s\n", what.c_str());
  };
  for (const std::string& text : options.counted)
    if (std::none_of(counters.begin(), counters.end(),
                     [&](const auto& c) { return c.first.find(text) != std::string::npos && c.second > 0; }))
      missing("no counter with '" + text + "' has counted");
  if (!options.all_counted) return good;
  if (counters.empty()) missing("the backend has no counters");
  for (const auto& [name, value] : counters)
    if (value == 0) missing("path '" + name + "' was never taken");
  return good;
}

// A folder of others' cases need not have some for every group.
bool has_cases(const Options& options, const std::string& group) {
  const Cases& c = *options.cases;
  return group == "streamed" ? !c.streamed.empty()
         : group == "replay" ? !c.replay.empty()
         : group == "same"   ? !c.same.empty() || !c.chunked.empty()
                             : group == "golden" || group == "refuse" || !c.ops.empty();
}

bool check(const std::string& name, const std::string& label, const Settings& settings, const Options& options) {
  std::string why;
  const auto subject = Bed::open(name, settings, why), reference = Bed::open("reference", {}, why);
  if (!subject || !reference) {
    std::printf("FAIL  %s\n", why.c_str());
    return false;
  }
  bool good = true, any = false;
  std::map<std::string, int64_t> counters;
  for (const std::string& group : options.groups) {
    if (!has_cases(options, group)) {
      std::printf("%s %s: no cases\n", label.c_str(), group.c_str());
      continue;
    }
    any = true;
    Report report = options.report;
    if (group == "golden") check_golden(*subject, report);
    const Cases& cases = *options.cases;
    if (group == "ops") check_cases(*subject, *reference, cases.ops, report);
    if (group == "streamed") check_cases(*subject, *reference, cases.streamed, report);
    if (group == "replay") check_cases(*subject, *reference, cases.replay, report);
    if (group == "same") check_same(name, settings, cases, report);
    if (group == "hostile") check_hostile(*subject, cases.ops, report);
    if (group == "refuse") check_refuse(*subject, options.built_in.ops, report);
    std::printf("%s %s: %d passed, %d failed, %d not supported\n", label.c_str(), group.c_str(), report.passed,
                report.failed, report.unsupported);
    good = good && report.good();
    for (const auto& [op, t] : report.times)
      if (options.time)
        std::printf("%-16s %4d cases %9.3f ms, reference %9.3f ms\n", op.c_str(), t.cases, 1e3 * t.subject,
                    1e3 * t.reference);
    for (const auto& [counter, value] : report.counters) counters[counter] += value;
  }
  for (const auto& [counter, value] : subject->counters()) counters[counter] += value;
  return counted(options, counters) && good && any;
}

// check() for every value of a setting that is one of a list of words.
bool check_each(const std::string& name, const std::string& key, const Settings& settings, const Options& options) {
  std::string why;
  const auto bed = Bed::open(name, settings, why);
  const std::string line(bed ? bed->option(key) : std::string_view());
  std::istringstream fields(line);
  std::string range, value;
  for (int field = 0; field < 3; ++field) std::getline(fields, range, '|');
  std::istringstream values(range);
  bool good = true;
  int ran = 0;
  while (values >> value) {
    if (value == "auto") continue;
    Settings with = settings;
    with.emplace_back(key, value);
    const std::string label = name + " " + key + "=" + value;
    if (!Bed::open(name, with, why)) {
      std::printf("%s: not on this machine (%s)\n", label.c_str(), why.c_str());
      continue;
    }
    good = check(name, label, with, options) && good;
    ++ran;
  }
  if (ran == 0) std::printf("FAIL  %s has no setting '%s' with a value that works here\n", name.c_str(), key.c_str());
  return good && ran > 0;
}

// False, and said why: a file is wrong.
bool read(const std::string& folder, Options& options) {
  const auto take = [](infer::Result<std::vector<CaseFile>> files, Cases& to) -> infer::Status {
    TRY(files.status());
    TRY_SET(to, read_cases(*files));
    return {};
  };
  infer::Status read = take(built_in_case_files(), options.built_in);
  if (read.ok() && !folder.empty()) read = take(case_files_in(folder), options.others);
  options.cases = folder.empty() ? &options.built_in : &options.others;
  if (!read.ok()) std::printf("FAIL  cases: %s\n", std::string(read.message()).c_str());
  return read.ok();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Holds a libinfer backend against reference");
  Options options;
  std::vector<std::string> names, settings;
  std::string each, folder;
  app.add_option("--group", options.groups)->check(CLI::IsMember(kGroups));
  app.add_option("--cases", folder);
  app.add_option("--filter", options.report.filters)->allow_extra_args(false);
  app.add_flag("--complete", options.report.complete);
  app.add_flag("--verbose", options.report.verbose);
  app.add_flag("--time", options.time);
  app.add_option("--set", settings);
  app.add_option("--each", each);
  app.add_option("--counted", options.counted);
  app.add_flag("--all-counted", options.all_counted);
  app.add_option("backend", names)->required();
  CLI11_PARSE(app, argc, argv);

  if (!read(folder, options)) return 1;
  Settings table;
  for (const std::string& s : settings) table.emplace_back(s.substr(0, s.find('=')), s.substr(s.find('=') + 1));
  bool good = true;
  for (const std::string& name : names)
    good = (each.empty() ? check(name, name, table, options) : check_each(name, each, table, options)) && good;
  return good ? 0 : 1;
}
