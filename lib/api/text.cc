// Text <-> token ids, and chats as text.
#include <cstring>

#include "api/buffers.h"
#include "api/chat.h"
#include "api/guard.h"
#include "api/handles.h"
#include "api/model.h"

using namespace infer;
using namespace infer::api;

namespace {

// Waits for the model and gives f it and its tokenizer.
template <class F>
infer_status with_tokenizer(infer_model* m, F&& f) noexcept {
  return guard([&]() -> Answer {
    TRY(need(m, "m"));
    const std::shared_ptr<Model> model = m->object;
    TRY_SET(const Loaded* loaded, model->loaded());
    TRY(loaded->tokenizer.status());
    return f(*model, **loaded->tokenizer);
  });
}

Status check_flags(uint32_t flags, uint32_t known) {
  if ((flags & ~known) == 0) return {};
  return Status::invalid(str("flags ", flags, " has bits that this version does not know"),
                         "use the constants of infer.h");
}

struct Special {
  std::string_view name;
  int32_t TokenizerData::*id;
};
constexpr Special kSpecials[] = {
    {"bos", &TokenizerData::bos},         {"eos", &TokenizerData::eos},         {"eot", &TokenizerData::eot},
    {"eom", &TokenizerData::eom},         {"unk", &TokenizerData::unk},         {"sep", &TokenizerData::sep},
    {"pad", &TokenizerData::pad},         {"mask", &TokenizerData::mask},       {"cls", &TokenizerData::cls},
    {"fim_pre", &TokenizerData::fim_pre}, {"fim_suf", &TokenizerData::fim_suf}, {"fim_mid", &TokenizerData::fim_mid},
};

}  // namespace

extern "C" {

infer_status infer_model_encode(infer_model* m, const char* text, int64_t len, uint32_t flags, int32_t* out,
                                int64_t cap, int64_t* n) noexcept {
  return with_tokenizer(m, [&](Model&, const text::Tokenizer& tokenizer) -> Answer {
    TRY(check_buffer(out, cap, n));
    if (len != 0) TRY(need(text, "text"));
    TRY(check_flags(flags, INFER_ENCODE_SPECIAL | INFER_ENCODE_PARSE));
    const std::string_view view = len == 0  ? std::string_view()
                                  : len < 0 ? std::string_view(text)
                                            : std::string_view(text, static_cast<size_t>(len));
    std::vector<int32_t> ids;
    TRY(tokenizer.encode(view, (flags & INFER_ENCODE_SPECIAL) != 0, (flags & INFER_ENCODE_PARSE) != 0, ids));
    return give<int32_t>(ids, out, cap, n);
  });
}

infer_status infer_model_decode(infer_model* m, const int32_t* tokens, int64_t n_tokens, uint32_t flags, char* out,
                                int64_t cap, int64_t* n) noexcept {
  return with_tokenizer(m, [&](Model&, const text::Tokenizer& tokenizer) -> Answer {
    TRY(check_buffer(out, cap, n));
    if (n_tokens < 0) return Status::invalid(str("n_tokens is ", n_tokens));
    if (n_tokens > 0) TRY(need(tokens, "tokens"));
    TRY(check_flags(flags, INFER_DECODE_SPECIAL));
    const std::span<const int32_t> ids(tokens, static_cast<size_t>(n_tokens));
    for (size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] < 0 || ids[i] >= tokenizer.n_vocab()) {
        return Status::invalid(str("tokens[", i, "] is ", ids[i], "; ids are 0..", tokenizer.n_vocab() - 1));
      }
    }
    const std::string text = tokenizer.decode(ids, (flags & INFER_DECODE_SPECIAL) != 0);
    return give<char>(text, out, cap, n);
  });
}

infer_status infer_model_token(infer_model* m, int32_t token, const char** bytes, int64_t* len) noexcept {
  return with_tokenizer(m, [&](Model& model, const text::Tokenizer& tokenizer) -> Answer {
    TRY(need(bytes, "bytes"));
    TRY(need(len, "len"));
    if (token < 0 || token >= tokenizer.n_vocab())
      return Status::invalid(str("token is ", token, "; ids are 0..", tokenizer.n_vocab() - 1));
    const TokenBytes& all = model.token_bytes(tokenizer);
    const auto i = static_cast<size_t>(token);
    const uint32_t begin = i ? all.ends[i - 1] : 0;
    *bytes = all.all.data() + begin;
    *len = all.ends[i] - begin;
    return INFER_OK;
  });
}

infer_status infer_model_special(infer_model* m, const char* name, int32_t* token) noexcept {
  return with_tokenizer(m, [&](Model&, const text::Tokenizer& tokenizer) -> Answer {
    TRY(need(name, "name"));
    TRY(need(token, "token"));
    for (const Special& s : kSpecials) {
      if (s.name != name) continue;
      *token = tokenizer.data().*s.id;
      return INFER_OK;
    }
    return Status::not_found(str("there is no special token '", std::string_view(name).substr(0, 64), "'"),
                             "infer.h lists the names");
  });
}

infer_status infer_model_render(infer_model* m, const infer_part* parts, int64_t n_parts, const infer_options* o,
                                char* out, int64_t cap, int64_t* n) noexcept {
  return guard([&]() -> Answer {
    TRY(need(m, "m"));
    TRY(check_buffer(out, cap, n));
    const std::shared_ptr<Model> model = m->object;
    TRY_SET(const Loaded* loaded, model->loaded());
    std::vector<text::Message> messages;
    TRY(add_messages(parts, n_parts, messages));
    TRY_SET(const text::Rendered rendered, render_chat(*loaded, std::move(messages), o ? o->settings : Settings()));
    return give<char>(rendered.text, out, cap, n);
  });
}

}  // extern "C"
