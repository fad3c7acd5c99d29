// Calls as JSON objects: one, several in a row, or a list of them. The arguments pass as they come once the name is
// known; before that they wait.
#include <initializer_list>
#include <optional>

#include "base/json_tree.h"
#include "text/tools/call_reader.h"
#include "text/tools/json_scan.h"
#include "text/tools/mark_finder.h"
#include "text/tools/values.h"

namespace infer::text::tools {
namespace {

// The string that a valid JSON string is.
std::optional<std::string> decoded(const std::string& json) {
  auto tree = parse_json_tree(json, {.bytes = INT64_MAX, .depth = 1}, "text");
  if (!tree.ok() || !tree->is(Json::Kind::kString)) return {};
  return std::move(tree->text);
}

class ObjectReader final : public CallReader {
 public:
  ObjectReader(const CallSyntax& syntax, CallSink& sink) : syntax_(syntax), sink_(sink) { end_.look_for({syntax.end}); }

  size_t held() const override { return end_.held().size(); }

  Step take(char c) override {
    switch (state_) {
      case State::kBefore:
      case State::kAfter:
        return outside(c);
      case State::kEnd:
        return end_mark(c);
      case State::kValue:
        return value(c);
      case State::kKey:
        return key(c);
      default:
        break;
    }
    if (is_space(c)) return Step::kMore;
    switch (state_) {
      case State::kFirstKey:
        if (c == '}') return object_done();
        [[fallthrough]];
      case State::kNextKey:
        if (c != '"') return Step::kLeave;
        key_ = '"';
        scan_ = JsonScan();
        (void)scan_.take(c);
        return go(State::kKey);
      case State::kColon:
        if (c != ':') return Step::kLeave;
        scan_ = JsonScan();
        return go(State::kBeforeValue);
      case State::kBeforeValue:
        state_ = State::kValue;
        if (member_ == Member::kArguments && c != '{' && c != '"' && c != 'n') return Step::kLeave;
        streamed_ = member_ == Member::kArguments && begun_ && c == '{';
        return value(c);
      default:  // kNext
        if (c == '}') return object_done();
        return c == ',' ? go(State::kNextKey) : Step::kLeave;
    }
  }

 private:
  enum class State : uint8_t {
    kBefore,  // a call, or the list
    kFirstKey,
    kNextKey,
    kKey,
    kColon,
    kBeforeValue,
    kValue,
    kNext,
    kAfter,  // a call
    kEnd,    // in the section's end mark
  };
  enum class Member : uint8_t { kOther, kName, kId, kArguments };

  Step go(State s) { return state_ = s, Step::kMore; }

  Step outside(char c) {
    if (is_space(c)) return Step::kMore;
    if (c == '{' && !closed_ && (state_ == State::kBefore || !list_)) return begin_object();
    if (c == '[' && !list_ && n_calls_ == 0) {
      list_ = true;
      return Step::kMore;
    }
    if (c == ']' && list_ && !closed_ && state_ == State::kAfter) {
      closed_ = true;
      sink_.settled();
      return syntax_.end.empty() ? Step::kDone : Step::kMore;
    }
    if ((c == ',' || c == ';') && !closed_ && state_ == State::kAfter && list_ == (c == ',')) {
      sink_.settled();
      return go(State::kBefore);
    }
    if (!syntax_.end.empty() && n_calls_ > 0) return end_mark(c);
    return Step::kLeave;
  }

  Step end_mark(char c) {
    std::string passed;
    if (!syntax_.end.starts_with(end_.held() + c)) return Step::kLeave;
    return end_.take(c, passed) == 0 ? Step::kDone : go(State::kEnd);
  }

  Step begin_object() {
    name_.clear(), id_.clear(), arguments_.clear();
    begun_ = has_name_ = has_arguments_ = false;
    return go(State::kFirstKey);
  }

  Step key(char c) {
    const JsonScan::Step step = scan_.take(c);
    if (step == JsonScan::Step::kError) return Step::kLeave;
    key_ += c;
    return step == JsonScan::Step::kDone ? key_done() : Step::kMore;
  }

  Step key_done() {
    const auto key = decoded(key_);
    if (!key) return Step::kLeave;
    member_ = Member::kOther;
    const auto is = [&](std::initializer_list<std::string_view> known) {
      for (const std::string_view k : known)
        if (*key == k) return true;
      return false;
    };
    if (syntax_.name_is_key) {
      if (has_name_) return Step::kLeave;
      name_ = *key;
      has_name_ = true;
      member_ = Member::kArguments;
      if (!begin()) return Step::kLeave;
    } else if (!has_name_ && is({"name", "tool_name"})) {
      member_ = Member::kName;
    } else if (!has_arguments_ && is({"arguments", "parameters"})) {
      member_ = Member::kArguments;
    } else if (is({"id", "tool_call_id", "call_id"})) {
      member_ = Member::kId;
    }
    value_.clear();
    return go(State::kColon);
  }

  Step value(char c) {
    const JsonScan::Step step = scan_.take(c);
    if (step == JsonScan::Step::kError) return Step::kLeave;
    if (step == JsonScan::Step::kEnded) {  // a number: this byte is behind it
      if (!value_done()) return Step::kLeave;
      state_ = State::kNext;
      return take(c);
    }
    if (streamed_) {
      sink_.arguments({&c, 1});
    } else if (member_ != Member::kOther) {
      value_ += c;
    }
    if (step == JsonScan::Step::kMore) return Step::kMore;
    return value_done() ? go(State::kNext) : Step::kLeave;
  }

  bool value_done() {
    switch (member_) {
      case Member::kOther:
        return true;
      case Member::kName: {
        const auto name = decoded(value_);
        if (!name) return false;
        name_ = *name;
        has_name_ = true;
        return syntax_.late_id || begin();
      }
      case Member::kId:
        id_ = decoded(value_).value_or(value_);
        return true;
      case Member::kArguments:
        has_arguments_ = true;
        if (streamed_) return true;
        if (value_[0] == '"') {  // JSON in a string
          auto inside = decoded(value_);
          if (!inside || !is_json_object(*inside)) return false;
          value_ = std::move(*inside);
        }
        arguments_ = value_ == "null" ? "{}" : std::move(value_);
        if (begun_) sink_.arguments(arguments_);
        return true;
    }
    return false;
  }

  bool begin() {
    if (!sink_.begin(name_, id_)) return false;
    begun_ = true;
    if (has_arguments_) sink_.arguments(arguments_);
    return true;
  }

  Step object_done() {
    if (!has_name_) return Step::kLeave;
    if (!begun_ && !begin()) return Step::kLeave;
    if (!has_arguments_) sink_.arguments("{}");
    if (!sink_.end()) return Step::kLeave;
    n_calls_++;
    begun_ = false;
    return go(State::kAfter);
  }

  const CallSyntax& syntax_;
  CallSink& sink_;
  MarkFinder end_;
  State state_ = State::kBefore;
  bool list_ = false, closed_ = false;
  int64_t n_calls_ = 0;
  JsonScan scan_;
  Member member_ = Member::kOther;
  bool streamed_ = false;    // the value passes as it comes
  std::string key_, value_;  // as written
  std::string name_, id_;    // of the call
  std::string arguments_;    // where they came before the name
  bool begun_ = false, has_name_ = false, has_arguments_ = false;
};

}  // namespace

std::unique_ptr<CallReader> make_object_reader(const CallSyntax& syntax, CallSink& sink) {
  return std::make_unique<ObjectReader>(syntax, sink);
}

}  // namespace infer::text::tools
