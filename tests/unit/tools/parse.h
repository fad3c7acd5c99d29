// Answers parsed in one piece or in many, for the tests of this folder, the conformance test and the fuzzer.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "text/tools/parser.h"

namespace infer::text::tools {

// Events with what belongs together joined: the same for every cutting.
inline std::vector<Event> joined(const std::vector<Event>& events) {
  std::vector<Event> out;
  for (const Event& e : events) {
    const bool grows =
        e.kind == Event::Kind::kContent || e.kind == Event::Kind::kReasoning || e.kind == Event::Kind::kArguments;
    if (grows && !out.empty() && out.back().kind == e.kind && out.back().call == e.call) {
      out.back().text += e.text;
    } else {
      out.push_back(e);
    }
  }
  return out;
}

// Fed in pieces that end before `cuts`, ascending.
inline std::vector<Event> parse(const ToolFormat& format, const OutputParser::Options& options, std::string_view text,
                                const std::vector<size_t>& cuts = {}) {
  OutputParser parser(format, options);
  std::vector<Event> events;
  size_t at = 0;
  for (const size_t cut : cuts) {
    parser.feed(text.substr(at, cut - at), events);
    at = cut;
  }
  parser.feed(text.substr(at), events);
  parser.finish(events);
  return joined(events);
}

inline Answer answer_of(const std::vector<Event>& events) {
  Answer a;
  for (const Event& e : events) a.add(e);
  return a;
}

inline bool operator==(const Event& a, const Event& b) {
  return a.kind == b.kind && a.call == b.call && a.text == b.text && a.id == b.id;
}

}  // namespace infer::text::tools
