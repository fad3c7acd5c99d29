// The table of families, and the road from a file to a Model that they share.
#include "models/family.h"

namespace infer::models {
namespace {

struct Family {
  std::string_view architecture;  // general.architecture
  Layer layer;
  FamilyDefaults defaults;
};
constexpr Family kFamilies[] = {
    {"llama", llama_layer, {}},  // mistral and mixtral too
    {"qwen2", qwen2_layer, {}}, {"qwen2moe", qwen2moe_layer, {.moe = true, .expert_norm = false}},
    {"qwen3", qwen3_layer, {}}, {"qwen3moe", qwen3moe_layer, {.moe = true}},
};

Result<const Family*> family_of(const formats::ModelFile& file) {
  for (const Family& f : kFamilies)
    if (f.architecture == file.architecture()) return &f;
  std::string known;
  for (const Family& f : kFamilies) known += str(known.empty() ? "" : ", ", f.architecture);
  return Status::unsupported(
      str("architecture '", file.architecture(), "' is not supported; this version knows ", known),
      "Use a model of one of these families, or a newer libinfer.");
}

Status check_options(const BuildOptions& o) {
  if (o.kv_type != INFER_TYPE_F16 && o.kv_type != INFER_TYPE_F32)
    return Status::invalid(str("KV type ", o.kv_type, " is not f16 or f32"));
  if (o.page < 1 || o.page > 4096)
    return Status::invalid(str("a KV page of ", o.page, " tokens; allowed are 1 to 4096"));
  return {};
}

}  // namespace

std::vector<std::string_view> known_architectures() {
  std::vector<std::string_view> names;
  for (const Family& f : kFamilies) names.push_back(f.architecture);
  return names;
}

Result<Hyper> read_hyper(const formats::ModelFile& file) {
  TRY_SET(const Family* family, family_of(file));
  TRY_SET(const Config config, read_config(file, family->defaults));
  return Hyper(config);
}

Result<Model> build(const formats::ModelFile& file, const BuildOptions& options) {
  TRY_SET(const Family* family, family_of(file));
  TRY_SET(const Config config, read_config(file, family->defaults));
  TRY(check_options(options));
  Decoder d(file, config, options);
  TensorId x = d.embed();
  for (int64_t layer = 0; layer < config.n_layer; ++layer) {
    d.enter_layer(layer);
    x = family->layer(d, x);
  }
  return d.finish(x);
}

}  // namespace infer::models
