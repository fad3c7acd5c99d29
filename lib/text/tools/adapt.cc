#include "text/tools/adapt.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "text/tools/values.h"
#include "text/tools/write.h"

namespace infer::text::tools {
namespace {

using Kind = Json::Kind;

constexpr JsonLimits kLimits{.bytes = 32 << 20, .depth = 60};
constexpr size_t kMostCalls = 1024;  // of one message

Json text_json(std::string text) { return {.kind = Kind::kString, .text = std::move(text)}; }

void set(Json& object, std::string_view key, Json value) {
  for (size_t i = 0; i < object.keys.size(); ++i)
    if (object.keys[i] == key) return void(object.items[i] = std::move(value));
  object.keys.emplace_back(key);
  object.items.push_back(std::move(value));
}

void erase(Json& object, std::string_view key) {
  const auto at = std::find(object.keys.begin(), object.keys.end(), key);
  if (at == object.keys.end()) return;
  object.items.erase(object.items.begin() + (at - object.keys.begin()));
  object.keys.erase(at);
}

std::string text_of(const Message& m) {
  std::string out;
  for (const Part& p : m.parts) out += p.data;
  return out;
}

void put_text(Message& m, std::string text) {
  m.parts.resize(1);
  m.parts[0].kind = "text";
  m.parts[0].data = std::move(text);
}

Message said(std::string role, std::string text) {
  Message m;
  m.role = std::move(role);
  put_text(m, std::move(text));
  return m;
}

bool short_id(std::string_view id) {
  return id.size() == 9 && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

class Adapter {
 public:
  Adapter(const TemplateFacts& facts, const ToolFormat& format, const ToolSet* tools)
      : facts_(facts), format_(format), tools_(tools) {}

  Result<std::vector<Message>> run(std::vector<Message> in) {
    const size_t given = in.size();
    if (tools_ && !facts_.tools && !tools_->all().empty()) describe_tools(in);
    const size_t added = in.size() - given;  // before them
    for (size_t i = 0; i < in.size(); ++i) {
      path_ = str("messages/", i < added ? 0 : i - added);
      fields_ = {.kind = Kind::kObject};
      if (!in[i].fields_json.empty()) {
        TRY_SET(fields_, parse_json_tree(in[i].fields_json, kLimits, path_));
        if (!fields_.is(Kind::kObject)) return Status::invalid(str(path_, ": the further fields are not an object"));
      }
      if (in[i].role == "tool") {
        result(std::move(in[i]));
      } else if (in[i].role == "assistant") {
        flush();
        TRY(assistant(std::move(in[i])));
      } else {
        flush();
        other(std::move(in[i]));
      }
    }
    flush();
    if (!system_.empty()) out_.insert(out_.begin(), said("user", std::move(system_)));
    return std::move(out_);
  }

 private:
  struct Call {
    WrittenCall as_written;
    Json json;  // for the template
  };

  void describe_tools(std::vector<Message>& in) const {
    std::string text = str(
        "You can call these tools. To call one, answer with nothing but this, with a tool's name and its arguments:\n",
        write_calls(format_.calls[0], {{"call_0", "name", "{\"argument\": \"value\"}"}}), "\n");
    for (const Tool& t : tools_->all()) {
      Json tool{.kind = Kind::kObject};
      set(tool, "name", text_json(t.name));
      set(tool, "description", text_json(t.description));
      set(tool, "parameters", t.parameters);
      text += str("\n", json_dumps(tool));
    }
    if (in.empty() || in[0].role != "system") in.insert(in.begin(), said("system", {}));
    const std::string said = text_of(in[0]);
    put_text(in[0], said.empty() ? text : str(said, "\n\n", text));
  }

  void other(Message m) {
    if (m.role == "system" && !facts_.system) {
      system_ += str(system_.empty() ? "" : "\n\n", text_of(m));
      return;
    }
    if (m.role == "user" && !system_.empty()) put_text(m, str(std::exchange(system_, {}), "\n\n", text_of(m)));
    out_.push_back(std::move(m));
  }

  Status assistant(Message m) {
    unnamed_.clear();
    rename_reasoning();
    const Json* list = fields_.find("tool_calls");
    if (!list || list->is(Kind::kNull) || list->items.empty()) {
      erase(fields_, "tool_calls");
      finish(m);
      return {};
    }
    if (list->items.size() > kMostCalls)
      return Status::invalid(str(path_, "/tool_calls has more than ", kMostCalls, " calls"));
    std::vector<Call> calls;
    for (size_t i = 0; i < list->items.size(); ++i) {
      TRY_SET(Call call, read_call(list->items[i], str(path_, "/tool_calls/", i)));
      calls.push_back(std::move(call));
    }
    if (!facts_.calls) {
      std::vector<WrittenCall> written;
      for (Call& c : calls) written.push_back(std::move(c.as_written));
      put_text(m, text_of(m) + write_calls(format_.calls[0], written));
      erase(fields_, "tool_calls");
      erase(fields_, "content");
      finish(m);
      return {};
    }
    if (const Json* said = fields_.find(facts_.reasoning); said && facts_.reasoning_alone && !text_of(m).empty()) {
      set(fields_, facts_.reasoning, text_json(str(said->text, "\n\n", text_of(m))));
      put_text(m, "");
    }
    if (facts_.content_alone && !text_of(m).empty()) {
      out_.push_back(said(m.role, text_of(m)));
      put_text(m, "");
    }
    if (facts_.no_content) {
      m.parts.clear();
      set(fields_, "content", {});
    } else if (m.parts.empty()) {
      erase(fields_, "content");
      put_text(m, "");
    }
    if (facts_.parallel || calls.size() == 1) {
      Json all{.kind = Kind::kArray};
      for (Call& c : calls) all.items.push_back(std::move(c.json));
      set(fields_, "tool_calls", std::move(all));
      finish(m);
      return {};
    }
    // One at a time, each before its result. What else the message says stands with the first.
    for (Call& c : calls) {
      Json one{.kind = Kind::kArray};
      one.items.push_back(std::move(c.json));
      set(fields_, "tool_calls", std::move(one));
      m.fields_json = json_dumps(fields_);
      Message next{m.role, {}, {}};
      if (!facts_.no_content) put_text(next, "");
      waiting_.emplace_back(c.as_written.id, std::exchange(m, std::move(next)));
      fields_ = {.kind = Kind::kObject};
      if (facts_.no_content) set(fields_, "content", {});
    }
    return {};
  }

  Result<Call> read_call(const Json& j, const std::string& path) {
    const auto bad = [&](std::string_view what) {
      return Status::invalid(str(path, " ", what), "write it as OpenAI's API does");
    };
    const Json* function = j.find("function");
    if (!function) function = &j;
    const Json *name = function->find("name"), *arguments = function->find("arguments"), *id = j.find("id");
    if (!name || !name->is(Kind::kString) || name->text.empty()) return bad("has no name");
    Json object{.kind = Kind::kObject};
    if (arguments && arguments->is(Kind::kString)) {
      TRY_SET(object, parse_json_tree(arguments->text.empty() ? "{}" : std::string_view(arguments->text), kLimits,
                                      str(path, "/function/arguments")));
    } else if (arguments && !arguments->is(Kind::kNull)) {
      object = *arguments;
    }
    if (!object.is(Kind::kObject)) return bad("has arguments that are no object");
    Call call;
    call.as_written = {new_id(id ? id->text : ""), name->text, json_dumps(object)};
    if (id && !id->text.empty()) {
      names_[id->text] = name->text;
    } else {
      unnamed_.push_back(name->text);
    }
    Json inner{.kind = Kind::kObject};
    set(inner, "name", *name);
    set(inner, "arguments", facts_.arguments_as_text ? text_json(call.as_written.arguments) : std::move(object));
    call.json.kind = Kind::kObject;
    set(call.json, "id", text_json(call.as_written.id));
    set(call.json, "type", text_json("function"));
    set(call.json, "function", std::move(inner));
    return call;
  }

  // Nine letters or digits where the format wants that, and an id for a call that has none.
  std::string new_id(const std::string& id) {
    if (!id.empty() && (!format_.short_ids || short_id(id))) return id;
    if (const auto known = ids_.find(id); known != ids_.end() && !id.empty()) return known->second;
    std::string number = std::to_string(ids_.size() + n_without_++);
    if (format_.short_ids) number.insert(0, 5 - std::min<size_t>(number.size(), 5), '0');
    const std::string made = (format_.short_ids ? "made" : "call_") + number;
    if (!id.empty()) ids_[id] = made;
    return made;
  }

  void rename_reasoning() {
    if (facts_.reasoning.empty()) return;
    for (const char* field : {"reasoning_content", "reasoning", "thinking", "thought"}) {
      const Json* said = fields_.find(field);
      if (!said || !said->is(Kind::kString) || facts_.reasoning == field) continue;
      Json moved = *said;
      erase(fields_, field);
      if (!fields_.find(facts_.reasoning)) set(fields_, facts_.reasoning, std::move(moved));
    }
  }

  void result(Message m) {
    const Json* id = fields_.find("tool_call_id");
    const std::string old = id ? id->text : "";
    const std::string new_one = old.empty() ? old : new_id(old);
    const auto call = std::find_if(waiting_.begin(), waiting_.end(),
                                   [&](const auto& w) { return old.empty() || w.first == new_one; });
    if (call != waiting_.end()) {
      out_.push_back(std::move(call->second));
      waiting_.erase(call);
    }
    std::string name;  // of the call
    if (const auto known = names_.find(old); known != names_.end()) {
      name = known->second;
    } else if (old.empty() && !unnamed_.empty()) {
      name = std::move(unnamed_.front());
      unnamed_.pop_front();
    }
    if (!facts_.results) {
      const std::string text = str("<tool_response>\n", text_of(m), "\n</tool_response>");
      if (!out_.empty() && out_.back().role == "user" && said_results_) {
        out_.back().parts.back().data += '\n';
        out_.back().parts.back().data += text;
      } else {
        out_.push_back(said("user", text));
      }
      said_results_ = true;
      return;
    }
    if (!name.empty() && !fields_.find("name")) set(fields_, "name", text_json(name));
    if (!old.empty()) set(fields_, "tool_call_id", text_json(new_one));
    finish(m);
  }

  // Calls that no result came for.
  void flush() {
    for (auto& [call, message] : waiting_) out_.push_back(std::move(message));
    waiting_.clear();
    said_results_ = false;
  }

  void finish(Message& m) {
    m.fields_json = fields_.keys.empty() ? "" : json_dumps(fields_);
    out_.push_back(std::move(m));
  }

  const TemplateFacts& facts_;
  const ToolFormat& format_;
  const ToolSet* tools_;
  std::string path_;
  Json fields_;  // of the message
  std::vector<Message> out_;
  std::string system_;                        // waits for the user's message
  std::map<std::string, std::string> ids_;    // as given: as made
  std::map<std::string, std::string> names_;  // of calls, by their id as given
  std::deque<std::string> unnamed_;           // of those without an id, that no result has come for
  size_t n_without_ = 0;
  std::vector<std::pair<std::string, Message>> waiting_;  // calls by id, one a message
  bool said_results_ = false;
};

}  // namespace

Result<std::vector<Message>> read_messages(std::string_view messages_json) {
  TRY_SET(const Json list, parse_json_tree(messages_json, kLimits, "messages"));
  return read_messages(list);
}

Result<std::vector<Message>> read_messages(const Json& list) {
  if (!list.is(Kind::kArray)) return Status::invalid("messages: not a list", "write [{\"role\": .., \"content\": ..}]");
  std::vector<Message> out;
  for (size_t i = 0; i < list.items.size(); ++i) {
    Json item = list.items[i];
    const std::string path = str("messages/", i);
    const Json* role = item.find("role");
    if (!role || !role->is(Kind::kString)) return Status::invalid(str(path, " has no role"));
    Message m{role->text, {}, {}};
    erase(item, "role");
    if (const Json* content = item.find("content"); content && content->is(Kind::kString)) {
      put_text(m, content->text);
    } else if (content && content->is(Kind::kArray)) {
      for (const Json& part : content->items) {
        const Json *kind = part.find("type"), *text = part.find("text");
        if (!kind || !kind->is(Kind::kString)) return Status::invalid(str(path, "/content: a part has no type"));
        if (kind->text != "text")
          return Status::unsupported(str(path, "/content: a part of type \"", shortened(kind->text), '"'),
                                     "this version takes text");
        if (!text || !text->is(Kind::kString))
          return Status::invalid(str(path, "/content: a part of type \"text\" has no text"));
        m.parts.push_back({kind->text, text->text});
      }
    } else if (content && !content->is(Kind::kNull)) {
      return Status::invalid(str(path, "/content is neither text nor a list of parts"));
    }
    if (!m.parts.empty()) erase(item, "content");
    if (!item.keys.empty()) m.fields_json = json_dumps(item);
    out.push_back(std::move(m));
  }
  return out;
}

Result<std::vector<Message>> adapt(std::vector<Message> messages, const TemplateFacts& facts, const ToolFormat& format,
                                   const ToolSet* tools) {
  return Adapter(facts, format, tools).run(std::move(messages));
}

}  // namespace infer::text::tools
