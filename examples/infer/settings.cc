#include "settings.h"

#include <array>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "print.h"
#include "session.h"
#include "text.h"

namespace infer::tool {
namespace {

struct Row {
  std::string key, type, range, fallback, scope, help;
};

std::vector<Row> rows() {
  std::vector<Row> all;
  for (int32_t i = 0; const char* text = infer_option_at(i); ++i) {
    std::array<std::string, 6> cell;
    std::istringstream in(text);
    for (auto& c : cell) std::getline(in, c, '|');
    all.push_back({cell[0], cell[1], cell[2], cell[3], cell[4], cell[5]});
  }
  return all;
}

// A flag that is another name for an option.
void add_flag_of(CLI::App& app, const std::string& flag, const std::string& key, const std::string& help,
                 std::vector<std::string>& flags, bool from_file = false) {
  const auto take = [key, from_file, &flags](const std::vector<std::string>& values) {
    for (const std::string& v : values)
      flags.push_back(key + "=" + (from_file && v.rfind('@', 0) == 0 ? read_text_file(v.substr(1)) : v));
  };
  app.add_option_function<std::vector<std::string>>(flag, take, help)->allow_extra_args(false)->type_name("VALUE");
}

// In the user's cache folder, as the platform has one; "" without.
std::string default_pack_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
#ifdef _WIN32
  const std::string cache = variable("LOCALAPPDATA");
#else
  std::string cache = variable("XDG_CACHE_HOME");
  if (cache.empty() || cache[0] != '/') {  // a relative one is to be ignored
    const std::string home = variable("HOME");
    cache = home.empty() ? "" : home + "/.cache";
  }
#endif
  return cache.empty() ? "" : cache + "/libinfer/packed";
}

}  // namespace

void Settings::add_common(CLI::App& app) {
  add_all_but_threads(app);
  add_flag_of(app, "-t,--threads", "cpu.threads", "threads of the cpu backend", flags);
}

void Settings::add_all_but_threads(CLI::App& app) {
  app.add_option("-o", given, "any option of the library, repeated as needed (infer help options lists them)")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  add_flag_of(app, "--device", "device",
              "what computes: a backend's name, or name:number (several: -o device=A -o device=B)", flags);
  app.add_flag("--json", json, "machine-readable output");
  const auto help = [] {
    print_options(false);
    throw CLI::Success();
  };
  app.add_flag_callback("--help-options", help, "the library's options, and exit");
}

void Settings::add_generation(CLI::App& app) {
  static constexpr std::array<std::array<const char*, 3>, 10> kFlags = {{
      {"--max-tokens", "max_tokens", "most tokens to generate"},
      {"--temperature", "temperature", "0: always the most likely token"},
      {"--top-k", "top_k", "keep the k most likely tokens"},
      {"--top-p", "top_p", "keep the most likely tokens that together reach p"},
      {"--min-p", "min_p", "keep tokens at least p times as likely as the most likely one"},
      {"--seed", "seed", "the same seed gives the same text"},
      {"--stop", "stop", "text that ends the answer (several: --stop A --stop B)"},
      {"--ctx", "context.max", "most tokens of prompt and answer"},
      {"--regex", "response.regex", "the answer matches this regular expression"},
      {"--choice", "response.choice", "the answer is this text, or one of them (several: --choice A --choice B)"},
  }};
  for (const auto& [flag, key, help] : kFlags) add_flag_of(app, flag, key, help, flags);
  add_flag_of(app, "--json-schema", "response.schema",
              "the answer is JSON that this JSON schema takes (@FILE: from a file)", flags, true);
  add_flag_of(app, "--grammar", "response.grammar", "the answer is a text of this grammar, GBNF (@FILE: from a file)",
              flags, true);
  add_flag_of(app, "--ebnf", "response.ebnf",
              "the answer is a text of this grammar, EBNF of the W3C or ISO (@FILE: from a file)", flags, true);
  add_flag_of(app, "--tags", "response.tags",
              "free text with structural tags, which this JSON describes (@FILE: from a file)", flags, true);
  app.add_option("--adapter", adapter, "GGUF file of a low-rank adapter (LoRA) to answer with")->type_name("FILE");
}

Options Settings::options(const std::vector<std::string>& defaults) const {
  infer_options* made = nullptr;
  check(infer_options_new(&made));
  Options options(made);
  const std::vector<std::string> own = {"pack.dir=" + default_pack_folder()};
  std::vector<std::string> adapted;
  if (!adapter.empty()) adapted = {"adapter.slots=1", std::string("adapter=") + kAdapterName};
  for (const std::vector<std::string>* list : {&own, &std::as_const(adapted), &defaults, &given, &flags}) {
    for (const std::string& entry : *list) {
      const size_t equals = entry.find('=');
      if (equals == 0 || equals == std::string::npos) {
        throw Failure{"-o " + entry + " is not KEY=VALUE", "write for example -o kv.type=f32", kExitUsage};
      }
      const std::string key = entry.substr(0, equals);
      if (infer_options_parse(made, key.c_str(), entry.c_str() + equals + 1) < 0) {
        throw Failure{infer_last_error(), infer_last_hint(), kExitUsage};
      }
    }
  }
  return options;
}

std::string Settings::find(const std::string& key) const {
  std::string value;
  for (const auto* list : {&given, &flags}) {
    for (const std::string& entry : *list) {
      if (entry.rfind(key + "=", 0) == 0) value = entry.substr(key.size() + 1);
    }
  }
  return value;
}

std::string Settings::value(const std::string& key) const {
  for (const auto* list : {&flags, &given}) {
    for (auto entry = list->rbegin(); entry != list->rend(); ++entry) {
      if (entry->rfind(key + "=", 0) == 0) return entry->substr(key.size() + 1);
    }
  }
  if (key == "pack.dir") return default_pack_folder();
  for (const Row& r : rows()) {
    if (r.key == key) return r.fallback;
  }
  return "";
}

void add_file(CLI::App& app, std::string& file) {
  app.add_option("file", file, "model file (GGUF)")->required()->type_name("FILE");
}

void add_numbers(CLI::App& app, const std::string& name, std::vector<int32_t>& numbers, const std::string& help) {
  app.add_option(name, numbers, help)->delimiter(',')->allow_extra_args(false)->type_name("N,N,...");
}

void print_options(bool json) {
  const std::vector<Row> all = rows();
  if (json) {
    Json list = Json::array();
    for (const Row& r : all) {
      list.push_back({{"key", r.key},
                      {"type", r.type},
                      {"range", r.range},
                      {"default", r.fallback},
                      {"scope", r.scope},
                      {"help", r.help}});
    }
    return put_json(list);
  }
  std::string scope;
  for (const Row& r : all) {
    if (r.scope != scope) {
      put_line((scope.empty() ? "" : "\n") + ("Options of the " + r.scope) + ":");
      scope = r.scope;
    }
    std::string facts = r.type;
    if (!r.range.empty()) facts += " " + r.range;
    if (!r.fallback.empty()) facts += ", default " + r.fallback;
    put_line(format("  %-20s %s\n  %-20s   (%s)", r.key.c_str(), r.help.c_str(), "", facts.c_str()));
  }
  put_line("\nA backend's own options begin with its name, for example cpu.threads.");
}

}  // namespace infer::tool
