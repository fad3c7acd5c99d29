// Loading: file -> hyper-parameters -> tokenizer -> chat template, each checked; and the calls that start, watch and
// end it.
#include "api/model.h"

#include <algorithm>
#include <new>

#include "api/chat.h"
#include "api/guard.h"
#include "api/handles.h"
#include "api/metadata_text.h"
#include "formats/tokenizer_json.h"

namespace infer::api {

Model::~Model() {
  cancel();
  thread_.join();
}

bool Model::advance(double progress) {
  progress_ = std::clamp(progress, 0.0, 1.0);
  return !cancelled_;
}

Status Model::read() {
  const auto cancelled = [] { return Status(INFER_E_CANCELLED, "loading the model was cancelled"); };
  if (!advance(0)) return cancelled();
  TRY_SET(loaded_.file, opener_([this](double p) { return advance(p * 0.7); }));
  const formats::ModelFile& file = *loaded_.file;
  const bool partial = settings_.flag(Key::model_partial);

  // A program for it can be built: the family is known, tensors are there and fit each other.
  loaded_.hyper = models::read_hyper(file);
  if (!partial) {
    if (file.tensors().empty() && file.tokenizer().model == "tokenizer.json")
      return Status::unsupported("this is a tokenizer, not a model: it has no weights",
                                 "open it with the option model.partial, or name it in tokenizer.file beside a model");
    TRY(loaded_.hyper.status());
    TRY(models::build(file, {}).status());
  }
  if (!advance(0.75)) return cancelled();

  TRY(make_tokenizer());
  if (!advance(0.9)) return cancelled();

  loaded_.chat_source = settings_.is_set(Key::chat_template) ? settings_.text(Key::chat_template)
                        : loaded_.tokenizer.ok()             ? (*loaded_.tokenizer)->data().chat_template
                                                             : file.tokenizer().chat_template;
  if (loaded_.chat_source.empty()) {
    loaded_.chat =
        Status::unsupported("the model has no chat template", "give one in the option chat.template, or submit text");
  } else {
    auto made = text::Template::compile(loaded_.chat_source);
    if (made.ok()) {
      loaded_.chat = std::shared_ptr<const text::Template>(made.take());
    } else {
      loaded_.chat = made.status().in("the chat template");
    }
  }

  for (const auto& e : file.metadata()) loaded_.metadata.emplace_back(std::string(e.key), text_of(e.value));
  for (const auto& t : file.tensors()) loaded_.tensor_names.emplace_back(t.name);
  if (!advance(1)) return cancelled();
  return {};
}

// The file's own tokenizer, or the one that takes its place.
Status Model::make_tokenizer() {
  const formats::ModelFile& file = *loaded_.file;
  if (settings_.is_set(Key::tokenizer_file) && !settings_.text(Key::tokenizer_file).empty()) {
    auto made = other_tokenizer(settings_.text(Key::tokenizer_file));
    if (!made.ok()) return made.status().in("option 'tokenizer.file'");
    loaded_.tokenizer = made.take();
    return {};
  }
  if (file.tokenizer().model.empty()) {
    loaded_.tokenizer = Status::unsupported("the model has no tokenizer", "give token ids instead of text");
    return {};
  }
  auto made = text::Tokenizer::create(std::shared_ptr<const TokenizerData>(loaded_.file, &file.tokenizer()));
  if (made.ok()) {
    loaded_.tokenizer = std::shared_ptr<const text::Tokenizer>(made.take());
    return {};
  }
  if (made.status().code() != INFER_E_UNSUPPORTED && !settings_.flag(Key::model_partial)) return made.status();
  loaded_.tokenizer = made.status();  // token ids still work
  return {};
}

// The tokenizer.json at `path`, if it fits this model.
Result<std::shared_ptr<const text::Tokenizer>> Model::other_tokenizer(const std::string& path) const {
  TRY_SET(TokenizerData data, formats::read_tokenizer_json(path));
  data.chat_template = loaded_.file->tokenizer().chat_template;
  TRY_SET(auto made, text::Tokenizer::create(std::make_shared<const TokenizerData>(std::move(data))));
  if (loaded_.hyper.ok() && made->n_vocab() > loaded_.hyper->n_vocab)
    return Status::invalid(
        str("the vocabulary of ", path, " has ", made->n_vocab(), " tokens, the model only ", loaded_.hyper->n_vocab),
        "it belongs to another model");
  return std::shared_ptr<const text::Tokenizer>(std::move(made));
}

void Model::run() noexcept {
  Status outcome;
  try {
    outcome = read();
  } catch (const std::bad_alloc&) {
    outcome = Status::out_of_memory();
  } catch (...) {
    outcome = unknown_;
  }
  opener_ = nullptr;
  std::lock_guard lock(mutex_);
  outcome_ = std::move(outcome);
  done_ = true;
  changed_.notify_all();
}

Status Model::load() {
  run();
  return outcome_;
}

Status Model::start() {
  TRY_SET(thread_, Thread::start([this] { run(); }));
  return {};
}

infer_status Model::wait(int32_t timeout_ms, double* progress) {
  std::unique_lock lock(mutex_);
  const auto done = [&] { return done_; };
  if (timeout_ms < 0) {
    changed_.wait(lock, done);
  } else {
    changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), done);
  }
  if (progress) *progress = progress_;
  return done_ ? INFER_OK : INFER_PENDING;
}

Result<const Loaded*> Model::loaded() {
  wait(-1, nullptr);
  std::lock_guard lock(mutex_);
  if (!outcome_.ok()) return outcome_;
  TRY(loaded_.file->intact());
  return &loaded_;
}

const TokenBytes& Model::token_bytes(const text::Tokenizer& tokenizer) {
  std::lock_guard lock(mutex_);
  if (!token_bytes_) {
    auto made = std::make_unique<TokenBytes>();
    made->ends.reserve(static_cast<size_t>(tokenizer.n_vocab()));
    for (int32_t id = 0; id < tokenizer.n_vocab(); ++id) {
      tokenizer.append_piece(id, /*special=*/true, /*first=*/false, made->all);
      made->ends.push_back(static_cast<uint32_t>(made->all.size()));
    }
    token_bytes_ = std::move(made);
  }
  return *token_bytes_;
}

const Dialect& Model::dialect(const Loaded& loaded) {
  std::lock_guard lock(mutex_);
  if (!dialect_) {
    Dialect made;
    const auto base = chat_context(loaded, Settings());
    if (base.ok()) made.facts = text::tools::find_facts(**loaded.chat, *base);
    made.format = text::tools::format_of(loaded.chat_source, made.facts);
    dialect_ = std::make_unique<const Dialect>(std::move(made));
  }
  return *dialect_;
}

namespace {

Answer open(infer_runtime* rt, const infer_options* o, Model::Opener opener, bool wait, infer_model** out) {
  TRY(need(rt, "rt"));
  TRY(need(out, "out"));
  const Settings settings = o ? o->settings : Settings();
  TRY(rt->object->check_backend_keys(settings));
  auto handle = std::make_unique<infer_model>();
  handle->object = std::make_shared<Model>(rt->object, settings, std::move(opener));
  TRY(wait ? handle->object->load() : handle->object->start());
  *out = handle.release();
  return INFER_OK;
}

Answer open_path(infer_runtime* rt, const char* path, const infer_options* o, bool wait, infer_model** out) {
  TRY(need(path, "path"));
  return open(
      rt, o, [p = std::string(path)](const formats::Progress& progress) { return formats::open_model(p, progress); },
      wait, out);
}

Answer open_file(infer_runtime* rt, Result<std::shared_ptr<const File>> file, const infer_options* o,
                 infer_model** out) {
  TRY(file.status());
  return open(
      rt, o, [f = file.take()](const formats::Progress& progress) { return formats::open_model(f, progress); }, true,
      out);
}

}  // namespace
}  // namespace infer::api

using namespace infer;
using namespace infer::api;

extern "C" {

infer_status infer_model_open(infer_runtime* rt, const char* path, const infer_options* o, infer_model** out) noexcept {
  return guard([&] { return open_path(rt, path, o, true, out); });
}

infer_status infer_model_open_start(infer_runtime* rt, const char* path, const infer_options* o,
                                    infer_model** out) noexcept {
  return guard([&] { return open_path(rt, path, o, false, out); });
}

infer_status infer_model_open_fd(infer_runtime* rt, int32_t fd, int64_t offset, int64_t length, const infer_options* o,
                                 infer_model** out) noexcept {
  return guard([&]() -> Answer {
    TRY(need(rt, "rt"));
    TRY(need(out, "out"));
    return open_file(rt, File::open_fd(fd, offset, length), o, out);
  });
}

infer_status infer_model_open_memory(infer_runtime* rt, const void* data, int64_t length, const infer_options* o,
                                     infer_model** out) noexcept {
  return guard([&]() -> Answer {
    TRY(need(rt, "rt"));
    TRY(need(data, "data"));
    TRY(need(out, "out"));
    return open_file(rt, File::from_memory(data, length), o, out);
  });
}

infer_status infer_model_wait(infer_model* m, int32_t timeout_ms, double* progress) noexcept {
  return guard([&]() -> Answer {
    TRY(need(m, "m"));
    const auto model = m->object;
    if (model->wait(timeout_ms, progress) == INFER_PENDING) return INFER_PENDING;
    return model->loaded().status();
  });
}

infer_status infer_model_cancel(infer_model* m) noexcept {
  return guard([&]() -> Answer {
    TRY(need(m, "m"));
    m->object->cancel();
    return INFER_OK;
  });
}

void infer_model_release(infer_model* m) noexcept {
  guard_void([&] { delete m; });
}

}  // extern "C"
