// Cases on the subject against the same on reference: operators, streamed weights, recorded Steps.
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

// The first word of a case's name, behind its group: what its times are counted under.
std::string family(const Case& c) {
  const std::string name = c.group == "ops" ? c.name : c.name.substr(c.group.size() + 1);
  return name.substr(0, name.find(' '));
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

void check_cases(Bed& subject, Bed& reference, const std::vector<Case>& cases, Report& report) {
  for (const Case& c : cases) {
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
    Report::Time& time = report.times[family(c)];
    time.subject += got.seconds;
    time.reference += want.seconds;
    ++time.cases;
    if (want.status != INFER_OK)
      report.fail(c.name, "reference fails: " + want.message);
    else if (!c.streamed.empty() && want.outputs[0] == want.outputs[1])
      report.fail(c.name, "other weights give the same");
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
