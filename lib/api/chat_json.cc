#include "api/chat_json.h"

#include "api/chat.h"
#include "api/chat_request.h"

namespace infer::api {
namespace {

// Calls of tools as their format and schemas have them. A call that must come comes at once, unless the prompt leaves
// room for reasoning.
Status hold_to_tools(const ChatRequest& request, const Dialect& dialect, std::string_view prompt, Settings& settings) {
  static const text::tools::ToolSet kNone;
  const std::string_view thought = request.format->think_end;
  const size_t last = prompt.find_last_not_of(" \n");
  text::tools::ToolChoice choice = request.choice;
  choice.reasoning = !dialect.facts.reasoning.empty() && !thought.empty() &&
                     !prompt.substr(0, last == std::string_view::npos ? 0 : last + 1).ends_with(thought);
  TRY_SET(const std::string tags,
          text::tools::constraint(*request.format, request.tools ? *request.tools : kNone, choice));
  if (tags.empty()) return {};
  if (!settings.text(Key::response_tags).empty())
    return Status::invalid("response.tags and tools: an answer can be held to one of them");
  return settings.set_str("response.tags", tags);
}

}  // namespace

Result<ChatJson> begin_chat_json(Engine& engine, std::string_view json, const Settings& defaults) {
  const Loaded& loaded = engine.loaded();
  TRY(loaded.tokenizer.status());
  TRY_SET(ChatRequest request, read_chat_request(json, engine.model(), loaded, defaults));
  if (request.settings.integer(Key::score_from) > 0 || request.settings.text(Key::embed) != "none")
    return Status::invalid("score.from and embed ask for no answer");
  if (request.model.empty()) request.model = std::string(engine.model_name());
  // Marks of calls and reasoning are control tokens in many formats.
  TRY(request.settings.set_int("output.special", 1));
  const Dialect& dialect = engine.model().dialect(loaded);
  TRY_SET(text::Template::Context context, chat_context(loaded, request.settings));
  context.messages = std::move(request.messages);
  if (request.tools && dialect.facts.tools) text::tools::offer_tools(context, request.tools_json);
  TRY_SET(const text::Rendered prompt, render_chat(loaded, context));
  TRY(hold_to_tools(request, dialect, prompt.text, request.settings));
  TRY_SET(std::vector<int32_t> ids, encode_chat(loaded, prompt));
  ChatJson begun;
  TRY_SET(begun.request, engine.submit(std::move(ids), request.settings));
  const auto n = static_cast<int32_t>(request.settings.integer(Key::n));
  begun.answer = std::make_shared<ChatAnswer>(request, *loaded.tokenizer, prompt.text, n, time_of(request.settings));
  return begun;
}

}  // namespace infer::api
