// infer eval FILE --tokens 1,2,3 --logits out.npy: logits of every row of a token sequence.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "commands.h"
#include "npy.h"
#include "print.h"
#include "scores.h"
#include "session.h"
#include "text.h"

namespace infer::tool {
namespace {

struct Arguments {
  Settings settings;
  std::string file, logits;
  std::vector<int32_t> tokens;
  int32_t top = 5;
};

// The likeliest next tokens after the last row, best first.
std::vector<int32_t> likeliest(const float* row, int64_t n_vocab, int32_t n) {
  std::vector<int32_t> ids(static_cast<size_t>(n_vocab));
  std::iota(ids.begin(), ids.end(), 0);
  const auto most = std::min<int64_t>(n, n_vocab);
  std::partial_sort(ids.begin(), ids.begin() + most, ids.end(),
                    [&](int32_t a, int32_t b) { return row[a] != row[b] ? row[a] > row[b] : a < b; });
  ids.resize(static_cast<size_t>(most));
  return ids;
}

int eval(const Arguments& a) {
  const auto n = static_cast<int64_t>(a.tokens.size());
  const Options options =
      a.settings.options({"batch.requests=1", "context.max=" + std::to_string(std::max<int64_t>(n, 1))});
  Session session = open_model(a.file, options);
  start_engine(session, options);
  const int64_t n_vocab = session.fact("n_vocab");
  const double start = now_ms();
  const std::vector<float> logits = compute_logits(session, a.tokens, 0, n_vocab);
  const double ms = now_ms() - start;
  if (!a.logits.empty()) write_npy(a.logits, logits, n, n_vocab);

  const float* last = logits.data() + (n - 1) * n_vocab;
  const double normalizer = log_sum_exp(last, n_vocab);
  const bool text = session.fact("has_tokenizer") != 0;
  Json next = Json::array();
  for (const int32_t id : likeliest(last, n_vocab, a.top)) {
    Json row = {{"token", id}, {"logit", last[id]}, {"logprob", last[id] - normalizer}};
    if (text) row["text"] = token_bytes(session.model.get(), id);
    next.push_back(row);
  }
  if (a.settings.json) {
    Json out = {{"n_tokens", n}, {"n_vocab", n_vocab}, {"ms", ms}, {"next", next}};
    if (!a.logits.empty()) out["logits"] = a.logits;
    put_json(out);
    return 0;
  }
  put_line(format("%lld tokens x %lld logits in ", static_cast<long long>(n), static_cast<long long>(n_vocab)) +
           time_text(ms) + (a.logits.empty() ? "" : " -> " + a.logits));
  put_line("likeliest next tokens:");
  for (const Json& row : next) {
    put_line(format("%8d  logit %8.4f  p %.4f  ", row["token"].get<int>(), row["logit"].get<double>(),
                    std::exp(row["logprob"].get<double>())) +
             (text ? quote(row["text"].get<std::string>()) : ""));
  }
  return 0;
}

}  // namespace

void add_eval(CLI::App& app, Command& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App& sub = *app.add_subcommand("eval", "token ids in, logits out");
  add_file(sub, a->file);
  add_numbers(sub, "--tokens", a->tokens, "token ids");
  sub.get_option("--tokens")->required();
  sub.add_option("--logits", a->logits, "file for the logits: float32 [n_tokens, n_vocab]")->type_name("OUT.npy");
  sub.add_option("--top", a->top, "how many likely next tokens to show")->check(CLI::Range(0, 1000));
  a->settings.add_common(sub);
  sub.callback([a, &chosen] { chosen = [a] { return eval(*a); }; });
}

}  // namespace infer::tool
