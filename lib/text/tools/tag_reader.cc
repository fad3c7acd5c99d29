// Calls whose name stands between marks: what follows is JSON (kNamed), or the arguments one by one, each between marks
// of its own (kTags), which become a JSON object.
#include "base/written.h"
#include "text/constraint/schema_document.h"
#include "text/tools/call_reader.h"
#include "text/tools/json_scan.h"
#include "text/tools/mark_finder.h"
#include "text/tools/nested.h"
#include "text/tools/tool_set.h"
#include "text/tools/values.h"

namespace infer::text::tools {
namespace {

constexpr size_t kMostName = 256;  // bytes, of a name, an id, a key, the attributes of a tag

class TagReader final : public CallReader {
 public:
  TagReader(const CallSyntax& syntax, CallSink& sink, std::string name)
      : syntax_(syntax), tags_(*syntax.tags), sink_(sink), name_(std::move(name)) {
    if (!name_.empty()) {
      leave_ = !begin();
    } else if (tags_.call.empty()) {
      begin_name();
    } else {
      expect(State::kCall, {tags_.call, syntax_.end});
    }
  }

  size_t held() const override { return held_; }

  Step take(char c) override {
    if (leave_) return Step::kLeave;
    if (state_ == State::kJson) return json(c);
    const int mark = finder_.take(c, passed_);
    if (expecting_) {
      if (!passed_is_space()) return Step::kLeave;
      passed_.clear();
      held_ = finder_.held().size();
      return mark < 0 ? Step::kMore : marked(mark);
    }
    held_ = 0;
    if (state_ == State::kValue) return value(mark);
    if (passed_.size() > kMostName) return Step::kLeave;
    return mark < 0 ? Step::kMore : marked(mark);
  }

 private:
  enum class State : uint8_t {
    kCall,  // to begin, or the section to end
    kId,
    kName,
    kIdBehind,  // the name
    kCallTag,   // the rest of the tag with the name
    kJson,
    kCallEnd,
    kKeyOrEnd,
    kKey,
    kKeyTag,
    kBeforeValue,
    kValue,
  };

  // From here on white space and one of these marks; or anything, which passes, until one.
  void expect(State s, std::vector<std::string_view> marks) { look(s, true, std::move(marks)); }
  void collect(State s, std::vector<std::string_view> marks) { look(s, false, std::move(marks)); }
  void look(State s, bool expecting, std::vector<std::string_view> marks) {
    state_ = s;
    expecting_ = expecting;
    passed_.clear();
    held_ = 0;
    finder_.look_for(std::move(marks));
  }

  bool passed_is_space() {
    size_t at = 0;
    while (at < passed_.size() && is_space(passed_[at])) ++at;
    if (at == passed_.size()) return true;
    held_ = passed_.size() - at + finder_.held().size() - 1;  // without the newest byte
    return false;
  }

  void begin_name() {
    if (tags_.id_end.empty()) return name_marks();
    collect(State::kId, {tags_.id_end});
  }
  void name_marks() {
    if (tags_.name_end.empty()) {
      collect(State::kName, {"\n", tags_.key, tags_.call_end});
    } else {
      collect(State::kName, {tags_.name_end, tags_.id});
    }
  }

  Step marked(int mark) {
    switch (state_) {
      case State::kCallEnd:
        if (mark == 0) return after_call();
        if (mark == 2) return Step::kDone;  // the call's end is missing
        begin_name();
        return Step::kMore;
      case State::kCall:
        if (mark == 1) return Step::kDone;
        begin_name();
        return Step::kMore;
      case State::kId:
        id_ = trimmed();
        name_marks();
        return Step::kMore;
      case State::kName:
        return name_done(mark);
      case State::kIdBehind:
        id_ = trimmed();
        [[fallthrough]];
      case State::kCallTag:
        return begin() ? Step::kMore : Step::kLeave;
      case State::kKeyOrEnd:
        return mark == 0 ? marked_key() : call_done();
      case State::kKey:
        key_ = trimmed();
        schema_ = sink_.schema(key_);
        types_ = types_of(schema_);
        if (tags_.nested && key_.starts_with('/')) return call_done();
        if (!tags_.attributes_end.empty() && !tags_.nested) {
          collect(State::kKeyTag, {tags_.attributes_end});
          return Step::kMore;
        }
        return begin_value();
      case State::kKeyTag:
        if (passed_.find("string=\"true\"") != passed_.npos || passed_.find("type=\"string\"") != passed_.npos)
          types_ = json_schema::kString;
        else if (passed_.find("string=\"false\"") != passed_.npos || passed_.find("type=\"") != passed_.npos)
          types_ = json_schema::kAnyType & ~json_schema::kString;
        return begin_value();
      default:  // kBeforeValue
        return in_value();
    }
  }

  Step name_done(int mark) {
    name_ = trimmed();
    if (name_.empty() && tags_.name_end.empty() && mark == 0) {  // an empty line before it
      begin_name();
      return Step::kMore;
    }
    if (name_ == tags_.not_a_call && !name_.empty()) return Step::kDone;
    if (tags_.name_is_id) split_name();
    if (!tags_.attributes_end.empty()) {
      collect(State::kCallTag, {tags_.attributes_end});
      return Step::kMore;
    }
    if (!tags_.name_end.empty() && mark == 1) {
      collect(State::kIdBehind, {tags_.name_end});
      return Step::kMore;
    }
    if (!begin()) return Step::kLeave;
    if (tags_.name_end.empty() && mark == 1) return marked_key();
    return tags_.name_end.empty() && mark == 2 ? call_done() : Step::kMore;
  }

  std::string trimmed() const {
    std::string_view s = passed_;
    while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
    while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
    return std::string(s);
  }

  void split_name() {  // functions.f:0
    id_ = name_;
    if (name_.starts_with("functions.")) name_.erase(0, 10);
    if (const size_t colon = name_.rfind(':'); colon != name_.npos) name_.resize(colon);
  }

  bool begin() {
    if (!sink_.begin(name_, std::exchange(id_, {}))) return false;
    if (syntax_.notation == Notation::kNamed) {
      scan_ = JsonScan();
      begun_json_ = false;
      state_ = State::kJson;
      held_ = 0;
    } else {
      n_arguments_ = 0;
      expect(State::kKeyOrEnd, {tags_.key, tags_.call_end});
    }
    return true;
  }

  Step json(char c) {
    if (!begun_json_ && is_space(c)) return Step::kMore;
    if (!begun_json_ && c != '{') return Step::kLeave;
    begun_json_ = true;
    const JsonScan::Step step = scan_.take(c);
    if (step == JsonScan::Step::kError) return Step::kLeave;
    sink_.arguments({&c, 1});
    if (step == JsonScan::Step::kMore) return Step::kMore;
    if (!sink_.end()) return Step::kLeave;
    if (tags_.call_end.empty()) return after_call();
    // White space is free, so that the mark's own is not asked for.
    std::string_view mark = tags_.call_end;
    while (is_space(mark.front())) mark.remove_prefix(1);
    expect(State::kCallEnd, {mark, tags_.call, syntax_.end});
    return Step::kMore;
  }

  Step after_call() {
    if (tags_.call.empty()) return Step::kDone;
    sink_.settled();
    expect(State::kCall, {tags_.call, syntax_.end});
    return Step::kMore;
  }

  Step call_done() {
    sink_.arguments(n_arguments_ == 0 ? "{}" : "}");
    return sink_.end() ? after_call() : Step::kLeave;
  }

  Step marked_key() {
    collect(State::kKey, {tags_.key_end});
    return Step::kMore;
  }

  Step begin_value() {
    if (tags_.value.empty()) return in_value();
    expect(State::kBeforeValue, {tags_.value});
    return Step::kMore;
  }

  Step in_value() {
    std::string out = n_arguments_++ == 0 ? "{" : ", ";
    append_json_string(out, key_);
    out += ": ";
    streamed_ = types_ == json_schema::kString && !tags_.cdata && !tags_.nested;
    if (streamed_) out += '"';
    sink_.arguments(out);
    value_.clear();
    at_begin_ = true;
    if (tags_.nested) value_end_ = str(tags_.key, "/", key_, tags_.key_end);
    collect(State::kValue, {tags_.nested ? std::string_view(value_end_) : tags_.value_end});
    return Step::kMore;
  }

  // What passed is more of the value; a last line's end may be the layout's.
  Step value(int mark) {
    value_ += passed_;
    passed_.clear();
    if (tags_.lines && at_begin_ && !value_.empty()) {
      if (value_[0] == '\n') value_.erase(0, 1);
      at_begin_ = false;
    }
    if (mark >= 0 && tags_.cdata && value_.starts_with("<![CDATA[") && !value_.ends_with("]]>")) {
      value_ += tags_.value_end;
    } else if (mark >= 0) {
      if (tags_.lines && value_.ends_with('\n')) value_.pop_back();
      std::string out;
      if (streamed_) {
        append_json_escaped(out, value_);
        out += '"';
      } else {
        out = whole_value();
      }
      sink_.arguments(out);
      expect(State::kKeyOrEnd, {tags_.key, tags_.call_end});
    } else if (streamed_ && !value_.empty()) {
      const bool keep = tags_.lines && value_.back() == '\n';
      std::string out;
      append_json_escaped(out, std::string_view(value_).substr(0, value_.size() - keep));
      sink_.arguments(out);
      value_ = keep ? "\n" : "";
    }
    return Step::kMore;
  }

  std::string whole_value() const {
    std::string_view v = value_;
    if (tags_.cdata && v.starts_with("<![CDATA[") && v.ends_with("]]>")) {
      std::string out;
      append_json_string(out, v.substr(9, v.size() - 12));
      return out;
    }
    return tags_.nested ? nested_as_json(v, tags_.key, schema_) : value_as_json(v, types_);
  }

  const CallSyntax& syntax_;
  const TagMarks& tags_;
  CallSink& sink_;
  State state_ = State::kCall;
  bool leave_ = false;
  MarkFinder finder_;
  bool expecting_ = true;
  std::string passed_;  // what the finder let through in this state
  size_t held_ = 0;
  JsonScan scan_;
  bool begun_json_ = false;
  std::string name_, id_, key_, value_;
  std::string value_end_;         // of nested tags
  const Json* schema_ = nullptr;  // of the value
  uint8_t types_ = 0;
  bool streamed_ = false, at_begin_ = false;
  int64_t n_arguments_ = 0;
};

}  // namespace

std::unique_ptr<CallReader> make_tag_reader(const CallSyntax& syntax, CallSink& sink, std::string name) {
  return std::make_unique<TagReader>(syntax, sink, std::move(name));
}

std::unique_ptr<CallReader> CallReader::make(const CallSyntax& syntax, CallSink& sink, std::string name) {
  switch (syntax.notation) {
    case Notation::kObjects:
      return make_object_reader(syntax, sink);
    case Notation::kNamed:
    case Notation::kTags:
      return make_tag_reader(syntax, sink, std::move(name));
    case Notation::kPython:
    case Notation::kBraces:
      break;
  }
  return make_literal_reader(syntax, sink);
}

}  // namespace infer::text::tools
