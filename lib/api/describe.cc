#include <map>
#include <tuple>

#include "api/engine.h"
#include "api/json_writer.h"

namespace infer::api {

std::string describe(const engine::Engine& engine, const Settings& settings) {
  const engine::Sizes& s = engine.sizes();
  const auto& parts = engine.parts();
  JsonWriter out;
  out.open('{');
  out.member("architecture", std::string_view(parts.source.file ? parts.source.file->architecture() : ""));
  out.member("context", int64_t{s.context});
  out.key("kv").open('{');
  out.member("type", std::string_view(settings.text(Key::kv_type))).member("page", int64_t{s.page});
  out.member("pages", int64_t{s.n_pages}).member("tokens", int64_t{s.n_pages} * s.page);
  out.member("bytes", int64_t{s.kv_bytes}).close('}');
  out.key("step").open('{').member("tokens", int64_t{s.tokens}).member("requests", int64_t{s.sequences});
  out.member("rows", int64_t{s.rows}).close('}');
  out.key("bytes").open('{').member("kv", s.kv_bytes).member("logits", int64_t{s.logits_bytes});
  out.member("workspace", s.workspace_bytes).member("total", s.bytes()).close('}');
  const device::Executor::Streamed streamed = parts.executor->streamed();  // weights beyond weights.max
  out.key("streamed").open('{').member("step", streamed.step_bytes).member("slots", streamed.slot_bytes);
  out.member("experts", streamed.cache_bytes).close('}');
  out.key("devices").open('[');
  const auto memory = parts.executor->memory();
  for (size_t i = 0; i < parts.source.devices.size(); ++i) {
    const auto& d = parts.source.devices[i];
    const char* name = d->info().name;
    out.open('{').member("backend", std::string_view(d->backend().name));
    out.member("name", std::string_view(name ? name : ""));
    if (i < memory.size()) {
      out.key("bytes").open('{').member("weights", memory[i].weights).member("kv", memory[i].pages);
      out.member("workspace", memory[i].workspace).close('}');
    }
    out.close('}');
  }
  out.close(']');
  // Nodes that run the same way are one row: operator, weight type, device, kernel, and how many there are.
  std::map<std::tuple<std::string, std::string, std::string, std::string>, int64_t> groups;
  for (const auto& p : parts.executor->placement()) ++groups[{p.op, p.type, p.device, p.kernel}];
  out.key("placement").open('[');
  for (const auto& [key, n] : groups) {
    const auto& [op, type, device, kernel] = key;
    out.open('{').member("op", std::string_view(op)).member("type", std::string_view(type));
    out.member("device", std::string_view(device))
        .member("kernel", std::string_view(kernel))
        .member("nodes", n)
        .close('}');
  }
  out.close(']').close('}');
  return out.take();
}

}  // namespace infer::api
