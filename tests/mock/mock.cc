#include "tests/mock/mock.h"

#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "graph/signature.h"

extern "C" const infer_backend* infer_backend_reference_v0(const infer_host* host);

namespace infer::mock {
namespace {

const infer_host* host;
const infer_backend* real;  // reference
std::atomic<int> live_devices, live_buffers, live_plans, faults_gone_off;
std::vector<std::string> sources;
std::atomic<int64_t> told_memory{-5};

bool listed(const std::string& list, const std::string& word) {
  return ("," + list + ",").find("," + word + ",") != std::string::npos;
}

struct MockDevice {
  infer_dev* inner = nullptr;
  std::string fault_function, fault_kind, refuse, pretend;
  int fault_at = 0;
  bool host_memory = true;
  std::mutex mutex;  // a device is called from several threads
  std::map<std::string, int> calls;

  // What this call of `function` does wrong; empty: nothing.
  std::string fault(const char* function) {
    const std::lock_guard lock(mutex);
    const int any = ++calls["any"], own = ++calls[function];
    const bool now = fault_function == "any" ? any == fault_at : fault_function == function && own == fault_at;
    if (!now) return {};
    ++faults_gone_off;
    return fault_kind;
  }
};
struct MockBuffer {
  MockDevice* device;
  infer_buf* inner;
};
struct MockPlan {
  MockDevice* device;
  infer_plan* inner;
  std::vector<uint32_t> refused;
  std::atomic<bool> hanging{false}, cancelled{false};
};
MockDevice* mock(infer_dev* d) { return reinterpret_cast<MockDevice*>(d); }
MockBuffer* mock(infer_buf* b) { return reinterpret_cast<MockBuffer*>(b); }
MockPlan* mock(infer_plan* p) { return reinterpret_cast<MockPlan*>(p); }

infer_status fail(infer_status code, const std::string& text) {
  return host->fail(host->self, code, text.data(), static_cast<int64_t>(text.size()));
}

// Does what a fault says; true: the function answers `*code` and does nothing more.
bool act(const std::string& fault, const char* function, infer_status* code) {
  if (fault.empty() || fault == "lie" || fault == "hang") return false;
  if (fault == "throw") throw std::runtime_error(std::string("mock throws in ") + function);
  if (fault == "throw_int") throw 42;
  if (fault == "null") return *code = INFER_OK, true;
  if (fault == "status") return *code = static_cast<infer_status>(-12345), true;
  if (fault == "silent") return *code = INFER_E_INTERNAL, true;
  const infer_status answer = fault == "memory" ? INFER_E_NO_MEMORY
                              : fault == "lost" ? INFER_E_DEVICE_LOST
                                                : INFER_E_INTERNAL;
  *code = fail(answer, std::string("mock fails in ") + function);
  return true;
}
#define FAULT(device, function)                        \
  infer_status answer = INFER_OK;                      \
  const std::string fault = (device)->fault(function); \
  if (act(fault, function, &answer)) return answer

const char* option_at(int32_t i) {
  static const char* const kOptions[] = {
      "fault|str|||runtime|function@n=kind", "refuse|str|||runtime|operators",
      "pretend|str|||runtime|operators",     "memory|str|host device|host|runtime|where buffers live",
      "level|int|1..9|3|runtime|nothing",    "size|int||-5|runtime|bytes of memory that the device says it has"};
  return i >= 0 && i < 6 ? kOptions[i] : nullptr;
}
int32_t device_count() { return 1; }
infer_status device_info(int32_t index, infer_dev_info* out) {
  if (index != 0) return fail(INFER_E_NOT_FOUND, "one device");
  *out = {{sizeof(infer_dev_info), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR},
          3,
          1,
          nullptr,
          nullptr,
          told_memory,
          -7};  // sizes that lie, unless the setting `size` says one
  return INFER_OK;
}

void configure(MockDevice& d, const std::string& key, const std::string& value) {
  if (key == "refuse") d.refuse = value;
  if (key == "pretend") d.pretend = value;
  if (key == "size") told_memory = std::stoll(value);
  if (key == "memory") d.host_memory = value != "device";
  if (key != "fault") return;
  const size_t at = value.find('@'), is = value.find('=');
  d.fault_function = value.substr(0, at);
  d.fault_at = std::stoi(value.substr(at + 1, is - at - 1));
  d.fault_kind = value.substr(is + 1);
}

infer_status device_open(int32_t, const infer_setting* settings, int32_t n_settings, infer_dev** out) {
  auto d = std::make_unique<MockDevice>();
  told_memory = -5;
  for (int32_t i = 0; i < n_settings; ++i) configure(*d, settings[i].key, settings[i].value);
  FAULT(d, "device_open");
  if (const infer_status s = real->device_open(0, nullptr, 0, &d->inner); s != INFER_OK) return s;
  ++live_devices;
  *out = reinterpret_cast<infer_dev*>(d.release());
  return INFER_OK;
}
void device_close(infer_dev* d) {
  real->device_close(mock(d)->inner);
  delete mock(d);
  --live_devices;
}

infer_status wrap(MockDevice* d, infer_status s, infer_buf* inner, infer_buf** out) {
  if (s != INFER_OK) return s;
  ++live_buffers;
  *out = reinterpret_cast<infer_buf*>(new MockBuffer{d, inner});
  return s;
}
infer_status buffer_new(infer_dev* d, int64_t bytes, int32_t use, infer_buf** out) {
  FAULT(mock(d), "buffer_new");
  infer_buf* inner = nullptr;
  const infer_status s = real->buffer_new(mock(d)->inner, bytes, use, &inner);
  return wrap(mock(d), s, inner, out);
}
infer_status buffer_import(infer_dev* d, const void* ptr, int64_t bytes, int32_t read_only, infer_buf** out) {
  FAULT(mock(d), "buffer_import");
  if (!mock(d)->host_memory) return fail(INFER_E_UNSUPPORTED, "memory of its own");
  infer_buf* inner = nullptr;
  const infer_status s = real->buffer_import(mock(d)->inner, ptr, bytes, read_only, &inner);
  return wrap(mock(d), s, inner, out);
}
void buffer_free(infer_buf* b) {
  real->buffer_free(mock(b)->inner);
  delete mock(b);
  --live_buffers;
}
infer_status buffer_write(infer_buf* b, int64_t at, const void* src, int64_t n) {
  FAULT(mock(b)->device, "buffer_write");
  return real->buffer_write(mock(b)->inner, at, src, n);
}
infer_status buffer_read(infer_buf* b, int64_t at, void* dst, int64_t n) {
  FAULT(mock(b)->device, "buffer_read");
  return real->buffer_read(mock(b)->inner, at, dst, n);
}
void* buffer_host(infer_buf* b) {
  const std::string fault = mock(b)->device->fault("buffer_host");
  infer_status unused;
  if (act(fault, "buffer_host", &unused)) return nullptr;
  if (!mock(b)->device->host_memory) return nullptr;
  char* address = static_cast<char*>(real->buffer_host(mock(b)->inner));
  return fault == "lie" ? address + 1 : address;
}
infer_status buffer_source(infer_buf* b, const infer_source* source) {
  FAULT(mock(b)->device, "buffer_source");
  sources.push_back(str(source->id, " ", source->offset, " ", source->intact(source->file)));
  return INFER_OK;
}

infer_status buffer_discard(infer_buf* b, int64_t at, int64_t n, int64_t* freed) {
  FAULT(mock(b)->device, "buffer_discard");
  return real->buffer_discard(mock(b)->inner, at, n, freed);
}

int32_t supports(infer_dev* d, const infer_program* p, uint32_t op) {
  const std::string fault = mock(d)->fault("supports"), name = graph::op_name(graph::op_at(*p, op).kind);
  infer_status unused;
  if (act(fault, "supports", &unused)) return fault == "null" ? 0 : 77;  // neither 0 nor 1
  return listed(mock(d)->refuse, name) ? 0 : real->supports(mock(d)->inner, p, op);
}

std::vector<infer_binding> unwrap(const infer_binding* b, uint32_t n) {
  std::vector<infer_binding> inner(b, b + n);
  for (infer_binding& i : inner) i.buf = mock(i.buf)->inner;
  return inner;
}

infer_status plan_new(infer_dev* d, const infer_program* p, const infer_binding* weights, uint32_t n_weights,
                      uint32_t* bad_op, int64_t* bytes, infer_plan** out) {
  FAULT(mock(d), "plan_new");
  for (uint32_t n = 0; n < p->n_ops; ++n)
    if (listed(mock(d)->pretend, graph::op_name(graph::op_at(*p, n).kind))) {
      *bad_op = n;
      return fail(INFER_E_UNSUPPORTED, "changed my mind");
    }
  const auto inner = unwrap(weights, n_weights);
  auto plan = std::make_unique<MockPlan>();
  plan->device = mock(d);
  if (const infer_status s = real->plan_new(mock(d)->inner, p, inner.data(), n_weights, bad_op, bytes, &plan->inner);
      s != INFER_OK)
    return s;
  if (fault == "lie" && bytes) *bytes = -1;
  ++live_plans;
  *out = reinterpret_cast<infer_plan*>(plan.release());
  return INFER_OK;
}
void plan_free(infer_plan* p) {
  real->plan_free(mock(p)->inner);
  delete mock(p);
  --live_plans;
}
const char* plan_kernel(infer_plan* p, uint32_t) { return mock(p)->device->refuse.empty() ? "mock" : nullptr; }
infer_status plan_submit(infer_plan* p, const int64_t* symbols, const infer_binding* binds, uint32_t n_binds) {
  mock(p)->cancelled = false;
  FAULT(mock(p)->device, "plan_submit");
  const auto inner = unwrap(binds, n_binds);
  return real->plan_submit(mock(p)->inner, symbols, inner.data(), n_binds);
}
infer_status plan_wait(infer_plan* p, int32_t timeout_ms) {
  MockPlan* plan = mock(p);
  if (!plan->hanging) {
    FAULT(plan->device, "plan_wait");
    plan->hanging = fault == "hang";
  }
  if (!plan->hanging) return real->plan_wait(plan->inner, timeout_ms);
  if (!plan->cancelled) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return INFER_PENDING;
  }
  plan->hanging = false;
  return fail(INFER_E_CANCELLED, "cancelled");
}
void plan_cancel(infer_plan* p) {
  mock(p)->cancelled = true;
  real->plan_cancel(mock(p)->inner);
}
int32_t counter_at(infer_dev* d, int32_t i, const char** name, int64_t* value) {
  return real->counter_at(mock(d)->inner, i, name, value);
}

const infer_backend kBackend = {
    {sizeof(infer_backend), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR},
    "mock",
    "for tests",
    50,
    0,
    option_at,
    device_count,
    device_info,
    device_open,
    device_close,
    buffer_new,
    buffer_import,
    buffer_free,
    buffer_write,
    buffer_read,
    buffer_host,
    supports,
    plan_new,
    plan_free,
    plan_kernel,
    plan_submit,
    plan_wait,
    plan_cancel,
    counter_at,
    buffer_source,
    buffer_discard,
};

}  // namespace

Census census() { return {live_devices, live_buffers, live_plans, faults_gone_off}; }
std::vector<std::string> take_sources() { return std::exchange(sources, {}); }

}  // namespace infer::mock

extern "C" const infer_backend* infer_backend_mock_v0(const infer_host* host) {
  infer::mock::host = host;
  infer::mock::real = infer_backend_reference_v0(host);
  return infer::mock::real ? &infer::mock::kBackend : nullptr;
}
