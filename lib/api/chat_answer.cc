#include "api/chat_answer.h"

#include <algorithm>
#include <cmath>

#include "api/json_writer.h"
#include "base/unpredictable.h"
#include "base/utf8.h"

namespace infer::api {
namespace {

using Kind = text::tools::Event::Kind;

std::string hex(uint64_t v) {
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[v >> shift & 15];
  return out;
}

// A value as infer_logprob has it. JSON has no infinity.
std::string number(float v) { return python_float(std::isfinite(v) ? std::max(v, -9999.0F) : -9999.0F); }

void add_token(JsonWriter& json, const text::Tokenizer& tokenizer, int32_t id, float logprob) {
  std::string bytes, shown;
  if (id < tokenizer.n_vocab()) tokenizer.append_piece(id, /*special=*/true, /*first=*/false, bytes);
  append_as_utf8(shown, bytes);
  json.member("token", std::string_view(shown)).key("logprob").literal(number(logprob)).key("bytes").open('[');
  for (const char c : bytes) json.value(int64_t{static_cast<uint8_t>(c)});
  json.close(']');
}

}  // namespace

ChatAnswer::ChatAnswer(const ChatRequest& request, std::shared_ptr<const text::Tokenizer> tokenizer,
                       std::string_view prompt, int32_t n, int64_t now)
    : tokenizer_(std::move(tokenizer)),
      tools_(request.tools),
      id_("chatcmpl-" + hex(unpredictable())),
      model_(request.model),
      created_(now),
      stream_(request.stream),
      usage_(request.usage),
      logprobs_(request.settings.integer(Key::logprobs) >= 0),
      choices_(static_cast<size_t>(n)) {
  for (Choice& c : choices_)
    c.parser = std::make_unique<text::tools::OutputParser>(
        *request.format, text::tools::OutputParser::Options{tools_.get(), prompt, tools_ != nullptr});
}

std::string_view ChatAnswer::take(const engine::Piece& piece, int32_t sample, const Samples& request) {
  out_.clear();
  events_.clear();
  Choice& choice = choices_[static_cast<size_t>(sample)];
  add_logprobs(choice, piece);
  text_ = piece.text;
  // The token that ended it is no part of what was said.
  if (piece.finish == INFER_FINISH_STOP && !piece.tokens.empty() && piece.tokens.back() < tokenizer_->n_vocab() &&
      tokenizer_->is_end(piece.tokens.back())) {
    std::string end;
    tokenizer_->append_piece(piece.tokens.back(), /*special=*/true, /*first=*/false, end);
    if (text_.ends_with(end)) text_.resize(text_.size() - end.size());
  }
  choice.parser->feed(text_, events_);
  choice.finish = piece.finish;
  const bool ended = piece.finish != INFER_FINISH_NONE;
  if (ended) choice.parser->finish(events_);

  if (stream_ && !choice.begun) chunk(choice, sample, R"({"role":"assistant","content":""})");
  choice.begun = true;
  for (const text::tools::Event& event : events_) {
    choice.called = choice.called || event.kind == Kind::kCallEnd;
    if (!stream_) {
      choice.answer.add(event);
    } else if (const std::string delta = delta_of(event); !delta.empty()) {
      chunk(choice, sample, delta);
    }
  }
  if (ended) {
    ++n_ended_;
    if (stream_) chunk(choice, sample, "{}");
    if (n_ended_ == choices_.size()) {
      if (!stream_) out_ = whole(request);
      if (stream_ && usage_) out_ += head("chat.completion.chunk") + ",\"choices\":[]," + usage(request) + "}\n";
    }
  }
  return out_;
}

// "{"id":..": every object of one answer begins alike.
std::string ChatAnswer::head(std::string_view object) const {
  JsonWriter json;
  json.open('{').member("id", std::string_view(id_)).member("object", object).member("created", created_);
  json.member("model", std::string_view(model_));
  return json.take();
}

std::string_view ChatAnswer::finish_of(const Choice& choice) const {
  switch (choice.finish) {
    case INFER_FINISH_NONE:
      return "";
    case INFER_FINISH_LENGTH:
      return "length";
    case INFER_FINISH_CANCELLED:
      return "cancelled";
    default:
      return choice.called ? "tool_calls" : "stop";
  }
}

// With the log-probabilities that came since the chunk before.
void ChatAnswer::chunk(Choice& choice, int32_t index, std::string_view delta) {
  const bool last = delta == "{}";
  JsonWriter json;
  json.open('{').member("index", int64_t{index}).key("delta").literal(delta);
  json.key("logprobs")
      .literal(logprobs_ && !choice.logprobs.empty() ? str("{\"content\":[", choice.logprobs, "]}") : "null");
  choice.logprobs.clear();
  json.key("finish_reason");
  last ? json.value(finish_of(choice)) : json.literal("null");
  out_ += head("chat.completion.chunk") + ",\"choices\":[" + json.close('}').take() + "]}\n";
}

std::string ChatAnswer::delta_of(const text::tools::Event& event) const {
  JsonWriter json;
  json.open('{');
  const auto call = [&](bool begins) {
    json.key("tool_calls").open('[').open('{').member("index", int64_t{event.call});
    if (begins) json.member("id", std::string_view(event.id)).member("type", std::string_view("function"));
    json.key("function").open('{');
    if (begins) json.member("name", std::string_view(event.text));
    json.member("arguments", begins ? std::string_view() : std::string_view(event.text));
    json.close('}').close('}').close(']');
  };
  switch (event.kind) {
    case Kind::kContent:
      json.member("content", std::string_view(event.text));
      break;
    case Kind::kReasoning:
      json.member("reasoning_content", std::string_view(event.text));
      break;
    case Kind::kCall:
      call(true);
      break;
    case Kind::kArguments:
      call(false);
      break;
    case Kind::kCallEnd:
    case Kind::kCallDropped:
      return {};
  }
  return json.close('}').take();
}

void ChatAnswer::add_logprobs(Choice& choice, const engine::Piece& piece) {
  if (!logprobs_) return;
  const auto n_top = static_cast<size_t>(piece.n_top);
  for (size_t i = 0; i < piece.tokens.size() && i < piece.logprobs.size(); ++i) {
    JsonWriter json;
    json.open('{');
    add_token(json, *tokenizer_, piece.tokens[i], piece.logprobs[i]);
    json.key("top_logprobs").open('[');
    for (size_t t = 0; t < n_top; ++t) {
      const sampling::LogProb& top = piece.top[i * n_top + t];
      add_token(json.open('{'), *tokenizer_, top.token, top.logprob);
      json.close('}');
    }
    choice.logprobs += (choice.logprobs.empty() ? "" : ",") + json.close(']').close('}').take();
  }
}

std::string ChatAnswer::usage(const Samples& request) const {
  const engine::Usage u = request.usage();
  JsonWriter json;
  json.key("usage").open('{').member("prompt_tokens", u.prompt_tokens).member("completion_tokens", u.generated_tokens);
  json.member("total_tokens", u.prompt_tokens + u.generated_tokens).key("prompt_tokens_details").open('{');
  return json.member("cached_tokens", u.cached_tokens).close('}').close('}').take();
}

std::string ChatAnswer::whole(const Samples& request) const {
  JsonWriter json;
  json.open('[');
  for (size_t i = 0; i < choices_.size(); ++i) {
    const Choice& c = choices_[i];
    json.open('{').member("index", static_cast<int64_t>(i)).key("message").open('{');
    json.member("role", std::string_view("assistant")).key("content");
    c.answer.content.empty() && !c.answer.calls.empty() ? json.literal("null") : json.value(c.answer.content);
    if (!c.answer.reasoning.empty()) json.member("reasoning_content", std::string_view(c.answer.reasoning));
    if (!c.answer.calls.empty()) {
      json.key("tool_calls").open('[');
      for (const auto& call : c.answer.calls) {
        json.open('{').member("id", std::string_view(call.id)).member("type", std::string_view("function"));
        json.key("function").open('{').member("name", std::string_view(call.name));
        json.member("arguments", std::string_view(call.arguments)).close('}').close('}');
      }
      json.close(']');
    }
    json.close('}').key("logprobs");
    json.literal(logprobs_ ? str("{\"content\":[", c.logprobs, "]}") : "null");
    json.member("finish_reason", finish_of(c)).close('}');
  }
  return head("chat.completion") + ",\"choices\":" + json.close(']').take() + "," + usage(request) + "}";
}

}  // namespace infer::api
