// infer chat FILE: a conversation. Each line of standard input is a user's message, also when it is piped in; with
// --tools it is the result of a call where the model has called a tool.
#include <cstddef>
#include <functional>
#include <iostream>
#include <string_view>
#include <vector>

#include "answer.h"
#include "commands.h"
#include "conversation.h"
#include "process.h"
#include "text.h"

namespace infer::tool {
namespace {

struct Arguments {
  Settings settings;
  std::string file, system, tools, tool_choice = "auto";
};

const std::vector<std::string> kDefaults = {"batch.requests=1"};

// What a conversation is made of, in the JSON of OpenAI's chat completions.
struct Conversation {
  Json messages = Json::array();
  Json tools, choice;  // null: none

  void begin(const std::string& system) {
    messages.clear();
    if (!system.empty()) say("system", system);
  }
  void say(const char* role, const std::string& text) { messages.push_back({{"role", role}, {"content", text}}); }
  std::string request() const {
    Json all = {{"messages", messages}, {"stream", true}};
    if (!tools.is_null()) all["tools"] = tools;
    // What must be called is called once: the answer to its result is free.
    if (!choice.is_null()) {
      all["tool_choice"] = messages.back()["role"] == "tool" ? Json("auto") : choice;
      all["parallel_tool_calls"] = all["tool_choice"] == "auto";
    }
    return all.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  // Drops the oldest turn that is over: from a user's message up to the next. False: only the last one is left.
  bool forget_oldest() {
    size_t first = 0;
    while (first < messages.size() && messages[first]["role"] != "user") ++first;
    size_t next = first + 1;
    while (next < messages.size() && messages[next]["role"] != "user") ++next;
    if (next >= messages.size()) return false;
    const auto begin = messages.begin() + static_cast<std::ptrdiff_t>(first);
    messages.erase(begin, messages.begin() + static_cast<std::ptrdiff_t>(next));
    return true;
  }
};

// A conversation that has outgrown the context loses its oldest turns, and its user hears of it.
Request submit_what_fits(const Session& session, Conversation& talk, const Options& options) {
  for (int forgotten = 0;; ++forgotten) {
    const std::string json = talk.request();
    infer_request* request = nullptr;
    const infer_status s =
        infer_chat_json(session.engine.get(), json.data(), static_cast<int64_t>(json.size()), options.get(), &request);
    if (s != INFER_E_TOO_LONG || !talk.forget_oldest()) {
      check(s);
      if (forgotten > 0) std::fprintf(stderr, "(the context is full: turns forgotten, oldest first: %d)\n", forgotten);
      return Request(request);
    }
  }
}

// One answer: shown as it comes, and what it is as a message.
struct Reply {
  Answer answer;  // text: what was said
  Json message = {{"role", "assistant"}, {"content", nullptr}};

  void add(const Json& delta) {
    for (const auto& call : delta.value("tool_calls", Json::array())) {
      Json& calls = message["tool_calls"];
      if (call.contains("id")) {
        calls.push_back(call);
        calls.back().erase("index");
      } else {
        auto& arguments = calls.back()["function"]["arguments"];
        arguments = arguments.get<std::string>() + call["function"]["arguments"].get<std::string>();
      }
    }
  }
  // What was cut off, or was no call after all, is none.
  void end(bool called) {
    if (!calls()) return;
    Json kept = Json::array();
    for (const Json& c : message["tool_calls"])
      if (Json::accept(c["function"]["arguments"].get<std::string>())) kept.push_back(c);
    message.erase("tool_calls");
    if (called && !kept.empty()) message["tool_calls"] = kept;
  }
  bool calls() const { return message.contains("tool_calls"); }
};

Reply reply_to(const Session& session, Conversation& talk, const Options& options, bool json) {
  const Request request = submit_what_fits(session, talk, options);
  Reply reply;
  std::string said, thought;
  bool called = false;
  reply.answer = pull(request.get(), [&](std::string_view lines) {
    for (size_t at = 0, end; (end = lines.find('\n', at)) != std::string_view::npos; at = end + 1) {
      const Json chunk = Json::parse(lines.substr(at, end - at));
      for (const auto& choice : chunk["choices"]) {
        const Json& delta = choice["delta"];
        reply.add(delta);
        called = called || choice["finish_reason"] == "tool_calls" || choice["finish_reason"] == "length";
        const std::string thinks = delta.value("reasoning_content", ""), says = delta.value("content", "");
        if (!thinks.empty() && !json) put((thought.empty() ? "(" : "") + thinks);
        if (!says.empty() && !json) put((!thought.empty() && said.empty() ? ")\n" : "") + says);
        thought += thinks;
        said += says;
      }
    }
  });
  reply.end(called);
  if (!thought.empty() && said.empty() && !json) put(")\n");
  reply.answer.text = said;
  if (!said.empty() || !reply.calls()) reply.message["content"] = said;
  if (!thought.empty()) reply.message["reasoning_content"] = thought;
  return reply;
}

// One turn: answers are shown and join the conversation, and so do results of calls, which `result` gives. False: it
// gave none.
bool take_turn(const Session& session, Conversation& talk, const Options& options, bool json,
               const std::function<bool(std::string& text)>& result) {
  for (;;) {
    const Reply reply = reply_to(session, talk, options, json);
    talk.messages.push_back(reply.message);
    if (json) {
      Json out = reply.answer.json();
      if (reply.calls()) out["tool_calls"] = reply.message["tool_calls"];
      put_json(out);
    } else {
      const std::string& text = reply.answer.text;
      if ((text.empty() || text.back() != '\n') && !(text.empty() && reply.calls())) put("\n");
    }
    if (!reply.calls()) {
      if (!json && is_terminal(stderr) && is_terminal(stdin))
        std::fprintf(stderr, "(%s)\n", summary(reply.answer, session).c_str());
      return true;
    }
    for (const Json& call : reply.message["tool_calls"]) {
      const Json& function = call["function"];
      if (!json)
        put("-> " + function["name"].get<std::string>() + " " + function["arguments"].get<std::string>() + "\n");
      std::string text;
      if (!result(text)) return false;
      talk.messages.push_back({{"role", "tool"}, {"tool_call_id", call["id"]}, {"content", text}});
    }
  }
}

// JSON, or @FILE that holds it.
Json read_tools(const std::string& given) {
  Json tools = Json::parse(given.starts_with('@') ? read_text_file(given.substr(1)) : given, nullptr, false);
  if (!tools.is_array())
    throw Failure{"--tools is not a JSON list",
                  R"(write [{"type": "function", "function": {"name": .., "parameters": {..}}}])", kExitUsage};
  return tools;
}

int chat(const Arguments& a) {
  const Options options = a.settings.options(kDefaults);
  Conversation talk;
  if (!a.tools.empty()) {
    talk.tools = read_tools(a.tools);
    const bool word = a.tool_choice == "auto" || a.tool_choice == "required" || a.tool_choice == "none";
    talk.choice = word ? Json(a.tool_choice) : Json{{"type", "function"}, {"function", {{"name", a.tool_choice}}}};
  }
  Session session = open_model(a.file, options);
  if (!has_template(session)) {
    throw Failure{"the model has no chat template",
                  "use infer run --raw, or give a template with -o chat.template=..."};
  }
  start_engine(session, options, a.settings.adapter);
  const bool interactive = is_terminal(stdin);
  if (interactive) std::fprintf(stderr, "Type a message. /new forgets the conversation, /quit ends it.\n");
  const auto result = [&](std::string& text) {
    if (interactive) std::fprintf(stderr, "result> ");
    return bool(std::getline(std::cin, text));
  };
  talk.begin(a.system);
  for (std::string line;;) {
    if (interactive) std::fprintf(stderr, "> ");
    if (!std::getline(std::cin, line) || line == "/quit") break;
    if (line == "/new") {
      talk.begin(a.system);
      continue;
    }
    if (line.empty()) continue;
    const Json before = talk.messages;
    talk.say("user", line);
    try {
      if (!take_turn(session, talk, options, a.settings.json, result)) break;
    } catch (const Failure& f) {
      if (!interactive) throw;  // a person may go on, a script may not
      talk.messages = before;
      std::fprintf(stderr, "error: %s\nhint: /new begins another conversation\n", f.message.c_str());
    }
  }
  if (interactive) std::fprintf(stderr, "\n");
  return 0;
}

}  // namespace

void add_chat(CLI::App& app, Command& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App& sub = *app.add_subcommand("chat", "talk with a model, line by line");
  add_file(sub, a->file);
  sub.add_option("--system", a->system, "system message; without it, what the model's template says");
  sub.add_option(
      "--tools", a->tools,
      "tools that the model may call, a JSON list in the shape of OpenAI's API (@FILE: from a file); the line "
      "after a call is its result");
  sub.add_option("--tool-choice", a->tool_choice, "auto, required, none, or the name of the tool to call")
      ->needs("--tools");
  a->settings.add_generation(sub);
  a->settings.add_common(sub);
  sub.callback([a, &chosen] { chosen = [a] { return chat(*a); }; });
}

}  // namespace infer::tool
