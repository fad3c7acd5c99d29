#include "api/chat_request.h"

#include <algorithm>
#include <charconv>

#include "api/chat.h"
#include "base/json_tree.h"
#include "text/tools/adapt.h"

namespace infer::api {
namespace {

using Kind = Json::Kind;

constexpr JsonLimits kLimits{.bytes = 64 << 20, .depth = 64};

// What others put into requests that does not change an answer.
constexpr std::string_view kPassedOver[] = {
    "store",     "metadata",         "service_tier",          "safety_identifier",
    "verbosity", "prompt_cache_key", "prompt_cache_retention"};

// Other names of our own options.
struct Alias {
  std::string_view member, key;
};
constexpr Alias kAliases[] = {{"max_completion_tokens", "max_tokens"},
                              {"user", "client"},
                              {"ignore_eos", "ignore_end"},
                              {"stop_token_ids", "stop_ids"},
                              {"repeat_penalty", "repetition_penalty"},
                              {"add_generation_prompt", "chat.generate"},
                              {"typical", "typical_p"}};

Status wrong(std::string_view path, std::string_view wanted) {
  return Status::invalid(str("the request's ", path, " is not ", wanted));
}

class Reader {
 public:
  Reader(Model& model, const Loaded& loaded, const Settings& defaults) : model_(model), loaded_(loaded) {
    out_.settings = defaults;
  }

  Result<ChatRequest> read(std::string_view json) {
    TRY_SET(const Json root, parse_json_tree(json, kLimits, "the request"));
    if (!root.is(Kind::kObject)) return Status::invalid("the request is not a JSON object");
    for (size_t i = 0; i < root.keys.size(); ++i)
      if (!root.items[i].is(Kind::kNull)) TRY(member(root.keys[i], root.items[i]));
    if (!out_.choice.name.empty()) out_.choice.parallel = false;  // that tool is called once
    if (!messages_) return Status::invalid("the request has no messages", "give \"messages\": [{\"role\": ..}, ..]");
    // "logprobs" asks, "top_logprobs" says how many.
    if (logprobs_ != (own_.integer(Key::logprobs) >= 0)) TRY(set("logprobs", int64_t{logprobs_ ? 0 : -1}));
    out_.settings.override_by(own_);
    TRY(converse());
    return std::move(out_);
  }

 private:
  Status set(std::string_view key, int64_t v) { return own_.set_int(key, v).in("the request"); }
  Status set(std::string_view key, const std::string& v) { return own_.set_str(key, v).in("the request"); }

  Status flag(std::string_view name, const Json& v, bool& out) {
    if (!v.is(Kind::kBoolean)) return wrong(name, "true or false");
    out = v.truth;
    return {};
  }

  Status member(const std::string& name, const Json& v) {
    if (name == "messages") return messages_ = &v, Status();
    if (name == "tools") return out_.tools_json = json_dumps(v), Status();
    if (name == "tool_choice") return choice(v);
    if (name == "parallel_tool_calls") return flag(name, v, out_.choice.parallel);
    if (name == "response_format") return response_format(v);
    if (name == "stream") return flag(name, v, out_.stream);
    if (name == "stream_options") return stream_options(v);
    if (name == "logprobs") return flag(name, v, logprobs_);
    if (name == "top_logprobs") return option("logprobs", name, v);
    if (name == "logit_bias") return logit_bias(v);
    if (name == "chat_template_kwargs") return variables(v);
    if (name == "reasoning_effort") return set("chat.variable", str(name, "=", json_dumps(v)));
    if (name == "model") {
      if (!v.is(Kind::kString)) return wrong(name, "text");
      return out_.model = v.text, Status();
    }
    if (std::ranges::find(kPassedOver, name) != std::end(kPassedOver)) return {};
    const auto alias = std::ranges::find(kAliases, name, &Alias::member);
    return option(alias == std::end(kAliases) ? std::string_view(name) : alias->key, name, v);
  }

  // An option by its key.
  Status option(std::string_view key, std::string_view name, const Json& v) {
    const auto rows = option_rows();
    const auto row = std::ranges::find(rows, key, &OptionRow::key);
    if (row == rows.end() || row->scope != "request")
      return Status::unsupported(str("the request's member '", shortened(std::string(name)), "' is not known"),
                                 nearest_key_hint(key));
    if (v.is(Kind::kArray)) {
      if (row->type != "list") return wrong(name, str("of the type ", row->type));
      for (size_t i = 0; i < v.items.size(); ++i) TRY(option(key, str(name, "/", i), v.items[i]));
      return {};
    }
    switch (v.kind) {
      case Kind::kBoolean:
        return set(key, int64_t{v.truth});
      case Kind::kString:
        return row->type == "str" || row->type == "list" ? set(key, v.text) : wrong(name, "a number");
      case Kind::kNumber: {
        int64_t whole = 0;
        const char* end = v.text.data() + v.text.size();
        if (const auto r = std::from_chars(v.text.data(), end, whole); r.ec == std::errc() && r.ptr == end)
          return set(key, whole);
        double real = 0;
        std::from_chars(v.text.data(), end, real);
        return own_.set_num(key, real).in("the request");
      }
      default:
        return wrong(name, str("of the type ", row->type));
    }
  }

  Status choice(const Json& v) {
    using Choice = text::tools::ToolChoice::Kind;
    if (v.is(Kind::kString)) {
      if (v.text == "auto") return out_.choice.kind = Choice::kAuto, Status();
      if (v.text == "none") return out_.choice.kind = Choice::kNone, Status();
      if (v.text == "required") return out_.choice.kind = Choice::kRequired, Status();
    }
    const Json* function = v.find("function");
    const Json* name = function ? function->find("name") : nullptr;
    if (!name || !name->is(Kind::kString))
      return wrong("tool_choice", R"("auto", "none", "required" or {"type": "function", "function": {"name": ..}})");
    out_.choice.kind = Choice::kNamed;
    out_.choice.name = name->text;
    return {};
  }

  Status response_format(const Json& v) {
    const Json* type = v.find("type");
    if (!type || !type->is(Kind::kString)) return wrong("response_format/type", "text");
    if (type->text == "text") return {};
    if (type->text == "json_object") return set("response.schema", R"({"type": "object"})");
    if (type->text != "json_schema")
      return Status::unsupported(str("the request's response_format/type is \"", shortened(type->text), '"'),
                                 "text, json_object and json_schema are known; the options response.* do more");
    const Json* outer = v.find("json_schema");
    const Json* schema = outer ? outer->find("schema") : nullptr;
    if (!schema) return wrong("response_format/json_schema/schema", "there");
    return set("response.schema", json_dumps(*schema));
  }

  Status stream_options(const Json& v) {
    for (size_t i = 0; i < v.keys.size(); ++i) {
      if (v.keys[i] == "include_usage") {
        TRY(flag("stream_options/include_usage", v.items[i], out_.usage));
      } else if (v.keys[i] != "include_obfuscation") {
        return Status::unsupported(str("the request's stream_options/", shortened(v.keys[i]), " is not known"));
      }
    }
    return v.is(Kind::kObject) ? Status() : wrong("stream_options", "an object");
  }

  Status logit_bias(const Json& v) {
    if (!v.is(Kind::kObject)) return wrong("logit_bias", "an object");
    for (size_t i = 0; i < v.keys.size(); ++i) {
      if (!v.items[i].is(Kind::kNumber)) return wrong(str("logit_bias/", shortened(v.keys[i])), "a number");
      TRY(set("logit_bias", str(v.keys[i], ":", v.items[i].text)));
    }
    return {};
  }

  Status variables(const Json& v) {
    if (!v.is(Kind::kObject)) return wrong("chat_template_kwargs", "an object");
    for (size_t i = 0; i < v.keys.size(); ++i) TRY(set("chat.variable", str(v.keys[i], "=", json_dumps(v.items[i]))));
    return {};
  }

  // Messages and tools as the model's template takes them; the answer as its format writes it.
  Status converse() {
    namespace tools = text::tools;
    TRY(loaded_.chat.status());
    const auto& [facts, format] = model_.dialect(loaded_);
    out_.format = &format;
    TRY_SET(std::vector<text::Message> messages, tools::read_messages(*messages_));
    if (messages.empty()) return Status::invalid("the request's messages are none");
    if (!out_.tools_json.empty()) {
      TRY_SET(tools::ToolSet all, tools::ToolSet::read(out_.tools_json));
      if (out_.choice.kind != tools::ToolChoice::Kind::kNone && !all.all().empty())
        out_.tools = std::make_shared<const tools::ToolSet>(std::move(all));
    }
    TRY_SET(out_.messages, tools::adapt(std::move(messages), facts, *out_.format, out_.tools.get()));
    return {};
  }

  Model& model_;
  const Loaded& loaded_;
  ChatRequest out_;
  Settings own_;
  const Json* messages_ = nullptr;
  bool logprobs_ = false;
};

}  // namespace

Result<ChatRequest> read_chat_request(std::string_view json, Model& model, const Loaded& loaded,
                                      const Settings& defaults) {
  return Reader(model, loaded, defaults).read(json);
}

}  // namespace infer::api
