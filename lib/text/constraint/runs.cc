#include "text/constraint/runs.h"

#include <algorithm>

#include "text/constraint/byte_classes.h"

namespace infer::text {

Run& Runs::run(StateId s) {
  if (runs_.size() <= s) runs_.resize(s + size_t{1});
  if (runs_[s].known) return runs_[s];
  Run r{.known = true};
  uint8_t some = 0;  // leads there
  const uint32_t alike = automaton_.alike(s);
  const ByteSet following = automaton_.following(s);
  for (size_t b = 0; b < 256; ++b)
    if (following.has(static_cast<uint8_t>(b)))
      r.takes = static_cast<uint16_t>(r.takes | 1 << std::min<uint8_t>(ByteClasses::kOf[b], ByteClasses::kAscii));
  for (uint8_t c = 0; c < ByteClasses::kAscii; ++c) {
    const uint8_t byte = ByteClasses::kOne[c];
    if ((alike >> c & 1) == 0 || !following.has(byte)) continue;
    const StateId to = automaton_.next(s, byte);
    if (r.next == Automaton::kNone) r.next = to, some = byte;
    if (to != Automaton::kNone && to == r.next) r.classes = static_cast<uint16_t>(r.classes | 1 << c);
  }
  if (r.next != Automaton::kNone && text_as(s, some)) r.classes |= ByteClasses::kText;
  r.leaves = automaton_.facts(r.next).leaves;
  r.room = r.next == s ? TokenTrie::kMany : r.classes != 0 ? 1 : 0;
  r.settled = r.room != 1;
  return runs_[s] = r;
}

const Run& Runs::of(StateId s, uint8_t characters) {
  const uint8_t far = std::min(characters, kFar);
  if (run(s).settled || run(s).room >= far) return runs_[s];
  std::vector<StateId> chain{s};
  while (chain.size() < far) {
    const Run r = run(chain.back());
    if (r.settled || (run(r.next).classes & r.classes) != r.classes) break;
    chain.push_back(r.next);
  }
  for (size_t i = chain.size(); i-- > 0;) {
    Run& r = runs_[chain[i]];
    if (r.settled || r.next >= runs_.size() || !runs_[r.next].known) continue;  // looked so far
    const Run& next = runs_[r.next];
    if ((next.classes & r.classes) != r.classes) {
      r.settled = true;
      r.stops = (next.takes & r.classes) == 0;
      continue;
    }
    const bool any = next.room == TokenTrie::kMany;
    r.room = any ? next.room : static_cast<uint8_t>(std::min<int>(next.room + 1, TokenTrie::kMany - 1));
    r.leaves = r.leaves || next.leaves;
    r.settled = next.settled;
    r.stops = next.stops && next.room < TokenTrie::kMany - 1;  // room is all of it
  }
  return runs_[s];
}

bool Runs::text_as(StateId s, uint8_t byte) {
  if (automaton_.text_as(s, byte)) return true;  // as mostly; not where characters are a rule of their own
  const StateId to = automaton_.next(s, byte);
  // From `at` by any byte of these classes to one state, in which nothing ends.
  const auto step = [&](StateId& at, uint8_t first, uint8_t last) {
    const uint32_t alike = automaton_.alike(at);
    const StateId next = automaton_.next(at, ByteClasses::kOne[first]);
    for (uint8_t c = first; c <= last; ++c)
      if ((alike >> c & 1) == 0 || automaton_.next(at, ByteClasses::kOne[c]) != next) return false;
    at = next;
    return next == to || (next != Automaton::kNone && !automaton_.facts(next).leaves);
  };
  for (uint8_t lead = ByteClasses::kLead2; lead <= ByteClasses::kLeadF4; ++lead) {
    const ByteClasses::Follow f = ByteClasses::follow(lead);
    StateId at = s;
    if (!step(at, lead, lead) || !step(at, f.first, f.last)) return false;
    for (uint8_t n = 1; n < f.n; ++n)
      if (!step(at, ByteClasses::kLow, ByteClasses::kHigh)) return false;
    if (at != to) return false;
  }
  return true;
}

std::optional<uint8_t> Runs::usual_byte(StateId s) {
  uint8_t usual = 0;
  int ahead = 0, n_plain = 0, n_usual = 0;  // (Boyer and Moore, "MJRTY", 1991)
  for (uint8_t b = 0; b < 0x80; ++b) {
    if (!ByteClasses::plain(b)) continue;
    ++n_plain;
    if (ahead == 0) usual = b;
    ahead += automaton_.next(s, b) == automaton_.next(s, usual) ? 1 : -1;
  }
  const StateId to = automaton_.next(s, usual);
  for (uint8_t b = 0; b < 0x80; ++b) n_usual += ByteClasses::plain(b) && automaton_.next(s, b) == to;
  return to != Automaton::kNone && 2 * n_usual > n_plain ? std::optional(usual) : std::nullopt;
}

}  // namespace infer::text
