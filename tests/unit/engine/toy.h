// A model small enough to check by hand: an executor that keeps tokens in pages, and a tokenizer with chosen pieces.
#pragma once
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "device/executor.h"
#include "engine/engine.h"

namespace toy {

using infer::Status;

// The logits of a row are a hash of every token that its pages hold up to its position: a wrong page, slot, position or
// order changes the answer.
class Executor : public infer::device::Executor {
 public:
  Executor(const infer::engine::Sizes& sizes, int32_t n_vocab)
      : sizes_(sizes),
        n_vocab_(n_vocab),
        slots_(static_cast<size_t>(sizes.n_pages) * static_cast<size_t>(sizes.page), -1) {}

  std::function<Status(int64_t)> before_run;                // (number of this run, from 0): a failure, or OK
  std::function<Status()> before_copy, before_move;         // a page inside; out of it or back
  std::atomic<int64_t> copies{0}, tokens{0}, discarded{0};  // pages copied; rows computed; pages
  std::atomic<int64_t> runs{0}, most_tokens{0}, most_rows{0}, most_seqs{0};
  std::atomic<bool> cancelled{false};

  std::atomic<int64_t> waited{0};  // nanoseconds, for weights that it says it streams; 0: it streams none
  Streamed streamed() const override {
    Streamed s;
    s.wait_ns = waited.load();
    if (s.wait_ns > 0) s.step_bytes = s.bytes = s.read_ns = 1;
    return s;
  }

  using infer::device::Executor::run;
  // hidden: of each row its token and its position.
  Status run(const infer::Step& s, std::span<float> logits, std::span<float> hidden) override {
    const int64_t n = runs++;
    most_tokens = std::max<int64_t>(most_tokens, s.n_tokens());
    most_rows = std::max<int64_t>(most_rows, s.n_rows());
    most_seqs = std::max<int64_t>(most_seqs, s.n_seqs());
    if (s.n_tokens() > sizes_.tokens || s.n_rows() > sizes_.rows || s.n_seqs() > sizes_.sequences)
      return Status::invalid("step too large");
    if (logits.size() != static_cast<size_t>(s.n_rows()) * static_cast<size_t>(n_vocab_))
      return Status::invalid("logits of wrong size");
    if (before_run) TRY(before_run(n));
    tokens += s.n_tokens();
    size_t row = 0;
    for (int32_t q = 0; q < s.n_seqs(); ++q) {
      const size_t sq = static_cast<size_t>(q);
      for (int32_t t = s.q_start[sq]; t < s.q_start[sq + 1]; ++t) {
        const int32_t position = s.kv_len[sq] - (s.q_start[sq + 1] - t);
        if (position != s.positions[static_cast<size_t>(t)]) return Status::internal("positions differ");
        slot(s, q, position) = s.tokens[static_cast<size_t>(t)];
        if (row < s.rows.size() && s.rows[row] == t) {
          uint64_t h = 1469598103934665603u;
          for (int32_t p = 0; p <= position; ++p) h = (h ^ static_cast<uint64_t>(slot(s, q, p) + 1)) * 1099511628211u;
          for (int32_t v = 0; v < n_vocab_; ++v) {
            const uint64_t x = (h ^ static_cast<uint64_t>(v)) * 0x9E3779B97F4A7C15u;
            logits[row * static_cast<size_t>(n_vocab_) + static_cast<size_t>(v)] = static_cast<float>(x >> 40) * 1e-6f;
          }
          if (!hidden.empty()) {
            hidden[2 * row] = static_cast<float>(slot(s, q, position));
            hidden[2 * row + 1] = static_cast<float>(position);
          }
          ++row;
        }
      }
    }
    return row == s.rows.size() ? Status() : Status::internal("rows are not ascending");
  }
  void cancel() override { cancelled = true; }
  Status make_pages(int64_t) override { return {}; }
  Status write(infer::graph::TensorId, int64_t, std::span<const std::byte>) override { return {}; }
  Status copy_page(int32_t from, int32_t to) override {
    if (before_copy) TRY(before_copy());
    std::copy_n(slots_.begin() + from * sizes_.page, sizes_.page, slots_.begin() + to * sizes_.page);
    copies++;
    return {};
  }
  int64_t page_bytes() const override { return sizes_.page * 4; }
  Status read_page(int32_t page, std::span<std::byte> out) override {
    if (before_move) TRY(before_move());
    std::memcpy(out.data(), slots_.data() + page * sizes_.page, out.size());
    return {};
  }
  Status write_page(int32_t page, std::span<const std::byte> in) override {
    if (before_move) TRY(before_move());
    std::memcpy(slots_.data() + page * sizes_.page, in.data(), in.size());
    return {};
  }
  infer::Result<int64_t> discard_pages(int32_t first, int32_t n) override {
    std::fill_n(slots_.begin() + first * sizes_.page, n * sizes_.page, -1);
    discarded += n;
    return n * page_bytes();
  }
  std::vector<Placed> placement() const override { return {}; }
  int64_t workspace_bytes() const override { return 0; }
  int64_t state_bytes() const override { return static_cast<int64_t>(slots_.size()) * 4; }
  std::vector<std::pair<std::string, int64_t>> counters() const override { return {{"toy.runs", runs.load()}}; }

 private:
  int32_t& slot(const infer::Step& s, int32_t q, int32_t p) {
    const int32_t page = s.block_table[static_cast<size_t>(q * s.table_cols + p / sizes_.page)];
    return slots_[static_cast<size_t>(page * sizes_.page + p % sizes_.page)];
  }
  const infer::engine::Sizes sizes_;
  const int32_t n_vocab_;
  std::vector<int32_t> slots_;  // [n_pages, page]
};

// Token i is the text pieces[i], whatever its bytes; token `end` ends an answer and has no text.
inline std::shared_ptr<const infer::text::Tokenizer> tokenizer(const std::vector<std::string>& pieces,
                                                               int32_t end = -1) {
  struct Named : infer::TokenizerData {
    std::vector<std::string> texts;
  };
  auto data = std::make_shared<Named>();
  data->model = "gpt2";
  data->pre = "gpt-2";
  data->texts = pieces;
  for (const std::string& text : data->texts) data->tokens.push_back(text);
  data->types.assign(pieces.size(), infer::TokenizerData::kUserDefined);
  data->eos = end;
  if (end >= 0) data->types[static_cast<size_t>(end)] = infer::TokenizerData::kControl;
  auto made = infer::text::Tokenizer::create(data);
  REQUIRE_MESSAGE(made.ok(), std::string(made.status().message()));
  return made.take();
}

inline infer::engine::Sizes sizes() {
  infer::engine::Sizes s{};
  s.context = 64, s.page = 4, s.n_pages = 64, s.table_cols = 16;
  s.tokens = 16, s.sequences = 4, s.rows = 8, s.queue = 64;
  return s;
}

struct Bench {  // an engine over the toy executor
  explicit Bench(infer::engine::Sizes s = sizes(), int32_t n_vocab = 50,
                 std::shared_ptr<const infer::text::Tokenizer> tokenizer = nullptr, int64_t trace = 0,
                 uint64_t model_id = 0, uint64_t form_id = 0, std::unique_ptr<infer::cache::SwapStore> swap = nullptr,
                 int32_t together = 0) {
    infer::engine::Engine::Parts parts;
    auto made = std::make_unique<Executor>(s, n_vocab);
    executor = made.get();
    parts.executor = std::move(made);
    parts.sizes = s;
    parts.n_vocab = n_vocab;
    parts.n_embd = 2;
    parts.trace_steps = trace;
    parts.together = together;
    parts.swap = std::move(swap);
    parts.model_id = model_id;
    parts.form_id = form_id;
    parts.source.tokenizer = std::move(tokenizer);
    parts.wake = [this] { ++wakes; };
    engine = std::make_unique<infer::engine::Engine>(std::move(parts));
  }
  std::atomic<int> wakes{0};
  Executor* executor;
  std::unique_ptr<infer::engine::Engine> engine;
};

inline infer::engine::Task task(std::vector<int32_t> prompt, int64_t max_tokens = 8) {
  infer::engine::Task t;
  t.prompt = std::move(prompt);
  t.max_tokens = max_tokens;
  t.sampling.temperature = 0;
  return t;
}

// n token ids that repeat nothing for a while.
inline std::vector<int32_t> prompt(int n, int32_t salt) {
  std::vector<int32_t> ids;
  for (int i = 0; i < n; ++i) ids.push_back((i * 7 + salt * 13 + 3) % 50);
  return ids;
}

struct Output {
  std::vector<int32_t> tokens;
  std::vector<float> logprobs;
  std::string text;
  infer_finish finish = INFER_FINISH_NONE;
  infer_status status = INFER_OK;  // DONE, or the failure
  Status why;
};

inline Output collect(infer::engine::Request& r) {
  Output out;
  const infer::engine::Piece* piece = nullptr;
  while ((out.status = r.next(-1, piece, out.why)) == INFER_OK) {
    out.tokens.insert(out.tokens.end(), piece->tokens.begin(), piece->tokens.end());
    out.logprobs.insert(out.logprobs.end(), piece->logprobs.begin(), piece->logprobs.end());
    out.text += piece->text;
    out.finish = piece->finish;
  }
  return out;
}

// What a request gets from an engine of its own.
inline std::vector<int32_t> solo(std::vector<int32_t> ids, int64_t n = 8) {
  Bench b;
  auto r = b.engine->submit(task(std::move(ids), n));
  REQUIRE(r.ok());
  return collect(**r).tokens;
}

inline int64_t counter(const infer::engine::Engine& e, const char* wanted) {
  for (const auto& [name, value] : e.counters())
    if (name == wanted) return value;
  FAIL("no counter " << wanted);
  return 0;
}

// The engine lets go of a request just after its last piece.
inline void settle(const infer::engine::Engine& e) {
  while (counter(e, "requests.running") + counter(e, "requests.waiting") > 0) std::this_thread::yield();
}

}  // namespace toy
