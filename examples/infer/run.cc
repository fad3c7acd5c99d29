// infer run FILE "prompt": one answer, streamed. With a chat template the prompt is a user's message; without one, or
// with --raw, it is text to continue.
#include <iostream>
#include <iterator>
#include <vector>

#include "answer.h"
#include "commands.h"
#include "conversation.h"
#include "process.h"

namespace infer::tool {
namespace {

struct Arguments {
  Settings settings;
  std::string file, prompt, system;
  bool has_prompt = false, raw = false;
};

// One answer at a time needs room for one. The same command gives the same answer unless asked otherwise.
const std::vector<std::string> kDefaults = {"batch.requests=1", "max_tokens=512", "temperature=0"};

Request submit(const Arguments& a, const Session& s, const Options& options) {
  if (!a.raw && has_template(s)) {
    std::vector<Message> messages;
    if (!a.system.empty()) messages.push_back({"system", a.system});
    messages.push_back({"user", a.prompt});
    return submit_chat(s, messages, options);
  }
  infer_request* request = nullptr;
  check(infer_engine_submit_text(s.engine.get(), a.prompt.data(), static_cast<int64_t>(a.prompt.size()), options.get(),
                                 &request));
  return Request(request);
}

int run(Arguments a) {
  if (!a.has_prompt) {
    if (is_terminal(stdin))
      throw Failure{"there is no prompt", "infer run FILE \"prompt\", or pipe one in", kExitUsage};
    a.prompt.assign(std::istreambuf_iterator<char>(std::cin), {});
  }
  const Options options = a.settings.options(kDefaults);
  Session session = open_model(a.file, options);
  start_engine(session, options, a.settings.adapter);
  const Request request = submit(a, session, options);
  const bool json = a.settings.json;
  const Answer answer = pull(request.get(), [json](std::string_view text) {
    if (!json) put(text);
  });
  if (json) {
    put_json(summary_json(answer, session));
  } else {
    if (answer.text.empty() || answer.text.back() != '\n') put("\n");
    std::fprintf(stderr, "%s\n", summary(answer, session).c_str());
  }
  return answer.usage.finish == INFER_FINISH_CANCELLED ? kExitInterrupted : 0;
}

}  // namespace

void add_run(CLI::App& app, Command& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App& sub = *app.add_subcommand("run", "answer one prompt");
  add_file(sub, a->file);
  CLI::Option* prompt = sub.add_option("prompt", a->prompt, "the prompt; from standard input when left out");
  sub.add_option("--system", a->system, "system message; without it, what the model's template says");
  sub.add_flag("--raw", a->raw, "continue the prompt as plain text, without the chat template");
  a->settings.add_generation(sub);
  a->settings.add_common(sub);
  sub.callback([a, prompt, &chosen] {
    a->has_prompt = prompt->count() > 0;
    chosen = [a] { return run(*a); };
  });
}

}  // namespace infer::tool
