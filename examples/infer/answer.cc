#include "answer.h"

#include "interrupt.h"
#include "process.h"

namespace infer::tool {

constexpr int32_t kTickMs = 100;  // how often a pull that waits looks for Ctrl-C

double Answer::tokens_per_s() const {
  const double ms = usage.total_ms - usage.first_token_ms;
  return usage.generated_tokens > 1 && ms > 0 ? static_cast<double>(usage.generated_tokens - 1) * 1000 / ms : 0;
}

const char* finish_name(int32_t finish) {
  switch (finish) {
    case INFER_FINISH_NONE:
      return "none";
    case INFER_FINISH_STOP:
      return "stop";
    case INFER_FINISH_LENGTH:
      return "length";
    case INFER_FINISH_CANCELLED:
      return "cancelled";
    default:
      return "error";
  }
}

Json Answer::json() const {
  Json out = {{"text", text},
              {"tokens", tokens},
              {"finish", finish_name(usage.finish)},
              {"prompt_tokens", usage.prompt_tokens},
              {"generated_tokens", usage.generated_tokens},
              {"first_token_ms", usage.first_token_ms},
              {"total_ms", usage.total_ms}};
  if (tokens_per_s() > 0) out["tokens_per_s"] = tokens_per_s();
  return out;
}

Answer pull(infer_request* request, const std::function<void(std::string_view)>& show) {
  const InterruptGuard guard;
  Answer answer;
  infer_piece piece = INFER_PIECE_INIT;
  for (;;) {
    const infer_status status = infer_request_next(request, kTickMs, &piece);
    if (status == INFER_DONE || status == INFER_E_CANCELLED) break;
    check(status);
    if (status == INFER_OK) {
      const std::string_view text(piece.text, static_cast<size_t>(piece.text_len));
      answer.text += text;
      answer.tokens.insert(answer.tokens.end(), piece.tokens, piece.tokens + piece.n_tokens);
      if (!text.empty()) show(text);
      if (piece.finish != INFER_FINISH_NONE) break;
    }
    if (InterruptGuard::interrupted()) check(infer_request_cancel(request));
  }
  check(infer_request_usage(request, &answer.usage));
  return answer;
}

std::string summary(const Answer& answer, const Session& session) {
  const infer_usage& u = answer.usage;
  std::string line = "load " + time_text(session.load_ms + session.engine_ms) + " | " +
                     std::to_string(u.prompt_tokens) + " prompt tokens, first token after " +
                     time_text(u.first_token_ms) + " | " + std::to_string(u.generated_tokens) + " tokens";
  if (answer.tokens_per_s() > 0) line += format(" at %.1f tokens/s", answer.tokens_per_s());
  line += " | peak memory " + bytes_text(peak_memory());
  if (u.finish != INFER_FINISH_STOP) line += std::string(" | ended: ") + finish_name(u.finish);
  return line;
}

Json summary_json(const Answer& answer, const Session& session) {
  Json out = answer.json();
  out["load_ms"] = session.load_ms + session.engine_ms;
  out["peak_memory_bytes"] = peak_memory();
  return out;
}

}  // namespace infer::tool
