// infer chat FILE: a conversation. Each line of standard input is a user's message, also when it is piped in.
#include <cstddef>
#include <iostream>
#include <string_view>
#include <vector>

#include "answer.h"
#include "commands.h"
#include "conversation.h"
#include "process.h"

namespace infer::tool {
namespace {

struct Arguments {
  Settings settings;
  std::string file, system;
};

const std::vector<std::string> kDefaults = {"batch.requests=1"};

// Drops the oldest turn that is over, a question and its answer. False: only the question asked now is left.
bool forget_oldest(std::vector<Message>& messages) {
  const size_t first = messages[0].role == std::string_view("system") ? 1 : 0;
  if (messages.size() < first + 3) return false;
  const auto begin = messages.begin() + static_cast<std::ptrdiff_t>(first);
  messages.erase(begin, begin + 2);
  return true;
}

// A conversation that has outgrown the context loses its oldest turns, and its user hears of it.
Request submit_what_fits(const Session& session, std::vector<Message>& messages, const Options& options) {
  for (int forgotten = 0;; ++forgotten) {
    try {
      Request request = submit_chat(session, messages, options);
      if (forgotten > 0) std::fprintf(stderr, "(the context is full: turns forgotten, oldest first: %d)\n", forgotten);
      return request;
    } catch (const Failure& f) {
      if (f.status != INFER_E_TOO_LONG || !forget_oldest(messages)) throw;
    }
  }
}

// One turn: the answer is shown and joins the conversation.
void take_turn(const Session& session, std::vector<Message>& messages, const Options& options, bool json) {
  const Request request = submit_what_fits(session, messages, options);
  const Answer answer = pull(request.get(), [json](std::string_view text) {
    if (!json) put(text);
  });
  if (json) {
    put_json(answer.json());
  } else {
    if (answer.text.empty() || answer.text.back() != '\n') put("\n");
    if (is_terminal(stderr) && is_terminal(stdin)) std::fprintf(stderr, "(%s)\n", summary(answer, session).c_str());
  }
  messages.push_back({"assistant", answer.text});
}

int chat(const Arguments& a) {
  const Options options = a.settings.options(kDefaults);
  Session session = open_model(a.file, options);
  if (!has_template(session)) {
    throw Failure{"the model has no chat template",
                  "use infer run --raw, or give a template with -o chat.template=..."};
  }
  start_engine(session, options, a.settings.adapter);
  const bool interactive = is_terminal(stdin);
  if (interactive) std::fprintf(stderr, "Type a message. /new forgets the conversation, /quit ends it.\n");
  std::vector<Message> messages;
  const auto begin = [&] {
    messages.clear();
    if (!a.system.empty()) messages.push_back({"system", a.system});
  };
  begin();
  for (std::string line;;) {
    if (interactive) std::fprintf(stderr, "> ");
    if (!std::getline(std::cin, line) || line == "/quit") break;
    if (line == "/new") {
      begin();
      continue;
    }
    if (line.empty()) continue;
    messages.push_back({"user", line});
    try {
      take_turn(session, messages, options, a.settings.json);
    } catch (const Failure& f) {
      if (!interactive) throw;  // a person may go on, a script may not
      messages.pop_back();
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
  a->settings.add_generation(sub);
  a->settings.add_common(sub);
  sub.callback([a, &chosen] { chosen = [a] { return chat(*a); }; });
}

}  // namespace infer::tool
