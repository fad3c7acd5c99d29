#include "text/tools/parser.h"

#include <algorithm>

#include "base/utf8.h"

namespace infer::text::tools {
namespace {

constexpr size_t kMostCall = 4 << 20;  // bytes of one call
constexpr size_t kMostSpace = 64;      // that wait for a mark
constexpr size_t kMostHeader = 256;
constexpr size_t kMostName = 256;

bool all_space(std::string_view s) { return std::all_of(s.begin(), s.end(), is_space); }

std::string_view without_space_behind(std::string_view s) {
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  return s;
}

// The word after the last `mark` in a header.
std::string_view word_after(std::string_view header, std::string_view mark) {
  const size_t at = header.rfind(mark);
  if (at == header.npos) return {};
  header.remove_prefix(at + mark.size());
  return header.substr(0, header.find_first_of(" <\n"));
}

}  // namespace

OutputParser::OutputParser(const ToolFormat& format, const Options& options)
    : format_(format), tools_(options.tools), calls_(options.calls) {
  const auto ends_with = [&](std::string_view mark) {
    return !mark.empty() && without_space_behind(options.prompt).ends_with(without_space_behind(mark));
  };
  set_reasoning(ends_with(format_.think));
  if (reasoning_) after_mark_ = true;
  for (const CallSyntax& section : format_.calls)
    if (calls_ && !reasoning_ && mode_ == Mode::kText && ends_with(section.begin)) open(section, {});
}

void OutputParser::set_reasoning(bool on) {
  reasoning_ = on;
  marks_.clear();
  const auto add = [&](std::string_view mark, Action action, const CallSyntax* section = nullptr) {
    if (!mark.empty()) marks_.push_back({mark, action, section});
  };
  add(format_.think_end, Action::kThinkEnd);
  if (const Channels* channels = format_.channels ? &*format_.channels : nullptr) {
    for (const std::string_view mark : channels->headers) add(mark, Action::kHeader);
    for (const std::string_view mark : channels->ends) add(mark, Action::kMessageEnd);
  }
  if (!on) add(format_.think, Action::kThink);
  for (const std::string_view mark : format_.silent)  // what begins an answer ends reasoning
    if (mark != format_.think_end && (!on || !mark.starts_with("</"))) add(mark, Action::kSilent);
  if (calls_ && !(format_.channels && !format_.channels->recipients.empty()))
    for (const CallSyntax& section : format_.calls) add(section.begin, Action::kSection, &section);
  std::vector<std::string_view> texts;
  for (const Mark& m : marks_) texts.push_back(m.text);
  finder_.look_for(std::move(texts));
}

void OutputParser::feed(std::string_view bytes, std::vector<Event>& out) {
  out_ = &out;
  for (const char c : bytes) {
    todo_.assign(1, c);
    for (at_ = 0; at_ < todo_.size(); ++at_) take(todo_[at_]);
  }
}

void OutputParser::take(char c) {
  switch (mode_) {
    case Mode::kText:
      return text(c);
    case Mode::kHeader:
      return header(c);
    case Mode::kCalls:
      return calls(c);
  }
}

void OutputParser::finish(std::vector<Event>& out) {
  out_ = &out;
  if (mode_ == Mode::kCalls) {
    if (open_) push(Event::Kind::kCallDropped, {});
    // An end mark may be missing, or cut.
    const size_t held = in_section_ > 0 ? reader_->held() : 0;
    const std::string_view rest = std::string_view(raw_).substr(0, raw_.size() - std::min(held, raw_.size()));
    if (open_ || in_section_ == 0 || !all_space(rest)) put_back(open_ ? std::string_view(raw_) : rest);
  } else if (mode_ == Mode::kHeader) {
    put_back(header_);
  } else {
    for (const char c : finder_.release()) plain(c);
    if (!space_.empty()) put(space_);
  }
  space_.clear(), raw_.clear(), header_.clear();
  reader_.reset();
  open_ = false;
  mode_ = Mode::kText;
}

void OutputParser::text(char c) {
  if (fresh_ && !reasoning_ && finder_.held().empty()) {
    for (const CallSyntax& section : format_.calls) {
      if (!calls_ || !section.begin.empty() || section.open.empty() || section.open[0] != c) continue;
      open(section, space_);
      return calls(c);
    }
    if (format_.channels && c == ' ' && space_.empty() && !after_mark_) {  // a header whose beginning is in the prompt
      header_ = c;
      mode_ = Mode::kHeader;
      return;
    }
  }
  std::string passed;
  const int mark = finder_.take(c, passed);
  for (const char p : passed) plain(p);
  if (mark >= 0) marked(Mark(marks_[static_cast<size_t>(mark)]));
}

void OutputParser::plain(char c) {
  if (is_space(c)) {
    if (after_mark_) return;
    if (space_.size() >= kMostSpace) {
      put(space_);
      space_.clear();
    }
    space_ += c;
    return;
  }
  if (!space_.empty()) put(space_);
  space_.clear();
  put({&c, 1});
  fresh_ = after_mark_ = false;
}

void OutputParser::marked(const Mark& mark) {
  std::string space = std::move(space_);
  space_.clear();
  switch (mark.action) {
    case Action::kSection:
      // A model that thinks about calls does so in the middle of a line; one that calls begins a line, or a section of
      // control tokens.
      if (reasoning_ && !after_mark_ && space.find('\n') == space.npos &&
          (mark.section->notation != Notation::kNamed || mark.section->end.empty())) {
        put(space + std::string(mark.text));
        return;
      }
      return open(*mark.section, space + std::string(mark.text));
    case Action::kHeader:
      header_ = mark.text;
      mode_ = Mode::kHeader;
      return;
    case Action::kThink:
      set_reasoning(true);
      break;
    case Action::kThinkEnd:
      fresh_ = fresh_ || reasoning_;
      if (reasoning_) set_reasoning(false);
      break;
    case Action::kMessageEnd:
    case Action::kSilent:
      if (reasoning_) set_reasoning(false);
      break;
  }
  after_mark_ = true;
}

void OutputParser::header(char c) {
  header_ += c;
  if (std::string_view(header_).ends_with(format_.channels->message)) return header_done();
  static constexpr std::string_view kTo = " to=";
  const bool in_prompt = header_[0] == ' ';
  if (header_.size() <= kMostHeader &&
      (!in_prompt || std::string_view(header_).substr(0, kTo.size()) == kTo.substr(0, header_.size())))
    return;
  put_back(header_);
  header_.clear();
  mode_ = Mode::kText;
}

void OutputParser::header_done() {
  const Channels& channels = *format_.channels;
  const std::string header = std::move(header_);
  header_.clear();
  mode_ = Mode::kText;
  after_mark_ = true;
  fresh_ = false;
  std::string_view to = word_after(header, "to=");
  set_reasoning(to == channels.reasoning || word_after(header, "<|channel|>") == channels.reasoning);
  if (channels.recipients.empty() || to.empty() || to == "user" || to == "assistant" || !calls_) return;
  if (to.starts_with(channels.recipients)) to.remove_prefix(channels.recipients.size());
  set_reasoning(false);
  open(format_.calls[0], header, std::string(to));
}

void OutputParser::open(const CallSyntax& section, std::string raw, std::string name) {
  section_ = &section;
  raw_ = std::move(raw);
  space_.clear();
  in_section_ = 0;
  open_ = false;
  mode_ = Mode::kCalls;
  reader_ = CallReader::make(section, *this, std::move(name));
}

void OutputParser::calls(char c) {
  raw_ += c;
  const CallReader::Step step = raw_.size() > kMostCall ? CallReader::Step::kLeave : reader_->take(c);
  if (step == CallReader::Step::kMore) return;
  if (step == CallReader::Step::kLeave) return leave();
  raw_.clear();
  reader_.reset();
  mode_ = Mode::kText;
  after_mark_ = true;
  fresh_ = false;
}

// What came since the last call is none; what may be a mark is taken again as text.
void OutputParser::leave() {
  const size_t again = std::min(reader_->held() + 1, raw_.size());
  const std::string_view rest = std::string_view(raw_).substr(0, raw_.size() - again);
  after_mark_ = true;
  if (open_) push(Event::Kind::kCallDropped, {});
  if (open_ || in_section_ == 0 || !all_space(rest)) put_back(rest);
  todo_.insert(at_ + 1, raw_, raw_.size() - again);
  raw_.clear();
  reader_.reset();
  open_ = fresh_ = false;
  mode_ = Mode::kText;
}

bool OutputParser::begin(std::string name, std::string id) {
  if (name.empty() || name.size() > kMostName || !valid_utf8(name) ||
      std::any_of(name.begin(), name.end(), [](char c) { return static_cast<uint8_t>(c) <= ' '; }))
    return false;
  tool_ = tools_ ? tools_->find(name) : nullptr;
  // Where anything could begin so, a call is known by its name.
  if (tools_ && !tool_ && (section_->begin.empty() || section_->begin.starts_with("`"))) return false;
  if (id.empty()) {
    std::string number = std::to_string(n_begun_);
    if (format_.short_ids) number.insert(0, 5 - std::min<size_t>(number.size(), 5), '0');
    id = (format_.short_ids ? "call" : "call_") + number;
  }
  open_ = true;
  out_->push_back({Event::Kind::kCall, n_begun_++, std::move(name), std::move(id)});
  return true;
}

void OutputParser::arguments(std::string_view json) { push(Event::Kind::kArguments, json); }

bool OutputParser::end() {
  if (!valid_utf8(raw_)) return false;
  push(Event::Kind::kCallEnd, {});
  if (reasoning_) set_reasoning(false);  // a call ends it; what only looked like one does not
  open_ = false;
  in_section_++;
  raw_.clear();
  return true;
}

const Json* OutputParser::schema(std::string_view key) const { return tool_ ? tool_->parameter(key) : nullptr; }

void OutputParser::put(std::string_view text) {
  push(reasoning_ ? Event::Kind::kReasoning : Event::Kind::kContent, text);
}

void OutputParser::put_back(std::string_view text) {
  if (text.empty()) return;
  after_mark_ = false;
  put(text);
}

void OutputParser::push(Event::Kind kind, std::string_view text) {
  const bool of_call = kind != Event::Kind::kContent && kind != Event::Kind::kReasoning;
  const int32_t call = of_call ? n_begun_ - 1 : -1;
  if (!text.empty() && !out_->empty() && out_->back().kind == kind && out_->back().call == call) {
    out_->back().text += text;
  } else {
    out_->push_back({kind, call, std::string(text), {}});
  }
}

void Answer::add(const Event& e) {
  switch (e.kind) {
    case Event::Kind::kContent:
      content += e.text;
      break;
    case Event::Kind::kReasoning:
      reasoning += e.text;
      break;
    case Event::Kind::kCall:
      calls.push_back({e.id, e.text, {}});
      break;
    case Event::Kind::kArguments:
      calls.back().arguments += e.text;
      break;
    case Event::Kind::kCallEnd:
      break;
    case Event::Kind::kCallDropped:
      calls.pop_back();
      break;
  }
}

}  // namespace infer::text::tools
