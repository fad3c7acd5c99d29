// The table of the cpu backend: one device, the processor, with the best instruction set that it has.
#include <libinfer/backend.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "backends/common/calls.h"
#include "backends/cpu/dispatch.h"
#include "backends/cpu/plan.h"
#include "base/processors.h"

namespace infer::cpu {
namespace {

constinit backend::Host host;

constexpr int kMostThreads = 256;
constexpr int64_t kPackLimit = int64_t{32} << 30;

Device* device(infer_dev* d) { return reinterpret_cast<Device*>(d); }
using Buffers = backend::HostBufferCalls<host>;
using Plans = backend::PlanCalls<host, Device, Plan>;

const char* option_at(int32_t i) {
  static constexpr const char* kOptions[] = {
      "threads|int|0..256|0|runtime|threads that compute; 0: one per physical core. More than there are processors are "
      "not started",
      "threads.decode|int|0..256|0|runtime|threads of steps with few rows, such as single tokens; 0: as threads says",
      "threads.prefill|int|0..256|0|runtime|threads of steps with many rows, such as prompts; 0: as threads says",
      "affinity|str||off|runtime|processors that the threads are bound to, one each, such as 0-3,8; an engine's own "
      "thread is the first. No more threads than listed. off: the system decides",
      "isa|str|auto portable avx2 avxvnni avx512 avx512vnni amx neon neon_dotprod neon_i8mm|auto|runtime|instruction "
      "set of the kernels; for tests",
      "terms|int|1..2|2|runtime|8-bit terms that a group of 32 activations may have. 2: a second one where the first "
      "leaves out too much. 1: faster, and some 7 times further from 32-bit activations, as other engines are",
      "pack.dir|str|||runtime|folder where packed weights are kept; empty: weights are not packed",
      "pack.limit|int|0..9223372036854775807|34359738368|runtime|most bytes of packed weights there",
      "onednn|str||off|runtime|path of oneDNN's libdnnl.so.3, to multiply float matrices with many rows; the last bits "
      "of an answer then depend on how many rows run together. off: own kernels alone",
      "profile|bool||false|runtime|count what each operator costs in time, bytes and operations, among the counters",
  };
  return i >= 0 && i < static_cast<int32_t>(std::size(kOptions)) ? kOptions[i] : nullptr;
}

Result<int> parse_threads(std::string_view key, std::string_view value) {
  int n = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
  if (error != std::errc() || end != value.data() + value.size() || n < 0 || n > kMostThreads)
    return Status::invalid(str("cpu.", key, " is '", value, "'; it takes 0..", kMostThreads));
  return n;
}

Result<int64_t> parse_limit(std::string_view value) {
  int64_t n = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
  if (error != std::errc() || end != value.data() + value.size() || n < 0)
    return Status::invalid(str("pack.limit is '", value, "'; it takes a number of bytes"));
  return n;
}

// Of cpu.affinity: the processors that threads are bound to; empty: none.
Result<std::vector<int>> parse_affinity(std::string_view value) {
  if (value == "off") return std::vector<int>();
  TRY_SET(std::vector<int> list, parse_processors(value));
  const std::vector<int> allowed = allowed_processors();
  for (int p : list)
    if (std::find(allowed.begin(), allowed.end(), p) == allowed.end())
      return Status::invalid(str("cpu.affinity names processor ", p, ", which this process may not use"));
  return list;
}

int32_t device_count() { return 1; }

infer_status device_info(int32_t index, infer_dev_info* out) {
  if (index != 0) return host.fail(INFER_E_NOT_FOUND, "cpu has one device, number 0");
  return host.guard([&]() -> Status {
    static const std::string features = feature_text(detect_features());
    *out = {{sizeof(infer_dev_info), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR},
            INFER_DEV_CPU,
            1,
            "cpu",
            features.c_str(),
            0,
            0};
    return {};
  });
}

infer_status device_open(int32_t index, const infer_setting* settings, int32_t n_settings, infer_dev** out) {
  if (index != 0) return host.fail(INFER_E_NOT_FOUND, "cpu has one device, number 0");
  return host.guard([&]() -> Status {
    const Features features = detect_features();
    int threads = 0;
    Crew crew{0, 0, usable_processors(), {}, host.executor()};
    std::string_view isa = "auto", onednn = "off", pack_dir;
    int64_t pack_limit = kPackLimit;
    int terms = 2;
    bool profile = false;
    for (int32_t i = 0; i < n_settings; i++) {
      const std::string_view key = settings[i].key, value = settings[i].value;
      if (key == "threads") {
        TRY_SET(threads, parse_threads(key, value));
      } else if (key == "threads.decode") {
        TRY_SET(crew.few, parse_threads(key, value));
      } else if (key == "threads.prefill") {
        TRY_SET(crew.many, parse_threads(key, value));
      } else if (key == "affinity") {
        TRY_SET(crew.bound_to, parse_affinity(value));
      } else if (key == "isa") {
        isa = value;
      } else if (key == "terms") {
        if (value != "1" && value != "2") return Status::invalid(str("cpu.terms is '", value, "'; it takes 1 or 2"));
        terms = value == "1" ? 1 : 2;
      } else if (key == "pack.dir") {
        pack_dir = value;
      } else if (key == "pack.limit") {
        TRY_SET(pack_limit, parse_limit(value));
      } else if (key == "onednn") {
        onednn = value;
      } else if (key == "profile") {
        profile = value == "true" || value == "1";
      } else {
        return Status::not_found(str("cpu has no option '", key, "'"));
      }
    }
    TRY_SET(const Kernels* kernels, choose_kernels(features, isa));
    const int listed = static_cast<int>(crew.bound_to.size());
    if (listed > 0 && crew.executor)
      return Status::invalid("cpu.affinity binds threads to processors, and those that the host lends are not bound");
    if (listed > 0) crew.processors = std::min(crew.processors, listed);
    if (threads == 0) threads = listed > 0 ? listed : usable_cores(features);
    if (crew.few == 0) crew.few = threads;
    if (crew.many == 0) crew.many = threads;
    auto opened = std::make_unique<Device>(*kernels, std::move(crew));
    if (onednn != "off") TRY(opened->use_onednn(std::string(onednn)));
    opened->use_terms(terms);
    if (profile) opened->use_profile();
    if (!pack_dir.empty()) opened->use_packs({std::string(pack_dir), pack_limit}, host);
    *out = reinterpret_cast<infer_dev*>(opened.release());
    return {};
  });
}
void device_close(infer_dev* d) { delete device(d); }

int32_t counter_at(infer_dev* d, int32_t i, const char** name, int64_t* value) {
  return device(d)->counter_at(i, name, value);
}

const infer_backend kBackend = {
    {sizeof(infer_backend), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR},
    "cpu",
    INFER_CPU_BUILD,
    10,
    0,
    option_at,
    device_count,
    device_info,
    device_open,
    device_close,
    Buffers::make,
    Buffers::import,
    Buffers::free,
    Buffers::write,
    Buffers::read,
    Buffers::address,
    Plans::supports,
    Plans::make,
    Plans::free,
    Plans::kernel,
    Plans::submit,
    Plans::wait,
    Plans::cancel,
    counter_at,
    Buffers::source,
    Buffers::discard,
};

}  // namespace
}  // namespace infer::cpu

extern "C" const infer_backend* infer_backend_cpu_v0(const infer_host* table);
extern "C" const infer_backend* infer_backend_cpu_v0(const infer_host* table) {
  if (!infer::backend::Host::usable(table)) return nullptr;
  infer::cpu::host.set(table);
  return &infer::cpu::kBackend;
}
