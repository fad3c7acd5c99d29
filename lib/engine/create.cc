// From a model file and devices to an engine that can run: program, sizes, compiled plan, in this order, so that what
// cannot fit is refused before anything is allocated.
#include <algorithm>

#include "base/hash.h"
#include "base/memory.h"
#include "engine/engine.h"

namespace infer::engine {
namespace {

// The next type of keys and values that needs clearly less memory.
const char* smaller_kv(uint32_t type, const models::Hyper& h) {
  if (type == INFER_TYPE_F32) return "f16";
  const bool blocks = h.head_dim % 32 == 0 && h.head_dim_v % 32 == 0;
  if (type == INFER_TYPE_F16 || type == INFER_TYPE_BF16) return blocks ? "q8_0" : nullptr;
  return type == INFER_TYPE_Q8_0 ? "q4_0" : nullptr;
}

// Of what a model computes: its operators with their numbers (positions are turned by some that no tensor holds), and
// of each weight name, type, size and some bytes. Not all bytes: the file is large, and whoever wants to deceive can do
// so elsewhere.
uint64_t fingerprint(const models::Model& model) {
  constexpr size_t kSome = 1024;
  Hash hash;
  const auto add = [&](const auto& v) { hash.add(std::as_bytes(std::span(&v, 1))); };
  for (const graph::Program::Node& n : model.program.nodes()) {
    add(n.kind);
    hash.add(std::as_bytes(std::span(n.i)));
    hash.add(std::as_bytes(std::span(n.f)));
  }
  for (const auto& w : model.weights) {
    const infer_tensor& t = model.program.tensors()[w.tensor];
    add(t.type);
    add(w.data.size());
    hash.add(std::as_bytes(std::span(std::string_view(t.name))));
    hash.add(w.data.first(std::min(kSome, w.data.size())));
    hash.add(w.data.last(std::min(kSome, w.data.size())));
  }
  return hash.value();
}

// Of all that decides the bits of keys and values beside the weights.
uint64_t form_of(const device::Executor& executor, const std::vector<std::shared_ptr<const device::Device>>& devices,
                 uint32_t kv_type) {
  std::string text = str(kv_type, ";");
  const auto placed = executor.placement();
  for (const auto& d : devices) {
    if (std::ranges::any_of(placed, [&](const auto& p) { return p.device == d->name(); }))
      text += str(d->name(), " ", d->backend().build, " ", d->info().features, ";");
  }
  for (const auto& p : placed) text += str(p.op, " ", p.device, " ", p.kernel, ";");
  return hash64(std::as_bytes(std::span(text)));
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::create(Source source, const EngineOptions& options, Wake wake) {
  if (source.devices.empty()) {
    return Status::not_found("there is no device to run on",
                             "infer_runtime_backend_at tells which backends were found or refused, and why");
  }
  TRY_SET(const models::Hyper hyper, models::read_hyper(*source.file));
  TRY_SET(const int64_t context, decide_context(options, hyper.n_ctx_train));

  Parts parts;
  parts.aging_ms = options.aging_ms;
  parts.step_ms = options.step_ms;
  parts.trace_steps = options.trace_steps;
  parts.policy = find_policy(options.policy);
  if (!parts.policy) return Status::invalid(str("there is no policy '", options.policy, "'"));
  models::BuildOptions build;
  build.kv_type = options.kv_type;
  build.page = options.page;
  build.n_ctx = context;
  TRY_SET(models::Model model, models::build(*source.file, build));
  parts.model = std::make_unique<models::Model>(std::move(model));

  const infer_dev_info& device = source.devices.front()->info();
  const int64_t free_bytes = device.memory_free > 0 ? device.memory_free : device.host_memory ? free_memory() : 0;
  TRY_SET(parts.sizes,
          decide_sizes(options,
                       {hyper.n_vocab, hyper.n_ctx_train, parts.model->kv_page_bytes, smaller_kv(build.kv_type, hyper)},
                       free_bytes));

  std::vector<device::Executor::Weight> weights;
  weights.reserve(parts.model->weights.size());
  for (const auto& w : parts.model->weights) {
    const formats::ModelFile::Origin from = source.file->origin(w.data);
    weights.push_back({w.tensor, w.data, {from.file, std::string(from.id), from.offset}});
  }
  device::Executor::Limits limits;
  limits.tokens = parts.sizes.tokens;
  limits.seqs = parts.sizes.sequences;
  limits.rows = parts.sizes.rows;
  limits.table_cols = parts.sizes.table_cols;
  limits.pages = parts.sizes.n_pages;
  TRY_SET(parts.executor, device::Executor::create(source.devices, parts.model->program, weights, limits));

  if (options.swap_bytes > 0) {
    TRY_SET(parts.swap, cache::SwapStore::make(parts.executor->page_bytes(), options.swap_bytes, options.swap_path));
  }
  parts.n_vocab = hyper.n_vocab;
  parts.n_embd = hyper.n_embd;
  parts.model_id = fingerprint(*parts.model);
  parts.form_id = form_of(*parts.executor, source.devices, options.kv_type);
  parts.source = std::move(source);
  parts.wake = std::move(wake);
  return std::make_unique<Engine>(std::move(parts));
}

}  // namespace infer::engine
