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
    if (ours.ok()) CHECK(ours->text == expected["text"].get<std::string>());
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

TEST_CASE("whole chat templates give the text that jinja2 gives") {
  const auto lines = lines_of("chats.jsonl");
  REQUIRE(lines.size() > 40);
  for (size_t i = 1; i < lines.size(); i++) {
    Json chat = lines[i];
    for (const char* key : {"bos_token", "eos_token", "now"}) chat[key] = lines[0][key];
    const auto context = context_of(chat);
    const Json expectations = chat["expect"];
    REQUIRE(expectations.size() >= 6);
    for (const auto& [file, expected] : expectations.items()) {
      const std::string name = chat["name"];
      CAPTURE(file);
      CAPTURE(name);
      check(render(content_of(file), context), expected);
    }
  }
}
