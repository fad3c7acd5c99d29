// The text that a model generates, as it comes -> its content, its reasoning and its tool calls.
//
// Takes the text with control tokens written out, but without the one that ended it. Any cutting of the text into feeds
// gives the same events. What could still become a mark is held back, and nothing else; white space next to a mark
// belongs to the mark. What begins like a call and is none comes out as content: nothing is lost and nothing fails.
// Time is linear in the text; memory is bounded: a call of more than 4 MiB is content.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tools/call_reader.h"
#include "text/tools/format.h"
#include "text/tools/mark_finder.h"
#include "text/tools/tool_set.h"

namespace infer::text::tools {

struct Event {
  enum class Kind : uint8_t {
    kContent,      // text
    kReasoning,    // text
    kCall,         // begins: name in text, id
    kArguments,    // text: more of a JSON object
    kCallEnd,      // the object is complete
    kCallDropped,  // it was no call after all: its text follows as content
  };
  Kind kind;
  int32_t call = -1;  // 0, 1, ..; dropped ones keep their number
  std::string text = {}, id = {};
};

class OutputParser final : private CallSink {
 public:
  struct Options {
    const ToolSet* tools = nullptr;  // gives types to arguments that are not JSON, and names where calls have no mark
    std::string_view prompt = {};    // rendered; its end says whether reasoning has begun. Read in the constructor only
    bool calls = true;               // false: calls are content
  };
  OutputParser(const ToolFormat& format, const Options& options);
  OutputParser(const OutputParser&) = delete;
  OutputParser& operator=(const OutputParser&) = delete;

  void feed(std::string_view bytes, std::vector<Event>& out);
  void finish(std::vector<Event>& out);

 private:
  enum class Mode : uint8_t { kText, kHeader, kCalls };
  enum class Action : uint8_t { kThink, kThinkEnd, kSilent, kHeader, kMessageEnd, kSection };
  struct Mark {
    std::string_view text;
    Action action;
    const CallSyntax* section = nullptr;
  };

  // CallSink
  bool begin(std::string name, std::string id) override;
  void arguments(std::string_view json) override;
  bool end() override;
  void settled() override { raw_.clear(); }
  const Json* schema(std::string_view key) const override;

  void take(char c);
  void text(char c);
  void plain(char c);
  void marked(const Mark& mark);
  void header(char c);
  void header_done();
  void calls(char c);
  void leave();
  void open(const CallSyntax& section, std::string raw, std::string name = {});
  void set_reasoning(bool on);
  void put(std::string_view text);
  void put_back(std::string_view text);
  void push(Event::Kind kind, std::string_view text);

  const ToolFormat format_;
  const ToolSet* tools_;
  const bool calls_;
  std::vector<Event>* out_ = nullptr;
  Mode mode_ = Mode::kText;

  // kText
  std::vector<Mark> marks_;
  MarkFinder finder_;
  bool reasoning_ = false;
  bool fresh_ = true;        // nothing but space since the answer, or what is behind reasoning, began
  bool after_mark_ = false;  // nothing but space, which is dropped, since a mark
  std::string space_;        // may stand before a mark
  std::string todo_;         // bytes that are taken again
  size_t at_ = 0;            // the one being taken

  std::string header_;

  // kCalls
  const CallSyntax* section_ = nullptr;
  std::unique_ptr<CallReader> reader_;
  std::string raw_;         // since the section, or the last call's end
  bool open_ = false;       // a call is
  int32_t in_section_ = 0;  // complete calls
  int32_t n_begun_ = 0;
  const Tool* tool_ = nullptr;
};

// Events put together: what an answer is in the end.
struct Answer {
  struct Call {
    std::string id, name, arguments;  // arguments: a JSON object
  };
  std::string content, reasoning;
  std::vector<Call> calls;

  void add(const Event& event);
};

}  // namespace infer::text::tools
