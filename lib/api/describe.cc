#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "api/engine.h"

namespace infer::api {

std::string describe(const engine::Engine& engine, const Settings& settings) {
  using json = nlohmann::ordered_json;
  const engine::Sizes& s = engine.sizes();
  const auto& parts = engine.parts();
  json out;
  out["architecture"] = parts.source.file ? parts.source.file->architecture() : "";
  out["context"] = s.context;
  out["kv"] = {{"type", settings.text(Key::kv_type)},
               {"page", s.page},
               {"pages", s.n_pages},
               {"tokens", int64_t{s.n_pages} * s.page},
               {"bytes", s.kv_bytes}};
  out["step"] = {{"tokens", s.tokens}, {"requests", s.sequences}, {"rows", s.rows}};
  out["bytes"] = {{"kv", parts.executor->state_bytes()},
                  {"logits", s.logits_bytes},
                  {"workspace", parts.executor->workspace_bytes()}};
  json devices = json::array();
  for (const auto& d : parts.source.devices) {
    const char* name = d->info().name;
    devices.push_back({{"backend", d->backend().name}, {"name", name ? name : ""}});
  }
  out["devices"] = std::move(devices);
  // Nodes that run the same way are one row: operator, weight type, device, kernel, and how many there are.
  std::map<std::tuple<std::string, std::string, std::string, std::string>, int64_t> groups;
  for (const auto& p : parts.executor->placement()) ++groups[{p.op, p.type, p.device, p.kernel}];
  json placement = json::array();
  for (const auto& [key, n] : groups) {
    const auto& [op, type, device, kernel] = key;
    placement.push_back({{"op", op}, {"type", type}, {"device", device}, {"kernel", kernel}, {"nodes", n}});
  }
  out["placement"] = std::move(placement);
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace infer::api
