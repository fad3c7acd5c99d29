#include "engine/adapters.h"

#include <algorithm>

#include "base/nearest.h"

namespace infer::engine {

void Adapters::Use::end() noexcept {
  if (!of_) return;
  std::lock_guard lock(of_->mutex_);
  Slot& s = of_->at(slot_);
  if (--s.users == 0 && s.state == Slot::kDropped) s.state = Slot::kFree;
  of_ = nullptr;
  slot_ = -1;
}

Name Adapters::Use::domain(const Name& of_request) const {
  if (!of_ && !of_request) return {};
  const std::string own = of_request ? str("=", *of_request) : std::string();  // behind a number, or first
  if (!of_) return std::make_shared<const std::string>(own);
  std::lock_guard lock(of_->mutex_);
  return std::make_shared<const std::string>(str(of_->at(slot_).number, own));
}

Result<Adapters::Use> Adapters::use(const std::string& name) {
  std::lock_guard lock(mutex_);
  Slot* s = find(name);
  if (!s || s->state != Slot::kLoaded) return not_found(name);
  s->users++;
  return Use(this, static_cast<int32_t>(s - slots_.data()));
}

Result<int32_t> Adapters::begin(const std::string& name) {
  TRY(check_name("an adapter", name));
  std::lock_guard lock(mutex_);
  if (slots_.empty())
    return Status(INFER_E_FULL, "the engine has no room for adapters", "make it with adapter.slots set to 1 or more");
  if (find(name))
    return Status::invalid(str("an adapter '", name, "' is loaded already"), "drop it first, or choose another name");
  const auto free = std::ranges::find(slots_, Slot::kFree, &Slot::state);
  if (free == slots_.end())
    return Status(INFER_E_FULL, str("all ", slots_.size(), " slots for adapters are in use"),
                  "drop one and let its requests end and its pins go, or set adapter.slots to more");
  *free = {name, ++loads_, 0, Slot::kLoading};
  return static_cast<int32_t>(free - slots_.begin());
}

void Adapters::loaded(int32_t slot) {
  std::lock_guard lock(mutex_);
  at(slot).state = Slot::kLoaded;
}

void Adapters::abandon(int32_t slot) {
  std::lock_guard lock(mutex_);
  at(slot).state = Slot::kFree;
}

Status Adapters::drop(const std::string& name) {
  std::lock_guard lock(mutex_);
  Slot* s = find(name);
  if (!s || s->state != Slot::kLoaded) return not_found(name);
  s->state = s->users > 0 ? Slot::kDropped : Slot::kFree;
  return {};
}

std::vector<std::string> Adapters::names() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const Slot& s : slots_)
    if (s.state == Slot::kLoaded) all.push_back(s.name);
  return all;
}

// Of those that keep their name from others: one that is dropped does not.
Adapters::Slot* Adapters::find(const std::string& name) {
  const auto s = std::ranges::find_if(
      slots_, [&](const Slot& o) { return (o.state == Slot::kLoading || o.state == Slot::kLoaded) && o.name == name; });
  return s == slots_.end() ? nullptr : &*s;
}

Status Adapters::not_found(const std::string& name) const {
  std::vector<std::string_view> known;
  for (const Slot& s : slots_)
    if (s.state == Slot::kLoaded) known.push_back(s.name);
  const std::string_view like = nearest(name, known);
  return Status::not_found(
      str("no adapter '", std::string_view(name).substr(0, 64), "' is loaded"),
      like.empty() ? std::string("load it first: infer_engine_load_adapter") : str("did you mean '", like, "'?"));
}

}  // namespace infer::engine
