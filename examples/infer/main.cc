// infer: the command line tool of libinfer. Command line in, one subcommand run, exit code out: 0 done, 1 failed, 2 the
// command line is wrong, 130 interrupted. Answers go to stdout, everything about them to stderr.
#include <cstdio>
#include <new>

#include "commands.h"
#include "print.h"

namespace infer::tool {
namespace {

int run(int argc, char** argv) {
  CLI::App app("Runs language models from GGUF files.", "infer");
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", [] { return std::string("infer ") + infer_version(); });
  app.footer(
      "Examples:\n  infer run model.gguf \"Name the capital of France.\"\n  infer chat model.gguf\n"
      "  infer help options");
  Command chosen;
  add_run(app, chosen);
  add_chat(app, chosen);
  add_inspect(app, chosen);
  add_tokenize(app, chosen);
  add_eval(app, chosen);
  add_perplexity(app, chosen);
  add_bench(app, chosen);
  add_top(app, chosen);
  add_synth(app, chosen);
  add_doctor(app, chosen);
  add_help(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help, --version
    std::fprintf(stderr, "error: %s\nhint: see %s --help\n", e.what(), "infer");
    return kExitUsage;
  }
  if (!chosen) {
    put(app.help());
    return kExitUsage;
  }
  return chosen();
}

}  // namespace
}  // namespace infer::tool

int main(int argc, char** argv) {
  using infer::tool::Failure;
  try {
    return infer::tool::run(argc, argv);
  } catch (const Failure& f) {
    std::fprintf(stderr, "error: %s\n", f.message.c_str());
    if (!f.hint.empty()) std::fprintf(stderr, "hint: %s\n", f.hint.c_str());
    return f.exit_code;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "error: out of memory\nhint: free memory, or use a smaller model or context\n");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
  }
  return infer::tool::kExitFailed;
}
