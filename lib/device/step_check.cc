#include "device/step_check.h"

namespace infer::device {
namespace {

using graph::kNone;

Status limit(std::string_view what, int64_t value, int64_t most) {
  if (value >= 1 && value <= most) return {};
  return Status::invalid(str("a step of ", value, " ", what, "; this engine takes 1..", most));
}

Status same_length(std::string_view what, size_t length, size_t needed) {
  return length == needed ? Status()
                          : Status::invalid(str("step: ", what, " has ", length, " entries; needs ", needed));
}

Status check_rows(const Step& step, const StepRules& rules) {
  if (rules.n_vocab_in) {
    for (size_t i = 0; i < step.tokens.size(); ++i)
      if (step.tokens[i] < 0 || step.tokens[i] >= rules.n_vocab_in)
        return Status::invalid(
            str("step: token ", i, " is ", step.tokens[i], "; the vocabulary has ", rules.n_vocab_in));
  }
  for (size_t i = 0; i < step.positions.size(); ++i)
    if (step.positions[i] < 0) return Status::invalid(str("step: position ", i, " is ", step.positions[i]));
  for (size_t i = 0; i < step.rows.size(); ++i)
    if (step.rows[i] < 0 || step.rows[i] >= step.n_tokens() || (i > 0 && step.rows[i] <= step.rows[i - 1]))
      return Status::invalid(
          str("step: rows[", i, "] is ", step.rows[i], "; rows ascend within 0..", step.n_tokens() - 1));
  return {};
}

Status check_adapters(const Step& step, const StepRules& rules) {
  if (step.adapters.empty()) return {};
  TRY(same_length("adapters", step.adapters.size(), step.tokens.size()));
  for (size_t i = 0; i < step.adapters.size(); ++i)
    if (step.adapters[i] < -1 || step.adapters[i] >= rules.n_adapters)
      return Status::invalid(str("step: adapter of row ", i, " is ", step.adapters[i], "; there are slots for ",
                                 rules.n_adapters, ", and -1 is none"));
  return {};
}

Status check_sequences(const Step& step, const StepRules& rules) {
  const size_t n_seqs = step.kv_len.size(), columns = static_cast<size_t>(step.table_cols);
  TRY(same_length("q_start", step.q_start.size(), n_seqs + 1));
  TRY(same_length("block_table", step.block_table.size(), n_seqs * columns));
  if (step.q_start[0] != 0 || step.q_start[n_seqs] != step.n_tokens())
    return Status::invalid(str("step: q_start runs from ", step.q_start[0], " to ", step.q_start[n_seqs], "; it has ",
                               step.n_tokens(), " rows"));
  for (size_t s = 0; s < n_seqs; ++s) {
    const int64_t n_rows = int64_t(step.q_start[s + 1]) - step.q_start[s], room = int64_t(step.table_cols) * rules.page;
    if (n_rows < 1) return Status::invalid(str("step: sequence ", s, " has ", n_rows, " rows"));
    if (step.kv_len[s] < n_rows || step.kv_len[s] > room)
      return Status::invalid(str("step: kv_len of sequence ", s, " is ", step.kv_len[s], "; it has ", n_rows,
                                 " rows and pages for ", room));
    for (size_t b = 0; int64_t(b) * rules.page < step.kv_len[s]; ++b) {
      const int32_t page = step.block_table[s * columns + b];
      if (page < 0 || page >= rules.limits.pages)
        return Status::invalid(str("step: block_table[", s, ",", b, "] is page ", page, " of ", rules.limits.pages));
    }
  }
  return {};
}

}  // namespace

Result<StepRules> step_rules(const graph::Program& program, const Executor::Limits& limits) {
  StepRules rules{.limits = limits, .tensors = program.step()};
  for (const graph::Program::Node& n : program.nodes()) {
    if (n.kind == INFER_OP_EMBED && n.in[1] == rules.tensors.tokens) rules.n_vocab_in = program.tensor(n.in[0]).dim[0];
    if (n.kind == INFER_OP_ADAPT) rules.n_adapters = program.tensor(n.in[2]).dim[0];
    const int64_t page = n.kind == INFER_OP_KV_WRITE ? n.i[3] : n.kind == INFER_OP_ATTENTION ? n.i[4] : 0;
    if (!page) continue;
    if (rules.page && rules.page != page)
      return Status::unsupported(str("layers with KV pages of ", rules.page, " and of ", page, " tokens"));
    rules.page = page;
  }
  return rules;
}

Status check_step(const Step& step, const StepRules& rules) {
  if (!step.embeddings.empty() || !step.parents.empty() || !step.row_kind.empty() || !step.state_slots.empty())
    return Status::unsupported("step: embeddings, parents, row kinds and state slots are not done yet");
  TRY(limit("tokens", step.n_tokens(), rules.limits.tokens));
  if (step.n_rows() > rules.limits.rows) TRY(limit("output rows", step.n_rows(), rules.limits.rows));
  if (rules.tensors.positions != kNone) TRY(same_length("positions", step.positions.size(), step.tokens.size()));
  TRY(check_rows(step, rules));
  TRY(check_adapters(step, rules));
  if (!rules.page) return {};
  TRY(limit("sequences", step.n_seqs(), rules.limits.seqs));
  TRY(limit("block table columns", step.table_cols, rules.limits.table_cols));
  return check_sequences(step, rules);
}

}  // namespace infer::device
