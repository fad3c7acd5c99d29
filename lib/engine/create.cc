// From a model file and devices to an engine that can run: program, compiled plan, sizes, pages, in this order.
#include <algorithm>

#include "base/checked.h"
#include "base/hash.h"
#include "base/memory.h"
#include "device/placement.h"
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

std::vector<device::Executor::Weight> weights_of(const models::Model& model, const formats::ModelFile& file) {
  std::vector<device::Executor::Weight> weights;
  weights.reserve(model.weights.size());
  for (const auto& w : model.weights) {
    const formats::ModelFile::Origin from = file.origin(w.data);
    weights.push_back({w.tensor, w.data, {from.file, std::string(from.id), from.offset}});
  }
  return weights;
}

// Of all slots for adapters; at most half of what 63 bits can count, which is more than any machine has.
int64_t bank_bytes(const models::Model& model) {
  const graph::Symbols none{};
  Size all(0u);
  for (const models::Bank& b : model.banks)
    all = all + Size(model.program.bytes(b.down, none)) + Size(model.program.bytes(b.up, none));
  return all.fits(INT64_MAX / 2) ? static_cast<int64_t>(all.value()) : INT64_MAX / 2;
}

device::Executor::Limits limits_of(const Sizes& s, int32_t rows, const EngineOptions& options) {
  device::Executor::Limits limits;
  limits.tokens = s.tokens;
  limits.seqs = s.sequences;
  limits.rows = rows;
  limits.table_cols = s.table_cols;
  limits.pages = s.n_pages;
  limits.host_pages = options.kv_host;
  return limits;
}

// Its program, not compiled yet: how large a page is must be known before the sizes are decided.
Result<DraftModel::Parts> draft_parts(const Source& source, models::BuildOptions build, int64_t n_vocab) {
  DraftModel::Parts parts;
  parts.file = source.draft;
  build.adapter_slots = 0;
  TRY_SET(const models::Hyper hyper, models::read_hyper(*source.draft));
  if (hyper.n_vocab != n_vocab)
    return Status::unsupported(str("the draft model has ", hyper.n_vocab, " tokens, the model ", n_vocab),
                               "draft.model must have the same vocabulary");
  parts.n_vocab = n_vocab;
  TRY_SET(models::Model model, models::build(*source.draft, build));
  parts.model = std::make_unique<models::Model>(std::move(model));
  return parts;
}

// How many requests run together where nobody says.
constexpr int64_t kTogether = 8, kTogetherStreamed = 64;

}  // namespace

Result<std::unique_ptr<Engine>> Engine::create(Source source, const EngineOptions& asked, Wake wake) {
  if (source.devices.empty()) {
    return Status::not_found("there is no device to run on",
                             "infer_runtime_backend_at tells which backends were found or refused, and why");
  }
  TRY_SET(const models::Hyper hyper, models::read_hyper(*source.file));
  TRY_SET(const int64_t context, decide_context(asked, hyper.n_ctx_train));

  Parts parts;
  EngineOptions options = asked;
  parts.aging_ms = options.aging_ms;
  parts.step_ms = options.step_ms;
  parts.trace_steps = options.trace_steps;
  parts.policy = find_policy(options.policy);
  if (!parts.policy) return Status::invalid(str("there is no policy '", options.policy, "'"));
  models::BuildOptions build;
  build.kv_type = options.kv_type;
  build.page = options.page;
  build.n_ctx = context;
  build.adapter_slots = options.adapter_slots;
  build.adapter_rank = options.adapter_rank;
  build.adapter_type = options.adapter_type;
  TRY_SET(models::Model model, models::build(*source.file, build));
  parts.model = std::make_unique<models::Model>(std::move(model));

  DraftModel::Parts draft;
  if (source.draft) {
    auto made = draft_parts(source, build, hyper.n_vocab);
    TRY(made.status().in("draft.model"));
    draft = made.take();
  }

  const infer_dev_info& device = source.devices.front()->info();
  const int64_t host_bytes = source.free_memory > 0 ? source.free_memory : free_memory();
  const bool of_device = device.memory_free > 0 && !options.kv_host;
  const int64_t free_bytes = of_device ? device.memory_free : device.host_memory || options.kv_host ? host_bytes : 0;
  const int64_t sampler_bytes = sampling::Sampler::bytes(hyper.n_vocab) * (draft.model ? 2 : 1);
  const char* smaller = smaller_kv(build.kv_type, hyper);
  if (draft.model && smaller_kv(build.kv_type, draft.model->hyper) != smaller) smaller = nullptr;
  ModelSizes model_sizes{hyper.n_vocab,
                         hyper.n_ctx_train,
                         hyper.n_embd,
                         parts.model->kv_page_bytes + (draft.model ? draft.model->kv_page_bytes : 0) +
                             cache::PrefixTree::bytes_per_page(options.page),
                         smaller,
                         bank_bytes(*parts.model) + sampler_bytes,
                         /*workspace_known=*/false};
  // What cannot fit in any case is refused before anything is allocated. How many pages there are is decided when the
  // rest is there, and its size known.
  Sizes most{};
  const auto decide = [&](int64_t weights) -> Status {
    options.weights = weights;
    if (asked.batch_requests == 0) {
      const int64_t room = device::room_for_weights(source.devices, weights);
      options.batch_requests = hyper.weight_bytes > room ? kTogetherStreamed : kTogether;
      options.contexts = parts.together = kTogether;
    }
    TRY_SET(most, decide_sizes(options, model_sizes, free_bytes));
    return {};
  };
  const auto compile = [&] {
    device::Executor::Limits limits = limits_of(most, most.rows, options);
    limits.weights = options.weights;
    limits.place = source.place;
    return device::Executor::compile(source.devices, parts.model->program, weights_of(*parts.model, *source.file),
                                     limits);
  };
  TRY(decide(asked.weights));
  if (asked.weights == 0 && device::in_host_memory(device))
    TRY(decide(weights_beside(most, hyper.weight_bytes, host_bytes)));
  auto compiled = compile();
  if (!compiled.ok() && options.weights != asked.weights) {  // there is too little memory even to stream
    TRY(decide(asked.weights));
    compiled = compile();
  }
  TRY_SET(parts.executor, std::move(compiled));
  model_sizes.workspace_known = true;
  model_sizes.workspace_bytes = parts.executor->workspace_bytes() + sampler_bytes;
  if (draft.model) {
    auto executor =
        device::Executor::compile(source.devices, draft.model->program, weights_of(*draft.model, *draft.file),
                                  limits_of(most, most.sequences, options));
    TRY(executor.status().in("draft.model"));
    draft.executor = executor.take();
    model_sizes.workspace_bytes += draft.executor->workspace_bytes() + most.sequences * hyper.n_vocab * 4;
  }
  TRY_SET(parts.sizes, decide_sizes(options, model_sizes, free_bytes));
  TRY(parts.executor->make_pages(parts.sizes.n_pages));
  if (draft.model) {
    TRY(draft.executor->make_pages(parts.sizes.n_pages));
    parts.draft = std::make_unique<DraftModel>(std::move(draft), parts.sizes);
  }

  if (options.swap_bytes > 0) {
    TRY_SET(parts.swap, cache::SwapStore::make(parts.executor->page_bytes(), options.swap_bytes, options.swap_path));
  }
  parts.n_vocab = hyper.n_vocab;
  parts.n_embd = hyper.n_embd;
  parts.adapter_slots = options.adapter_slots;
  parts.model_id = fingerprint(*parts.model);
  parts.form_id = form_of(*parts.executor, source.devices, options.kv_type);
  parts.source = std::move(source);
  parts.wake = std::move(wake);
  return std::make_unique<Engine>(std::move(parts));
}

}  // namespace infer::engine
