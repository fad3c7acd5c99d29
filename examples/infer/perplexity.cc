// infer perplexity FILE --text TEXT: how well the model expects a text. The text's tokens are cut into windows of ctx;
// the second half of each is scored, so that every score has at least half a window before it. A text shorter than a
// window is one window, scored whole.
#include <cmath>

#include "commands.h"
#include "print.h"
#include "scores.h"
#include "text.h"

namespace infer::tool {
namespace {

struct Arguments {
  Settings settings;
  std::string file, text;
  int32_t context = 512;
};

// Sums over scored tokens: -log p, its square, how many, how often the likeliest token was right.
struct Sums {
  double loss = 0, squares = 0;
  int64_t scored = 0, right = 0;

  double mean() const { return loss / static_cast<double>(scored); }
  double perplexity() const { return std::exp(mean()); }
  double error() const {  // standard error of the perplexity
    if (scored < 2) return 0;
    const double n = static_cast<double>(scored), variance = std::max(0.0, squares / n - mean() * mean());
    return perplexity() * std::sqrt(variance / (n - 1));
  }
};

// Row i of `logits` is what the model said after token `first` + i.
void add_scores(const std::vector<int32_t>& window, int64_t first, const std::vector<float>& logits, int64_t n_vocab,
                Sums& sums) {
  for (int64_t i = first; i + 1 < static_cast<int64_t>(window.size()); ++i) {
    const float* row = logits.data() + (i - first) * n_vocab;
    const int32_t truth = window[static_cast<size_t>(i + 1)];
    const double loss = log_sum_exp(row, n_vocab) - row[truth];
    sums.loss += loss;
    sums.squares += loss * loss;
    ++sums.scored;
    sums.right += std::max_element(row, row + n_vocab) - row == truth;
  }
}

int perplexity(const Arguments& a) {
  const std::string text = read_text_file(a.text);
  const int64_t context = a.context;
  const Options options = a.settings.options({"batch.requests=1", "context.max=" + std::to_string(context)});
  Session session = open_model(a.file, options);
  const std::vector<int32_t> tokens = encode(session.model.get(), text, INFER_ENCODE_SPECIAL);
  const auto n = static_cast<int64_t>(tokens.size());
  if (n < 2)
    throw Failure{"'" + a.text + "' has " + std::to_string(n) + " tokens, too few to score", "give a longer text"};
  start_engine(session, options);

  // A window begins as the text does: with BOS where the model wants one.
  int32_t bos = -1;
  check(infer_model_special(session.model.get(), "bos", &bos));
  const bool begins = bos >= 0 && tokens[0] == bos;
  const int64_t n_vocab = session.fact("n_vocab"), n_windows = std::max<int64_t>(1, n / context);
  const bool live = !a.settings.json;
  Sums sums;
  const double start = now_ms();
  for (int64_t w = 0; w < n_windows; ++w) {
    const auto at = tokens.begin() + w * context;
    std::vector<int32_t> window(at, at + std::min(context, n - w * context));
    if (begins) window[0] = bos;
    const int64_t first = n < context ? 0 : context / 2;
    add_scores(window, first, compute_logits(session, window, first, n_vocab), n_vocab, sums);
    if (live)
      std::fprintf(stderr, "[%lld/%lld] %.4f\n", static_cast<long long>(w + 1), static_cast<long long>(n_windows),
                   sums.perplexity());
  }
  const double seconds = (now_ms() - start) / 1000;
  const double rate = static_cast<double>(std::min(n, n_windows * context)) / seconds;
  const double right = static_cast<double>(sums.right) / static_cast<double>(sums.scored);
  if (a.settings.json) {
    put_json({{"perplexity", sums.perplexity()},
              {"standard_error", sums.error()},
              {"mean_loss", sums.mean()},
              {"top1", right},
              {"tokens", n},
              {"scored", sums.scored},
              {"ctx", context},
              {"tokens_per_s", rate}});
  } else {
    put_line(format("perplexity %.4f +- %.4f over %lld of %lld tokens (ctx %lld, top-1 %.1f %%), %.1f tokens/s",
                    sums.perplexity(), sums.error(), static_cast<long long>(sums.scored), static_cast<long long>(n),
                    static_cast<long long>(context), 100 * right, rate));
  }
  return 0;
}

}  // namespace

void add_perplexity(CLI::App& app, Command& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App& sub = *app.add_subcommand("perplexity", "how well a model expects a text");
  add_file(sub, a->file);
  sub.add_option("--text", a->text, "text file")->required()->type_name("TEXT");
  sub.add_option("--ctx", a->context, "tokens per window")->capture_default_str()->check(CLI::Range(2, 1 << 24));
  a->settings.add_common(sub);
  sub.callback([a, &chosen] { chosen = [a] { return perplexity(*a); }; });
}

}  // namespace infer::tool
