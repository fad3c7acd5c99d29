// The subcommands, one file each. Every one adds itself to the command line and says what to do if it is chosen.
#pragma once
#include "settings.h"

namespace infer::tool {

void add_run(CLI::App& app, Command& chosen);
void add_chat(CLI::App& app, Command& chosen);
void add_inspect(CLI::App& app, Command& chosen);
void add_tokenize(CLI::App& app, Command& chosen);
void add_eval(CLI::App& app, Command& chosen);
void add_perplexity(CLI::App& app, Command& chosen);
void add_bench(CLI::App& app, Command& chosen);
void add_bench_serve(CLI::App& bench, Command& chosen);
void add_top(CLI::App& app, Command& chosen);
void add_synth(CLI::App& app, Command& chosen);
void add_doctor(CLI::App& app, Command& chosen);
void add_help(CLI::App& app, Command& chosen);

}  // namespace infer::tool
