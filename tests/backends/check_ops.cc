// Every operator of the subject against reference.
#include <cmath>
#include <cstdio>
#include <limits>

#include "tests/backends/report.h"

namespace infer::conformance {
namespace {

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", v);
  return text;
}

// Empty: equal within the case's tolerance.
std::string difference(const Case& c, const Outcome& want, const Outcome& got, double& worst) {
  for (size_t r = 0; r < want.outputs.size(); ++r) {
    for (const auto& [t, expected] : want.outputs[r]) {
      const Bytes& actual = got.outputs[r].at(t);
      if (c.tensors[t].type == INFER_TYPE_I32 || c.tolerance == 0) {
        if (actual != expected)
          return std::string("'") + c.tensors[t].name + "' of run " + std::to_string(r) + " differs";
        continue;
      }
      const double e = nmse(values_of<float>(expected), values_of<float>(actual), c.power);
      worst = std::max(worst, e);
      if (!(e <= c.tolerance))
        return std::string("'") + c.tensors[t].name + "' of run " + std::to_string(r) + ": NMSE " + number(e) +
               ", allowed " + number(c.tolerance);
    }
  }
  return {};
}

}  // namespace

double nmse(const std::vector<float>& a, const std::vector<float>& b, double given_power) {
  double error = 0, power = given_power;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isfinite(a[i]) != std::isfinite(b[i])) return std::numeric_limits<double>::infinity();
    if (!std::isfinite(a[i])) continue;
    error += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
    if (given_power == 0) power += double(a[i]) * a[i];
  }
  return error == 0 ? 0 : power == 0 ? std::numeric_limits<double>::infinity() : error / power;
}

std::vector<Case> op_cases() {
  std::vector<Case> all = matmul_cases();
  for (auto* more : {row_cases, attention_cases, layer_cases})
    for (Case& c : more()) all.push_back(std::move(c));
  return all;
}

void check_ops(Bed& subject, Bed& reference, Report& report) {
  for (const Case& c : op_cases()) {
    if (!report.wants(c.name)) continue;
    const Outcome got = subject.run(c);
    if (!got.supported) {
      if (got.status == INFER_OK)
        report.fail(c.name, "supports() says no and plan_new says yes");
      else
        report.skip(c.name, got.message);
      continue;
    }
    const Outcome want = reference.run(c);
    double worst = 0;
    Report::Time& time = report.times[c.name.substr(0, c.name.find(' '))];
    time.subject += got.seconds;
    time.reference += want.seconds;
    ++time.cases;
    if (want.status != INFER_OK)
      report.fail(c.name, "reference fails: " + want.message);
    else if (got.status != INFER_OK)
      report.fail(c.name, "status " + std::to_string(got.status) + ", " + got.message);
    else if (!got.damage.empty())
      report.fail(c.name, got.damage);
    else if (const std::string d = difference(c, want, got, worst); !d.empty())
      report.fail(c.name, d + " (" + got.kernel + ")");
    else
      report.pass(c.name, "NMSE " + number(worst) + " (" + got.kernel + ")");
  }
}

}  // namespace infer::conformance
