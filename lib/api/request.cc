// Pulling what a request produced; cancelling it; what it cost.
#include "api/guard.h"
#include "api/handles.h"
#include "api/structs.h"

using namespace infer;
using namespace infer::api;

extern "C" {

infer_status infer_request_next(infer_request* r, int32_t timeout_ms, infer_piece* out) noexcept {
  return guard([&]() -> Answer {
    TRY(need(r, "r"));
    TRY(need(out, "out"));
    TRY(check_size<infer_piece>(out->struct_size, "infer_piece"));  // before the piece is taken out of the mailbox
    const std::shared_ptr<engine::Request> request = r->object;     // stays while another thread releases the handle
    const engine::Piece* piece = nullptr;
    Status why;
    const infer_status s = request->next(timeout_ms, piece, why);
    if (s < 0) return why;
    if (s != INFER_OK) return s;
    static_assert(sizeof(infer_logprob) == sizeof(sampling::LogProb));
    infer_piece value = INFER_PIECE_INIT;
    value.finish = piece->finish;
    value.text = piece->text.data();
    value.text_len = static_cast<int64_t>(piece->text.size());
    value.tokens = piece->tokens.data();
    value.n_tokens = static_cast<int64_t>(piece->tokens.size());
    if (!piece->logprobs.empty()) value.logprobs = piece->logprobs.data();
    if (!piece->top.empty()) value.top = reinterpret_cast<const infer_logprob*>(piece->top.data());
    value.n_top = piece->n_top;
    return write_struct(out, "infer_piece", value);
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
