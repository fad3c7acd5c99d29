#include "device/exchange.h"

#include <algorithm>

#include "base/checked.h"

namespace infer::device {

using graph::kNone;
using graph::Program;
using graph::Symbols;
using graph::TensorId;

namespace {

// A tensor's stay in a device's buffer: from segment `first` to segment `last`.
struct Stay {
  TensorId tensor;
  size_t device, first, last;
  uint64_t bytes, at = 0;
};

// Gives every stay a place that no other has meanwhile; the bytes that all need. Lowest first.
Size place(std::span<Stay*> stays) {
  constexpr uint64_t kAlignment = 64;
  Size total(0u);
  std::stable_sort(stays.begin(), stays.end(), [](const Stay* a, const Stay* b) { return a->first < b->first; });
  std::vector<Stay*> there;  // by place
  for (Stay* s : stays) {
    std::erase_if(there, [&](const Stay* o) { return o->last < s->first; });
    Size at(0u);
    auto before = there.begin();
    for (; before != there.end(); ++before) {
      if ((at + s->bytes).fits((*before)->at)) break;
      at = (Size((*before)->at) + (*before)->bytes).padded(kAlignment);
    }
    s->at = at.value();
    there.insert(before, s);
    const Size end = (at + s->bytes).padded(kAlignment);
    if (!end.fits(INT64_MAX)) return end;
    total = Size(std::max(total.value(), end.value()));
  }
  return total;
}

}  // namespace

Status Exchange::make(std::span<const std::shared_ptr<const Device>> devices, const Program& program,
                      std::span<const Segment> segments, const Symbols& maxima) {
  program_ = &program;
  segments_.assign(segments.begin(), segments.end());
  places_.resize(devices.size());
  for (Places& p : places_) p.at.assign(program.tensors().size(), -1);
  makers_.assign(program.tensors().size(), SIZE_MAX);

  std::vector<Stay> stays;
  const size_t end = segments.size();
  const auto stay = [&](TensorId t, size_t device, size_t first, size_t last) {
    for (Stay& s : stays)
      if (s.tensor == t && s.device == device) return s.last = std::max(s.last, last), false;
    stays.push_back({t, device, first, last, program.bytes(t, maxima)});
    return true;
  };
  int64_t largest = 0;  // of what passes through staging_
  for (size_t p = 0; p < segments.size(); ++p) {
    const Segment& s = segments[p];
    const std::vector<uint32_t> roles = roles_in(program, s);
    for (size_t n = s.first; n < s.first + s.count; ++n) {
      const Program::Node& node = program.nodes()[n];
      for (TensorId t : node.out) {
        makers_[t] = p;
        if (roles[t] == INFER_ROLE_OUTPUT) stay(t, s.device, p, program.tensor(t).role == INFER_ROLE_OUTPUT ? end : p);
      }
      for (TensorId t : node.in) {
        if (t == kNone || roles[t] != INFER_ROLE_INPUT) continue;
        const size_t maker = makers_[t];
        const bool is_new = stay(t, s.device, maker == SIZE_MAX ? 0 : maker, maker == SIZE_MAX ? end : p);
        if (!is_new || maker == SIZE_MAX || segments[maker].device == s.device) continue;
        crossings_.push_back({t, segments[maker].device, s.device, maker});
        largest = std::max(largest, static_cast<int64_t>(program.bytes(t, maxima)));
      }
    }
  }
  for (size_t d = 0; d < devices.size(); ++d) {
    std::vector<Stay*> here;
    for (Stay& s : stays)
      if (s.device == d) here.push_back(&s);
    const Size total = place(here);
    if (!total.fits(INT64_MAX)) return Status::no_memory("a step's inputs and outputs need more than 2^63 bytes");
    if (!total.value()) continue;
    for (const Stay* s : here) places_[d].at[s->tensor] = static_cast<int64_t>(s->at);
    TRY_SET(places_[d].buffer, Buffer::make(*devices[d], static_cast<int64_t>(total.value()), INFER_USE_EXCHANGE,
                                            "a step's inputs and outputs"));
  }
  staging_.resize(static_cast<size_t>(largest));
  return {};
}

Status Exchange::write(TensorId t, const void* data, size_t bytes, int64_t at) const {
  if (t == kNone) return {};
  for (const Places& p : places_)
    if (p.at[t] >= 0) TRY(p.buffer.write(p.at[t] + at, data, static_cast<int64_t>(bytes)));
  return {};
}

Status Exchange::cross(size_t done, const Symbols& symbols) {
  for (const Crossing& c : crossings_) {
    if (c.after != done) continue;
    const Places &from = places_[c.from], &to = places_[c.to];
    const auto bytes = static_cast<int64_t>(program_->bytes(c.tensor, symbols));
    const std::byte* data = staging_.data();
    if (from.buffer.host()) {
      data = from.buffer.host() + from.at[c.tensor];
    } else {
      TRY(from.buffer.read(from.at[c.tensor], staging_.data(), bytes));
    }
    TRY(to.buffer.write(to.at[c.tensor], data, bytes));
  }
  return {};
}

int64_t Exchange::bytes() const {
  auto sum = static_cast<int64_t>(staging_.size());
  for (const Places& p : places_) sum += p.buffer.bytes();
  return sum;
}

}  // namespace infer::device
