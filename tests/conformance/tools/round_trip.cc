// Every chat template of a folder that shows tools: an assistant's turns with calls are rendered by it and read back.
//
//   round_trip FOLDER [--show N] [--only TEXT]
//
// Prints a line for each template, and a summary; exit status 1 if a template's calls do not come back.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "tests/unit/tools/round_trip.h"

using namespace infer;
using namespace infer::text;
using namespace infer::text::tools;

// What templates cannot say: one writes strings of Python without escapes, one content as a turn of its own, one null
// as nothing.
static bool left_out(const std::string& name, const OrderedJson& message) {
  const std::string arguments = message["tool_calls"][0]["function"]["arguments"];
  if (name.starts_with("LFM2.5")) return arguments.find('\'') != std::string::npos;
  if (name == "MiniMax-M3") return arguments.find("null") != std::string::npos;
  return name == "NVIDIA-Nemotron-Nano-v2" && message["content"] != "";
}

int main(int argc, char** argv) {
  int show = 0;
  std::string only;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--show") show = std::atoi(argv[i + 1]);
    if (std::string(argv[i]) == "--only") only = argv[i + 1];
  }
  if (argc < 2) return std::fprintf(stderr, "round_trip FOLDER [--show N] [--only TEXT]\n"), 2;
  std::set<std::filesystem::path> files;
  for (const auto& e : std::filesystem::directory_iterator(argv[1]))
    if (e.path().extension() == ".jinja" && e.path().filename().string().find(only) != std::string::npos)
      files.insert(e.path());
  auto tools = ToolSet::read(kRoundTripTools);
  if (!tools.ok()) return std::fprintf(stderr, "%s\n", std::string(tools.status().message()).c_str()), 2;
  int with_calls = 0, n_failed = 0, turns = 0;
  for (const auto& path : files) {
    std::ifstream in(path, std::ios::binary);
    const std::string source(std::istreambuf_iterator<char>(in), {});
    auto compiled = Template::compile(source);
    if (!compiled.ok()) {
      std::printf("%-52s does not compile: %s\n", path.stem().c_str(),
                  std::string(compiled.status().message()).c_str());
      n_failed++;
      continue;
    }
    Template::Context base;
    base.bos_token = "<s>", base.eos_token = "</s>", base.now = 1753966800;
    base.extra_json["datetime"] = "\"2025-07-31\"";
    const TemplateFacts facts = find_facts(**compiled, base);
    const ToolFormat format = format_of(source, facts);
    if (facts.tools) offer_tools(base, kRoundTripTools);
    base.extra_json["datetime"] = "\"2025-07-31\"";
    std::string says = std::string(facts.tools ? " tools" : "") + (facts.calls ? " calls" : "") +
                       (facts.parallel ? " parallel" : "") + (facts.arguments_as_text ? " text" : "") +
                       (facts.no_content ? " null" : "") + (facts.results ? " results" : "") +
                       (facts.system ? " system" : "") + " " + facts.reasoning;
    with_calls += facts.calls;
    int good = 0, contents = 0, reasonings = 0, all = 0;
    bool splits = true;
    for (const OrderedJson& m : round_trip_messages(facts.parallel, !facts.reasoning.empty())) {
      if (left_out(path.stem().string(), m)) continue;
      const RoundTrip r = round_trip(**compiled, base, facts, format, *tools, m);
      all++;
      good += r.calls, contents += r.content, reasonings += r.reasoning;
      splits = splits && r.splits;
      if ((!r.calls || !r.content || !r.reasoning || !r.splits) && show-- > 0) std::printf("  %s\n", r.why.c_str());
    }
    turns += all;
    if (good != all || !splits) n_failed++;
    std::printf("%-52s %-16s %d/%d calls, %d contents, %d reasonings%s;%s\n", path.stem().c_str(),
                std::string(format.name).c_str(), good, all, contents, reasonings, splits ? "" : ", SPLITS DIFFER",
                says.c_str());
  }
  std::printf(
      "%d of %zu templates show calls, the others have them as text; those of %d come back from every turn (%d "
      "turns)\n",
      with_calls, files.size(), static_cast<int>(files.size()) - n_failed, turns);
  return n_failed != 0 || files.empty();
}
