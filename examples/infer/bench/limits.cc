#include "bench/limits.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace infer::tool {
namespace {

bool is_float(std::string_view type) { return type == "f32" || type == "f16" || type == "bf16"; }

double seconds(const Work::Part& part, const Machine& m, double rows) {
  return 2 * rows * (part.int8 / m.int8_per_s + part.f32 / m.f32_per_s);
}

}  // namespace

Work work_of(const Session& session, const Json& description) {
  Work work;
  Work::Part embedding;
  bool has_head = false;
  infer_tensor_info t = INFER_TENSOR_INFO_INIT;
  for (int64_t i = 0; check(infer_model_tensor_at(session.model.get(), i, &t)) == INFER_OK; ++i) {
    if (t.n_dims < 2) continue;
    const std::string_view name = t.name;
    Work::Part* part = &work.dense;
    if (name == "token_embd.weight") part = &embedding;
    if (name == "output.weight") part = &work.head, has_head = true;
    if (name.find("_exps.") != std::string_view::npos) part = &work.experts;
    double elements = 1;
    for (int32_t d = 0; d < t.n_dims; ++d) elements *= static_cast<double>(t.dim[d]);
    part->bytes += static_cast<double>(t.bytes);
    (is_float(t.type) ? part->f32 : part->int8) += elements;
  }
  if (!has_head) work.head = embedding;  // tied; otherwise the embedding is only looked up

  const std::string used = session.meta(session.meta("general.architecture") + ".expert_used_count");
  const int64_t n_expert = session.fact("n_expert");
  if (n_expert > 0 && !used.empty())
    work.experts_used = std::strtod(used.c_str(), nullptr) / static_cast<double>(n_expert);
  const double kv_tokens = description["kv"]["tokens"].get<double>();
  if (kv_tokens > 0) work.kv_token_bytes = description["kv"]["bytes"].get<double>() / kv_tokens;
  work.attention_per_key =
      4.0 * static_cast<double>(session.fact("n_layer") * session.fact("n_head") * session.fact("head_dim"));
  return work;
}

Limit limit_of(const Work& work, const Machine& machine, const Step& step) {
  const double experts_read = std::min(1.0, work.experts_used * step.tokens);
  const double bytes = work.dense.bytes + work.head.bytes + work.experts.bytes * experts_read +
                       step.sequences * step.keys * work.kv_token_bytes;
  const double memory = bytes / machine.read_per_s;
  const double arithmetic = seconds(work.dense, machine, step.tokens) + seconds(work.head, machine, step.sequences) +
                            seconds(work.experts, machine, step.tokens * work.experts_used) +
                            step.tokens * step.keys * work.attention_per_key / machine.f32_per_s;
  return {step.tokens / std::max(memory, arithmetic), memory > arithmetic ? "memory" : "arithmetic"};
}

}  // namespace infer::tool
