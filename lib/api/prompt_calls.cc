// infer_prompt_*, call by call.
#include "api/buffers.h"
#include "api/guard.h"
#include "api/handles.h"
#include "api/prompt.h"

using namespace infer;
using namespace infer::api;

namespace {

constexpr int64_t kMostChoices = 1024;

template <class F>
infer_status with_prompt(infer_prompt* p, F&& f) noexcept {
  return guard([&]() -> Answer {
    TRY(need(p, "p"));
    const std::shared_ptr<Prompt> object = p->object;
    return f(*object);
  });
}

Settings settings_of(const infer_options* o) { return o ? o->settings : Settings(); }
std::string name_of(const char* name) { return name ? name : ""; }

Answer hand_out(std::shared_ptr<Prompt> object, infer_prompt** out) {
  auto handle = std::make_unique<infer_prompt>();
  handle->object = std::move(object);
  *out = handle.release();
  return INFER_OK;
}

Answer give_text(const Result<std::string>& text, char* out, int64_t cap, int64_t* n) {
  TRY(text.status());
  return give<char>(*text, out, cap, n);
}

}  // namespace

extern "C" {

infer_status infer_prompt_new(infer_engine* e, const infer_options* o, infer_prompt** out) noexcept {
  return guard([&]() -> Answer {
    TRY(need(e, "e"));
    TRY(need(out, "out"));
    return hand_out(std::make_shared<Prompt>(e->object, settings_of(o)), out);
  });
}

void infer_prompt_release(infer_prompt* p) noexcept {
  guard_void([&] {
    if (!p) return;
    p->object->cancel();
    delete p;
  });
}

infer_status infer_prompt_append(infer_prompt* p, const char* text, int64_t len, uint32_t flags) noexcept {
  return with_prompt(p, [&](Prompt& prompt) -> Answer {
    if (len != 0) TRY(need(text, "text"));
    if ((flags & ~INFER_ENCODE_PARSE) != 0) return Status::invalid(str("flags is ", flags));
    return prompt.append(view_of(text, len), (flags & INFER_ENCODE_PARSE) != 0);
  });
}

infer_status infer_prompt_append_chat(infer_prompt* p, const infer_part* parts, int64_t n_parts,
                                      const infer_options* o) noexcept {
  return with_prompt(p, [&](Prompt& prompt) -> Answer { return prompt.append_chat(parts, n_parts, settings_of(o)); });
}

infer_status infer_prompt_gen(infer_prompt* p, const char* name, const infer_options* o,
                              infer_request** request) noexcept {
  return with_prompt(p, [&](Prompt& prompt) -> Answer {
    auto handle = request ? std::make_unique<infer_request>() : nullptr;
    TRY_SET(auto begun, prompt.gen(name_of(name), settings_of(o)));
    if (!request) return INFER_OK;
    handle->object = std::move(begun);
    *request = handle.release();
    return INFER_OK;
  });
}

infer_status infer_prompt_select(infer_prompt* p, const char* name, const char* const* choices, int64_t n_choices,
                                 const infer_options* o, double* scores, int64_t* which) noexcept {
  return with_prompt(p, [&](Prompt& prompt) -> Answer {
    TRY(need(choices, "choices"));
    if (n_choices < 1 || n_choices > kMostChoices)
      return Status::invalid(str("n_choices is ", n_choices, "; at least 1, at most ", kMostChoices));
    std::vector<std::string> all;
    for (int64_t i = 0; i < n_choices; ++i) {
      TRY(need(choices[i], str("choices[", i, "]")));
      all.emplace_back(choices[i]);
    }
    std::vector<double> means;
    TRY_SET(const size_t best, prompt.select(name_of(name), all, settings_of(o), means));
    if (scores) std::copy(means.begin(), means.end(), scores);
    if (which) *which = static_cast<int64_t>(best);
    return INFER_OK;
  });
}

infer_status infer_prompt_fork(infer_prompt* p, infer_prompt** out) noexcept {
  return with_prompt(p, [&](Prompt& prompt) -> Answer {
    TRY(need(out, "out"));
    TRY_SET(auto child, prompt.fork());
    return hand_out(std::move(child), out);
  });
}

infer_status infer_prompt_join(infer_prompt* p, infer_prompt* other) noexcept {
  return with_prompt(p, [&](Prompt& prompt) -> Answer {
    TRY(need(other, "other"));
    const std::shared_ptr<Prompt> from = other->object;  // stays while another thread releases the handle
    return prompt.join(*from);
  });
}

infer_status infer_prompt_wait(infer_prompt* p, int32_t timeout_ms) noexcept {
  return with_prompt(p, [&](Prompt& prompt) -> Answer {
    TRY_SET(const infer_status s, prompt.wait(timeout_ms));
    return s;
  });
}

infer_status infer_prompt_value(infer_prompt* p, const char* name, char* out, int64_t cap, int64_t* n) noexcept {
  return with_prompt(p, [&](Prompt& prompt) -> Answer {
    TRY(need(name, "name"));
    TRY(check_buffer(out, cap, n));
    return give_text(prompt.value(name), out, cap, n);
  });
}

infer_status infer_prompt_text(infer_prompt* p, char* out, int64_t cap, int64_t* n) noexcept {
  return with_prompt(p, [&](Prompt& prompt) -> Answer {
    TRY(check_buffer(out, cap, n));
    return give_text(prompt.text(), out, cap, n);
  });
}

infer_status infer_prompt_cancel(infer_prompt* p) noexcept {
  return with_prompt(p, [&](Prompt& prompt) -> Answer {
    prompt.cancel();
    return INFER_OK;
  });
}

}  // extern "C"
