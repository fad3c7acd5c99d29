#include "models/adapter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "models/shape_text.h"
#include "quant/encode.h"
#include "quant/types.h"

namespace infer::models {
namespace {

constexpr std::string_view kA = ".lora_a", kB = ".lora_b";

struct Pair {
  const formats::Tensor *a = nullptr, *b = nullptr;
};

std::string named(const formats::Tensor& t) {
  return str("'", t.name, "' ", shape_text(t.dim, static_cast<size_t>(t.rank)));
}

Status check_kind(const formats::ModelFile& file, const formats::ModelFile& model) {
  TRY_SET(const std::string_view type, file.get_str("general.type", std::string_view("model")));
  if (type != "adapter")
    return Status::unsupported(str("the file is a ", type.substr(0, 64), ", not an adapter (general.type)"),
                               "convert the adapter with llama.cpp's convert_lora_to_gguf.py");
  TRY_SET(const std::string_view kind, file.get_str("adapter.type"));
  if (kind != "lora" || file.find("adapter.alora.invocation_tokens"))
    return Status::unsupported(str("an adapter of type '", kind == "lora" ? "alora" : kind.substr(0, 64), "'"),
                               "this version knows lora");
  if (file.architecture() != model.architecture())
    return Status::unsupported(
        str("the adapter is for architecture '", file.architecture(), "', the model is '", model.architecture(), "'"),
        "load an adapter that was trained on this model");
  return {};
}

Result<std::map<std::string_view, Pair>> pairs_of(const formats::ModelFile& file) {
  std::map<std::string_view, Pair> pairs;  // by the weight's name; in an order that does not depend on the file
  for (const formats::Tensor& t : file.tensors()) {
    const bool is_a = t.name.ends_with(kA);
    if (!is_a && !t.name.ends_with(kB))
      return Status::unsupported(str("tensor '", t.name, "' is neither a lora_a nor a lora_b"),
                                 "leaving it out would give wrong answers");
    Pair& pair = pairs[t.name.substr(0, t.name.size() - kA.size())];
    (is_a ? pair.a : pair.b) = &t;
  }
  for (const auto& [weight, pair] : pairs)
    if (!pair.a || !pair.b)
      return Status::corrupt(str("tensor '", weight, pair.a ? kB : kA, "' is missing"), "obtain the adapter again");
  if (pairs.empty()) return Status::corrupt("the adapter has no tensors", "obtain it again");
  return pairs;
}

Status check_shapes(const Pair& pair, const Bank& bank, int64_t most) {
  const formats::Tensor &a = *pair.a, &b = *pair.b;
  if (a.rank > 2 || b.rank > 2 || a.dim[1] != bank.n_in || b.dim[0] != bank.n_out || a.dim[0] != b.dim[1])
    return Status::corrupt(
        str(named(a), " and ", named(b), " do not fit '", bank.weight, "' [", bank.n_out, ", ", bank.n_in, "]"),
        "load an adapter that was trained on this model");
  if (a.dim[0] > most)
    return Status::unsupported(
        str("'", bank.weight, "' is adapted with rank ", a.dim[0], "; the engine has room for ", most),
        str("set adapter.rank to ", a.dim[0], " or more"));
  for (const formats::Tensor* t : {&a, &b})
    if (t->type == quant::Type::kI32)
      return Status::corrupt(str("tensor '", t->name, "' holds integers"), "obtain the adapter again");
  return {};
}

// Rows of a tensor, times `by`, as elements of `type`, each row `stride` elements after the one before.
Result<std::vector<std::byte>> stored(const formats::Tensor& t, double by, uint32_t type, int64_t stride) {
  const auto to = static_cast<quant::Type>(type);
  const int64_t rows = t.dim[0], columns = t.dim[1];
  const auto row_bytes = static_cast<size_t>(quant::row_bytes(t.type, static_cast<uint64_t>(columns)));
  const auto out_bytes = static_cast<size_t>(quant::row_bytes(to, static_cast<uint64_t>(stride)));
  std::vector<std::byte> out(static_cast<size_t>(rows) * out_bytes);
  std::vector<float> row(static_cast<size_t>(columns));
  const float largest = to == quant::Type::kF16 ? 65504.0f : std::numeric_limits<float>::max();
  for (size_t r = 0; r < static_cast<size_t>(rows); ++r) {
    quant::decode_row(t.type, t.data.data() + r * row_bytes, row.data(), columns);
    for (float& v : row) {
      if (!std::isfinite(v))
        return Status::corrupt(str("tensor '", t.name, "' has a value that is no number"), "obtain the adapter again");
      v = static_cast<float>(v * by);
      if (!(std::abs(v) <= largest))
        return Status::unsupported(str("tensor '", t.name, "', times its scale, has ", v, ", too large for its type"),
                                   "set adapter.type to bf16 or f32");
    }
    quant::encode_row(to, row.data(), out.data() + r * out_bytes, columns);
  }
  return out;
}

}  // namespace

Result<Adapter> read_adapter(const formats::ModelFile& file, const formats::ModelFile& model_file, const Model& model,
                             double scale) {
  TRY(check_kind(file, model_file));
  TRY_SET(const double alpha, file.get_num("adapter.lora.alpha", 0.0));
  TRY_SET(const auto pairs, pairs_of(file));
  Adapter adapter;
  for (const auto& [weight, pair] : pairs) {
    const auto bank = std::ranges::find(model.banks, weight, &Bank::weight);
    if (bank == model.banks.end())
      return Status::unsupported(str("the adapter changes '", weight, "', which ",
                                     model_file.tensor(weight) ? "cannot be adapted" : "the model does not have"),
                                 "train the adapter on the layers' projections alone");
    const int64_t most = model.program.tensor(bank->down).dim[1];
    const uint32_t type = model.program.tensor(bank->down).type;
    TRY(check_shapes(pair, *bank, most));
    const int64_t rank = pair.a->dim[0];
    Adapter::Part part{static_cast<size_t>(bank - model.banks.begin()), static_cast<int32_t>(rank), {}, {}};
    TRY_SET(part.down, stored(*pair.a, 1, type, bank->n_in));
    // llama.cpp's rule: without an alpha the product is taken as it is.
    TRY_SET(part.up, stored(*pair.b, alpha != 0 ? scale * alpha / static_cast<double>(rank) : scale, type, most));
    adapter.parts.push_back(std::move(part));
  }
  return adapter;
}

}  // namespace infer::models
