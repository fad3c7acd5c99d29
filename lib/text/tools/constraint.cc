#include "text/tools/constraint.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "text/tools/values.h"
#include "text/tools/write.h"

namespace infer::text::tools {
namespace {

using Kind = Json::Kind;

// A schema within another: what it refers to by "#/.." is its own.
std::string schema_inside(const Tool& tool) {
  std::string json = json_dumps(tool.parameters);
  if (json.find("\"$ref\"") == json.npos || tool.parameters.find("$id")) return json;
  return str("{\"$id\": \"tool:", tool.name, "\", ", json.substr(1));
}

class TagWriter {
 public:
  TagWriter(const ToolFormat& format, const ToolChoice& choice)
      : format_(format), syntax_(format.calls[0]), choice_(choice) {}

  std::string run(const std::vector<const Tool*>& tools) {
    const bool list = syntax_.notation == Notation::kObjects && syntax_.open.starts_with('[') && choice_.parallel &&
                      !syntax_.begin.empty();
    if (format_.channels && !format_.channels->recipients.empty()) {
      for (const Tool* tool : tools) {
        const std::string to = str(" to=", format_.channels->recipients, tool->name);
        tag(str("<|channel|>commentary", to, " <|constrain|>json", format_.channels->message), *tool, "");
        tag(str(to, "<|channel|>commentary json", format_.channels->message), *tool, "");
      }
      trigger("<|channel|>commentary to=");
      trigger(str(" to=", format_.channels->recipients));
    } else if (list) {
      list_tag(tools);
    } else {
      for (const Tool* tool : tools) one_call(*tool);
    }
    return str("{\"triggers\": [", triggers_, "], \"tags\": [", tags_, "], \"at_least_one\": ", required(),
               ", \"stop_after_first\": ", !choice_.parallel, ", \"free_text\": ", !tags_only(), separator(), "}");
  }

 private:
  bool required() const {
    return choice_.kind == ToolChoice::Kind::kRequired || choice_.kind == ToolChoice::Kind::kNamed;
  }

  bool tags_only() const { return required() && !choice_.reasoning; }
  std::string separator() const {
    std::string out;
    if (!tags_only() || !choice_.parallel || separator_.empty()) return out;
    out = ", \"separator\": ";
    append_json_string(out, separator_);
    return out;
  }

  void one_call(const Tool& tool) {
    // A model that writes several calls into a section writes the section's end itself.
    const bool open_section = choice_.parallel && !syntax_.between.empty();
    const bool marked_calls = syntax_.tags && !syntax_.tags->call.empty();
    const bool section_stays = open_section || (choice_.parallel && marked_calls && !syntax_.end.empty() &&
                                                syntax_.notation == Notation::kNamed);
    const bool bare_object = syntax_.begin.empty() && syntax_.notation == Notation::kObjects;
    const std::string call = before_arguments(syntax_, tool.name, 0);
    if (required() && syntax_.tags && !syntax_.tags->not_a_call.empty()) {  // the prompt has the first call's begin
      tag(call, tool, syntax_.tags->call_end);
      trigger(call);
    }
    const std::string begin = str(syntax_.begin, bare_object ? "" : syntax_.open, call);
    const std::string behind = behind_arguments(syntax_);
    tag(begin, tool, section_stays ? behind : str(behind, syntax_.close, syntax_.end));
    if (section_stays && marked_calls) {
      tag(call, tool, behind);
      trigger(syntax_.tags->call);
    }
    if (section_stays) separator_ = syntax_.between;
    if (!section_stays && syntax_.open == "\n") separator_ = "\n";
    if (section_stays && tags_only()) {  // the last one has the section's end
      const std::string end = str(behind, syntax_.close, syntax_.end);
      tag(begin, tool, end);
      if (marked_calls) tag(call, tool, end);
    }
    if (!syntax_.begin.empty()) {
      trigger(syntax_.begin);
    } else if (syntax_.notation == Notation::kObjects) {
      trigger(str("{\"", syntax_.name_key, "\": "));
    } else {
      trigger(begin);
    }
  }

  void list_tag(const std::vector<const Tool*>& tools) {
    std::string options;
    for (const Tool* tool : tools) {
      const std::string schema = schema_inside(*tool);
      std::string members, required;
      const auto member = [&](std::string_view key, const std::string& what) {
        members += str(members.empty() ? "\"" : ", \"", key, "\": ", what);
        required += str(required.empty() ? "\"" : ", \"", key, "\"");
      };
      if (!syntax_.id_key.empty()) member(syntax_.id_key, "{\"type\": \"string\"}");
      if (!syntax_.name_is_key) member(syntax_.name_key, str("{\"const\": \"", tool->name, "\"}"));
      member(syntax_.name_is_key ? std::string_view(tool->name) : syntax_.arguments_key, schema);
      options += str(options.empty() ? "" : ", ", "{\"type\": \"object\", \"properties\": {", members,
                     "}, \"required\": [", required, "], \"additionalProperties\": false}");
    }
    put_tag(syntax_.begin,
            str("\"schema\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"anyOf\": [", options, "]}}"),
            syntax_.end);
    trigger(syntax_.begin);
  }

  void tag(std::string_view begin, const Tool& tool, std::string_view end) {
    std::string content;
    switch (syntax_.notation) {
      case Notation::kObjects:
      case Notation::kNamed:
        content = str("\"schema\": ", object_schema(tool));
        break;
      case Notation::kTags:
      case Notation::kPython:
        if (syntax_.tags && (syntax_.tags->attribute == " type=" || syntax_.tags->nested)) {
          content = "\"text\": true";
        } else {
          content = "\"grammar\": ";
          append_json_string(content, arguments_grammar(syntax_, tool));
        }
        break;
      case Notation::kBraces:
        content = "\"text\": true";
        break;
    }
    put_tag(begin, content, end);
  }

  // Arguments are an object whether the schema says so or not.
  static std::string object_schema(const Tool& tool) {
    std::string json = json_dumps(tool.parameters);
    if (tool.parameters.find("type")) return json;
    return str("{\"type\": \"object\"", tool.parameters.keys.empty() ? "" : ", ", json.substr(1));
  }

  void put_tag(std::string_view begin, const std::string& content, std::string_view end) {
    tags_ += tags_.empty() ? "{\"begin\": " : ", {\"begin\": ";
    append_json_string(tags_, begin);
    tags_ += str(", ", content, ", \"end\": ");
    append_json_string(tags_, end);
    tags_ += '}';
  }

  void trigger(std::string_view text) {
    std::string json;
    append_json_string(json, text);
    if (triggers_.find(json) != triggers_.npos) return;
    triggers_ += str(triggers_.empty() ? "" : ", ", json);
  }

  const ToolFormat& format_;
  const CallSyntax& syntax_;
  const ToolChoice& choice_;
  std::string triggers_, tags_;
  std::string_view separator_;
};

}  // namespace

Result<std::string> constraint(const ToolFormat& format, const ToolSet& tools, const ToolChoice& choice) {
  std::vector<const Tool*> offered;
  for (const Tool& t : tools.all())
    if (choice.kind != ToolChoice::Kind::kNamed || t.name == choice.name) offered.push_back(&t);
  if (choice.kind == ToolChoice::Kind::kNone) return std::string();
  if (offered.empty() && choice.kind == ToolChoice::Kind::kNamed)
    return Status::invalid(str("tool_choice: no tool is called \"", shortened(choice.name), "\""));
  if (offered.empty() && choice.kind == ToolChoice::Kind::kRequired)
    return Status::invalid("tool_choice: a call is required, but there are no tools");
  if (offered.empty()) return std::string();
  return TagWriter(format, choice).run(offered);
}

}  // namespace infer::text::tools
