#include "tests/support/session.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "quant/random_blocks.h"

extern "C" const infer_backend* infer_backend_reference_v0(const infer_host*);
extern "C" const infer_backend* infer_backend_cpu_v0(const infer_host*);

namespace infer::testing {
namespace {
constexpr std::array<device::Builtin, 2> kBackends{
    {{"reference", infer_backend_reference_v0}, {"cpu", infer_backend_cpu_v0}}};
}

Result<std::unique_ptr<Session>> Session::open(std::shared_ptr<const formats::ModelFile> file,
                                               const SessionOptions& options) {
  auto s = std::make_unique<Session>();
  s->file_ = std::move(file);
  s->options_ = options;
  TRY_SET(s->model_,
          models::build(*s->file_, {.kv_type = options.kv_type, .page = options.page, .n_ctx = options.n_ctx}));

  // One backend alone: a test of it must not pass because another took the nodes.
  device::RegistryOptions wanted;
  wanted.use = {options.backend};
  wanted.settings = options.settings;
  wanted.builtin = kBackends;
  TRY_SET(s->registry_, device::Registry::create(std::move(wanted), Log()));

  const int64_t n_pages = (options.n_ctx + options.page - 1) / options.page;
  // Twice the pages, so that a shuffled table has holes.
  std::vector<int32_t> pages(static_cast<size_t>(2 * n_pages));
  std::iota(pages.begin(), pages.end(), 0);
  if (options.shuffle) {
    quant::Random random(options.shuffle);
    for (size_t i = pages.size() - 1; i > 0; --i) std::swap(pages[i], pages[random.bits() % (i + 1)]);
  }
  s->table_.assign(pages.begin(), pages.begin() + n_pages);

  std::vector<device::Executor::Weight> weights;
  for (const auto& w : s->model_.weights) weights.push_back({w.tensor, w.data});
  const device::Executor::Limits limits{
      .tokens = options.n_ctx, .seqs = 1, .rows = options.n_ctx, .table_cols = n_pages, .pages = 2 * n_pages};
  TRY_SET(s->executor_, device::Executor::create(s->registry_->devices(), s->model_.program, weights, limits));
  return s;
}

Status Session::step(std::span<const int32_t> tokens, std::span<float> logits) {
  const auto n = static_cast<int32_t>(tokens.size());
  Step step;
  step.tokens.assign(tokens.begin(), tokens.end());
  step.positions.resize(tokens.size());
  std::iota(step.positions.begin(), step.positions.end(), static_cast<int32_t>(length_));
  step.q_start = {0, n};
  step.kv_len = {static_cast<int32_t>(length_) + n};
  step.block_table = table_;
  step.table_cols = static_cast<int32_t>(table_.size());
  step.rows.resize(tokens.size());
  std::iota(step.rows.begin(), step.rows.end(), 0);
  TRY(executor_->run(step, logits));
  length_ += n;
  return {};
}

Result<std::vector<float>> Session::feed(std::span<const int32_t> tokens, int64_t chunk) {
  const auto n_vocab = static_cast<size_t>(model_.hyper.n_vocab);
  const size_t most = chunk > 0 ? static_cast<size_t>(chunk) : tokens.size();
  std::vector<float> logits(tokens.size() * n_vocab);
  for (size_t at = 0; at < tokens.size(); at += most) {
    const size_t n = std::min(most, tokens.size() - at);
    TRY(step(tokens.subspan(at, n), std::span(logits).subspan(at * n_vocab, n * n_vocab)));
  }
  return logits;
}

Result<std::vector<int32_t>> Session::greedy(std::span<const int32_t> prompt, int n) {
  const auto n_vocab = static_cast<std::ptrdiff_t>(model_.hyper.n_vocab);
  std::vector<int32_t> ids;
  TRY_SET(std::vector<float> logits, feed(prompt));
  while (true) {
    const auto last = logits.end() - n_vocab;
    ids.push_back(static_cast<int32_t>(std::max_element(last, logits.end()) - last));
    if (std::cmp_equal(ids.size(), n)) return ids;
    TRY_SET(logits, feed(std::span(&ids.back(), 1)));
  }
}

}  // namespace infer::testing
