// A model file opened for a subcommand: runtime, model, engine, and how long each took.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "handles.h"

namespace infer::tool {

double now_ms();  // of a steady clock

struct Session {
  Runtime runtime;
  Model model;
  Engine engine;         // null until start_engine
  double load_ms = 0;    // opening the file
  double engine_ms = 0;  // building the program, deciding memory

  int64_t fact(const char* name) const;          // INFER_E_NOT_FOUND and the like end the tool
  std::string meta(std::string_view key) const;  // "" when the file has no such key
  int64_t counter(std::string_view name) const;  // of the engine; 0 when it has no such counter
};

// Warnings of the library go to stderr. On a terminal a load that takes longer than a moment shows a bar; Ctrl-C stops
// it.
Runtime new_runtime(const Options& options);
Session open_model(const std::string& file, const Options& options);
// adapter: file to load under kAdapterName; empty: none.
inline constexpr const char* kAdapterName = "adapter";
void start_engine(Session& session, const Options& options, const std::string& adapter = {});

}  // namespace infer::tool
