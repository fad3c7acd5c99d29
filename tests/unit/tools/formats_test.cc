#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "tests/unit/tools/parse.h"

using namespace infer::text::tools;

namespace {

std::string file(const std::string& path) {
  std::ifstream in(INFER_SOURCE_DIR "/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What the parser looks for in a format's text at one time.
std::vector<std::string_view> marks(const ToolFormat& f) {
  std::vector<std::string_view> all{f.think, f.think_end};
  for (const CallSyntax& c : f.calls)
    if (!f.channels || f.channels->recipients.empty()) all.push_back(c.begin);
  all.insert(all.end(), f.silent.begin(), f.silent.end());
  if (f.channels) {
    all.insert(all.end(), f.channels->headers.begin(), f.channels->headers.end());
    all.insert(all.end(), f.channels->ends.begin(), f.channels->ends.end());
  }
  std::erase(all, "");
  return all;
}

}  // namespace

TEST_CASE("names are unique, and lead to their rows") {
  std::set<std::string_view> names;
  for (const ToolFormat& f : formats()) {
    CHECK(names.insert(f.name).second);
    CHECK(find(f.name)->models == f.models);
    CHECK(!f.models.empty());
    CHECK(!f.calls.empty());
  }
  CHECK(!find("nothing"));
}

TEST_CASE("no mark of a format is the beginning of another, so that the shortest is the right one") {
  for (const ToolFormat& f : formats()) {
    const auto all = marks(f);
    for (size_t i = 0; i < all.size(); ++i)
      for (size_t k = 0; k < all.size(); ++k)
        CHECK_MESSAGE((i == k || all[i] == all[k] || !all[k].starts_with(all[i])), f.name, ": ", all[i], ", ", all[k]);
    for (const CallSyntax& c : f.calls) {
      if (!c.tags || c.tags->nested) continue;
      const std::pair<std::string_view, std::string_view> pairs[] = {
          {c.tags->key, c.tags->call_end}, {c.tags->call, c.end}, {c.tags->name_end, c.tags->id}};
      for (const auto& [a, b] : pairs)
        CHECK_MESSAGE((a.empty() || b.empty() || (!a.starts_with(b) && !b.starts_with(a))), f.name, ": ", a, ", ", b);
    }
  }
}

TEST_CASE("an end mark holds no begin mark: what is taken again after it was mistaken opens nothing") {
  for (const ToolFormat& f : formats())
    for (const CallSyntax& c : f.calls)
      for (const CallSyntax& other : f.calls)
        CHECK_MESSAGE((other.begin.empty() || c.end.find(other.begin) == c.end.npos), f.name);
}

TEST_CASE("templates are known by their marks") {
  const std::pair<const char*, const char*> known[] = {{"calls_json", "mistral"},
                                                       {"tools_xml", "hermes"},
                                                       {"header", "llama3"},
                                                       {"chatml", "json"},
                                                       {"inst_sys", "json"}};
  for (const auto& [name, format] : known)
    CHECK(detect(file(std::string("tests/golden/template/") + name + ".jinja")).name == format);
  CHECK(detect("").name == "json");
  CHECK(detect("{{ '<tool_call>' }} <function= <parameter=").name == "qwen3-coder");
  CHECK(detect("<|channel|> <|message|>").name == "harmony");
}

TEST_CASE("README lists the formats") {
  std::string table = "| format | models | calls | reasoning |\n|---|---|---|---|\n";
  const auto cell = [](std::string_view s) {
    std::string out;
    for (const char c : s) {
      if (c == '|') out += '\\';
      if (c == '\n') {
        out += "\\n";
      } else {
        out += c;
      }
    }
    return s.empty() ? "" : "`" + out + "`";
  };
  for (const ToolFormat& f : formats()) {
    const CallSyntax& c = f.calls[0];
    std::string call;
    switch (c.notation) {
      case Notation::kObjects:
        call = "JSON objects";
        break;
      case Notation::kNamed:
        call = "a name, then JSON";
        break;
      case Notation::kTags:
        call = "tags";
        break;
      case Notation::kPython:
        call = "calls of Python";
        break;
      case Notation::kBraces:
        call = "a name, then braces";
        break;
    }
    call += c.begin.empty() ? " at the answer's beginning" : " after " + cell(c.begin);
    const std::string think = f.channels ? "channels" : cell(f.think);
    table += "| " + std::string(f.name) + " | " + std::string(f.models) + " | " + call + " | " + think + " |\n";
  }
  const std::string readme = file("README.md"), begin = "<!-- tools -->\n", end = "<!-- /tools -->";
  const size_t at = readme.find(begin), to = readme.find(end);
  REQUIRE(at != readme.npos);
  REQUIRE(to != readme.npos);
  const std::string there = readme.substr(at + begin.size(), to - at - begin.size());
  CHECK_MESSAGE(there == table, "put this between the marks:\n", table);
}
