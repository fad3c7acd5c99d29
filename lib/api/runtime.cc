#include "api/runtime.h"

#include <algorithm>
#include <charconv>

#include "api/guard.h"
#include "api/handles.h"
#include "api/structs.h"
#include "base/own_folder.h"

namespace infer::api {

Result<std::shared_ptr<Runtime>> Runtime::create(const Settings& settings, const infer_hooks& hooks) {
  std::shared_ptr<Runtime> rt(new Runtime(hooks));
  if (hooks.log) {
    const auto sink = [hooks](LogLevel level, std::string_view text) {
      hooks.log(hooks.user, static_cast<int32_t>(level), text.data(), static_cast<int64_t>(text.size()));
    };
    rt->log_ = Log(sink, static_cast<LogLevel>(settings.integer(Key::log_level)));
  }
  device::RegistryOptions options;
  options.folders = settings.list(Key::backend_path);
  if (const std::string own = own_folder(); !own.empty()) options.folders.push_back(own + "/libinfer");
  options.use = settings.list(Key::backend_use);
  options.settings = settings.of_backends();
  for (const std::string& device : settings.list(Key::device))
    options.named.push_back(device.substr(0, device.find(':')));
  if (const std::string folder = settings.text(Key::pack_dir); !folder.empty()) {
    options.shared.emplace_back("pack.dir", folder);
    options.shared.emplace_back("pack.limit", std::to_string(settings.integer(Key::pack_limit)));
  }
  if (hooks.parallel) {
    const auto parallel = [](void* self, int32_t n, void (*body)(void*, int32_t), void* arg) {
      const infer_hooks& h = static_cast<const Runtime*>(self)->hooks_;
      try {
        h.parallel(h.user, n, body, arg);
      } catch (...) {  // must not be; where it can be caught, the backend does what is left undone
      }
    };
    options.executor = {{sizeof(infer_executor), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR}, rt.get(), parallel};
  }
  options.builtin = device::builtin_backends();
  TRY_SET(rt->registry_, device::Registry::create(std::move(options), rt->log_));
  TRY(rt->check_backend_keys(settings));
  return rt;
}

void Runtime::wake() const noexcept {
  if (!hooks_.wake) return;
  try {
    hooks_.wake(hooks_.user);
  } catch (...) {  // a host's function that throws must not take the engine with it
  }
}

Status Runtime::check_backend_keys(const Settings& settings) const {
  if (settings.of_backends().empty()) return {};
  const auto entries = registry_->entries();
  for (const auto& [key, value] : settings.of_backends()) {
    const std::string_view word = std::string_view(key).substr(0, key.find('.'));
    if (std::none_of(entries.begin(), entries.end(), [&](const auto& e) { return e.name == word; })) {
      return Status::not_found(str("there is no option '", key, "' and no backend '", word, "'"),
                               nearest_key_hint(key));
    }
  }
  return {};
}

Result<std::vector<std::shared_ptr<const device::Device>>> Runtime::choose_devices(
    const std::vector<std::string>& names) const {
  for (const std::string& name : names) TRY(registry_->want(std::string_view(name).substr(0, name.find(':'))));
  const auto all = registry_->devices();
  if (names.empty()) return all;
  std::vector<std::shared_ptr<const device::Device>> chosen;
  for (const std::string& name : names) {
    const size_t colon = name.find(':');
    const std::string_view backend = std::string_view(name).substr(0, colon);
    int64_t number = -1;  // all of that backend
    if (colon != std::string::npos) {
      const char *begin = name.data() + colon + 1, *end = name.data() + name.size();
      const auto [at, error] = std::from_chars(begin, end, number);
      if (error != std::errc{} || at != end || number < 0) {
        return Status::invalid(str("'", name, "' is not a device"), "write a backend's name, or name:number");
      }
    }
    int64_t seen = 0;
    size_t added = 0;
    for (const auto& d : all) {
      if (backend != d->backend().name) continue;
      if (number >= 0 && seen++ != number) continue;
      chosen.push_back(d);
      ++added;
    }
    if (added == 0) {
      std::string known;
      for (const auto& d : all) known += str(known.empty() ? "" : ", ", d->backend().name);
      for (const auto& e : registry_->entries())
        if (e.name == backend && !e.backend) known += str("; ", e.name, ": ", e.note);
      return Status::not_found(str("there is no device '", name, "'"), str("devices found: ", known));
    }
  }
  return chosen;
}

}  // namespace infer::api

using namespace infer;
using namespace infer::api;

extern "C" {

infer_status infer_runtime_new(const infer_options* o, const infer_hooks* hooks, infer_runtime** out) noexcept {
  return guard([&]() -> Answer {
    TRY(need(out, "out"));
    infer_hooks own = INFER_HOOKS_INIT;
    if (hooks) TRY(read_struct(hooks, "hooks", own));
    auto handle = std::make_unique<infer_runtime>();
    auto made = Runtime::create(o ? o->settings : Settings(), own);
    TRY(made.status());
    handle->object = made.take();
    *out = handle.release();
    return INFER_OK;
  });
}

void infer_runtime_release(infer_runtime* rt) noexcept {
  guard_void([&] { delete rt; });
}

infer_status infer_runtime_load_backend(infer_runtime* rt, const char* path) noexcept {
  return guard([&]() -> Answer {
    TRY(need(rt, "rt"));
    TRY(need(path, "path"));
    return rt->object->registry().load(path);
  });
}

infer_status infer_runtime_device_at(infer_runtime* rt, int32_t i, infer_device* out) noexcept {
  return guard([&]() -> Answer {
    TRY(need(rt, "rt"));
    TRY(need(out, "out"));
    const auto object = rt->object;
    const auto devices = object->registry().devices();
    if (i < 0 || static_cast<size_t>(i) >= devices.size()) return INFER_DONE;
    const device::Device& d = *devices[static_cast<size_t>(i)];
    const infer_dev_info& info = d.info();
    infer_device value = INFER_DEVICE_INIT;
    value.kind = info.kind;
    value.backend = object->keep(d.backend().name);
    value.name = object->keep(info.name ? info.name : "");
    value.features = object->keep(info.features ? info.features : "");
    value.memory_total = info.memory_total;
    value.memory_free = info.memory_free;
    return write_struct(out, "infer_device", value);
  });
}

infer_status infer_runtime_backend_at(infer_runtime* rt, int32_t i, infer_backend_info* out) noexcept {
  return guard([&]() -> Answer {
    TRY(need(rt, "rt"));
    TRY(need(out, "out"));
    const auto object = rt->object;
    const auto entries = object->registry().entries();
    if (i < 0 || static_cast<size_t>(i) >= entries.size()) return INFER_DONE;
    const auto& e = entries[static_cast<size_t>(i)];
    infer_backend_info value = INFER_BACKEND_INFO_INIT;
    value.loaded = e.backend != nullptr;
    value.name = object->keep(e.name);
    value.path = object->keep(e.path);
    value.note = object->keep(e.note);
    return write_struct(out, "infer_backend_info", value);
  });
}

}  // extern "C"
