// From a manifest, a file or a linked-in entry to a checked backend table; and from settings to what device_open takes.
#pragma once
#include <libinfer/backend.h>

#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/status.h"

namespace infer::device {

// A *.json file beside a plugin: says what the plugin is before any of its code runs.
struct Manifest {
  std::string name;     // "cpu"
  std::string library;  // full path
};
Result<Manifest> read_manifest(const std::string& path);

// Loads a plugin file and asks it for its table.
Result<const infer_backend*> load_plugin(const std::string& path, const Log& log);
// Asks a linked-in backend.
Result<const infer_backend*> enter_backend(infer_backend_v0_fn entry, std::string_view label, const Log& log);

bool valid_backend_name(std::string_view name);

using Settings = std::vector<std::pair<std::string, std::string>>;
// Those of `shared` that the backend's own table names, then the settings of `settings` that begin with the backend's
// name, without that prefix; checked against that table.
Result<Settings> settings_of(const infer_backend& backend, const Settings& shared, const Settings& settings);

}  // namespace infer::device
