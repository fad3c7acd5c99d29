// What the groups found: counted, failures printed as they come.
#pragma once
#include <cstdio>
#include <map>
#include <string>

#include "tests/backends/bed.h"
#include "tests/backends/case_file.h"

namespace infer::conformance {

struct Report {
  bool complete = false;  // what the subject does not support is a failure
  bool verbose = false;
  std::vector<std::string> filters;  // only cases whose name has one of these; empty: all
  int passed = 0, failed = 0, unsupported = 0;
  struct Time {
    double subject = 0, reference = 0;  // seconds
    int cases = 0;
  };
  std::map<std::string, Time> times;        // by family: the operator of most cases
  std::map<std::string, int64_t> counters;  // the subject's, over all beds that the group opened

  bool wants(const std::string& name) const {
    return filters.empty() || std::any_of(filters.begin(), filters.end(),
                                          [&](const std::string& f) { return name.find(f) != std::string::npos; });
  }
  void pass(const std::string& name, const std::string& detail = {}) {
    ++passed;
    if (verbose) std::printf("ok    %s %s\n", name.c_str(), detail.c_str());
  }
  void fail(const std::string& name, const std::string& why) {
    ++failed;
    std::printf("FAIL  %s: %s\n", name.c_str(), why.c_str());
  }
  void skip(const std::string& name, const std::string& why) {
    ++unsupported;
    if (complete) std::printf("FAIL  %s: not supported (%s)\n", name.c_str(), why.c_str());
  }
  void add_counters(const Bed& bed) {
    for (const auto& [name, value] : bed.counters()) counters[name] += value;
  }
  bool good() const { return failed == 0 && passed > 0 && !(complete && unsupported); }
};

// Normalised mean square error of b against a; infinity where one is finite and the other is not.
// power: what the error is relative to; 0: the square sum of a.
double nmse(const std::vector<float>& a, const std::vector<float>& b, double power = 0);

// The groups.
void check_golden(Bed& subject, Report& report);  // against numbers that NumPy computed in float64
// Each case against reference: operators (ops), weights that are inputs (streamed), Steps that an engine ran (replay).
void check_cases(Bed& subject, Bed& reference, const std::vector<Case>& cases, Report& report);
// The same bits whatever the company.
void check_same(const std::string& subject, const Settings& settings, const Cases& cases, Report& report);
// NaN, infinities, random blocks: anything but a crash or a stray write.
void check_hostile(Bed& subject, const std::vector<Case>& all, Report& report);
// Wrong programs, bindings, ids, tables: E_INVALID or E_UNSUPPORTED. all: the built-in cases, which are damaged.
void check_refuse(Bed& subject, const std::vector<Case>& all, Report& report);

}  // namespace infer::conformance
