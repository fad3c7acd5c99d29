// Operators against numbers that NumPy computed in float64 (tests/golden/ops/make.py): the check that does not trust
// reference.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/numeric.h"
#include "tests/backends/case_file.h"
#include "tests/backends/report.h"

namespace infer::conformance {
namespace {

using Json = nlohmann::json;

Bytes bytes_as(uint32_t type, const Json& values) {
  if (type == INFER_TYPE_I32) return bytes_of(values.get<std::vector<int32_t>>());
  const auto f = values.get<std::vector<float>>();
  if (type == INFER_TYPE_F32) return bytes_of(f);
  std::vector<uint16_t> half;
  for (float v : f) half.push_back(type == INFER_TYPE_F16 ? f32_to_f16(v) : f32_to_bf16(v));
  return bytes_of(half);
}

Case read_case(const Json& j) {
  Case c;
  c.name = "golden " + j.at("name").get<std::string>();
  c.tolerance = j.at("tolerance").get<double>();
  c.symbol_max = j.at("symbol_max").get<std::vector<int64_t>>();
  for (const Json& t : j.at("tensors")) {
    const uint32_t id = c.tensor(t.at("role"), t.at("name"), t.at("type"), t.at("dims").get<std::vector<int64_t>>());
    if (t.contains("values")) c.weights[id] = bytes_as(t.at("type"), t.at("values"));
  }
  for (const Json& n : j.at("nodes")) c.node(n.at("kind"), n.at("in"), n.at("out"), n.at("i"), n.at("f"));
  for (const Json& r : j.at("runs")) {
    Run run{r.at("symbols"), {}};
    for (const auto& [t, values] : r.at("inputs").items()) {
      const auto id = static_cast<uint32_t>(std::stoul(t));
      run.inputs[id] = bytes_as(c.tensors[id].type, values);
    }
    c.runs.push_back(run);
  }
  return c;
}

// Empty: as NumPy says.
std::string difference(const Case& c, const Json& j, const Outcome& o) {
  char text[100];
  for (size_t r = 0; r < c.runs.size(); ++r) {
    for (const auto& [t, values] : j.at("runs")[r].at("outputs").items()) {
      const auto id = static_cast<uint32_t>(std::stoul(t));
      if (c.tensors[id].type == INFER_TYPE_I32) {
        if (values_of<int32_t>(o.outputs[r].at(id)) != values.get<std::vector<int32_t>>())
          return std::string(c.tensors[id].name) + " differs";
        continue;
      }
      const double e = nmse(values.get<std::vector<float>>(), values_of<float>(o.outputs[r].at(id)));
      std::snprintf(text, sizeof text, "run %zu: NMSE %.3g, allowed %.3g", r, e, c.tolerance);
      if (!(e <= c.tolerance)) return text;
    }
  }
  return {};
}

}  // namespace

void check_golden(Bed& subject, Report& report) {
  const Json all = Json::parse(built_in_golden(), nullptr, false);
  if (!all.is_object()) return report.fail("golden", "tests/golden/ops/ops.json is no JSON");
  for (const Json& j : all.at("cases")) {
    const Case c = read_case(j);
    if (!report.wants(c.name)) continue;
    const Outcome o = subject.run(c);
    if (!o.supported) {
      report.skip(c.name, o.message);
    } else if (o.status != INFER_OK || !o.damage.empty()) {
      report.fail(c.name, o.message + o.damage);
    } else if (const std::string d = difference(c, j, o); !d.empty()) {
      report.fail(c.name, d);
    } else {
      report.pass(c.name);
    }
  }
}

}  // namespace infer::conformance
