// What Java and C# see of libinfer: one class per handle of infer.h, in types that SWIG carries without loss. SWIG
// reads this file and compiles against it (classes.i).
//
// The rules for everything here: text is std::string in UTF-8, ids and numbers are std::vector, counts are int64_t or
// int32_t. No status and no enum is returned: what fails leaves its code in failure(), which the wrapper of each call
// turns into an exception of its language before it returns (%exception in LANGUAGE.i), on the same thread, while the
// library's sentence is there. Factories instead of constructors: they return nullptr where they fail, so nothing half
// made is left behind.
#ifndef LIBINFER_SWIG_HANDLES_H_
#define LIBINFER_SWIG_HANDLES_H_
#include <libinfer/infer.hpp>
#include <libinfer/prompt.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace libinfer_swig {

// The code of this thread's last call; 0: it did not fail. Plain data: a thread may end after the library is unloaded.
inline int32_t& failure() {
  thread_local int32_t code = 0;
  return code;
}

template <class T>
T value_of(libinfer::Result<T> result, T otherwise = T()) {
  if (result) return *std::move(result);
  failure() = result.error().status;
  return otherwise;
}
inline void check(const libinfer::Result<void>& result) {
  if (!result) failure() = result.error().status;
}
// A handle of a class of infer.hpp, moved into a class of this file.
template <class To, class From>
To* made(libinfer::Result<From> result) {
  if (result) return new To(*std::move(result));
  failure() = result.error().status;
  return nullptr;
}

// Texts in order: choices, messages (role, text, role, text ..), rows of a table.
class NativeTexts {
 public:
  NativeTexts() = default;
  void add(const std::string& text) { all_.push_back(text); }
  int32_t size() const { return static_cast<int32_t>(all_.size()); }
  std::string at(int32_t i) const { return i >= 0 && i < size() ? all_[static_cast<size_t>(i)] : std::string(); }
#ifndef SWIG
  const std::vector<std::string>& all() const { return all_; }
  std::vector<libinfer::Message> messages() const {
    std::vector<libinfer::Message> made;
    for (size_t i = 0; i + 1 < all_.size(); i += 2) made.push_back({all_[i], all_[i + 1]});
    return made;
  }

 private:
  std::vector<std::string> all_;
#endif
};

class NativeOptions {
 public:
  NativeOptions() { check(options_.outcome()); }
  void set_int(const std::string& key, int64_t value) { check(options_.set(key.c_str(), value).outcome()); }
  void set_num(const std::string& key, double value) { check(options_.set(key.c_str(), value).outcome()); }
  void set_text(const std::string& key, const std::string& value) { check(options_.set(key.c_str(), value).outcome()); }
  void parse(const std::string& key, const std::string& value) {
    check(options_.parse(key.c_str(), value.c_str()).outcome());
  }
#ifndef SWIG
  libinfer::Options options_;
#endif
};

class NativeRequest {
 public:
  // {1}: the last piece was given. {2}: not yet. {0, finish, sample, extras, ids ..}: there is a piece, and the calls
  // below tell the rest of it until next is called again. extras, of the piece: 1 logprobs, 2 top, 4 embedding. (In one
  // call, because a crossing costs about as much as what it carries.)
  std::vector<int32_t> next(int32_t timeout_ms) {
    auto got = request_.next(timeout_ms);
    if (!got) return failure() = got.error().status, std::vector<int32_t>();
    piece_ = got->value_or(libinfer::Piece());
    if (!*got) return {request_.pending() ? 2 : 1};
    const int32_t extras =
        (piece_.logprobs.size() ? 1 : 0) | (piece_.top.size() ? 2 : 0) | (piece_.embedding.size() ? 4 : 0);
    std::vector<int32_t> told{0, piece_.finish, piece_.sample, extras};
    told.insert(told.end(), piece_.tokens.begin(), piece_.tokens.end());
    return told;
  }
  std::string text() const { return std::string(piece_.text); }
  std::vector<float> logprobs() const { return {piece_.logprobs.begin(), piece_.logprobs.end()}; }
  std::vector<int32_t> top_tokens() const {  // [tokens, most likely]
    std::vector<int32_t> out;
    for (const infer_logprob& l : piece_.top) out.push_back(l.token);
    return out;
  }
  std::vector<float> top_logprobs() const {
    std::vector<float> out;
    for (const infer_logprob& l : piece_.top) out.push_back(l.logprob);
    return out;
  }
  std::vector<float> embedding() const { return {piece_.embedding.begin(), piece_.embedding.end()}; }

  void cancel() { check(request_.cancel()); }  // from any thread, as are the two below
  std::vector<int32_t> all_tokens(int32_t sample) const { return value_of(request_.tokens(sample)); }
  // The fields of infer_usage in their order; counts are whole numbers.
  std::vector<double> usage() const {
    const auto u = request_.usage();
    if (!u) return failure() = u.error().status, std::vector<double>();
    const auto count = [](int64_t n) { return static_cast<double>(n); };
    return {count(u->finish),
            count(u->prompt_tokens),
            count(u->cached_tokens),
            count(u->generated_tokens),
            u->queue_ms,
            u->first_token_ms,
            u->total_ms,
            count(u->state),
            count(u->preempted)};
  }
#ifndef SWIG
  explicit NativeRequest(libinfer::Request&& r) : request_(std::move(r)) {}

 private:
  friend class NativeRequests;
  libinfer::Request request_;
  libinfer::Piece piece_;
#else
 private:
  NativeRequest();
#endif
};

// Requests to wait for together. They stay the caller's, and have to be there until wait_any has returned.
class NativeRequests {
 public:
  NativeRequests() = default;
  void add(NativeRequest& r) { all_.push_back(&r.request_); }
  // The index of one whose next would not wait; -1: the timeout passed, or none was added.
  int32_t wait_any(int32_t timeout_ms) const {
    if (all_.empty()) return -1;
    const auto which = libinfer::wait_any(all_, timeout_ms);
    if (!which) return failure() = which.error().status, -1;
    return *which ? static_cast<int32_t>(**which) : -1;
  }
#ifndef SWIG
 private:
  std::vector<libinfer::Request*> all_;
#endif
};

class NativePrompt {
 public:
  void append(const std::string& text, bool trusted) { check(prompt_.append(text, trusted)); }
  void append_chat(const NativeTexts& messages, const NativeOptions& o) {
    check(prompt_.append_chat(messages.messages(), o.options_));
  }
  void gen(const std::string& name, const NativeOptions& o) { check(prompt_.gen(name, o.options_)); }
  NativeRequest* stream(const std::string& name, const NativeOptions& o) {
    return made<NativeRequest>(prompt_.stream(name, o.options_));
  }
  // The scores of all choices, and behind them the index of the one taken.
  std::vector<double> select(const std::string& name, const NativeTexts& choices, const NativeOptions& o) {
    auto selected = prompt_.select(name, choices.all(), o.options_);
    if (!selected) return failure() = selected.error().status, std::vector<double>();
    selected->scores.push_back(static_cast<double>(selected->which));
    return std::move(selected->scores);
  }
  NativePrompt* fork() { return made<NativePrompt>(prompt_.fork()); }
  void join(NativePrompt& other) { check(prompt_.join(other.prompt_)); }
  bool wait(int32_t timeout_ms) { return value_of(prompt_.wait(timeout_ms)); }
  std::string value(const std::string& name) { return value_of(prompt_.value(name)); }
  std::string text() { return value_of(prompt_.text()); }
  void cancel() { check(prompt_.cancel()); }  // from any thread
#ifndef SWIG
  explicit NativePrompt(libinfer::Prompt&& p) : prompt_(std::move(p)) {}

 private:
  libinfer::Prompt prompt_;
#else
 private:
  NativePrompt();
#endif
};

class NativeEngine {
 public:
  NativeRequest* submit_text(const std::string& prompt, const NativeOptions& o) {
    return made<NativeRequest>(engine_.text(prompt, o.options_));
  }
  NativeRequest* submit_chat(const NativeTexts& messages, const NativeOptions& o) {
    return made<NativeRequest>(engine_.chat(messages.messages(), o.options_));
  }
  NativeRequest* submit_tokens(const std::vector<int32_t>& ids, const NativeOptions& o) {
    return made<NativeRequest>(engine_.tokens(ids, o.options_));
  }
  NativeRequest* submit_json(const std::string& json, const NativeOptions& o) {
    return made<NativeRequest>(engine_.chat_json(json, o.options_));
  }
  NativePrompt* prompt(const NativeOptions& o) { return made<NativePrompt>(engine_.prompt(o.options_)); }
  std::vector<float> logits(const std::vector<int32_t>& ids, int64_t first, int64_t n_vocab) {
    return value_of(engine_.logits(ids, first, n_vocab));
  }
  NativeTexts* counters() const {  // name, value, name, value ..
    const auto all = engine_.counters();
    if (!all) return failure() = all.error().status, nullptr;
    auto rows = std::make_unique<NativeTexts>();
    for (const auto& [name, value] : *all) rows->add(name), rows->add(std::to_string(value));
    return rows.release();
  }
  std::string describe() const { return value_of(engine_.describe()); }
  std::string metrics() const { return value_of(engine_.metrics()); }
  std::string trace() const { return value_of(engine_.trace()); }
  void pause() { check(engine_.pause()); }
  void resume() { check(engine_.resume()); }
  bool drain(int32_t timeout_ms) { return value_of(engine_.drain(timeout_ms)); }
  int64_t trim() { return value_of(engine_.trim()); }
  int64_t save(const std::vector<int32_t>& ids, const std::string& path, const NativeOptions& o) {
    return value_of(engine_.save(ids, path, o.options_));
  }
  std::vector<int32_t> restore(const std::string& path, const NativeOptions& o) {
    return value_of(engine_.restore(path, o.options_));
  }
  int64_t pin(const std::string& name, const std::vector<int32_t>& ids, const NativeOptions& o) {
    return value_of(engine_.pin(name, ids, o.options_));
  }
  void unpin(const std::string& name) { check(engine_.unpin(name)); }
  void load_adapter(const std::string& name, const std::string& path, const NativeOptions& o) {
    check(engine_.load_adapter(name, path, o.options_));
  }
  void drop_adapter(const std::string& name) { check(engine_.drop_adapter(name)); }
  NativeTexts* adapters() const {
    const auto all = engine_.adapters();
    if (!all) return failure() = all.error().status, nullptr;
    auto rows = std::make_unique<NativeTexts>();
    for (const std::string& name : *all) rows->add(name);
    return rows.release();
  }
#ifndef SWIG
  explicit NativeEngine(libinfer::Engine&& e) : engine_(std::move(e)) {}

 private:
  libinfer::Engine engine_;
#else
 private:
  NativeEngine();
#endif
};

class NativeModel {
 public:
  NativeEngine* engine(const NativeOptions& o) { return made<NativeEngine>(model_.engine(o.options_)); }
  // The progress of loading, 0 .. 1, once the timeout has passed; 2: loaded.
  double wait(int32_t timeout_ms) {
    double progress = 0;
    const bool loaded = value_of(model_.wait(timeout_ms, &progress));
    return loaded ? 2 : progress;
  }
  void cancel() { check(model_.cancel()); }
  int64_t fact(const std::string& name) const { return value_of(model_.fact(name.c_str())); }
  int32_t special(const std::string& name) const { return value_of(model_.special(name.c_str())); }
  std::vector<int32_t> encode(const std::string& text, bool special, bool trusted) const {
    return value_of(model_.encode(text, (special ? INFER_ENCODE_SPECIAL : 0u) | (trusted ? INFER_ENCODE_PARSE : 0u)));
  }
  std::string decode(const std::vector<int32_t>& ids, bool special) const {
    return value_of(model_.decode(ids, special ? INFER_DECODE_SPECIAL : 0u));
  }
  std::string render(const NativeTexts& messages, const NativeOptions& o) const {
    return value_of(model_.render(messages.messages(), o.options_));
  }
  NativeTexts* metadata() const {  // key, value, key, value ..
    auto rows = std::make_unique<NativeTexts>();
    const char *key = nullptr, *value = nullptr;
    infer_status s = INFER_OK;
    for (int64_t i = 0; (s = infer_model_meta_at(model_.get(), i, &key, &value)) == INFER_OK; ++i)
      rows->add(key), rows->add(value);
    if (s < 0) return failure() = s, nullptr;
    return rows.release();
  }
#ifndef SWIG
  explicit NativeModel(libinfer::Model&& m) : model_(std::move(m)) {}

 private:
  libinfer::Model model_;
#else
 private:
  NativeModel();
#endif
};

class NativeRuntime {
 public:
  static NativeRuntime* create(const NativeOptions& o) {
    return made<NativeRuntime>(libinfer::Runtime::create(o.options_));
  }
  NativeModel* open(const std::string& path, const NativeOptions& o) {
    return made<NativeModel>(runtime_.open(path, o.options_));
  }
  NativeModel* open_start(const std::string& path, const NativeOptions& o) {  // NativeModel::wait tells the outcome
    return made<NativeModel>(runtime_.open_start(path.c_str(), o.options_));
  }
  void load_backend(const std::string& path) {
    const infer_status s = infer_runtime_load_backend(runtime_.get(), path.c_str());
    if (s < 0) failure() = s;
  }
  NativeTexts* devices() const {  // rows of: kind, backend, name, features, bytes in all, bytes free
    auto rows = std::make_unique<NativeTexts>();
    infer_device d = INFER_DEVICE_INIT;
    infer_status s = INFER_OK;
    for (int32_t i = 0; (s = infer_runtime_device_at(runtime_.get(), i, &d)) == INFER_OK; ++i) {
      for (const std::string& cell :
           {std::to_string(d.kind), std::string(d.backend), std::string(d.name), std::string(d.features),
            std::to_string(d.memory_total), std::to_string(d.memory_free)})
        rows->add(cell);
    }
    if (s < 0) return failure() = s, nullptr;
    return rows.release();
  }
#ifndef SWIG
  explicit NativeRuntime(libinfer::Runtime&& r) : runtime_(std::move(r)) {}

 private:
  libinfer::Runtime runtime_;
#else
 private:
  NativeRuntime();
#endif
};

inline std::string library_version() { return infer_version(); }
// "key|type|range|default|scope|help"; "" past the end.
inline std::string option_at(int32_t i) {
  const char* row = infer_option_at(i);
  return row ? row : "";
}

}  // namespace libinfer_swig
#endif  // LIBINFER_SWIG_HANDLES_H_
