// Prefixes that stay in the cache whatever else needs pages, such as system prompts: held as a sequence would hold
// them.
#include <algorithm>
#include <set>

#include "engine/engine.h"

namespace infer::engine {

Result<int64_t> Engine::pin(const std::string& name, std::span<const int32_t> tokens, const Name& domain,
                            const Name& adapter) {
  if (name.empty() || name.size() > 256) return Status::invalid("a pin's name has 1 to 256 bytes");
  Pin pin{name, {}, {}};
  if (adapter) {
    TRY_SET(pin.adapter, adapters_.use(*adapter));
  }
  int64_t n_tokens = 0;
  TRY(call([&]() -> Status {
    if (std::ranges::find(pins_, name, &Pin::name) != pins_.end())
      return Status::invalid(str("there is a pin '", name, "' already"), "unpin it first, or choose another name");
    if (pins_.size() == Scheduler::kMostPins)
      return Status(INFER_E_FULL, str("there are ", pins_.size(), " pins already"), "unpin one first");
    pins_.reserve(Scheduler::kMostPins);
    pin.prefix = scheduler_.hold(pin.adapter.domain(domain), tokens);
    n_tokens = pin.prefix.n_tokens;
    const Status refused = check_pin(pin);
    refused.ok() ? pins_.push_back(std::move(pin)) : scheduler_.let_go(pin.prefix);
    note_levels();
    return refused;
  }));
  return n_tokens;
}

Status Engine::check_pin(const Pin& pin) const {
  if (pin.prefix.n_tokens == 0)
    return Status::not_found("the prefix cache knows none of these tokens",
                             "pin what a request has computed, in its cache.domain");
  std::set<int32_t> pinned(pin.prefix.pages.begin(), pin.prefix.pages.end());
  for (const Pin& p : pins_) pinned.insert(p.prefix.pages.begin(), p.prefix.pages.end());
  if (static_cast<int32_t>(pinned.size()) > parts_.sizes.n_pages - parts_.sizes.table_cols)
    return Status(INFER_E_FULL, "with this pin the KV cache would have no room for one whole context",
                  "unpin something, or set kv.tokens to more");
  return {};
}

Status Engine::unpin(const std::string& name) {
  return call([&]() -> Status {
    const auto pin = std::ranges::find(pins_, name, &Pin::name);
    if (pin == pins_.end()) return Status::not_found(str("there is no pin '", name.substr(0, 64), "'"));
    scheduler_.let_go(pin->prefix);
    pins_.erase(pin);
    note_levels();
    return {};
  });
}

}  // namespace infer::engine
