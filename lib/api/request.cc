// Pulling what a request produced; cancelling it; what it cost.
#include "api/buffers.h"
#include "api/chat_answer.h"
#include "api/guard.h"
#include "api/handles.h"
#include "api/samples.h"
#include "api/structs.h"
#include "engine/bell.h"

using namespace infer;
using namespace infer::api;

extern "C" {

infer_status infer_request_next(infer_request* r, int32_t timeout_ms, infer_piece* out) noexcept {
  return guard([&]() -> Answer {
    TRY(need(r, "r"));
    TRY(need(out, "out"));
    TRY(check_size<infer_piece>(out->struct_size, "infer_piece"));  // before the piece is taken out of the mailbox
    const std::shared_ptr<Samples> request = r->object;             // stay while another thread releases the handle
    const std::shared_ptr<ChatAnswer> chat = r->chat;
    const engine::Piece* piece = nullptr;
    Status why;
    int32_t sample = 0;
    const infer_status s = request->next(timeout_ms, piece, sample, why);
    if (s < 0) return why;
    if (s != INFER_OK) return s;
    static_assert(sizeof(infer_logprob) == sizeof(sampling::LogProb));
    infer_piece value = INFER_PIECE_INIT;
    value.finish = piece->finish;
    const std::string_view text = chat ? chat->take(*piece, sample, *request) : piece->text;
    value.text = text.data();
    value.text_len = static_cast<int64_t>(text.size());
    value.tokens = piece->tokens.data();
    value.n_tokens = static_cast<int64_t>(piece->tokens.size());
    if (!piece->logprobs.empty()) value.logprobs = piece->logprobs.data();
    if (!piece->top.empty()) value.top = reinterpret_cast<const infer_logprob*>(piece->top.data());
    value.n_top = piece->n_top;
    value.sample = sample;
    if (!piece->embedding.empty()) value.embedding = piece->embedding.data();
    value.n_embedding = static_cast<int64_t>(piece->embedding.size());
    return write_struct(out, "infer_piece", value);
  });
}

infer_status infer_request_wait_any(infer_request* const* requests, int64_t n_requests, int32_t timeout_ms,
                                    int64_t* which) noexcept {
  return guard([&]() -> Answer {
    TRY(need(requests, "requests"));
    TRY(need(which, "which"));
    constexpr int64_t kMost = 1 << 20;
    if (n_requests < 1 || n_requests > kMost) return Status::invalid(str("n_requests is ", n_requests));
    std::vector<std::shared_ptr<Samples>> all;  // stay while other threads release the handles
    for (int64_t i = 0; i < n_requests; ++i) all.push_back(requests[i] ? requests[i]->object : nullptr);
    if (std::ranges::all_of(all, [](const auto& r) { return !r; })) return INFER_DONE;
    const auto ready = [](const auto& r) { return r && r->ready(); };
    auto found = all.end();
    if (!engine::Bell::one().wait(timeout_ms, [&] { return (found = std::ranges::find_if(all, ready)) != all.end(); }))
      return INFER_PENDING;
    *which = found - all.begin();
    return INFER_OK;
  });
}

infer_status infer_request_tokens(infer_request* r, int32_t sample, int32_t* out, int64_t cap, int64_t* n) noexcept {
  return guard([&]() -> Answer {
    TRY(need(r, "r"));
    TRY(check_buffer(out, cap, n));
    if (sample < 0 || sample >= r->object->size())
      return Status::invalid(str("sample is ", sample, "; this request has 0..", r->object->size() - 1));
    return give<int32_t>(r->object->tokens(sample), out, cap, n);
  });
}

infer_status infer_request_cancel(infer_request* r) noexcept {
  return guard([&]() -> Answer {
    TRY(need(r, "r"));
    r->object->cancel();
    return INFER_OK;
  });
}

infer_status infer_request_usage(infer_request* r, infer_usage* out) noexcept {
  return guard([&]() -> Answer {
    TRY(need(r, "r"));
    TRY(need(out, "out"));
    const engine::Usage u = r->object->usage();
    infer_usage value = INFER_USAGE_INIT;
    value.finish = u.finish;
    value.prompt_tokens = u.prompt_tokens;
    value.cached_tokens = u.cached_tokens;
    value.generated_tokens = u.generated_tokens;
    value.queue_ms = u.queue_ms;
    value.first_token_ms = u.first_token_ms;
    value.total_ms = u.total_ms;
    value.state = u.state;
    value.preempted = u.preempted;
    return write_struct(out, "infer_usage", value);
  });
}

void infer_request_release(infer_request* r) noexcept {
  guard_void([&] {
    if (!r) return;
    r->object->cancel();
    delete r;
  });
}

}  // extern "C"
