// Saving what the prefix cache knows of some tokens, and giving it to another engine's.
//
// The caller's thread reads and writes the file; the engine's thread only copies a few pages at a time, between two
// steps, so that running requests are hardly delayed. Meanwhile the pages are held like a sequence's.
#include <algorithm>

#include "cache/state_file.h"
#include "engine/engine.h"

namespace infer::engine {
namespace {
constexpr int32_t kPagesAtOnce = 8;

// What f throws, as its answer: whoever holds pages goes on and lets go of them.
template <class F>
Status caught(F&& f) noexcept {
  try {
    return f();
  } catch (...) {
    return Status::out_of_memory();
  }
}
}  // namespace

cache::StateKey Engine::state_key() const {
  return {parts_.model_id, parts_.form_id, parts_.sizes.page, parts_.executor->page_bytes()};
}

Result<int64_t> Engine::save(std::span<const int32_t> tokens, const Name& domain, const std::string& path) {
  std::lock_guard one(state_mutex_);
  const Name own = Adapters::Use().domain(domain);
  const auto page_bytes = static_cast<size_t>(parts_.executor->page_bytes());
  std::vector<std::byte> some(page_bytes * kPagesAtOnce);
  Scheduler::Prefix held;
  TRY(call([&]() -> Status {
    TRY_SET(held, scheduler_.hold(own, tokens));
    return {};
  }));
  const auto n_pages = static_cast<int32_t>(held.pages.size());
  const auto read = [&](int32_t i, std::span<std::byte> out) -> Status {
    const auto copy = [&]() -> Status {
      for (int32_t j = i; j < std::min(n_pages, i + kPagesAtOnce); ++j) {
        const auto place = std::span(some).subspan(static_cast<size_t>(j - i) * page_bytes, page_bytes);
        TRY(parts_.executor->read_page(held.pages[static_cast<size_t>(j)], place));
      }
      return {};
    };
    if (i % kPagesAtOnce == 0) TRY(call(copy));
    std::copy_n(some.begin() + static_cast<ptrdiff_t>(static_cast<size_t>(i % kPagesAtOnce) * page_bytes), page_bytes,
                out.begin());
    return {};
  };
  const auto known = tokens.first(static_cast<size_t>(held.n_tokens));
  const Status written = caught([&]() -> Status {
    if (held.n_tokens > 0) return cache::write_state(path, state_key(), known, read);
    return Status::not_found("the prefix cache knows none of these tokens",
                             "save what a request has computed, in its cache.domain");
  });
  const Status released = call([&]() -> Status {
    scheduler_.let_go(held);
    return {};
  });
  TRY(written);
  TRY(released);
  return held.n_tokens;
}

Result<std::vector<int32_t>> Engine::restore(const std::string& path, const Name& domain) {
  std::lock_guard one(state_mutex_);
  TRY_SET(std::shared_ptr<const File> opened, File::open(path));
  TRY_SET(const cache::StateFile file, cache::StateFile::open(std::move(opened), state_key(), parts_.n_vocab));
  const std::span<const int32_t> tokens = file.tokens();
  const int32_t n_pages = file.n_pages(), page = parts_.sizes.page;
  const auto page_bytes = static_cast<size_t>(parts_.executor->page_bytes());
  std::vector<std::byte> some(page_bytes * kPagesAtOnce);
  Scheduler::Prefix held;
  const Name own = Adapters::Use().domain(domain);
  TRY(call([&]() -> Status {
    TRY_SET(held, scheduler_.hold(own, {}));
    return {};
  }));
  const auto take = [&]() -> Status {
    held.pages.reserve(static_cast<size_t>(n_pages));
    for (int32_t i = 0; i < n_pages; i += kPagesAtOnce) {
      const int32_t end = std::min(n_pages, i + kPagesAtOnce);
      for (int32_t j = i; j < end; ++j)
        TRY(file.read_page(j, std::span(some).subspan(static_cast<size_t>(j - i) * page_bytes, page_bytes)));
      const auto fill_some = [&]() -> Status {
        for (int32_t j = i; j < end; ++j) {
          const auto first = static_cast<size_t>(j) * static_cast<size_t>(page);
          const auto its = tokens.subspan(first, std::min(static_cast<size_t>(page), tokens.size() - first));
          const auto bytes = std::span(some).subspan(static_cast<size_t>(j - i) * page_bytes, page_bytes);
          const auto fill = [&](int32_t to) { return parts_.executor->write_page(to, bytes); };
          TRY(scheduler_.append(held, its, fill));
        }
        return {};
      };
      TRY(call(fill_some));
    }
    return {};
  };
  const Status taken = caught(take);
  const Status released = call([&]() -> Status {
    scheduler_.let_go(held);
    return {};
  });
  TRY(taken);
  TRY(released);
  return std::vector<int32_t>(tokens.begin(), tokens.end());
}

}  // namespace infer::engine
