#include "text/tokenizer/pipeline/regex.h"

#include "base/utf8.h"

namespace infer::text::pipeline {

Result<Regex> Regex::compile(std::string_view pattern) {
  TRY_SET(const RegexTree tree, parse_regex(pattern));
  TRY_SET(RegexProgram program, make_regex_program(tree));
  return Regex(std::move(program));
}

// The state at each place between two characters. [text.size() + 1]; places inside of a character are not set.
std::vector<uint16_t> Regex::states_of(std::string_view text) const {
  const RegexProgram& p = program_;
  std::vector<uint16_t> states(text.size() + 1);
  // The class of the character that ends at `end`, and where it begins.
  size_t begin = 0;
  const auto class_before = [&](size_t end) -> size_t {
    if (end == 0) return p.n_classes;
    begin = utf8_before(text, end);
    return p.class_of(decode_utf8(text, begin).value);
  };
  size_t at = text.size(), before = class_before(at);
  uint16_t state = p.at_end[p.context_of[before]];
  states[at] = state;
  while (at > 0) {
    const size_t next = before;
    at = begin;
    before = class_before(at);
    state = p.earlier(state, next, p.context_of[before]);
    states[at] = state;
  }
  return states;
}

// The end of the match that begins at `at`, where one does.
size_t Regex::walk(std::string_view text, const std::vector<uint16_t>& states, size_t at) const {
  uint32_t node = program_.start;
  for (;;) {
    const RegexProgram::Node& n = program_.nodes[node];
    switch (n.op) {
      case RegexProgram::Op::kSet:
        at += decode_utf8(text, at).length;
        node = n.next;
        break;
      case RegexProgram::Op::kSplit:
        node = program_.viable(states[at], n.next) ? n.next : n.other;
        break;
      case RegexProgram::Op::kLook:
      case RegexProgram::Op::kTest:
        node = n.next;
        break;
      case RegexProgram::Op::kMatch:
        return at;
    }
  }
}

bool Regex::next_match(std::string_view text, const std::vector<uint16_t>& states, size_t& last_end, size_t& at) const {
  while (at <= text.size()) {
    if (program_.viable(states[at], program_.start)) {
      const size_t end = walk(text, states, at);
      if (end != at || end != last_end) {
        last_end = end;
        return true;
      }
    }
    at += at < text.size() ? decode_utf8(text, at).length : 1;
  }
  return false;
}

}  // namespace infer::text::pipeline
