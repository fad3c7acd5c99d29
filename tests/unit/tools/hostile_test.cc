// Hostile answers: linear time, bounded depth, nothing lost.
#include <doctest/doctest.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "tests/unit/tools/parse.h"

using namespace infer::text::tools;

namespace {

std::string repeated(std::string_view what, size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += what;
  return out;
}

// Of the processor.
double seconds(const ToolFormat& f, const std::string& text, Answer& answer) {
  const auto begin = std::clock();
  OutputParser parser(f, {});
  std::vector<Event> events;
  for (size_t at = 0; at < text.size(); at += 16) {  // tokens
    events.clear();
    parser.feed(std::string_view(text).substr(at, 16), events);
    for (const Event& e : events) answer.add(e);
  }
  events.clear();
  parser.finish(events);
  for (const Event& e : events) answer.add(e);
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

// Every mark of a format, over and over: its beginnings, and what may follow them.
std::vector<std::string> pieces(const ToolFormat& f, bool general) {
  std::vector<std::string> out{std::string(f.think), std::string(f.think_end)};
  if (general)
    out.insert(out.end(), {"<", "[", "{", "[{", "{\"name\": \"f\", ", "\"a\": ", "<|", "\n", "\\", "[[",
                           "{\"a\":", "f(a=[", "f(", "\"", "'", "```"});
  for (const CallSyntax& c : f.calls) {
    out.push_back(std::string(c.begin));
    out.push_back(std::string(c.begin) + std::string(c.open));
    out.push_back(std::string(c.begin) + "{\"name\": \"f\", \"arguments\": {\"a\": ");
    if (!c.tags) continue;
    out.push_back(std::string(c.begin) + std::string(c.tags->call) + "f" + std::string(c.tags->name_end));
    out.push_back(std::string(c.tags->key) + "a" + std::string(c.tags->key_end));
  }
  return out;
}

}  // namespace

TEST_CASE("32 KiB of marks, of their beginnings or of brackets: read in linear time, in every format") {
  for (const ToolFormat& f : formats()) {
    const bool general =
        f.name == "hermes" || f.name == "json" || f.name == "llama4" || f.name == "gemma4" || f.name == "harmony";
    for (const std::string& piece : pieces(f, general)) {
      if (piece.empty()) continue;
      CAPTURE(f.name);
      CAPTURE(piece);
      Answer answer;
      // 1 to 8 ms; what is squared in the length takes seconds.
      const double spent = seconds(f, repeated(piece, 32 << 10), answer);
      CHECK_MESSAGE(spent < 0.5, spent, " s");
    }
  }
}

TEST_CASE("1 MB of <tool_call> is content, at once") {
  const std::string text = repeated("<tool_call>", 1 << 20);
  Answer answer;
  CHECK(seconds(*find("hermes"), text, answer) < 5);
  CHECK(answer.content == text);
  CHECK(answer.calls.empty());
}

TEST_CASE("arguments as deep as 63 levels are taken, deeper ones are content") {
  for (const int depth : {10, 63, 64, 65, 1000, 100000}) {
    CAPTURE(depth);
    std::string arguments = "{\"a\": ";
    for (int i = 1; i < depth; ++i) arguments += '[';
    for (int i = 1; i < depth; ++i) arguments += ']';
    arguments += '}';
    const std::string text = "<tool_call>\n{\"name\": \"f\", \"arguments\": " + arguments + "}\n</tool_call>";
    const Answer a = answer_of(parse(*find("hermes"), {}, text));
    CHECK(a.calls.size() == (depth <= 64 ? 1 : 0));
    CHECK(a.content == (depth <= 64 ? "" : text));
    for (const char* format : {"llama4", "gemma4", "glm", "qwen3-coder", "minimax-m3"}) {  // no crash
      const ToolFormat f = *find(format);
      std::string value;
      for (int i = 0; i < depth; ++i) value += f.name == "minimax-m3" ? "]<]minimax[>[<item>" : "[";
      for (int i = 0; i < depth; ++i) value += f.name == "minimax-m3" ? "]<]minimax[>[</item>" : "]";
      const CallSyntax& s = f.calls[0];
      std::string call = std::string(s.begin) + std::string(s.open);
      if (s.tags)
        call += std::string(s.tags->call) + "f" + std::string(s.tags->name_end) + std::string(s.tags->attributes_end);
      call += f.name == "llama4" ? "f(a=" + value + ")" : f.name == "gemma4" ? "{a:" + value + "}" : "";
      if (s.notation == Notation::kTags)
        call += std::string(s.tags->key) + "a" + std::string(s.tags->key_end) + std::string(s.tags->value) + value +
                (s.tags->nested ? "]<]minimax[>[</a>" : std::string(s.tags->value_end)) + std::string(s.tags->call_end);
      call += std::string(s.close) + std::string(s.end);
      for (const auto& c : answer_of(parse(f, {}, call)).calls) CHECK(nlohmann::json::accept(c.arguments));
    }
  }
}

TEST_CASE("a call of more than 4 MiB is content") {
  const std::string text =
      "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"" + repeated("x", 5 << 20) + "\"}}\n</tool_call>";
  const Answer a = answer_of(parse(*find("hermes"), {}, text));
  CHECK(a.calls.empty());
  CHECK(a.content == text);
}

TEST_CASE("what is not UTF-8 is no call; bytes of content pass as they are") {
  const std::string text = "\xff<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"\xff\"}}\n</tool_call>\x80";
  const Answer a = answer_of(parse(*find("hermes"), {}, text));
  CHECK(a.calls.empty());
  CHECK(a.content == text);
}

TEST_CASE("text without marks is content, byte for byte, in every format") {
  for (const ToolFormat& f : formats()) {
    CAPTURE(f.name);
    const std::string text =
        "  Hello, world. \n\n a < b, x | y; 1) f(x) = 2 \t\xc3\xa9 " + repeated(" ", 300) + "end \n ";
    CHECK(answer_of(parse(f, {}, text)).content == text);
  }
}
