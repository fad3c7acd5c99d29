#include "engine/sizes.h"

#include <algorithm>

#include "base/checked.h"

namespace infer::engine {
namespace {

constexpr int64_t kDefaultContext = 4096;
constexpr int64_t kMostPages = 1 << 26;
constexpr int64_t kRowBytes =
    16 << 20;  // logits of one step beyond one row per request: enough rows for scoring at speed

std::string human(int64_t bytes) {
  static constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return str(bytes, " bytes");
  size_t unit = 1;
  while (bytes >= 1024 * 1024) bytes /= 1024, ++unit;
  return str(bytes / 1024, ".", bytes % 1024 * 10 / 1024, " ", kUnits[unit]);
}

}  // namespace

Result<int64_t> decide_context(const EngineOptions& options, int64_t n_ctx_train) {
  if (options.context > 0) return options.context;
  return n_ctx_train > 0 ? std::min(n_ctx_train, kDefaultContext) : kDefaultContext;
}

Result<Sizes> decide_sizes(const EngineOptions& o, const ModelSizes& model, int64_t free_bytes) {
  TRY_SET(const int64_t context, decide_context(o, model.n_ctx_train));
  const int64_t limit = o.memory > 0 ? o.memory : free_bytes;  // 0: not known
  const int64_t sequences = std::min(o.batch_requests, o.batch_tokens);
  const int64_t table_cols = (context + o.page - 1) / o.page;
  const Size row = Size(model.n_vocab) * 4 + Size(model.n_embd) * 4;
  if (!row.fits(INT64_MAX)) return Status::invalid(str("a vocabulary of ", model.n_vocab, " tokens"));
  const auto row_bytes = static_cast<int64_t>(row.value());
  const int64_t rows =
      std::max(sequences, std::clamp<int64_t>(kRowBytes / std::max<int64_t>(1, row_bytes), 1, o.batch_tokens));
  const Size logits = Size(rows) * row_bytes, one_context = Size(table_cols) * model.page_bytes;
  if (!logits.fits(INT64_MAX) || !one_context.fits(INT64_MAX)) {
    return Status::invalid(str("a context of ", context, " tokens needs more memory than 64 bits can count"),
                           "set context.max to a smaller number");
  }
  const auto logits_bytes = static_cast<int64_t>(logits.value());

  const Size fixed = logits + Size(model.workspace_bytes);
  if (!fixed.fits(INT64_MAX) || (limit > 0 && !fixed.fits(static_cast<uint64_t>(limit)))) {
    return Status::no_memory(
        str("the workspace of a step of ", o.batch_tokens, " tokens needs ",
            human(fixed.fits(INT64_MAX) ? static_cast<int64_t>(fixed.value()) : INT64_MAX), "; ", human(limit),
            o.memory > 0 ? " are allowed by memory.max" : " are free"),
        o.adapter_slots > 0 ? "set batch.tokens, adapter.slots or adapter.rank to less" : "set batch.tokens to less");
  }
  int64_t n_pages = 0;
  if (o.kv_tokens > 0) {
    n_pages = (o.kv_tokens + o.page - 1) / o.page;
    if (n_pages < table_cols) {
      return Status::invalid(str("kv.tokens is ", o.kv_tokens, ", too few for one context of ", context, " tokens"),
                             "set kv.tokens to context.max or more, or context.max to less");
    }
  } else {
    n_pages = table_cols * (o.contexts > 0 ? std::min(o.contexts, sequences) : sequences);
    if (limit > 0)
      n_pages = std::min(n_pages,
                         (limit / 2 - logits_bytes - model.workspace_bytes) / std::max<int64_t>(1, model.page_bytes));
    n_pages = std::max(n_pages, table_cols);
  }
  if (n_pages > kMostPages) {
    return Status::invalid(
        str("the KV cache would have ", n_pages, " pages of ", o.page, " tokens, more than ", kMostPages),
        "set kv.page to a larger or context.max to a smaller number");
  }
  const Size kv = Size(n_pages) * model.page_bytes;
  const Size all = kv + logits + Size(model.workspace_bytes);
  if (!all.fits(INT64_MAX) || (limit > 0 && !all.fits(static_cast<uint64_t>(limit)))) {
    const int64_t per_token = std::max<int64_t>(1, model.page_bytes / o.page);
    const int64_t fitting =
        std::max<int64_t>(0, (limit - logits_bytes - model.workspace_bytes) / std::max<int64_t>(1, model.page_bytes)) *
        o.page;
    const std::string what = o.kv_tokens > context ? str("a KV cache of ", o.kv_tokens, " tokens")
                                                   : str("a context of ", context, " tokens");
    const std::string needed =
        kv.fits(INT64_MAX) ? human(static_cast<int64_t>(kv.value())) : "more than 64 bits can count";
    return Status::no_memory(
        str(what, " needs ", needed, " for its keys and values (", per_token, " bytes a token); ", human(limit), " ",
            o.memory > 0 ? "are allowed by memory.max" : "are free"),
        fitting > 0 ? str("set ", o.kv_tokens > context ? "kv.tokens" : "context.max",
                          model.workspace_known ? " to at most " : " to less than ", fitting,
                          model.smaller_kv ? ", or kv.type to " : "", model.smaller_kv ? model.smaller_kv : "")
                    : std::string("free memory, or use a smaller model"));
  }
  Sizes s{};
  s.context = static_cast<int32_t>(context);
  s.page = static_cast<int32_t>(o.page);
  s.n_pages = static_cast<int32_t>(n_pages);
  s.table_cols = static_cast<int32_t>(table_cols);
  s.tokens = static_cast<int32_t>(o.batch_tokens);
  s.sequences = static_cast<int32_t>(sequences);
  s.rows = static_cast<int32_t>(rows);
  s.queue = static_cast<int32_t>(o.queue);
  s.kv_bytes = static_cast<int64_t>(kv.value());
  s.logits_bytes = logits_bytes;
  s.workspace_bytes = model.workspace_bytes;
  return s;
}

int64_t weights_beside(const Sizes& sizes, int64_t weight_bytes, int64_t free_bytes) {
  if (free_bytes <= 0) return 0;
  // A sixteenth for all others, the pages that the file is read through among them.
  const int64_t room = free_bytes - free_bytes / 16 - sizes.bytes();
  return weight_bytes <= room ? 0 : std::max<int64_t>(1, room);
}

}  // namespace infer::engine
