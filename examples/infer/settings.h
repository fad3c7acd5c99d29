// The flags that subcommands share. Every one of them is another spelling of a library option, as is -o key=value.
#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "handles.h"

namespace infer::tool {

// What a subcommand does once the command line is understood; returns the exit code.
using Command = std::function<int()>;

struct Settings {
  std::vector<std::string> flags;  // "key=value", from named flags
  std::vector<std::string> given;  // "key=value", from -o
  std::string adapter;             // file; empty: none
  bool json = false;

  void add_common(CLI::App& app);           // -o, -t, --device, --json, --help-options
  void add_all_but_threads(CLI::App& app);  // the same without -t
  void add_generation(CLI::App& app);       // --max-tokens, --temperature, ...

  // The library's options: `defaults` of the subcommand, then what the user said.
  Options options(const std::vector<std::string>& defaults = {}) const;
  std::string find(const std::string& key) const;   // what the user said for one of them; "" for nothing
  std::string value(const std::string& key) const;  // the same, or the tool's or the library's default
};

void add_file(CLI::App& app, std::string& file);
// Whole numbers, comma separated, in one argument. Wrong ones are refused as usage.
void add_numbers(CLI::App& app, const std::string& name, std::vector<int32_t>& numbers, const std::string& help);

void print_options(bool json);  // all options of the library, by the object that takes them

}  // namespace infer::tool
