// Inputs that no honest model has: the answer may be anything finite or not, but no crash, no hang and no stray write.
#include <limits>

#include "tests/backends/report.h"
#include "tests/backends/values.h"

namespace infer::conformance {
namespace {

void poison(Bytes& data, uint64_t seed) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  constexpr float kValues[] = {
      std::numeric_limits<float>::quiet_NaN(), kInf, -kInf, 3.4e38f, -3.4e38f, 1e-40f, -0.f, 1e20f};
  quant::Random random(seed);
  std::vector<float> v = values_of<float>(data);
  for (float& x : v)
    if (random.bits() % 4 == 0) x = kValues[random.bits() % std::size(kValues)];
  data = bytes_of(v);
}

bool small(const Case& c) {
  for (const Run& r : c.runs)
    if (r.symbols[0] > 20) return false;
  return true;
}

}  // namespace

void check_hostile(Bed& subject, const std::vector<Case>& all, Report& report) {
  uint64_t seed = 1;
  for (const Case& whole : all) {
    if (!report.wants("hostile " + whole.name) || !small(whole)) continue;
    Case c = copy_of(whole);
    c.name = "hostile " + c.name;
    for (auto& [t, data] : c.weights) {
      if (c.tensors[t].type == INFER_TYPE_F32)
        poison(data, ++seed);
      else
        quant::fill_random_bytes(++seed, data.data(), data.size());
    }
    for (Run& r : c.runs)
      for (auto& [t, data] : r.inputs)
        if (c.tensors[t].type == INFER_TYPE_F32) poison(data, ++seed);
    const Outcome o = subject.run(c);
    if (!o.supported)
      report.skip(c.name, o.message);
    else if (!o.damage.empty())
      report.fail(c.name, o.damage);
    else if (o.status != INFER_OK)
      report.fail(c.name, "values alone made it fail: " + o.message);
    else
      report.pass(c.name);
  }
}

}  // namespace infer::conformance
