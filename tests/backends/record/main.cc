// record_steps DIR: runs real engines on small models and writes what they handed to their executors as case files of
// group replay: DIR/replay_*.json. The kit's own are made so:
//
//   cmake --build --preset release --target record_steps && build/release/bin/record_steps tests/backends/cases
//
// An engine plans steps by what is there when one begins; requests come in a pause, so that it is the same every time.
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "engine/engine.h"
#include "tests/backends/record/recorded_model.h"
#include "tests/backends/record/recorder.h"

extern "C" const infer_backend* infer_backend_reference_v0(const infer_host*);

namespace infer::conformance {
namespace {

constexpr device::Builtin kBackends[] = {{"reference", infer_backend_reference_v0}};

struct Recording {
  const char *name, *about;
  RecordedModel model;
  double tolerance;
  uint32_t kv_type = INFER_TYPE_F16;
  int64_t adapter_slots = 0;
};

struct Ask {
  int32_t first, n;  // of the prompt: tokens that follow from their place, `first` on
  int32_t more;      // tokens to be generated
  const char* adapter = "";
};

// An engine whose executor is watched, over a model that lives as long.
struct Watched {
  std::unique_ptr<MadeModel> made;
  std::unique_ptr<device::Registry> registry;
  Recorder* recorder = nullptr;
  std::unique_ptr<engine::Engine> engine;
};

Result<Watched> watch(const Recording& r) {
  Watched w;
  TRY_SET(w.made, make_recorded_model(r.model));
  device::RegistryOptions wanted;
  wanted.use = {"reference"};
  wanted.builtin = kBackends;
  TRY_SET(w.registry, device::Registry::create(std::move(wanted), Log()));

  // Few and small pages, short steps: prompts come in chunks beside decodes, and not all requests fit.
  engine::Engine::Parts parts;
  parts.sizes.context = 48, parts.sizes.page = 8, parts.sizes.n_pages = 11, parts.sizes.table_cols = 6;
  parts.sizes.tokens = 12, parts.sizes.sequences = 4, parts.sizes.rows = 4, parts.sizes.queue = 16;
  TRY_SET(models::Model model, models::build(*w.made->file, {.kv_type = r.kv_type,
                                                             .page = parts.sizes.page,
                                                             .n_ctx = parts.sizes.context,
                                                             .adapter_slots = r.adapter_slots,
                                                             .adapter_rank = 5}));
  parts.model = std::make_unique<models::Model>(std::move(model));
  std::vector<device::Executor::Weight> weights;
  for (const auto& weight : parts.model->weights) weights.push_back({weight.tensor, weight.data});
  const device::Executor::Limits limits{.tokens = parts.sizes.tokens,
                                        .seqs = parts.sizes.sequences,
                                        .rows = parts.sizes.rows,
                                        .table_cols = parts.sizes.table_cols,
                                        .pages = parts.sizes.n_pages};
  TRY_SET(auto executor, device::Executor::create(w.registry->devices(), parts.model->program, weights, limits));
  auto recorder = std::make_unique<Recorder>(std::move(executor), *parts.model, w.made->fills, limits);
  w.recorder = recorder.get();
  parts.executor = std::move(recorder);
  parts.n_vocab = parts.model->hyper.n_vocab;
  parts.n_embd = parts.model->hyper.n_embd;
  parts.adapter_slots = r.adapter_slots;
  parts.source.file = w.made->file;
  parts.wake = [] {};
  w.engine = std::make_unique<engine::Engine>(std::move(parts));
  return w;
}

// All at once, to their ends.
Status ask(engine::Engine& e, std::vector<Ask> asks, int64_t n_vocab) {
  TRY(e.pause());
  std::vector<std::shared_ptr<engine::Request>> requests;
  for (const Ask& a : asks) {
    engine::Task task;
    for (int32_t i = 0; i < a.n; ++i)
      task.prompt.push_back(static_cast<int32_t>((a.first * (i / 13) + i * 7 + 3) % n_vocab));
    task.max_tokens = a.more;
    task.sampling.temperature = 0;
    if (*a.adapter) task.adapter = std::make_shared<const std::string>(a.adapter);
    TRY_SET(auto request, e.submit(std::move(task)));
    requests.push_back(std::move(request));
  }
  e.resume();
  for (const auto& r : requests) TRY(r->wait_end());
  return {};
}

Status load(engine::Engine& e, const RecordedModel& m, const std::string& name, int64_t rank) {
  TRY_SET(const auto bytes, make_recorded_adapter(m, rank));
  const auto path = std::filesystem::temp_directory_path() / str("libinfer-record-", name, ".gguf");
  TRY(write_file(path.string(), bytes));
  const Status loaded = e.load_adapter(name, path.string(), 1);
  std::filesystem::remove(path);
  return loaded;
}

// JSON with a line for each tensor, node and run: what lies deeper stays on one.
std::string in_lines(const std::string& flat) {
  constexpr int kDeepest = 4;
  std::string text;
  int depth = 0;
  bool quoted = false;  // no text here has a quote in it
  for (const char c : flat) {
    quoted ^= c == '"';
    if (!quoted) depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
    text += c;
    if (quoted) continue;
    if (c == ',' && depth <= kDeepest) text += "\n" + std::string(static_cast<size_t>(depth), ' ');
    if (c == ':' && depth <= kDeepest) text += ' ';
  }
  return text + "\n";
}

Status record(const Recording& r, const std::string& folder) {
  TRY_SET(Watched w, watch(r));
  const int64_t n_vocab = r.model.vocab;
  if (r.adapter_slots) {
    TRY(load(*w.engine, r.model, "low", 2));
    TRY(load(*w.engine, r.model, "high", 5));
    TRY(ask(*w.engine, {{1, 9, 4, "low"}, {2, 14, 3, ""}, {1, 9, 3, "high"}}, n_vocab));
    // Prefixes are found again by requests with the same adapter alone.
    TRY(ask(*w.engine, {{3, 12, 3, "high"}, {1, 11, 3, "low"}, {2, 14, 2, ""}}, n_vocab));
  } else {
    // Chunks, then decode.
    TRY(ask(*w.engine, {{1, 21, 4}}, n_vocab));
    // A prefix that ends inside a page, one that is all there, and none.
    TRY(ask(*w.engine, {{2, 17, 5}, {1, 21, 3}, {3, 5, 6}}, n_vocab));
    // More than there are pages for: some begin again.
    TRY(ask(*w.engine, {{4, 20, 16}, {5, 18, 20}, {6, 22, 14}, {7, 6, 3}}, n_vocab));
  }
  int64_t preempted = 0, cached = 0;
  for (const auto& [name, value] : w.engine->counters()) {
    if (name == "requests.preempted") preempted = value;
    if (name == "tokens.cached") cached = value;
  }
  Json file = {{"about", str(r.about, " Recorded by record_steps from an engine: do not edit.")},
               {"cases", Json::array()}};
  file["cases"].push_back(w.recorder->entry(r.name, r.about, r.tolerance));
  const std::string text = in_lines(file.dump());
  const std::string path = (std::filesystem::path(folder) / str("replay_", r.name, ".json")).string();
  std::printf("%s: %zu steps, %lld times a request began again, %lld cached tokens, %zu bytes\n", path.c_str(),
              w.recorder->n_runs(), static_cast<long long>(preempted), static_cast<long long>(cached), text.size());
  return write_file(path, std::as_bytes(std::span(text)));
}

const std::vector<Recording>& recordings() {
  static const std::vector<Recording> all = {
      {"dense",
       "Two layers with grouped heads, weights of many types: chunks of prompts beside decodes, shared pages and "
       "copies of them, requests that begin again.",
       {.types = {"q4_0", "q6_k", "q4_1", "q8_0", "q5_0", "q4_k", "q5_k", "q4_0", "q6_k"}},
       5e-4},
      {"dense_plain",
       "The same with weights in f32, f16 and bf16, keys and values in f32.",
       {.embd = 64, .ff = 96, .types = {"f16", "f32", "bf16"}},
       1e-9,
       INFER_TYPE_F32},
      {"experts",
       "Experts in the second layer's types; the first one's are plain, so that no choice hangs on rounding.",
       {.embd = 64,
        .ff = 64,
        .experts = 5,
        .types = {"f16", "q8_0", "f16", "f16", "f16", "f16", "f16", "f16", "f16", "f16", "f16", "f16", "f16", "q4_0",
                  "q8_0", "q5_1"}},
       5e-4},
      {"adapters",
       "Requests with different low-rank adapters in one step.",
       {.embd = 64, .ff = 96, .types = {"f16"}},
       1e-9,
       INFER_TYPE_F16,
       2},
  };
  return all;
}

}  // namespace
}  // namespace infer::conformance

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: record_steps DIR\n"), 2;
  for (const auto& r : infer::conformance::recordings()) {
    const infer::Status done = infer::conformance::record(r, argv[1]);
    if (!done.ok()) return std::fprintf(stderr, "%s: %s\n", r.name, std::string(done.message()).c_str()), 1;
  }
  return 0;
}
