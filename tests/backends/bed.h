// A backend on the test bed: opened through backend.h alone, fed cases, watched for writes that it must not do.
#pragma once
#include <memory>
#include <optional>

#include "tests/backends/case.h"

namespace infer::conformance {

struct Outcome {
  infer_status status = INFER_OK;
  std::string message;                             // what the backend told the host
  std::string damage;                              // memory touched that was not its to touch; empty: none
  std::vector<std::map<uint32_t, Bytes>> outputs;  // per run
  std::string kernel;                              // of the last node
  bool supported = true;
  double seconds = 0;  // of all runs, from submit to the end of wait
};

using Settings = std::vector<std::pair<std::string, std::string>>;

class Bed {
 public:
  // name: linked in ("reference", "cpu"), or the path of a plugin. Null with a message in `why` when it cannot be
  // opened.
  static std::unique_ptr<Bed> open(const std::string& name, const Settings& settings, std::string& why);
  ~Bed();
  Bed(const Bed&) = delete;
  Bed& operator=(const Bed&) = delete;

  const infer_backend& api() const { return *api_; }
  infer_dev* dev() const { return dev_; }
  // The option's line "key|type|range|...", or nothing.
  std::string_view option(std::string_view key) const;
  // Compiles and runs. Every buffer bound to a run has guard bytes on both sides; weights are imported where they lie,
  // in blocks of exactly their size (a sanitizer sees reads past them).
  Outcome run(const Case& c);
  // Memory for a test of its own; nullptr: refused.
  infer_buf* buffer(int64_t bytes);
  std::map<std::string, int64_t> counters() const;
  static std::string told();  // what was said through host->fail last

 private:
  Bed() = default;
  const infer_backend* api_ = nullptr;
  infer_dev* dev_ = nullptr;
};

std::vector<std::string> linked_backends();
int64_t bytes_needed(const infer_tensor& t, const std::vector<int64_t>& symbols);

}  // namespace infer::conformance
