// The mock as plugin files, one per way in which a plugin can be wrong at the door (MOCK_FAULT; empty: none).
#include <cstddef>
#include <stdexcept>
#include <string_view>

#include "tests/mock/mock.h"

extern "C" INFER_API const infer_backend* infer_backend_v0(const infer_host* host) {
  static infer_backend table;
  const infer_backend* good = infer_backend_mock_v0(host);
  if (!good) return nullptr;
  table = *good;
  constexpr std::string_view kFault = MOCK_FAULT;
  if (kFault == "abi") table.abi.major = 77;
  if (kFault == "short") table.abi.struct_size = offsetof(infer_backend, plan_new);
  if (kFault == "tiny") table.abi.struct_size = 8;
  if (kFault == "hole") table.plan_submit = nullptr;
  if (kFault == "nameless") table.name = nullptr;
  if (kFault == "misnamed") table.name = "Mock! 2";
  if (kFault == "other") table.name = "other";
  if (kFault == "throws") throw std::runtime_error("no entry");
  if (kFault == "refuses") return host->fail(host->self, INFER_E_UNSUPPORTED, "not on this machine", 19), nullptr;
  if (kFault == "silent") return nullptr;
  if (kFault == "none") table.device_count = [] { return 0; };
  if (kFault == "many") table.device_count = [] { return 2000000000; };
  if (kFault == "negative") table.device_count = [] { return -1; };
  if (kFault == "count_throws") table.device_count = []() -> int32_t { throw 7; };
  if (kFault == "endless") table.option_at = [](int32_t) { return "level|int|1..9|3|runtime|x"; };
  return &table;
}
