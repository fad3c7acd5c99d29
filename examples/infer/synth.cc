// infer synth OUT: a model file of a published shape and any block type, with random weights and a real tokenizer.
#include "synth/model.h"

#include <filesystem>
#include <system_error>

#include "commands.h"
#include "print.h"
#include "process.h"

namespace infer::tool {
namespace {

struct Arguments {
  std::string out, shape, type, tokenizer;
  int64_t layers = 0, context = 8192;
  uint64_t seed = 1;
  bool json = false;
};

std::string shape_names() {
  std::string all;
  for (const synth::Shape& s : synth::shapes()) all += (all.empty() ? "" : ", ") + std::string(s.name);
  return all;
}

int synthesize(const Arguments& a) {
  const synth::Shape* shape = synth::find_shape(a.shape);
  if (!shape) throw Failure{"there is no shape '" + a.shape + "'", "known are " + shape_names(), kExitUsage};
  const auto recipe = synth::Recipe::of(a.type);
  if (!recipe) throw Failure{"there is no type '" + a.type + "'", "known are " + synth::Recipe::names(), kExitUsage};
  std::error_code absent;  // a file that is not there is not the same
  if (std::filesystem::equivalent(a.out, a.tokenizer, absent))
    throw Failure{"'" + a.out + "' is the file that the tokenizer comes from", "write to another file", kExitUsage};
  synth::Plan plan{*shape, *recipe, a.context, a.tokenizer, a.seed};
  if (a.layers > 0) plan.shape.layers = a.layers;
  const auto written = synth::write_model(plan, a.out);
  if (!written.ok()) throw Failure{std::string(written.status().message()), std::string(written.status().hint())};
  if (a.json) {
    put_json({{"file", a.out}, {"parameters", written->parameters}, {"weight_bytes", written->bytes}});
  } else {
    put_line(
        format("%s: %.2f billion random parameters, ", a.out.c_str(), static_cast<double>(written->parameters) / 1e9) +
        bytes_text(written->bytes));
  }
  return 0;
}

}  // namespace

void add_synth(CLI::App& app, Command& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App& sub = *app.add_subcommand("synth", "a model file with random weights, for measuring speed and memory");
  sub.add_option("out", a->out, "file to write (GGUF)")->required();
  sub.add_option("--shape", a->shape, "sizes of a published model: " + shape_names())->required();
  sub.add_option("--type", a->type, "block type or mix: " + synth::Recipe::names())->required();
  sub.add_option("--tokenizer", a->tokenizer, "GGUF file whose tokenizer is copied")->required();
  sub.add_option("--layers", a->layers, "another number of layers")->check(CLI::Range(1, 1024));
  sub.add_option("--context", a->context, "context length that the file states")->check(CLI::Range(1, 1 << 24));
  sub.add_option("--seed", a->seed, "the same seed gives the same file");
  sub.add_flag("--json", a->json, "machine-readable output");
  sub.callback([a, &chosen] { chosen = [a] { return synthesize(*a); }; });
}

}  // namespace infer::tool
