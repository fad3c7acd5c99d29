// The table of families, and the road from a file to a Model that they share.
#include "graph/signature.h"
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
  if (!graph::is_kv_type(o.kv_type))
    return Status::invalid(str("keys and values cannot be stored as ", graph::type_name(o.kv_type)),
                           "set kv.type to f16, bf16, f32, q8_0 or q4_0");
  if (o.page < 1 || o.page > 4096)
    return Status::invalid(str("a KV page of ", o.page, " tokens; allowed are 1 to 4096"));
  if (o.adapter_slots < 0 || o.adapter_slots > 4096 || o.adapter_rank < 1 || o.adapter_rank > 4096 ||
      !graph::is_bank_type(o.adapter_type))
    return Status::invalid(str(o.adapter_slots, " adapters of rank ", o.adapter_rank, " in ",
                               graph::type_name(o.adapter_type),
                               "; allowed are 0 to 4096 of 1 to 4096, as f16, bf16 or f32"));
  return {};
}

// Blocks of a KV type lie within a head.
Status check_kv_type(const Config& c, uint32_t type) {
  const int64_t block = graph::block_length(type);
  for (const int64_t dim : {c.head_dim, c.head_dim_v})
    if (dim % block)
      return Status::unsupported(str("kv.type ", graph::type_name(type), " stores blocks of ", block,
                                     " values; this model's heads have ", dim),
                                 "set kv.type to f16 or bf16");
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
  TRY(check_kv_type(config, options.kv_type));
  Decoder d(file, config, options);
  TensorId x = d.embed();
  for (int64_t layer = 0; layer < config.n_layer; ++layer) {
    d.enter_layer(layer);
    x = family->layer(d, x);
  }
  return d.finish(x);
}

}  // namespace infer::models
