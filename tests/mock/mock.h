// A backend for tests: reference inside, and faults on order. Usable as a linked-in entry and as a plugin.
//
// Settings (of device_open):
//   fault   "plan_submit@2=throw": the 2nd call of plan_submit on this device throws. "any" counts every call.
//           fail: E_INTERNAL with a message   memory: E_NO_MEMORY   lost: E_DEVICE_LOST   throw, throw_int: exceptions
//           null: OK, but the out-parameter stays   status: an unknown code   lie: a nonsense answer (negative bytes, a
//           misaligned address)   silent: E_INTERNAL without a message   hang: plan_wait stays pending until
//           plan_cancel
//   refuse  "matmul,rope": supports() answers 0
//   pretend "matmul": supports() answers 1 and plan_new then refuses the node
//   memory  "host" or "device": device memory has no host address and cannot be imported
//   size    bytes of memory that the device opened last says it has
//   level   1..9: nothing; for tests of settings
#pragma once
#include <libinfer/backend.h>

#include <string>
#include <vector>

extern "C" const infer_backend* infer_backend_mock_v0(const infer_host* host);

namespace infer::mock {
// Of all devices of this process: live devices, buffers, plans; faults that have gone off.
struct Census {
  int devices = 0, buffers = 0, plans = 0, faults = 0;
};
Census census();
// What buffer_source was told since the last call: "id offset intact".
std::vector<std::string> take_sources();
}  // namespace infer::mock
