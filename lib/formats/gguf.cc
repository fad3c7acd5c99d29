// open_model: one GGUF file, or all parts of a split set, or a tokenizer.json into a ModelFile.
//
// The parts of a set are NAME-00001-of-00003.gguf and so on. The names of the others follow from the first one's by
// rule, they are opened in its directory without following links, and each must say that it is the part that its name
// says. The first part's metadata is the model's; from the others only tensors are taken.
#include <string>

#include "formats/gguf_reader.h"
#include "formats/limits.h"
#include "formats/model_file.h"
#include "formats/refusal.h"
#include "formats/tokenizer_json.h"
#include "formats/tokenizer_reader.h"

namespace infer::formats {
namespace {

std::string five_digits(int64_t n) {
  const std::string digits = std::to_string(n);
  return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
}
std::string part_suffix(int64_t part, int64_t parts) {  // part: 1..parts
  return str("-", five_digits(part), "-of-", five_digits(parts), ".gguf");
}

Status report(const Progress& progress, double done) {
  if (progress && !progress(done)) return Status(INFER_E_CANCELLED, "loading was cancelled");
  return {};
}

// Part `part` (2..parts): its tensors, checked to be that part.
Result<ModelFileBuilder> read_part(const std::string& path, int64_t part, int64_t parts) {
  auto file = File::open(path, File::Links::kRefuse);
  if (file.status().code() == INFER_E_NOT_FOUND) return refuse<Refusal::split_missing>(part, parts, path);
  if (!file.ok()) return file.status();
  auto read = read_gguf(file.take());
  if (!read.ok()) return read.status().in(path);
  const ModelFile& model = read->model();
  TRY_SET(const int64_t count, model.get_int("split.count", 0, INT64_MAX));
  TRY_SET(const int64_t number, model.get_int("split.no", 0, INT64_MAX - 1));
  if (count != parts || number != part - 1) return refuse<Refusal::split_number>(path, number + 1, count, part, parts);
  return read;
}

// The other parts' tensors into `whole`. path: of the first part; empty: unknown.
Status read_parts(const std::string& path, int64_t parts, const Progress& progress, ModelFileBuilder& whole) {
  const ModelFile& model = whole.model();
  TRY_SET(const int64_t number, model.get_int("split.no", 0, INT64_MAX - 1));
  TRY_SET(const int64_t promised, model.get_int("split.tensors.count", 0, INT64_MAX));
  if (number != 0) return refuse<Refusal::split_not_first>(number + 1, parts);
  if (path.empty()) return refuse<Refusal::split_from_memory>(parts);
  const std::string suffix = part_suffix(1, parts);
  if (!path.ends_with(suffix)) return refuse<Refusal::split_name>(parts, five_digits(1), five_digits(parts));
  const std::string stem = path.substr(0, path.size() - suffix.size());
  for (int64_t part = 2; part <= parts; ++part) {
    TRY(report(progress, static_cast<double>(part - 1) / static_cast<double>(parts)));
    TRY_SET(ModelFileBuilder other, read_part(stem + part_suffix(part, parts), part, parts));
    if (whole.tensors().size() + other.tensors().size() > limits::kTensors)
      return refuse<Refusal::tensors_over_limit>(whole.tensors().size() + other.tensors().size(), limits::kTensors);
    whole.tensors().insert(whole.tensors().end(), other.tensors().begin(), other.tensors().end());
    whole.add_files(other.model());
  }
  const auto held = static_cast<int64_t>(whole.tensors().size());
  if (held != promised) return refuse<Refusal::split_tensors>(held, promised);
  return {};
}

Result<std::shared_ptr<const ModelFile>> open(std::shared_ptr<const File> file, const std::string& path,
                                              const Progress& progress) {
  TRY(report(progress, 0));
  if (is_tokenizer_json(file->bytes())) return open_tokenizer_json(std::move(file), path);
  TRY_SET(ModelFileBuilder whole, read_gguf(std::move(file)));
  const ModelFile& model = whole.model();
  TRY_SET(const int64_t parts, model.get_int("split.count", 0, limits::kParts, 1));
  if (parts > 1) TRY(read_parts(path, parts, progress, whole));
  if (const auto twice = whole.index_tensors()) return refuse<Refusal::tensor_twice>(quoted(*twice));
  TRY_SET(const std::string_view architecture, model.get_str("general.architecture"));
  if (architecture.empty() || architecture.size() > 64) return refuse<Refusal::architecture_bad>(quoted(architecture));
  whole.set_architecture(architecture);
  TRY_SET(TokenizerData tokenizer, read_tokenizer(model));
  whole.set_tokenizer(std::move(tokenizer));
  TRY(report(progress, 1));
  return whole.finish();
}

}  // namespace

Result<std::shared_ptr<const ModelFile>> open_model(const std::string& path, const Progress& progress) {
  TRY_SET(std::shared_ptr<const File> file, File::open(path));
  auto model = open(std::move(file), path, progress);
  if (!model.ok()) return model.status().in(path);
  return model;
}

Result<std::shared_ptr<const ModelFile>> open_model(std::shared_ptr<const File> file, const Progress& progress) {
  const std::string name = file->name();
  auto model = open(std::move(file), "", progress);
  if (!model.ok()) return model.status().in(name);
  return model;
}

}  // namespace infer::formats
