// How the families of models write tool calls and reasoning: one row each, which the parser of answers, the constraint
// and the tests read.
//
// The marks are those that the published chat templates write for an assistant's turn. All views are of literals.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace infer::text::tools {

enum class Notation : uint8_t {
  kObjects,  // {"name": "f", "arguments": {"a": 1}}, one, several in a row, or a list of them
  kNamed,    // f[ARGS]{"a": 1}
  kTags,     // <function=f><parameter=a>1</parameter></function>
  kPython,   // [f(a=1, b='x')]
  kBraces,   // call:f{a:1,b:<|"|>x<|"|>}
};

// Marks of kNamed, kTags and kBraces.
struct TagMarks {
  std::string_view call = {};            // begins each call; empty: the section's begin does
  std::string_view id_end = {};          // an id comes first and ends so
  std::string_view name_end = {};        // empty: the next mark, or the line's end
  std::string_view id = {};              // an id comes behind the name and this, before name_end
  std::string_view attributes_end = {};  // of a tag that has more behind the name or the key
  std::string_view call_end = {};
  std::string_view key = {}, key_end = {};  // <parameter= and >
  std::string_view value = {}, value_end = {};
  std::string_view not_a_call = {};  // the name under which plain text is written
  std::string_view attribute = {};   // of a key's tag: " string=" (true, false), " type=" (number, ..)
  bool nested = false;               // a tag's name is its key, values lie in values: <a><item>1</item></a>
  bool lines = false;                // a value stands on lines of its own
  bool cdata = false;                // a value may be <![CDATA[..]]>
  bool name_is_id = false;           // functions.f:0
};

// One way to write calls. White space between marks is free when read; the constraint writes what is here.
struct CallSyntax {
  Notation notation = Notation::kObjects;
  std::string_view begin = {};  // of a section of calls. Empty: the answer begins with the call, as `open` does
  std::string_view end = {};    // empty: the section ends with what it holds
  std::string_view open = {}, close = {};  // around the calls of a section, as models write it: "\n", "["
  std::string_view between = {};           // calls of one section; empty: a section has one call
  std::string_view id_key = {}, name_key = "name", arguments_key = "arguments";  // kObjects
  std::optional<TagMarks> tags = {};                                             // of kNamed, kTags, kBraces
  bool name_is_key = false;                                                      // {"f": {"a": 1}}
  bool late_id = false;                                                          // an id may follow the arguments
};

// Messages with a header: <|channel|>analysis<|message|>text<|end|>.
struct Channels {
  std::array<std::string_view, 2> headers = {};  // begin one
  std::string_view message = {};                 // ends a header
  std::array<std::string_view, 3> ends = {};     // of a message
  std::string_view recipients =
      {};  // what the recipient (to=) of a call begins with; empty: the text has marks of its own
  std::string_view reasoning = {};  // the channel or recipient that is reasoning
};

struct ToolFormat {
  std::string_view name = {}, models = {};
  std::vector<CallSyntax> calls = {};  // the first as models are to write it, others that they write too
  std::string_view think = "<think>", think_end = "</think>";
  std::array<std::string_view, 4> silent = {};  // marks that carry nothing
  std::optional<Channels> channels = {};
  bool short_ids = false;  // ids have nine letters or digits
};

std::vector<ToolFormat> formats();
std::optional<ToolFormat> find(std::string_view name);
// By marks in a chat template's source. The last row, plain JSON, if there are none.
ToolFormat detect(std::string_view template_source);

}  // namespace infer::text::tools
