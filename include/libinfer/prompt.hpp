// libinfer for C++17: prompts that are written by turns.  Part of infer.hpp, which includes it.
#ifndef LIBINFER_PROMPT_HPP_
#define LIBINFER_PROMPT_HPP_
#include <libinfer/infer.hpp>

namespace libinfer {

// A text that the caller and the model write by turns.  gen returns at once; what needs its text waits for it.
//   auto p = engine.prompt();
//   p->append("Q: What is the capital of France?\nA:");
//   p->gen("city", Options().set("stop", "\n"));
//   std::string city = *p->value("city");
class Prompt {
 public:
  Result<void> append(std::string_view text, bool parse = false) {
    return detail::outcome(infer_prompt_append(handle_.get(), text.data(), static_cast<int64_t>(text.size()),
                                               parse ? INFER_ENCODE_PARSE : 0u));
  }
  Result<void> append_chat(const std::vector<Message>& messages, const Options& o = Options()) {
    if (!o.outcome()) return o.outcome().error();
    const std::vector<infer_part> parts = detail::to_parts(messages);
    return detail::outcome(
        infer_prompt_append_chat(handle_.get(), parts.data(), static_cast<int64_t>(parts.size()), o.get()));
  }
  Result<void> gen(const std::string& name, const Options& o = Options()) {
    if (!o.outcome()) return o.outcome().error();
    return detail::outcome(infer_prompt_gen(handle_.get(), name.c_str(), o.get(), nullptr));
  }
  // The same, to be pulled piece by piece; letting go of it cancels it.
  Result<Request> stream(const std::string& name, const Options& o = Options()) {
    if (!o.outcome()) return o.outcome().error();
    infer_request* r = nullptr;
    const infer_status s = infer_prompt_gen(handle_.get(), name.c_str(), o.get(), &r);
    if (s < 0) return last_error(s);
    return Request(r);
  }
  struct Selected {
    size_t which = 0;
    std::vector<double> scores;  // mean log-probability of a token of each choice
  };
  Result<Selected> select(const std::string& name, const std::vector<std::string>& choices,
                          const Options& o = Options()) {
    if (!o.outcome()) return o.outcome().error();
    std::vector<const char*> raw;
    for (const std::string& choice : choices) raw.push_back(choice.c_str());
    Selected selected;
    selected.scores.resize(raw.size());
    int64_t which = 0;
    const infer_status s =
        infer_prompt_select(handle_.get(), name.c_str(), raw.data(), static_cast<int64_t>(raw.size()), o.get(),
                            selected.scores.data(), &which);
    if (s < 0) return last_error(s);
    selected.which = static_cast<size_t>(which);
    return selected;
  }
  Result<Prompt> fork() {
    infer_prompt* made = nullptr;
    const infer_status s = infer_prompt_fork(handle_.get(), &made);
    if (s < 0) return last_error(s);
    return Prompt(made);
  }
  Result<void> join(Prompt& other) { return detail::outcome(infer_prompt_join(handle_.get(), other.handle_.get())); }
  // false: the timeout passed.
  Result<bool> wait(int32_t timeout_ms = -1) {
    const infer_status s = infer_prompt_wait(handle_.get(), timeout_ms);
    if (s < 0) return last_error(s);
    return s == INFER_OK;
  }
  Result<std::string> value(const std::string& name) {
    return detail::filled<std::string>([&](char* out, int64_t cap, int64_t* n) {
      return infer_prompt_value(handle_.get(), name.c_str(), out, cap, n);
    });
  }
  Result<std::string> text() {
    return detail::filled<std::string>(
        [&](char* out, int64_t cap, int64_t* n) { return infer_prompt_text(handle_.get(), out, cap, n); });
  }
  Result<void> cancel() { return detail::outcome(infer_prompt_cancel(handle_.get())); }  // from any thread
  infer_prompt* get() const { return handle_.get(); }

 private:
  friend class Engine;
  explicit Prompt(infer_prompt* p) : handle_(p) {}
  detail::Handle<infer_prompt> handle_;
};

inline Result<Prompt> Engine::prompt(const Options& o) {
  if (!o.outcome()) return o.outcome().error();
  infer_prompt* made = nullptr;
  const infer_status s = infer_prompt_new(handle_.get(), o.get(), &made);
  if (s < 0) return last_error(s);
  return Prompt(made);
}

}  // namespace libinfer
#endif  // LIBINFER_PROMPT_HPP_
