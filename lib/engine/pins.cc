// Prefixes that stay in the cache whatever else needs pages, such as system prompts: held as a sequence would hold
// them.
#include <algorithm>

#include "engine/engine.h"

namespace infer::engine {

Result<int64_t> Engine::pin(const std::string& name, std::span<const int32_t> tokens, const Name& domain,
                            const Name& adapter) {
  TRY(check_name("a pin", name));
  Pin pin{name, {}, {}};
  if (adapter) {
    TRY_SET(pin.adapter, adapters_.use(*adapter));
  }
  const Name whole_domain = pin.adapter.domain(domain);
  const Status none = Status::not_found("the prefix cache knows none of these tokens",
                                        "pin what a request has computed, in its cache.domain");
  const Status no_room(INFER_E_FULL, "with this pin the KV cache would have no room for one whole context",
                       "unpin something, or set kv.tokens to more");
  int64_t n_tokens = 0;
  TRY(call([&]() -> Status {
    if (std::ranges::find(pins_, name, &Pin::name) != pins_.end())
      return Status::invalid(str("there is a pin '", name, "' already"), "unpin it first, or choose another name");
    if (pins_.size() == Scheduler::kMostPins)
      return Status(INFER_E_FULL, str("there are ", pins_.size(), " pins already"), "unpin one first");
    pins_.reserve(Scheduler::kMostPins);
    TRY_SET(pin.prefix, scheduler_.hold(whole_domain, tokens));
    // Nothing is allocated from here on: what is held cannot be lost.
    n_tokens = pin.prefix.n_tokens;
    pins_.push_back(std::move(pin));
    if (n_tokens > 0 && pages_pinned() <= parts_.sizes.n_pages - parts_.sizes.table_cols) return Status();
    scheduler_.let_go(pins_.back().prefix);
    pins_.pop_back();
    return n_tokens > 0 ? no_room : none;
  }));
  return n_tokens;
}

// Each page once: what prefixes have in common stands at the same place in both.
int32_t Engine::pages_pinned() const {
  int32_t n = 0;
  for (size_t i = 0; i < pins_.size(); ++i) {
    const std::vector<int32_t>& pages = pins_[i].prefix.pages;
    for (size_t at = 0; at < pages.size(); ++at)
      n += std::none_of(pins_.begin(), pins_.begin() + static_cast<ptrdiff_t>(i),
                        [&](const Pin& o) { return at < o.prefix.pages.size() && o.prefix.pages[at] == pages[at]; });
  }
  return n;
}

Status Engine::unpin(const std::string& name) {
  return call([&]() -> Status {
    const auto pin = std::ranges::find(pins_, name, &Pin::name);
    if (pin == pins_.end()) return Status::not_found(str("there is no pin '", name.substr(0, 64), "'"));
    scheduler_.let_go(pin->prefix);
    pins_.erase(pin);
    return {};
  });
}

}  // namespace infer::engine
