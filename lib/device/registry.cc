#include "device/registry.h"

#include <algorithm>

#include "base/folder.h"
#include "device/plugin.h"

namespace infer::device {
namespace {

constexpr int32_t kMaxDevices = 64;  // of one backend; a count that lies is cut here

// The *.json files of a folder in order of their names.
Result<std::vector<std::string>> manifests_in(const std::string& folder) {
  TRY_SET(const std::vector<std::string> names, list_folder(folder));
  std::vector<std::string> found;
  for (const std::string& name : names)
    if (name.ends_with(".json")) found.push_back(str(folder, "/", name));
  return found;
}

std::string described(const Status& s) {
  return s.hint().empty() ? std::string(s.message()) : str(s.message(), "; ", s.hint());
}

}  // namespace

// ---- Device --------------------------------------------------------------------------------------------------------

Device::~Device() {
  if (dev_) call_quietly([&] { backend_->device_close(dev_); });
}

// ---- Registry ------------------------------------------------------------------------------------------------------

// Folders first, so that a plugin can take the place of what is linked in.
Result<std::unique_ptr<Registry>> Registry::create(RegistryOptions options, Log log) {
  std::unique_ptr<Registry> r(new Registry(std::move(options), std::move(log)));
  for (const std::string& folder : r->options_.folders) TRY(r->scan(folder));
  for (const Builtin& b : r->options_.builtin) {
    if (!r->wanted(b.name)) {
      r->refuse(b.name, "(built in)", "not among the backends asked for");
    } else if (r->loaded(b.name)) {
      r->refuse(b.name, "(built in)", "another backend of this name was found first");
    } else if (const auto backend = enter_backend(b.entry, b.name, r->log_); !backend.ok()) {
      r->refuse(b.name, "(built in)", described(backend.status()));
    } else {
      TRY(r->add(*backend, "(built in)"));
    }
  }
  r->sort_devices();
  if (r->devices_.empty()) {
    std::string looked;
    for (const Entry& e : r->entries_)
      looked += str(looked.empty() ? "" : "; ", e.name.empty() ? e.path : e.name, ": ", e.note);
    return Status::not_found(str("no backend can be used (", looked.empty() ? "none was found" : looked, ")"),
                             "check the options backend.use and backend.path");
  }
  return r;
}

// A broken plugin is noted and skipped. What fails is the user's own mistake: a setting that a backend does not have.
Status Registry::scan(const std::string& folder) {
  const auto manifests = manifests_in(folder);
  if (!manifests.ok()) {
    refuse({}, folder, described(manifests.status()));
    return {};
  }
  for (const std::string& path : *manifests) {
    const auto manifest = read_manifest(path);
    if (!manifest.ok()) {
      refuse({}, path, described(manifest.status()));
    } else if (!wanted(manifest->name)) {
      refuse(manifest->name, manifest->library, "not among the backends asked for");
    } else if (loaded(manifest->name)) {
      refuse(manifest->name, manifest->library, "another backend of this name was found first");
    } else if (const auto backend = load_plugin(manifest->library, log_); !backend.ok()) {
      refuse(manifest->name, manifest->library, described(backend.status()));
    } else if (manifest->name != (*backend)->name) {
      refuse(manifest->name, manifest->library,
             str("its manifest says '", manifest->name, "', the plugin says '", (*backend)->name, "'"));
    } else {
      TRY(add(*backend, manifest->library));
    }
  }
  return {};
}

Status Registry::load(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto backend = load_plugin(path, log_);
  if (!backend.ok()) {
    refuse({}, path, described(backend.status()));
    return backend.status();
  }
  if (loaded((*backend)->name))
    return Status::invalid(str("a backend named '", (*backend)->name, "' is loaded already"), "leave one of them out");
  TRY(add(*backend, path));
  sort_devices();
  return {};
}

Status Registry::want(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(idle_.begin(), idle_.end(), [&](const auto& b) { return b.first->name == name; });
  const bool told = std::find(options_.named.begin(), options_.named.end(), name) != options_.named.end();
  if (found == idle_.end() || told) return {};
  const infer_backend* backend = found->first;
  const std::string path = found->second;
  options_.named.emplace_back(name);
  idle_.erase(found);
  std::erase_if(entries_, [&](const Entry& e) { return !e.backend && e.name == name && e.path == path; });
  const Status added = add(backend, path);
  if (!added.ok()) refuse(std::string(name), path, described(added));  // said again in entries()
  sort_devices();
  return added;
}

std::vector<Registry::Entry> Registry::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

std::vector<std::shared_ptr<const Device>> Registry::devices() const {
  const std::lock_guard lock(mutex_);
  return devices_;
}

bool Registry::wanted(std::string_view name) const {
  return options_.use.empty() || std::find(options_.use.begin(), options_.use.end(), name) != options_.use.end();
}

bool Registry::loaded(std::string_view name) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.backend && e.name == name; });
}

void Registry::refuse(std::string name, std::string path, std::string_view why) {
  log_(LogLevel::kInfo, str("backend ", name.empty() ? path : name, " not used: ", why));
  entries_.push_back({std::move(name), std::move(path), std::string(why), nullptr});
}

// Opens the devices of a backend that passed its checks. Fails only on settings that the user got wrong.
Status Registry::add(const infer_backend* backend, const std::string& path) {
  Settings shared = options_.shared;
  if (std::find(options_.named.begin(), options_.named.end(), backend->name) != options_.named.end())
    shared.emplace_back("named", "true");
  TRY_SET(const Settings settings, settings_of(*backend, shared, options_.settings));
  std::vector<infer_setting> table;
  for (const auto& [key, value] : settings) table.push_back({key.c_str(), value.c_str()});

  const LogScope scope(&log_);
  const size_t before = devices_.size();
  std::string note = backend->build ? backend->build : "";
  // Asked again after each: a backend may not know before the first is opened.
  const auto count = [&] { return call_or<int32_t>(-1, [&] { return backend->device_count(); }); };
  for (int32_t i = 0; i < std::min(count(), kMaxDevices); ++i) {
    auto device = open_device(backend, i, table);
    if (device.ok())
      devices_.push_back(device.take());
    else if (!table.empty() && device.status().code() == INFER_E_INVALID)  // a setting that it cannot follow
      return device.status();
    else
      note += str(note.empty() ? "" : "; ", "device ", i, " not used: ", device.status().message());
  }
  if (devices_.size() == before) {
    idle_.emplace_back(backend, path);
    refuse(backend->name, path, count() <= 0 ? std::string("it finds no device on this machine") : note);
    return {};
  }
  log_(LogLevel::kInfo, str("backend ", backend->name, " loaded: ", note));
  entries_.push_back({backend->name, path, std::move(note), backend});
  return {};
}

Result<std::shared_ptr<const Device>> Registry::open_device(const infer_backend* backend, int32_t index,
                                                            std::span<const infer_setting> settings) {
  std::shared_ptr<Device> d(new Device);
  d->backend_ = backend;
  d->log_ = log_;
  d->info_.abi = {sizeof(infer_dev_info), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR};
  d->executor_ = options_.executor;
  const ExecutorScope lent(d->executor_.parallel ? &d->executor_ : nullptr);
  TRY(d->call("opening a device", [&] {
    return backend->device_open(index, settings.data(), static_cast<int32_t>(settings.size()), &d->dev_);
  }));
  if (!d->dev_) return Status::internal(str("backend '", backend->name, "' opened device ", index, " and gave none"));
  TRY(d->call("asking about a device", [&] { return backend->device_info(index, &d->info_); }));
  if (!d->info_.name) d->info_.name = backend->name;
  if (!d->info_.features) d->info_.features = "";
  d->info_.memory_total = std::max<int64_t>(d->info_.memory_total, 0);
  d->info_.memory_free = std::max<int64_t>(d->info_.memory_free, 0);
  return std::shared_ptr<const Device>(std::move(d));
}

// In the order of `use`, else by priority; equals stay in the order in which they were found. What a processor
// computes in place of a GPU comes last.
void Registry::sort_devices() {
  const auto rank = [&](const std::shared_ptr<const Device>& d) -> int64_t {
    const auto at = std::find(options_.use.begin(), options_.use.end(), d->name());
    return at != options_.use.end()               ? at - options_.use.begin()
           : d->info().kind == INFER_DEV_EMULATED ? INT64_MAX
                                                  : INT32_MAX - int64_t(d->backend().priority);
  };
  std::stable_sort(devices_.begin(), devices_.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

}  // namespace infer::device
