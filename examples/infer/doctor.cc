// infer doctor: what this machine offers and what libinfer makes of it. Fails when nothing could run a model.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <thread>

#include "commands.h"
#include "machine.h"
#include "print.h"
#include "session.h"

namespace infer::tool {
namespace {

constexpr const char* kKinds[] = {"cpu", "integrated GPU", "discrete GPU", "other", "processor in place of a GPU"};

Json backends(infer_runtime* rt) {
  Json list = Json::array();
  infer_backend_info b = INFER_BACKEND_INFO_INIT;
  for (int32_t i = 0; check(infer_runtime_backend_at(rt, i, &b)) == INFER_OK; ++i) {
    list.push_back({{"name", b.name}, {"loaded", b.loaded != 0}, {"path", b.path}, {"note", b.note}});
  }
  return list;
}

Json devices(infer_runtime* rt) {
  Json list = Json::array();
  infer_device d = INFER_DEVICE_INIT;
  for (int32_t i = 0; check(infer_runtime_device_at(rt, i, &d)) == INFER_OK; ++i) {
    list.push_back({{"backend", d.backend},
                    {"name", d.name},
                    {"kind", kKinds[d.kind >= 0 && d.kind < static_cast<int32_t>(std::size(kKinds)) ? d.kind : 3]},
                    {"features", d.features},
                    {"memory_total", d.memory_total},
                    {"memory_free", d.memory_free}});
  }
  return list;
}

// Does the cpu device say that it uses oneDNN?
std::string onednn(const Json& all) {
  for (const Json& d : all) {
    std::istringstream words(d["features"].get<std::string>());
    for (std::string word; words >> word;) {
      if (word.rfind("onednn", 0) == 0) return word;
    }
  }
  return "";
}

// The folder of packed weights: how much is in it and how much may be.
Json packed_weights(const Settings& settings) {
  const std::string folder = settings.value("pack.dir");
  int64_t bytes = 0, files = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() != ".pack") continue;
    const auto size = at->file_size(error);
    if (!error) bytes += static_cast<int64_t>(size), ++files;
    error.clear();
  }
  const int64_t limit = std::strtoll(settings.value("pack.limit").c_str(), nullptr, 10);
  return {{"folder", folder}, {"files", files}, {"bytes", bytes}, {"limit", limit}};
}

std::string text_of(const Json& value) { return value.get<std::string>(); }

void print_text(const Json& out) {
  put_line("libinfer " + text_of(out["version"]) + ", ABI " + text_of(out["abi"]));
  const Json& cpu = out["cpu"];
  put_line("\nProcessor");
  put_line("  threads    " + std::to_string(cpu["threads"].get<unsigned>()));
  put_line("  features   " + text_of(cpu["features"]));
  put_line("\nBackends");
  for (const Json& b : out["backends"]) {
    put_line(format("  %-10s %-8s %s", text_of(b["name"]).c_str(), b["loaded"].get<bool>() ? "found" : "refused",
                    text_of(b["path"]).c_str()));
    if (!text_of(b["note"]).empty()) put_line("             " + text_of(b["note"]));
  }
  put_line("\nDevices, best first");
  for (const Json& d : out["devices"]) {
    put_line(format("  %-10s %s (%s)", text_of(d["backend"]).c_str(), text_of(d["name"]).c_str(),
                    text_of(d["kind"]).c_str()));
    if (!text_of(d["features"]).empty()) put_line("             " + text_of(d["features"]));
    if (d["memory_total"].get<int64_t>() > 0) {
      const std::string free = d["memory_free"].get<int64_t>() > 0 ? bytes_text(d["memory_free"]) + " free of " : "";
      put_line("             memory " + free + bytes_text(d["memory_total"]));
    }
  }
  const std::string found = text_of(out["onednn"]);
  put_line("\noneDNN       " +
           (found.empty() ? std::string("not found: the cpu backend uses its own float kernels") : "found: " + found));
  const Json& packed = out["packed_weights"];
  const std::string folder = text_of(packed["folder"]);
  put_line("Packed weights " +
           (folder.empty()
                ? std::string("are not kept (pack.dir is empty)")
                : format("in %s: %s of %s in %lld files", folder.c_str(), bytes_text(packed["bytes"]).c_str(),
                         bytes_text(packed["limit"]).c_str(), static_cast<long long>(packed["files"].get<int64_t>()))));
  put_line(out["ok"].get<bool>() ? "\nModels can run here." : "\nNo device: models cannot run here.");
}

int doctor(const Settings& settings) {
  const Runtime runtime = new_runtime(settings.options());
  Json out;
  out["version"] = infer_version();
  out["abi"] = format("%u.%u", infer_abi_version() >> 16, infer_abi_version() & 0xffff);
  out["cpu"] = {{"threads", std::thread::hardware_concurrency()}, {"features", cpu_features()}};
  out["backends"] = backends(runtime.get());
  out["devices"] = devices(runtime.get());
  out["onednn"] = onednn(out["devices"]);
  out["packed_weights"] = packed_weights(settings);
  const bool ok = !out["devices"].empty();
  out["ok"] = ok;
  if (settings.json) {
    put_json(out);
  } else {
    print_text(out);
  }
  return ok ? 0 : kExitFailed;
}

}  // namespace

void add_doctor(CLI::App& app, Command& chosen) {
  auto settings = std::make_shared<Settings>();
  CLI::App& sub = *app.add_subcommand("doctor", "what this machine offers: features, backends, devices");
  settings->add_common(sub);
  sub.callback([settings, &chosen] { chosen = [settings] { return doctor(*settings); }; });
}

}  // namespace infer::tool
