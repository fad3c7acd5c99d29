// infer inspect FILE: facts, metadata, tensors, bytes per type. Opens also what cannot be run, and says why.
#include <map>
#include <optional>
#include <vector>

#include "commands.h"
#include "print.h"
#include "session.h"

namespace infer::tool {
namespace {

struct Arguments {
  Settings settings;
  std::string file;
  bool all_tensors = false;
};

constexpr const char* kFacts[] = {"n_vocab",    "n_ctx_train",   "n_embd",           "n_layer",      "n_head",
                                  "n_head_kv",  "head_dim",      "n_expert",         "n_parameters", "weight_bytes",
                                  "file_bytes", "has_tokenizer", "has_chat_template"};

struct Tensor {
  std::string name, type;
  std::vector<int64_t> shape;  // outermost first
  int64_t bytes = 0;
};

struct Contents {
  std::vector<std::pair<std::string, int64_t>> facts;
  std::string not_runnable, hint;  // why no program can be built for it; "" if one can
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<Tensor> tensors;
};

Contents read(const Session& s) {
  Contents c;
  for (const char* name : kFacts) {
    int64_t value = 0;
    if (infer_model_fact(s.model.get(), name, &value) == INFER_OK) {
      c.facts.emplace_back(name, value);
    } else if (c.not_runnable.empty()) {
      c.not_runnable = infer_last_error();
      c.hint = infer_last_hint();
    }
  }
  const char *key = nullptr, *value = nullptr;
  for (int64_t i = 0; check(infer_model_meta_at(s.model.get(), i, &key, &value)) == INFER_OK; ++i) {
    c.metadata.emplace_back(key, value);
  }
  infer_tensor_info t = INFER_TENSOR_INFO_INIT;
  for (int64_t i = 0; check(infer_model_tensor_at(s.model.get(), i, &t)) == INFER_OK; ++i) {
    c.tensors.push_back({t.name, t.type, std::vector<int64_t>(t.dim, t.dim + t.n_dims), t.bytes});
  }
  return c;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

// "blk.12.attn_q.weight" -> "blk.*.attn_q.weight": tensors of all layers are one row.
std::string without_layer(const std::string& name) {
  if (name.rfind("blk.", 0) != 0) return name;
  const size_t dot = name.find('.', 4);
  return dot == std::string::npos ? name : "blk.*" + name.substr(dot);
}

struct Group {
  std::string name, type, shape;
  int64_t bytes = 0, count = 0;
};

std::vector<Group> groups(const std::vector<Tensor>& tensors, bool all) {
  std::vector<Group> out;
  std::map<std::string, size_t> places;
  for (const Tensor& t : tensors) {
    const std::string name = all ? t.name : without_layer(t.name), shape = shape_text(t.shape);
    const auto [at, fresh] = places.try_emplace(name + " " + t.type + " " + shape, out.size());
    if (fresh) out.push_back({name, t.type, shape, 0, 0});
    out[at->second].bytes += t.bytes;
    ++out[at->second].count;
  }
  return out;
}

std::map<std::string, std::pair<int64_t, int64_t>> types(const std::vector<Tensor>& tensors) {
  std::map<std::string, std::pair<int64_t, int64_t>> out;  // type -> tensors, bytes
  for (const Tensor& t : tensors) {
    ++out[t.type].first;
    out[t.type].second += t.bytes;
  }
  return out;
}

void print_text(const Contents& c, bool all_tensors) {
  put_line("Facts");
  for (const auto& [name, value] : c.facts) {
    std::string shown = std::to_string(value);
    if (name.rfind("has_", 0) == 0) shown = value ? "yes" : "no";
    if (name == "n_parameters") shown = count_text(value);
    if (name.find("bytes") != std::string::npos) shown = bytes_text(value);
    put_line(format("  %-18s %s", name.c_str(), shown.c_str()));
  }
  if (!c.not_runnable.empty()) {
    put_line("  cannot be run: " + c.not_runnable + (c.hint.empty() ? "" : " (" + c.hint + ")"));
  }
  put_line("\nMetadata");
  for (const auto& [key, value] : c.metadata) {
    constexpr size_t kMost = 100;
    const std::string shown = value.size() <= kMost ? value : value.substr(0, kMost) + "...";
    put_line(format("  %-44s %s", key.c_str(), escape(shown).c_str()));
  }
  put_line("\nTensors");
  for (const Group& g : groups(c.tensors, all_tensors)) {
    const std::string times = g.count > 1 ? format(" x %lld", static_cast<long long>(g.count)) : "";
    put_line(format("  %-36s %-8s %-20s %12s%s", g.name.c_str(), g.type.c_str(), g.shape.c_str(),
                    bytes_text(g.bytes).c_str(), times.c_str()));
  }
  put_line("\nBytes per type");
  for (const auto& [type, sums] : types(c.tensors)) {
    put_line(format("  %-8s %5lld tensors %12s", type.c_str(), static_cast<long long>(sums.first),
                    bytes_text(sums.second).c_str()));
  }
}

void print_json(const Contents& c) {
  Json out;
  out["facts"] = Json::object();
  for (const auto& [name, value] : c.facts) {
    if (name.rfind("has_", 0) == 0) {
      out["facts"][name] = value != 0;
    } else {
      out["facts"][name] = value;
    }
  }
  out["runnable"] = c.not_runnable.empty();
  if (!c.not_runnable.empty()) out["reason"] = c.not_runnable;
  out["metadata"] = Json::object();
  for (const auto& [key, value] : c.metadata) out["metadata"][key] = value;
  out["tensors"] = Json::array();
  for (const Tensor& t : c.tensors) {
    out["tensors"].push_back({{"name", t.name}, {"type", t.type}, {"shape", t.shape}, {"bytes", t.bytes}});
  }
  out["types"] = Json::object();
  for (const auto& [type, sums] : types(c.tensors)) {
    out["types"][type] = {{"tensors", sums.first}, {"bytes", sums.second}};
  }
  put_json(out);
}

int inspect(const Arguments& a) {
  const Session session = open_model(a.file, a.settings.options({"model.partial=true"}));
  const Contents contents = read(session);
  if (a.settings.json) {
    print_json(contents);
  } else {
    print_text(contents, a.all_tensors);
  }
  return 0;
}

}  // namespace

void add_inspect(CLI::App& app, Command& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App& sub = *app.add_subcommand("inspect", "facts, metadata, tensors, bytes per type");
  add_file(sub, a->file);
  sub.add_flag("--tensors", a->all_tensors, "each tensor by itself, not one row for all layers");
  a->settings.add_common(sub);
  sub.callback([a, &chosen] { chosen = [a] { return inspect(*a); }; });
}

}  // namespace infer::tool
