// What jinja2 makes of constructs and of whole chat templates (tests/golden/template, written by make.py there).
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "chat.h"

using namespace infer;
using namespace infer::text;

static const std::string kFolder = INFER_SOURCE_DIR "/tests/golden/template/";

static std::vector<Json> lines_of(const std::string& file) {
  std::ifstream in(kFolder + file);
  REQUIRE_MESSAGE(in.good(), file);
  std::vector<Json> out;
  for (std::string line; std::getline(in, line);) out.push_back(Json::parse(line));
  return out;
}

static std::string content_of(const std::string& file) {
  std::ifstream in(kFolder + file, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), file);
  return {std::istreambuf_iterator<char>(in), {}};
}

static void check(const Result<Rendered>& ours, const Json& expected) {
  if (expected.contains("text")) {
    CHECK_MESSAGE(ours.ok(), std::string(ours.status().message()));
    if (!ours.ok()) return;
    CHECK(ours->text == expected["text"].get<std::string>());
    Json generated = Json::array();
    for (const auto& span : ours->generated) generated.push_back({span.begin, span.end});
    if (expected.contains("generated")) CHECK(generated == expected["generated"]);
    return;
  }
  CHECK_FALSE(ours.ok());
  if (!ours.ok() && expected["error"].is_string())
    CHECK(ours.status().message() == expected["error"].get<std::string>());
}

TEST_CASE("every construct gives the text that jinja2 gives, and fails where jinja2 fails") {
  const auto lines = lines_of("constructs.jsonl");
  REQUIRE(lines.size() > 700);
  const auto context = context_of(lines[0]);
  for (size_t i = 1; i < lines.size(); i++) {
    const std::string source = lines[i]["template"];
    CAPTURE(source);
    check(render(source, context), lines[i]);
  }
}

// Bytes of the rendering that stand between the two characters that many_chats.py puts around control tokens in all
// that a user wrote, those characters included.
static size_t marked_bytes(const Rendered& r, bool& trusted) {
  static const std::string kOpen = "\xee\x80\x80", kClose = "\xee\x80\x81";
  size_t n = 0;
  for (size_t at = r.text.find(kOpen); at != std::string::npos; at = r.text.find(kOpen, at + 1)) {
    size_t end = r.text.find(kClose, at);
    if (end == std::string::npos || r.text.find(kOpen, at + 1) < end) end = at;  // the template cut it off
    end += kClose.size();
    for (const auto& span : r.trusted) trusted |= span.begin < end && span.end > at;
    n += end - at;
  }
  return n;
}

TEST_CASE("whole chat templates give the text that jinja2 gives") {
  const auto lines = lines_of("chats.jsonl");
  REQUIRE(lines.size() > 55);
  size_t marked = 0;
  for (size_t i = 1; i < lines.size(); i++) {
    Json chat = lines[i];
    for (const char* key : {"bos_token", "eos_token", "now"}) {
      if (!chat.contains(key)) chat[key] = lines[0][key];
    }
    const auto context = context_of(chat);
    const Json expectations = chat["expect"];
    REQUIRE(expectations.size() >= 7);
    for (const auto& [file, expected] : expectations.items()) {
      const std::string name = chat["name"];
      CAPTURE(file);
      CAPTURE(name);
      const auto ours = render(content_of(file), context);
      check(ours, expected);
      bool trusted = false;
      if (ours.ok()) marked += marked_bytes(*ours, trusted);
      CHECK_FALSE(trusted);
    }
  }
  CHECK(marked > 3000);  // control tokens that a user wrote, none of them trusted
}
