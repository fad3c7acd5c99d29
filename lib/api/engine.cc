// Engines, and the three ways to give one a request.
#include "api/engine.h"

#include <algorithm>

#include "api/buffers.h"
#include "api/chat.h"
#include "api/chat_json.h"
#include "api/guard.h"
#include "api/handles.h"
#include "api/samples.h"
#include "api/task.h"
#include "quant/types.h"

namespace infer::api {

namespace {

// "WHAT=DEVICE". A device that is not among those to use becomes the last of them.
Status add_place(const Runtime& rt, const std::string& rule, engine::Source& source) {
  const size_t sign = rule.rfind('=');
  if (sign == std::string::npos || sign == 0 || sign + 1 == rule.size())
    return Status::invalid(str("option 'place': '", rule, "' is not WHAT=DEVICE"), "0..11=vulkan:0, or *_exps.*=cpu");
  auto chosen = rt.choose_devices({rule.substr(sign + 1)});
  TRY(chosen.status().in("option 'place'"));
  auto& all = source.devices;
  const auto at = std::find(all.begin(), all.end(), chosen->front());
  source.place.push_back({rule.substr(0, sign), static_cast<size_t>(at - all.begin())});
  if (at == all.end()) all.push_back(chosen->front());
  return {};
}

}  // namespace

Result<std::shared_ptr<Engine>> Engine::create(std::shared_ptr<Model> model, const Settings& settings) {
  auto made = std::make_shared<Engine>();
  made->model_ = std::move(model);
  Runtime& rt = made->model_->runtime();
  TRY_SET(made->loaded_, made->model_->loaded());
  TRY(rt.check_backend_keys(settings));

  engine::EngineOptions o;
  o.context = settings.integer(Key::context_max);
  o.kv_tokens = settings.integer(Key::kv_tokens);
  o.page = settings.integer(Key::kv_page);
  o.kv_host = settings.flag(Key::kv_host);
  o.memory = settings.integer(Key::memory_max);
  o.weights = settings.integer(Key::weights_max);
  o.batch_tokens = settings.integer(Key::batch_tokens);
  o.batch_requests = settings.integer(Key::batch_requests);
  o.queue = settings.integer(Key::queue_max);
  o.policy = settings.text(Key::schedule_policy);
  o.adapter_slots = settings.integer(Key::adapter_slots);
  o.adapter_rank = settings.integer(Key::adapter_rank);
  o.adapter_type = static_cast<uint32_t>(quant::find_type(settings.text(Key::adapter_type))->type);
  o.swap_bytes = settings.integer(Key::swap_bytes);
  o.swap_path = settings.text(Key::swap_path);
  o.step_ms = settings.integer(Key::schedule_step);
  o.trace_steps = settings.integer(Key::trace_steps);
  o.aging_ms = settings.integer(Key::schedule_aging);
  o.kv_type =
      static_cast<uint32_t>(quant::find_type(settings.text(Key::kv_type))->type);  // options.def: names of types

  engine::Source source;
  source.file = made->loaded_->file;
  if (made->loaded_->tokenizer.ok()) source.tokenizer = *made->loaded_->tokenizer;
  if (const std::string path = settings.text(Key::draft_model); !path.empty()) {
    auto opened = formats::open_model(path);
    TRY(opened.status().in("draft.model"));
    source.draft = opened.take();
  }
  auto devices = rt.choose_devices(settings.list(Key::device));
  TRY(devices.status().in("option 'device'"));
  source.devices = devices.take();
  for (const std::string& rule : settings.list(Key::place)) TRY(add_place(rt, rule, source));
  // The engine object holds the model, which holds the runtime: it outlives the engine's thread.
  TRY_SET(made->core_, engine::Engine::create(std::move(source), o, [&rt] { rt.wake(); }));
  made->description_ = describe(*made->core_, settings);
  return made;
}

std::string_view Engine::model_name() const {
  for (const auto& [key, value] : loaded_->metadata)
    if (key == "general.name") return value;
  return "model";
}

Result<std::shared_ptr<Samples>> Engine::submit(std::vector<int32_t> ids, const Settings& settings) {
  TRY_SET(engine::Task task,
          make_task(settings, std::move(ids), tokenizer(), core_->sizes().context, core_->n_vocab()));
  TRY_SET(task.constraint, model_->constraints().get(settings, tokenizer()));
  if (!task.stops.empty()) TRY(loaded_->tokenizer.status().in("option 'stop'"));
  const auto wanted = static_cast<int32_t>(settings.integer(Key::n));
  const int32_t often = std::max(wanted, static_cast<int32_t>(settings.integer(Key::best_of)));
  if (!task.answers() && (often > 1 || (task.score_from > 0 && task.embed != engine::Pooling::kNone)))
    return Status::invalid("of score.from, embed, and n or best_of a request takes one",
                           "a score and a vector are the same each time");
  return Samples::submit(*core_, task, wanted, often);
}

namespace {

// A call on an engine: holds the object while it lasts.
template <class F>
infer_status with_engine(infer_engine* e, F&& f) noexcept {
  return guard([&]() -> Answer {
    TRY(need(e, "e"));
    const std::shared_ptr<Engine> object = e->object;
    TRY(object->loaded().file->intact());
    return f(*object);
  });
}

// Whose prefixes a call means.
Name domain_of(const infer_options* o) { return o ? name_of(o->settings, Key::cache_domain) : Name(); }
Name adapter_of(const infer_options* o) { return o ? name_of(o->settings, Key::adapter) : Name(); }

// What a file holds was computed without an adapter.
Status no_adapter(const infer_options* o) {
  if (!adapter_of(o)) return {};
  return Status::unsupported("what was computed with an adapter cannot be saved, nor restored for one",
                             "leave the option 'adapter' empty; infer_engine_pin keeps such a prefix in memory");
}

// What is to be begun, in a handle for its caller.
Answer hand_out(Result<std::shared_ptr<Samples>> begun, infer_request** out) {
  TRY(begun.status());
  auto handle = std::make_unique<infer_request>();
  handle->object = begun.take();
  *out = handle.release();
  return INFER_OK;
}

}  // namespace
}  // namespace infer::api

using namespace infer;
using namespace infer::api;

extern "C" {

infer_status infer_engine_new(infer_model* m, const infer_options* o, infer_engine** out) noexcept {
  return guard([&]() -> Answer {
    TRY(need(m, "m"));
    TRY(need(out, "out"));
    auto handle = std::make_unique<infer_engine>();
    TRY_SET(handle->object, api::Engine::create(m->object, o ? o->settings : Settings()));
    *out = handle.release();
    return INFER_OK;
  });
}

void infer_engine_release(infer_engine* e) noexcept {
  guard_void([&] {
    if (!e) return;
    e->object->core().stop();  // also what another thread waits for in infer_engine_logits
    delete e;
  });
}

infer_status infer_engine_submit_text(infer_engine* e, const char* text, int64_t len, const infer_options* o,
                                      infer_request** out) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    if (len != 0) TRY(need(text, "text"));
    TRY(need(out, "out"));
    TRY(engine.loaded().tokenizer.status());
    const Settings settings = o ? o->settings : Settings();
    std::vector<int32_t> ids;
    TRY(engine.tokenizer()->encode(view_of(text, len), settings.flag(Key::prompt_special),
                                   settings.flag(Key::prompt_parse), ids));
    return hand_out(engine.submit(std::move(ids), settings), out);
  });
}

infer_status infer_engine_submit_chat(infer_engine* e, const infer_part* parts, int64_t n_parts, const infer_options* o,
                                      infer_request** out) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY(need(out, "out"));
    const Settings settings = o ? o->settings : Settings();
    std::vector<text::Message> messages;
    TRY(add_messages(parts, n_parts, messages));
    TRY_SET(const text::Rendered prompt, render_chat(engine.loaded(), std::move(messages), settings));
    TRY_SET(std::vector<int32_t> ids, encode_chat(engine.loaded(), prompt));
    return hand_out(engine.submit(std::move(ids), settings), out);
  });
}

infer_status infer_engine_submit_tokens(infer_engine* e, const int32_t* tokens, int64_t n_tokens,
                                        const infer_options* o, infer_request** out) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    if (n_tokens < 0) return Status::invalid(str("n_tokens is ", n_tokens));
    if (n_tokens > 0) TRY(need(tokens, "tokens"));
    TRY(need(out, "out"));
    return hand_out(engine.submit(std::vector<int32_t>(tokens, tokens + n_tokens), o ? o->settings : Settings()), out);
  });
}

infer_status infer_chat_json(infer_engine* e, const char* json, int64_t len, const infer_options* o,
                             infer_request** out) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY(need(json, "json"));
    TRY(need(out, "out"));
    auto handle = std::make_unique<infer_request>();
    TRY_SET(ChatJson begun, begin_chat_json(engine, view_of(json, len), o ? o->settings : Settings()));
    handle->object = std::move(begun.request);
    handle->chat = std::move(begun.answer);
    *out = handle.release();
    return INFER_OK;
  });
}

infer_status infer_engine_logits(infer_engine* e, const int32_t* tokens, int64_t n_tokens, int64_t first, float* out,
                                 int64_t out_len) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY(need(tokens, "tokens"));
    TRY(need(out, "out"));
    if (n_tokens < 1) return Status::invalid(str("n_tokens is ", n_tokens));
    if (out_len < 0) return Status::invalid(str("out_len is ", out_len));
    return engine.core().logits({tokens, static_cast<size_t>(n_tokens)}, first, {out, static_cast<size_t>(out_len)});
  });
}

infer_status infer_engine_counter_at(infer_engine* e, int32_t i, const char** name, int64_t* value) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY(need(name, "name"));
    TRY(need(value, "value"));
    const auto all = engine.core().counters();
    if (i < 0 || static_cast<size_t>(i) >= all.size()) return INFER_DONE;
    *name = engine.keep(all[static_cast<size_t>(i)].first);
    *value = all[static_cast<size_t>(i)].second;
    return INFER_OK;
  });
}

infer_status infer_engine_describe(infer_engine* e, const char** json, int64_t* len) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY(need(json, "json"));
    TRY(need(len, "len"));
    *json = engine.description().c_str();
    *len = static_cast<int64_t>(engine.description().size());
    return INFER_OK;
  });
}

infer_status infer_engine_pause(infer_engine* e) noexcept {
  return with_engine(e, [](api::Engine& engine) -> Answer { return engine.core().pause(); });
}

infer_status infer_engine_resume(infer_engine* e) noexcept {
  return with_engine(e, [](api::Engine& engine) -> Answer {
    engine.core().resume();
    return INFER_OK;
  });
}

infer_status infer_engine_drain(infer_engine* e, int32_t timeout_ms) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer { return engine.core().drain(timeout_ms); });
}

infer_status infer_engine_trim(infer_engine* e, int64_t* freed) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY_SET(const int64_t bytes, engine.core().trim());
    if (freed) *freed = bytes;
    return INFER_OK;
  });
}

infer_status infer_engine_save(infer_engine* e, const int32_t* tokens, int64_t n_tokens, const infer_options* o,
                               const char* path, int64_t* n_saved) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY(need(tokens, "tokens"));
    TRY(need(path, "path"));
    TRY(no_adapter(o));
    if (n_tokens < 1) return Status::invalid(str("n_tokens is ", n_tokens));
    const std::span<const int32_t> ids(tokens, static_cast<size_t>(n_tokens));
    TRY_SET(const int64_t n, engine.core().save(ids, domain_of(o), path));
    if (n_saved) *n_saved = n;
    return INFER_OK;
  });
}

infer_status infer_engine_restore(infer_engine* e, const char* path, const infer_options* o, int32_t* out, int64_t cap,
                                  int64_t* n) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY(need(path, "path"));
    TRY(no_adapter(o));
    TRY(check_buffer(out, cap, n));
    TRY_SET(const std::vector<int32_t> ids, engine.core().restore(path, domain_of(o)));
    return give<int32_t>(ids, out, cap, n);
  });
}

infer_status infer_engine_pin(infer_engine* e, const char* name, const int32_t* tokens, int64_t n_tokens,
                              const infer_options* o, int64_t* n_pinned) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY(need(name, "name"));
    TRY(need(tokens, "tokens"));
    if (n_tokens < 1) return Status::invalid(str("n_tokens is ", n_tokens));
    const std::span<const int32_t> ids(tokens, static_cast<size_t>(n_tokens));
    TRY_SET(const int64_t n, engine.core().pin(name, ids, domain_of(o), adapter_of(o)));
    if (n_pinned) *n_pinned = n;
    return INFER_OK;
  });
}

infer_status infer_engine_unpin(infer_engine* e, const char* name) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY(need(name, "name"));
    return engine.core().unpin(name);
  });
}

infer_status infer_engine_load_adapter(infer_engine* e, const char* name, const char* path,
                                       const infer_options* o) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY(need(name, "name"));
    TRY(need(path, "path"));
    return engine.core().load_adapter(name, path, o ? o->settings.number(Key::adapter_scale) : 1);
  });
}

infer_status infer_engine_drop_adapter(infer_engine* e, const char* name) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY(need(name, "name"));
    return engine.core().drop_adapter(name);
  });
}

infer_status infer_engine_adapter_at(infer_engine* e, int32_t i, const char** name) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY(need(name, "name"));
    const std::vector<std::string> all = engine.core().adapters();
    if (i < 0 || static_cast<size_t>(i) >= all.size()) return INFER_DONE;
    *name = engine.keep(all[static_cast<size_t>(i)]);
    return INFER_OK;
  });
}

infer_status infer_engine_metrics(infer_engine* e, char* out, int64_t cap, int64_t* n) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY(check_buffer(out, cap, n));
    return give<char>(engine.core().metrics(), out, cap, n);
  });
}

infer_status infer_engine_trace(infer_engine* e, char* out, int64_t cap, int64_t* n) noexcept {
  return with_engine(e, [&](api::Engine& engine) -> Answer {
    TRY(check_buffer(out, cap, n));
    return give<char>(engine.core().trace(), out, cap, n);
  });
}

}  // extern "C"
