// The table of formats, as text: as data it would be a tenth of the library, most of it addresses of short strings.
//
// A format is `format=` and `models=`, what it has besides (field by field in format.h), and for each way to write
// calls `calls=` its notation and the fields of that. Fields end with a tab; what is not said is as format.h has it.
// Marks with a full-width bar (U+FF5C) and U+2581 are DeepSeek's.
#include "text/tools/format.h"

#include <algorithm>

namespace infer::text::tools {
namespace {

// clang-format off
constexpr std::string_view kTable =
    "format=hermes\tmodels=Hermes, Qwen 2.5 and 3, QwQ, Granite 4, MiMo, Bielik, Reka\t"
      "calls=objects\tbegin=<tool_call>\tend=</tool_call>\topen=\n\tclose=\n\t"
    "format=qwen3-coder\tmodels=Qwen3 Coder, Qwen 3.5, Nemotron 3, Step 3.5\tsilent=</tool_call>\t"
      "calls=tags\tbegin=<tool_call>\tend=</tool_call>\topen=\n\tclose=\n\tcall=<function=\tname_end=>\t"
      "call_end=</function>\tkey=<parameter=\tkey_end=>\tvalue_end=</parameter>\tlines\t"
      "calls=tags\tbegin=<function=\tname_end=>\tcall_end=</function>\tkey=<parameter=\tkey_end=>\t"
      "value_end=</parameter>\tlines\t"
    "format=llama3\tmodels=Llama 3.1, 3.2, 3.3\t"
      "calls=objects\topen={\targuments_key=parameters\t"
      "calls=objects\tbegin=<|python_tag|>\targuments_key=parameters\t"
      "calls=python\topen=[\t"
    "format=llama4\tmodels=Llama 4\t"
      "calls=python\topen=[\tclose=]\tbetween=, \t"
      "calls=python\tbegin=<|python_start|>\tend=<|python_end|>\topen=[\tclose=]\t"
      "calls=objects\topen={\targuments_key=parameters\t"
    "format=mistral\tmodels=Mistral 7B v0.3, Nemo, Large\tshort_ids\t"
      "calls=objects\tbegin=[TOOL_CALLS]\topen=[\tclose=]\tbetween=, \tlate_id\t"
    "format=mistral-v11\tmodels=Mistral Small 3.2, Devstral, Ministral 3, Magistral\tthink=[THINK]\t"
      "think_end=[/THINK]\tshort_ids\t"
      "calls=named\tbegin=[TOOL_CALLS]\tname_end=[ARGS]\tid=[CALL_ID]\t"
    "format=deepseek-v3\tmodels=DeepSeek V3 and R1, and what R1 was distilled into\t"
      "calls=named\tbegin=<\uff5ctool\u2581calls\u2581begin\uff5c>\tend=<\uff5ctool\u2581calls\u2581end\uff5c>\t"
      "between=\n\tcall=<\uff5ctool\u2581call\u2581begin\uff5c>function<\uff5ctool\u2581sep\uff5c>\t"
      "name_end=\n```json\n\tcall_end=\n```<\uff5ctool\u2581call\u2581end\uff5c>\t"
    "format=deepseek-v3.1\tmodels=DeepSeek V3.1\t"
      "calls=named\tbegin=<\uff5ctool\u2581calls\u2581begin\uff5c>\tend=<\uff5ctool\u2581calls\u2581end\uff5c>\t"
      "call=<\uff5ctool\u2581call\u2581begin\uff5c>\tname_end=<\uff5ctool\u2581sep\uff5c>\t"
      "call_end=<\uff5ctool\u2581call\u2581end\uff5c>\t"
    "format=deepseek-v3.2\tmodels=DeepSeek V3.2\t"
      "calls=tags\tbegin=<\uff5cDSML\uff5cfunction_calls>\tend=</\uff5cDSML\uff5cfunction_calls>\topen=\n\tclose=\n\t"
      "between=\n\tcall=<\uff5cDSML\uff5cinvoke name=\"\tname_end=\"\tattributes_end=>\t"
      "call_end=</\uff5cDSML\uff5cinvoke>\tkey=<\uff5cDSML\uff5cparameter name=\"\tkey_end=\"\t"
      "value_end=</\uff5cDSML\uff5cparameter>\tattribute= string=\t"
    "format=deepseek-v4\tmodels=DeepSeek V4\t"
      "calls=tags\tbegin=<\uff5cDSML\uff5ctool_calls>\tend=</\uff5cDSML\uff5ctool_calls>\topen=\n\tclose=\n\t"
      "between=\n\tcall=<\uff5cDSML\uff5cinvoke name=\"\tname_end=\"\tattributes_end=>\t"
      "call_end=</\uff5cDSML\uff5cinvoke>\tkey=<\uff5cDSML\uff5cparameter name=\"\tkey_end=\"\t"
      "value_end=</\uff5cDSML\uff5cparameter>\tattribute= string=\t"
    "format=harmony\tmodels=gpt-oss\tthink=\tthink_end=\theader=<|start|>\theader=<|channel|>\tmessage=<|message|>\t"
      "message_end=<|end|>\tmessage_end=<|call|>\tmessage_end=<|return|>\trecipients=functions.\treasoning=analysis\t"
      "calls=named\tbegin=<|message|>\t"
    "format=gemma3\tmodels=Gemma 2 and 3 when asked for it\t"
      "calls=python\tbegin=```tool_code\tend=```\topen=\n\tclose=\n\tbetween=\n\t"
      "calls=python\topen=[\t"
      "calls=objects\tbegin=```json\tend=```\t"
      "calls=objects\topen={\t"
    "format=gemma4\tmodels=Gemma 4\tthink=<|channel>thought\n\tthink_end=<channel|>\t"
      "calls=braces\tbegin=<|tool_call>\tend=<tool_call|>\tcall=call:\tvalue_end=<|\"|>\t"
    "format=functiongemma\tmodels=FunctionGemma\t"
      "calls=braces\tbegin=<start_function_call>\tend=<end_function_call>\tcall=call:\tvalue_end=<escape>\t"
    "format=phi4\tmodels=Phi-4 mini\t"
      "calls=objects\tbegin=<|tool_call|>\tend=<|/tool_call|>\topen=[\tclose=]\tbetween=, \t"
      "calls=objects\tbegin=functools\topen=[\tclose=]\tbetween=, \t"
    "format=granite3\tmodels=Granite 3\tsilent=<response>\tsilent=</response>\t"
      "calls=objects\tbegin=<|tool_call|>\topen=[\tclose=]\tbetween=, \t"
    "format=command-r7b\tmodels=Command R7B, Command A\tthink=<|START_THINKING|>\tthink_end=<|END_THINKING|>\t"
      "silent=<|START_RESPONSE|>\tsilent=<|END_RESPONSE|>\tsilent=<|START_TEXT|>\tsilent=<|END_TEXT|>\t"
      "calls=objects\tbegin=<|START_ACTION|>\tend=<|END_ACTION|>\topen=[\n    \tclose=\n]\tbetween=,\n    \t"
      "id_key=tool_call_id\tname_key=tool_name\targuments_key=parameters\t"
    "format=command-r\tmodels=Command R, R+\t"
      "calls=objects\tbegin=Action:\n```json\tend=```\topen=\n[\n    \tclose=\n]\tbetween=,\n    \t"
      "name_key=tool_name\targuments_key=parameters\t"
      "calls=objects\tbegin=Action: ```json\tend=```\t"
      "calls=objects\tbegin=Action:```json\tend=```\t"
    "format=glm\tmodels=GLM 4.5 to 4.7, Ling 3, Laguna, Spark 2.5\t"
      "calls=tags\tbegin=<tool_call>\tcall_end=</tool_call>\tkey=<arg_key>\tkey_end=</arg_key>\tvalue=<arg_value>\t"
      "value_end=</arg_value>\t"
    "format=kimi-k2\tmodels=Kimi K2\tsilent=<|tool_calls_section_end|>\t"
      "calls=named\tbegin=<|tool_calls_section_begin|>\tend=<|tool_calls_section_end|>\tcall=<|tool_call_begin|>\t"
      "name_end=<|tool_call_argument_begin|>\tcall_end=<|tool_call_end|>\tname_is_id\t"
      "calls=named\tbegin=<|tool_call_begin|>\tname_end=<|tool_call_argument_begin|>\tcall_end=<|tool_call_end|>\t"
      "name_is_id\t"
    "format=kimi-k3\tmodels=Kimi K3\tthink=<|open|>think<|sep|>\tthink_end=<|close|>think<|sep|>\t"
      "silent=<|open|>response<|sep|>\tsilent=<|close|>response<|sep|>\tsilent=<|close|>message<|sep|>\t"
      "silent=<|end_of_msg|>\t"
      "calls=tags\tbegin=<|open|>tools<|sep|>\tend=<|close|>tools<|sep|>\tcall=<|open|>call tool=\"\tname_end=\"\t"
      "attributes_end=<|sep|>\tcall_end=<|close|>call<|sep|>\tkey=<|open|>argument key=\"\tkey_end=\"\t"
      "value_end=<|close|>argument<|sep|>\tattribute= type=\t"
    "format=minimax-m1\tmodels=MiniMax M1\t"
      "calls=objects\tbegin=<tool_calls>\tend=</tool_calls>\topen=\n\tclose=\n\tbetween=\n\t"
    "format=minimax-m2\tmodels=MiniMax M2\t"
      "calls=tags\tbegin=<minimax:tool_call>\tend=</minimax:tool_call>\topen=\n\tclose=\n\tbetween=\n\t"
      "call=<invoke name=\"\tname_end=\"\tattributes_end=>\tcall_end=</invoke>\tkey=<parameter name=\"\tkey_end=\"\t"
      "value_end=</parameter>\t"
    "format=minimax-m3\tmodels=MiniMax M3\tthink=<mm:think>\tthink_end=</mm:think>\t"
      "calls=tags\tbegin=]<]minimax[>[<tool_call>\tend=]<]minimax[>[</tool_call>\topen=\n\tclose=\n\tbetween=\n\t"
      "call=]<]minimax[>[<invoke name=\"\tname_end=\"\tattributes_end=>\tcall_end=]<]minimax[>[</invoke>\t"
      "key=]<]minimax[>[<\tkey_end=>\tnested\t"
    "format=seed-oss\tmodels=Seed-OSS\tthink=<seed:think>\tthink_end=</seed:think>\t"
      "calls=tags\tbegin=<seed:tool_call>\tend=</seed:tool_call>\topen=\n\tclose=\n\tcall=<function=\tname_end=>\t"
      "call_end=</function>\tkey=<parameter=\tkey_end=>\tvalue_end=</parameter>\t"
    "format=nemotron\tmodels=Nemotron Nano 2\t"
      "calls=objects\tbegin=<TOOLCALL>\tend=</TOOLCALL>\topen=[\tclose=]\tbetween=, \t"
    "format=apertus\tmodels=Apertus\tthink=<|inner_prefix|>\tthink_end=<|inner_suffix|>\t"
      "calls=objects\tbegin=<|tools_prefix|>\tend=<|tools_suffix|>\topen=[\tclose=]\tbetween=, \tname_is_key\t"
    "format=apriel-1.6\tmodels=Apriel 1.6\tthink=Here are my reasoning steps:\n\tthink_end=[BEGIN FINAL RESPONSE]\t"
      "silent=[END FINAL RESPONSE]\t"
      "calls=objects\tbegin=<tool_calls>\tend=</tool_calls>\topen=[\tclose=]\tbetween=, \tlate_id\t"
    "format=tool-calls\tmodels=Apriel 1.5, Hunyuan A13B, Jamba\tthink=<thinking>\tthink_end=</thinking>\t"
      "silent=[BEGIN FINAL RESPONSE]\tsilent=[END FINAL RESPONSE]\t"
      "calls=objects\tbegin=<tool_calls>\tend=</tool_calls>\topen=[\tclose=]\tbetween=, \tlate_id\t"
    "format=hunyuan3\tmodels=Hunyuan 3\tthink=<think:opensource>\tthink_end=</think:opensource>\t"
      "calls=tags\tbegin=<tool_calls:opensource>\tend=</tool_calls:opensource>\topen=\n\tclose=\n\tbetween=\n\t"
      "call=<tool_call:opensource>\tname_end=<tool_sep:opensource>\tcall_end=</tool_call:opensource>\t"
      "key=<arg_key:opensource>\tkey_end=</arg_key:opensource>\tvalue=<arg_value:opensource>\t"
      "value_end=</arg_value:opensource>\t"
    "format=minicpm5\tmodels=MiniCPM 5\t"
      "calls=tags\tbegin=<function name=\"\tname_end=\"\tattributes_end=>\tcall_end=</function>\tkey=<param name=\"\t"
      "key_end=\"\tvalue_end=</param>\tcdata\t"
    "format=solar\tmodels=Solar Open\tthink=<|think|>\tthink_end=<|end|>\tsilent=<|begin|>assistant\t"
      "silent=<|content|>\tsilent=<|flush|>\t"
      "calls=named\tbegin=<|tool_calls|>\tend=<|calls|>\tcall=<|tool_call:begin|>\tid_end=<|tool_call:name|>\t"
      "name_end=<|tool_call:args|>\tcall_end=<|tool_call:end|>\t"
    "format=muse\tmodels=Muse Glimmer\tthink=\tthink_end=\theader=<|start|>\tmessage=<|message|>\t"
      "message_end=<|eom|>\tmessage_end=<|eot|>\treasoning=self\t"
      "calls=tags\tbegin=<atem:function_calls>\tend=</atem:function_calls>\topen=\n\tclose=\n\tbetween=\n\t"
      "call=<atem:invoke name=\"\tname_end=\"\tattributes_end=>\tcall_end=</atem:invoke>\t"
      "key=<atem:parameter name=\"\tkey_end=\"\tvalue_end=</atem:parameter>\t"
    "format=gigachat3\tmodels=GigaChat 3\tsilent=<|message_sep|>\n\n\tsilent=<|role_sep|>\n\t"
      "calls=objects\tbegin=function call<|role_sep|>\n\t"
    "format=gigachat3.1\tmodels=GigaChat 3.1\tsilent=<|message_sep|>\n\n\t"
      "calls=objects\tbegin=<|function_call|>\t"
    "format=lfm2\tmodels=LFM 2 and 2.5\t"
      "calls=python\tbegin=<|tool_call_start|>\tend=<|tool_call_end|>\topen=[\tclose=]\tbetween=, \t"
    "format=olmo3\tmodels=OLMo 3\t"
      "calls=python\tbegin=<function_calls>\tend=</function_calls>\topen=\n\tclose=\n\tbetween=\n\t"
    "format=internlm\tmodels=InternLM 2 and 3\t"
      "calls=objects\tbegin=<|action_start|><|plugin|>\tend=<|action_end|>\topen=\n\tclose=\n\t"
      "arguments_key=parameters\t"
    "format=firefunction\tmodels=Firefunction v2\t"
      "calls=objects\tbegin=functools\topen=[\tclose=]\tbetween=, \t"
    "format=functionary-v3.1\tmodels=Functionary v3.1\t"
      "calls=named\tbegin=<function=\tname_end=>\tcall_end=</function>\t"
      "calls=objects\tbegin=<|python_tag|>\targuments_key=parameters\t"
    "format=functionary-v3.2\tmodels=Functionary v3.2\t"
      "calls=named\tbegin=>>>\tname_end=\n\tnot_a_call=all\t"
    "format=json\tmodels=any other model: asked for JSON in its prompt\t"
      "calls=objects\tbegin=<tool_call>\tend=</tool_call>\topen=\n\tclose=\n\t"
      "calls=objects\topen={\t"
      "calls=objects\topen=[\t"
      "calls=objects\tbegin=```json\tend=```\t";

// Which format a template's source means: the first of which it has both marks.
constexpr std::string_view kRules =
    "<|channel|>\t<|message|>\tharmony\n"
    "atem:\t\tmuse\n"
    "<|tool_calls_section_begin|>\t\tkimi-k2\n"
    "<|open|>\t<|sep|>\tkimi-k3\n"
    "DSML\tfunction_calls\tdeepseek-v3.2\n"
    "DSML\t\tdeepseek-v4\n"
    "<\uff5ctool\u2581call\u2581begin\uff5c>\t```json\tdeepseek-v3\n"
    "<\uff5ctool\u2581call\u2581begin\uff5c>\t\tdeepseek-v3.1\n"
    "<|tool_call:begin|>\t\tsolar\n"
    "<minimax:tool_call>\t\tminimax-m2\n"
    "]<]minimax[>[\t\tminimax-m3\n"
    "<tool_calls>\t<beginning_of_sentence>\tminimax-m1\n"
    "<tool_calls>\tHere are my reasoning steps:\tapriel-1.6\n"
    "<tool_calls>\t\ttool-calls\n"
    "<arg_key\t:opensource\thunyuan3\n"
    "<arg_key>\t\tglm\n"
    "<seed:tool_call>\t\tseed-oss\n"
    "<TOOLCALL>\t\tnemotron\n"
    "<param name=\t\tminicpm5\n"
    "<function=\t<parameter=\tqwen3-coder\n"
    "<function=\t</function>\tfunctionary-v3.1\n"
    ">>>all\t\tfunctionary-v3.2\n"
    "<|START_ACTION|>\t\tcommand-r7b\n"
    "Action:\t```json\tcommand-r\n"
    "[TOOL_CALLS]\t[ARGS]\tmistral-v11\n"
    "[TOOL_CALLS]\t\tmistral\n"
    "<|tools_prefix|>\t\tapertus\n"
    "<|function_call|>\t\tgigachat3.1\n"
    "<|role_sep|>\tfunction call\tgigachat3\n"
    "<|tool_list_start|>\t\tlfm2\n"
    "<|tool_call_start|>\t\tlfm2\n"
    "List of tools: [\t\tlfm2\n"
    "<function_calls>\t\tolmo3\n"
    "<|plugin|>\t\tinternlm\n"
    "<|tool_call>\t\tgemma4\n"
    "<start_function_call>\t\tfunctiongemma\n"
    "<start_of_turn>\t\tgemma3\n"
    "<|tool_call|>\t<|start_of_role|>\tgranite3\n"
    "<|tool_call|>\t\tphi4\n"
    "<|tool|>\t\tphi4\n"
    "functools[\t\tfirefunction\n"
    "<|header_start|>\t\tllama4\n"
    "<|python_tag|>\t\tllama3\n"
    "<|start_header_id|>\tipython\tllama3\n"
    "<tool_call>\t\thermes\n";
// clang-format on

// What stands before the next `end`, which is taken away with it.
std::string_view next(std::string_view& text, char end) {
  const size_t at = std::min(text.find(end), text.size());
  const std::string_view piece = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return piece;
}

template <class T>
struct TextField {
  char name[16];
  std::string_view T::*text;
};
template <class T>
struct FlagField {
  char name[16];
  bool T::*flag;
};
constexpr TextField<ToolFormat> kFormatTexts[] = {
    {"models", &ToolFormat::models}, {"think", &ToolFormat::think}, {"think_end", &ToolFormat::think_end}};
constexpr TextField<Channels> kChannelTexts[] = {
    {"message", &Channels::message}, {"recipients", &Channels::recipients}, {"reasoning", &Channels::reasoning}};
constexpr TextField<CallSyntax> kCallTexts[] = {
    {"begin", &CallSyntax::begin},       {"end", &CallSyntax::end},
    {"open", &CallSyntax::open},         {"close", &CallSyntax::close},
    {"between", &CallSyntax::between},   {"id_key", &CallSyntax::id_key},
    {"name_key", &CallSyntax::name_key}, {"arguments_key", &CallSyntax::arguments_key}};
constexpr TextField<TagMarks> kTagTexts[] = {{"call", &TagMarks::call},
                                             {"id_end", &TagMarks::id_end},
                                             {"name_end", &TagMarks::name_end},
                                             {"id", &TagMarks::id},
                                             {"attributes_end", &TagMarks::attributes_end},
                                             {"call_end", &TagMarks::call_end},
                                             {"key", &TagMarks::key},
                                             {"key_end", &TagMarks::key_end},
                                             {"value", &TagMarks::value},
                                             {"value_end", &TagMarks::value_end},
                                             {"attribute", &TagMarks::attribute},
                                             {"not_a_call", &TagMarks::not_a_call}};
constexpr FlagField<CallSyntax> kCallFlags[] = {{"name_is_key", &CallSyntax::name_is_key},
                                                {"late_id", &CallSyntax::late_id}};
constexpr FlagField<TagMarks> kTagFlags[] = {{"nested", &TagMarks::nested},
                                             {"lines", &TagMarks::lines},
                                             {"cdata", &TagMarks::cdata},
                                             {"name_is_id", &TagMarks::name_is_id}};

template <class T, size_t N>
bool set(T& t, const TextField<T> (&fields)[N], std::string_view name, std::string_view value) {
  for (const auto& f : fields)
    if (name == f.name) return t.*f.text = value, true;
  return false;
}
template <class T, size_t N>
bool set(T& t, const FlagField<T> (&fields)[N], std::string_view name) {
  for (const auto& f : fields)
    if (name == f.name) return t.*f.flag = true, true;
  return false;
}
template <size_t N>
void add(std::array<std::string_view, N>& list, std::string_view value) {
  for (std::string_view& place : list) {
    if (!place.empty()) continue;
    place = value;
    return;
  }
}

Notation notation_of(std::string_view name) {
  static constexpr char kNames[][8] = {"objects", "named", "tags", "python", "braces"};
  int i = 0;
  while (name != kNames[i]) ++i;
  return static_cast<Notation>(i);
}

void set_field(ToolFormat& f, std::string_view name, std::string_view value) {
  if (name == "calls") {
    CallSyntax& c = f.calls.emplace_back();
    c.notation = notation_of(value);
    if (c.notation == Notation::kNamed || c.notation == Notation::kTags || c.notation == Notation::kBraces)
      c.tags.emplace();
  } else if (!f.calls.empty()) {
    CallSyntax& c = f.calls.back();
    set(c, kCallTexts, name, value) || set(c, kCallFlags, name) ||
        (c.tags && (set(*c.tags, kTagTexts, name, value) || set(*c.tags, kTagFlags, name)));
  } else if (name == "silent") {
    add(f.silent, value);
  } else if (name == "short_ids") {
    f.short_ids = true;
  } else if (!set(f, kFormatTexts, name, value)) {
    if (!f.channels) f.channels.emplace();
    if (name == "header") {
      add(f.channels->headers, value);
    } else if (name == "message_end") {
      add(f.channels->ends, value);
    } else {
      set(*f.channels, kChannelTexts, name, value);
    }
  }
}

// The row that `table` begins with, which is taken away.
ToolFormat next_format(std::string_view& table) {
  ToolFormat f;
  next(table, '=');
  f.name = next(table, '\t');
  while (!table.empty() && !table.starts_with("format=")) {
    std::string_view value = next(table, '\t');
    const std::string_view name = next(value, '=');
    set_field(f, name, value);
  }
  return f;
}

}  // namespace

std::vector<ToolFormat> formats() {
  std::vector<ToolFormat> all;
  for (std::string_view table = kTable; !table.empty();) all.push_back(next_format(table));
  return all;
}

std::optional<ToolFormat> find(std::string_view name) {
  for (std::string_view table = kTable; !table.empty();)
    if (ToolFormat f = next_format(table); f.name == name) return f;
  return {};
}

ToolFormat detect(std::string_view source) {
  std::string_view found = "json";
  for (std::string_view rules = kRules; !rules.empty();) {
    std::string_view rule = next(rules, '\n');
    const std::string_view mark = next(rule, '\t'), mark2 = next(rule, '\t');
    if (source.find(mark) == source.npos || source.find(mark2) == source.npos) continue;
    found = rule;
    break;
  }
  return *find(found);
}

}  // namespace infer::text::tools
