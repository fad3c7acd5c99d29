// What a loaded model says about itself: facts, metadata, tensors.
#include <algorithm>

#include "api/guard.h"
#include "api/handles.h"
#include "api/model.h"
#include "api/structs.h"

using namespace infer;
using namespace infer::api;

namespace {

struct Fact {
  std::string_view name;
  int64_t (*of)(const models::Hyper&);
};
constexpr Fact kFacts[] = {
    {"n_vocab", [](const models::Hyper& h) { return h.n_vocab; }},
    {"n_ctx_train", [](const models::Hyper& h) { return h.n_ctx_train; }},
    {"n_embd", [](const models::Hyper& h) { return h.n_embd; }},
    {"n_layer", [](const models::Hyper& h) { return h.n_layer; }},
    {"n_head", [](const models::Hyper& h) { return h.n_head; }},
    {"n_head_kv", [](const models::Hyper& h) { return h.n_head_kv; }},
    {"head_dim", [](const models::Hyper& h) { return h.head_dim; }},
    {"n_expert", [](const models::Hyper& h) { return h.n_expert; }},
    {"n_parameters", [](const models::Hyper& h) { return h.n_parameters; }},
    {"weight_bytes", [](const models::Hyper& h) { return h.weight_bytes; }},
};

// A call that needs the loaded model: waits for it and gives f the model and what was loaded.
template <class F>
infer_status with_loaded(infer_model* m, F&& f) noexcept {
  return guard([&]() -> Answer {
    TRY(need(m, "m"));
    const std::shared_ptr<Model> model = m->object;
    TRY_SET(const Loaded* loaded, model->loaded());
    return f(*model, *loaded);
  });
}

}  // namespace

extern "C" {

infer_status infer_model_fact(infer_model* m, const char* name, int64_t* out) noexcept {
  return with_loaded(m, [&](Model&, const Loaded& loaded) -> Answer {
    TRY(need(name, "name"));
    TRY(need(out, "out"));
    const std::string_view wanted = name;
    if (wanted == "file_bytes") {
      *out = static_cast<int64_t>(loaded.file->file_bytes());
    } else if (wanted == "has_tokenizer") {
      *out = loaded.tokenizer.ok();
    } else if (wanted == "has_chat_template") {
      *out = loaded.chat.ok();
    } else {
      const auto fact =
          std::find_if(std::begin(kFacts), std::end(kFacts), [&](const Fact& f) { return f.name == wanted; });
      if (fact == std::end(kFacts))
        return Status::not_found(str("there is no fact '", wanted.substr(0, 64), "'"), "infer.h lists them");
      TRY(loaded.hyper.status());
      *out = fact->of(*loaded.hyper);
    }
    return INFER_OK;
  });
}

infer_status infer_model_meta_at(infer_model* m, int64_t i, const char** key, const char** value) noexcept {
  return with_loaded(m, [&](Model&, const Loaded& loaded) -> Answer {
    TRY(need(key, "key"));
    TRY(need(value, "value"));
    if (i < 0 || static_cast<uint64_t>(i) >= loaded.metadata.size()) return INFER_DONE;
    const auto& entry = loaded.metadata[static_cast<size_t>(i)];
    *key = entry.first.c_str();
    *value = entry.second.c_str();
    return INFER_OK;
  });
}

infer_status infer_model_tensor_at(infer_model* m, int64_t i, infer_tensor_info* out) noexcept {
  return with_loaded(m, [&](Model&, const Loaded& loaded) -> Answer {
    TRY(need(out, "out"));
    const auto tensors = loaded.file->tensors();
    if (i < 0 || static_cast<uint64_t>(i) >= tensors.size()) return INFER_DONE;
    const formats::Tensor& t = tensors[static_cast<size_t>(i)];
    infer_tensor_info value = INFER_TENSOR_INFO_INIT;
    value.n_dims = t.rank;
    std::copy(std::begin(t.dim), std::end(t.dim), value.dim);
    value.bytes = static_cast<int64_t>(t.data.size());
    value.name = loaded.tensor_names[static_cast<size_t>(i)].c_str();
    value.type = quant::info(t.type).name;
    return write_struct(out, "infer_tensor_info", value);
  });
}

}  // extern "C"
