// libinfer for C++17: move-only handles over infer.h.  Header only: it is compiled in your program and has no ABI of
// its own.
//
// Nothing here throws by design (only std::bad_alloc from std::string and std::vector): what can fail returns a Result.
//
//   auto rt = libinfer::Runtime::create();
//   auto model = rt->open("model.gguf");
//   if (!model) return complain(model.error());
//   auto engine = model->engine();
//   auto request = engine->chat({{"user", "Hello!"}}, libinfer::Options().set("temperature", 0.7));
//   for (const libinfer::Piece &piece : *request) std::cout << piece.text;
//   if (!request->outcome()) return complain(request->outcome().error());
//
// (The namespace is not `infer`: that one is the library's own, and a static build would mix them.)
#ifndef LIBINFER_INFER_HPP_
#define LIBINFER_INFER_HPP_
#include <libinfer/infer.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace libinfer {

struct Error {
  infer_status status = INFER_OK;
  std::string message;  // what was wrong, and where
  std::string hint;     // what to do about it; may be empty
};

// The failure that the last call on this thread reported.
inline Error last_error(infer_status status) { return {status, infer_last_error(), infer_last_hint()}; }

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(std::move(error)) {}
  explicit operator bool() const { return value_.has_value(); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T operator*() && { return std::move(*value_); }  // by value: `for (auto &x : *f())` stays valid
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  const Error& error() const { return error_; }

 private:
  std::optional<T> value_;
  Error error_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  explicit operator bool() const { return error_.status >= 0; }
  const Error& error() const { return error_; }

 private:
  Error error_;
};

namespace detail {
struct Release {
  void operator()(infer_options* p) const { infer_options_release(p); }
  void operator()(infer_runtime* p) const { infer_runtime_release(p); }
  void operator()(infer_model* p) const { infer_model_release(p); }
  void operator()(infer_engine* p) const { infer_engine_release(p); }
  void operator()(infer_request* p) const { infer_request_release(p); }
  void operator()(infer_prompt* p) const { infer_prompt_release(p); }
};
template <class T>
using Handle = std::unique_ptr<T, Release>;

inline Result<void> outcome(infer_status s) { return s < 0 ? Result<void>(last_error(s)) : Result<void>(); }

// The calls of a function that fills a buffer: ask for the size, then for the content; again where it has grown
// meanwhile.  room: elements to begin with.
template <class Container, class F>
Result<Container> filled(F&& fill, int64_t room = 0) {
  Container out(static_cast<size_t>(room), typename Container::value_type());
  int64_t n = 0;
  infer_status s = fill(room > 0 ? out.data() : nullptr, room, &n);
  while (s == INFER_E_FULL || (s == INFER_OK && n > static_cast<int64_t>(out.size()))) {
    if (n <= static_cast<int64_t>(out.size())) break;  // something else is full
    out.resize(static_cast<size_t>(n));
    s = fill(out.data(), static_cast<int64_t>(out.size()), &n);
  }
  if (s < 0) return last_error(s);
  out.resize(static_cast<size_t>(n));
  return out;
}
}  // namespace detail

// Settings by key.  The first mistake is kept and reported by whoever takes the options.
class Options {
 public:
  Options() {
    infer_options* made = nullptr;
    note(infer_options_new(&made));
    handle_.reset(made);
  }
  // value: a whole number, a number, true or false, text.
  template <class T>
  Options& set(const char* key, const T& value) & {
    return note(apply(key, value));
  }
  template <class T>
  Options&& set(const char* key, const T& value) && {
    return std::move(note(apply(key, value)));
  }
  // The value as text, read by the key's own type.
  Options& parse(const char* key, const char* value) & { return note(infer_options_parse(handle_.get(), key, value)); }
  Options&& parse(const char* key, const char* value) && { return std::move(parse(key, value)); }
  const Result<void>& outcome() const { return outcome_; }
  const infer_options* get() const { return handle_.get(); }

 private:
  template <class T>
  infer_status apply(const char* key, const T& value) {
    if constexpr (std::is_integral_v<T>) {
      return infer_options_set_int(handle_.get(), key, static_cast<int64_t>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
      return infer_options_set_num(handle_.get(), key, static_cast<double>(value));
    } else {
      const std::string_view text = value;
      return infer_options_set_str(handle_.get(), key, text.data() ? text.data() : "",
                                   static_cast<int64_t>(text.size()));
    }
  }
  Options& note(infer_status s) {
    if (s < 0 && outcome_) outcome_ = last_error(s);
    return *this;
  }
  detail::Handle<infer_options> handle_;
  Result<void> outcome_;
};

// A borrowed array.
template <class T>
class View {
 public:
  View(const T* data, int64_t size) : data_(data), size_(data ? size : 0) {}
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  int64_t size() const { return size_; }
  const T& operator[](int64_t i) const { return data_[i]; }

 private:
  const T* data_;
  int64_t size_;
};

// What came since the last piece.  Valid until the next one is asked for.
struct Piece {
  std::string_view text;  // whole UTF-8 characters
  View<int32_t> tokens{nullptr, 0};
  View<float> logprobs{nullptr, 0};     // [tokens], when the option "logprobs" asks
  View<infer_logprob> top{nullptr, 0};  // [tokens, n_top], when asked
  int64_t n_top = 0;
  infer_finish finish = INFER_FINISH_NONE;
  int32_t sample = 0;                 // which of the option "n" answers
  View<float> embedding{nullptr, 0};  // with the finish, when the option "embed" asks
};

struct Message {
  std::string role, text;
};

class Request {
 public:
  // The next piece; an empty optional after the last one, or when the timeout passed (see pending()).  timeout < 0:
  // forever.
  Result<std::optional<Piece>> next(int32_t timeout_ms = -1) {
    infer_piece raw = INFER_PIECE_INIT;
    const infer_status s = infer_request_next(handle_.get(), timeout_ms, &raw);
    pending_ = s == INFER_PENDING;
    if (s < 0) return last_error(s);
    if (s != INFER_OK) return std::optional<Piece>();
    Piece p;
    p.text = std::string_view(raw.text, static_cast<size_t>(raw.text_len));
    p.tokens = {raw.tokens, raw.n_tokens};
    p.logprobs = {raw.logprobs, raw.n_tokens};
    p.top = {raw.top, raw.n_tokens * raw.n_top};
    p.n_top = raw.n_top;
    p.finish = static_cast<infer_finish>(raw.finish);
    p.sample = raw.sample;
    p.embedding = {raw.embedding, raw.n_embedding};
    return std::optional<Piece>(p);
  }
  bool pending() const { return pending_; }
  Result<void> cancel() { return detail::outcome(infer_request_cancel(handle_.get())); }  // from any thread
  Result<infer_usage> usage() const {
    infer_usage u = INFER_USAGE_INIT;
    const infer_status s = infer_request_usage(handle_.get(), &u);
    if (s < 0) return last_error(s);
    return u;
  }
  // Prompt and answer so far.
  Result<std::vector<int32_t>> tokens(int32_t sample = 0) const {
    return detail::filled<std::vector<int32_t>>([&](int32_t* out, int64_t cap, int64_t* n) {
      return infer_request_tokens(handle_.get(), sample, out, cap, n);
    });
  }
  // All text that is still to come.
  Result<std::string> text() {
    std::string all;
    for (const Piece& p : *this) all += p.text;
    if (!outcome_) return outcome_.error();
    return all;
  }
  // for (const Piece &piece : request): until the answer ends; outcome() then tells whether it failed.
  const Result<void>& outcome() const { return outcome_; }
  struct End {};
  class Iterator {
   public:
    explicit Iterator(Request* r) : request_(r) { ++*this; }
    const Piece& operator*() const { return *piece_; }
    const Piece* operator->() const { return &*piece_; }
    Iterator& operator++() {
      auto next = request_->next();
      if (next) {
        piece_ = *next;
      } else {
        request_->outcome_ = next.error();
        piece_.reset();
      }
      return *this;
    }
    bool operator!=(End) const { return piece_.has_value(); }

   private:
    Request* request_;
    std::optional<Piece> piece_;
  };
  Iterator begin() { return Iterator(this); }
  End end() const { return {}; }
  infer_request* get() const { return handle_.get(); }

 private:
  friend class Engine;
  friend class Prompt;
  explicit Request(infer_request* r) : handle_(r) {}
  detail::Handle<infer_request> handle_;
  Result<void> outcome_;
  bool pending_ = false;
};

// Waits until one of them has something to pull: its index.  Nothing: the timeout passed, or none is left to wait for.
// Null pointers are passed over.
inline Result<std::optional<size_t>> wait_any(const std::vector<Request*>& requests, int32_t timeout_ms = -1) {
  std::vector<infer_request*> raw;
  for (const Request* r : requests) raw.push_back(r ? r->get() : nullptr);
  int64_t which = 0;
  const infer_status s = infer_request_wait_any(raw.data(), static_cast<int64_t>(raw.size()), timeout_ms, &which);
  if (s < 0) return last_error(s);
  return s == INFER_OK ? std::optional<size_t>(static_cast<size_t>(which)) : std::nullopt;
}

namespace detail {
inline std::vector<infer_part> to_parts(const std::vector<Message>& messages) {
  std::vector<infer_part> parts;
  for (const Message& m : messages) {
    infer_part part = INFER_PART_INIT;
    part.role = m.role.c_str();
    part.data = m.text.data();
    part.len = static_cast<int64_t>(m.text.size());
    parts.push_back(part);
  }
  return parts;
}
}  // namespace detail

class Prompt;  // prompt.hpp

class Engine {
 public:
  Result<Request> text(std::string_view prompt, const Options& o = Options()) {
    return submitted(o, [&](infer_request** out) {
      return infer_engine_submit_text(handle_.get(), prompt.data(), static_cast<int64_t>(prompt.size()), o.get(), out);
    });
  }
  Result<Request> chat(const std::vector<Message>& messages, const Options& o = Options()) {
    const std::vector<infer_part> parts = detail::to_parts(messages);
    return submitted(o, [&](infer_request** out) {
      return infer_engine_submit_chat(handle_.get(), parts.data(), static_cast<int64_t>(parts.size()), o.get(), out);
    });
  }
  Result<Request> tokens(const std::vector<int32_t>& ids, const Options& o = Options()) {
    return submitted(o, [&](infer_request** out) {
      return infer_engine_submit_tokens(handle_.get(), ids.data(), static_cast<int64_t>(ids.size()), o.get(), out);
    });
  }
  // JSON of OpenAI's chat completions, in and out.
  Result<Request> chat_json(std::string_view json, const Options& o = Options()) {
    return submitted(o, [&](infer_request** out) {
      return infer_chat_json(handle_.get(), json.data(), static_cast<int64_t>(json.size()), o.get(), out);
    });
  }
  Result<Prompt> prompt(const Options& o = Options());
  // Rows first .. n-1 of the logits of `ids`, [n - first, n_vocab].
  Result<std::vector<float>> logits(const std::vector<int32_t>& ids, int64_t first, int64_t n_vocab) {
    const auto n = static_cast<int64_t>(ids.size());
    std::vector<float> out(static_cast<size_t>(first >= 0 && first < n ? (n - first) * n_vocab : 0));
    const infer_status s =
        infer_engine_logits(handle_.get(), ids.data(), n, first, out.data(), static_cast<int64_t>(out.size()));
    if (s < 0) return last_error(s);
    return out;
  }
  Result<std::vector<std::pair<std::string, int64_t>>> counters() const {
    std::vector<std::pair<std::string, int64_t>> all;
    const char* name = nullptr;
    int64_t value = 0;
    infer_status s = INFER_OK;
    for (int32_t i = 0; (s = infer_engine_counter_at(handle_.get(), i, &name, &value)) == INFER_OK; ++i)
      all.emplace_back(name, value);
    if (s < 0) return last_error(s);
    return all;
  }
  Result<std::string> describe() const {  // JSON
    const char* json = nullptr;
    int64_t len = 0;
    const infer_status s = infer_engine_describe(handle_.get(), &json, &len);
    if (s < 0) return last_error(s);
    return std::string(json, static_cast<size_t>(len));
  }
  Result<std::string> metrics() const {  // Prometheus text
    return detail::filled<std::string>(
        [&](char* out, int64_t cap, int64_t* n) { return infer_engine_metrics(handle_.get(), out, cap, n); });
  }
  Result<std::string> trace() const {  // JSON for Chrome's and Perfetto's viewers
    return detail::filled<std::string>(
        [&](char* out, int64_t cap, int64_t* n) { return infer_engine_trace(handle_.get(), out, cap, n); });
  }
  Result<void> pause() { return detail::outcome(infer_engine_pause(handle_.get())); }
  Result<void> resume() { return detail::outcome(infer_engine_resume(handle_.get())); }
  // false: requests are left, the timeout passed.
  Result<bool> drain(int32_t timeout_ms = -1) {
    const infer_status s = infer_engine_drain(handle_.get(), timeout_ms);
    if (s < 0) return last_error(s);
    return s == INFER_OK;
  }
  Result<int64_t> trim() {  // bytes given back
    int64_t freed = 0;
    const infer_status s = infer_engine_trim(handle_.get(), &freed);
    if (s < 0) return last_error(s);
    return freed;
  }
  // How many of the tokens the file holds.  o: cache.domain.
  Result<int64_t> save(const std::vector<int32_t>& tokens, const std::string& path, const Options& o = Options()) {
    if (!o.outcome()) return o.outcome().error();
    int64_t n = 0;
    const infer_status s =
        infer_engine_save(handle_.get(), tokens.data(), static_cast<int64_t>(tokens.size()), o.get(), path.c_str(), &n);
    if (s < 0) return last_error(s);
    return n;
  }
  Result<std::vector<int32_t>> restore(const std::string& path, const Options& o = Options()) {
    if (!o.outcome()) return o.outcome().error();
    return detail::filled<std::vector<int32_t>>(
        [&](int32_t* out, int64_t cap, int64_t* n) {
          return infer_engine_restore(handle_.get(), path.c_str(), o.get(), out, cap, n);
        },
        16384);
  }
  // How many of the tokens stay in the prefix cache.  o: cache.domain, adapter.
  Result<int64_t> pin(const std::string& name, const std::vector<int32_t>& tokens, const Options& o = Options()) {
    if (!o.outcome()) return o.outcome().error();
    int64_t n = 0;
    const infer_status s =
        infer_engine_pin(handle_.get(), name.c_str(), tokens.data(), static_cast<int64_t>(tokens.size()), o.get(), &n);
    if (s < 0) return last_error(s);
    return n;
  }
  Result<void> unpin(const std::string& name) {
    return detail::outcome(infer_engine_unpin(handle_.get(), name.c_str()));
  }
  // o: adapter.scale.  Requests name it with the option "adapter".
  Result<void> load_adapter(const std::string& name, const std::string& path, const Options& o = Options()) {
    if (!o.outcome()) return o.outcome().error();
    return detail::outcome(infer_engine_load_adapter(handle_.get(), name.c_str(), path.c_str(), o.get()));
  }
  Result<void> drop_adapter(const std::string& name) {
    return detail::outcome(infer_engine_drop_adapter(handle_.get(), name.c_str()));
  }
  Result<std::vector<std::string>> adapters() const {
    std::vector<std::string> all;
    const char* name = nullptr;
    infer_status s = INFER_OK;
    for (int32_t i = 0; (s = infer_engine_adapter_at(handle_.get(), i, &name)) == INFER_OK; ++i) all.emplace_back(name);
    if (s < 0) return last_error(s);
    return all;
  }
  infer_engine* get() const { return handle_.get(); }

 private:
  friend class Model;
  explicit Engine(infer_engine* e) : handle_(e) {}
  template <class F>
  static Result<Request> submitted(const Options& o, F&& submit) {
    if (!o.outcome()) return o.outcome().error();
    infer_request* r = nullptr;
    const infer_status s = submit(&r);
    if (s < 0) return last_error(s);
    return Request(r);
  }
  detail::Handle<infer_engine> handle_;
};

class Model {
 public:
  Result<Engine> engine(const Options& o = Options()) {
    if (!o.outcome()) return o.outcome().error();
    infer_engine* e = nullptr;
    const infer_status s = infer_engine_new(handle_.get(), o.get(), &e);
    if (s < 0) return last_error(s);
    return Engine(e);
  }
  // false: still loading.
  Result<bool> wait(int32_t timeout_ms, double* progress = nullptr) {
    const infer_status s = infer_model_wait(handle_.get(), timeout_ms, progress);
    if (s < 0) return last_error(s);
    return s == INFER_OK;
  }
  Result<void> cancel() { return detail::outcome(infer_model_cancel(handle_.get())); }
  Result<int64_t> fact(const char* name) const {
    int64_t value = 0;
    const infer_status s = infer_model_fact(handle_.get(), name, &value);
    if (s < 0) return last_error(s);
    return value;
  }
  Result<std::vector<int32_t>> encode(std::string_view text, uint32_t flags = 0) const {
    return detail::filled<std::vector<int32_t>>([&](int32_t* out, int64_t cap, int64_t* n) {
      return infer_model_encode(handle_.get(), text.data(), static_cast<int64_t>(text.size()), flags, out, cap, n);
    });
  }
  Result<std::string> decode(const std::vector<int32_t>& ids, uint32_t flags = 0) const {
    return detail::filled<std::string>([&](char* out, int64_t cap, int64_t* n) {
      return infer_model_decode(handle_.get(), ids.data(), static_cast<int64_t>(ids.size()), flags, out, cap, n);
    });
  }
  Result<std::string> render(const std::vector<Message>& messages, const Options& o = Options()) const {
    if (!o.outcome()) return o.outcome().error();
    const std::vector<infer_part> parts = detail::to_parts(messages);
    return detail::filled<std::string>([&](char* out, int64_t cap, int64_t* n) {
      return infer_model_render(handle_.get(), parts.data(), static_cast<int64_t>(parts.size()), o.get(), out, cap, n);
    });
  }
  Result<int32_t> special(const char* name) const {  // -1: the model has none
    int32_t id = -1;
    const infer_status s = infer_model_special(handle_.get(), name, &id);
    if (s < 0) return last_error(s);
    return id;
  }
  infer_model* get() const { return handle_.get(); }

 private:
  friend class Runtime;
  explicit Model(infer_model* m) : handle_(m) {}
  detail::Handle<infer_model> handle_;
};

class Runtime {
 public:
  static Result<Runtime> create(const Options& o = Options(), const infer_hooks* hooks = nullptr) {
    if (!o.outcome()) return o.outcome().error();
    infer_runtime* rt = nullptr;
    const infer_status s = infer_runtime_new(o.get(), hooks, &rt);
    if (s < 0) return last_error(s);
    return Runtime(rt);
  }
  Result<Model> open(const char* path, const Options& o = Options()) {
    return opened(o, [&](infer_model** out) { return infer_model_open(handle_.get(), path, o.get(), out); });
  }
  Result<Model> open(const std::string& path, const Options& o = Options()) { return open(path.c_str(), o); }
  Result<Model> open_start(const char* path, const Options& o = Options()) {
    return opened(o, [&](infer_model** out) { return infer_model_open_start(handle_.get(), path, o.get(), out); });
  }
  std::vector<infer_device> devices() const {
    std::vector<infer_device> all;
    infer_device d = INFER_DEVICE_INIT;
    for (int32_t i = 0; infer_runtime_device_at(handle_.get(), i, &d) == INFER_OK; ++i) all.push_back(d);
    return all;
  }
  infer_runtime* get() const { return handle_.get(); }

 private:
  explicit Runtime(infer_runtime* rt) : handle_(rt) {}
  template <class F>
  static Result<Model> opened(const Options& o, F&& open) {
    if (!o.outcome()) return o.outcome().error();
    infer_model* m = nullptr;
    const infer_status s = open(&m);
    if (s < 0) return last_error(s);
    return Model(m);
  }
  detail::Handle<infer_runtime> handle_;
};

}  // namespace libinfer
#include <libinfer/prompt.hpp>
#endif  // LIBINFER_INFER_HPP_
