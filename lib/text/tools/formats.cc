// The rows. Marks with a full-width bar (U+FF5C) and U+2581 are DeepSeek's.
#include "text/tools/format.h"

namespace infer::text::tools {
namespace {

using Calls = CallSyntax;
using enum Notation;

// {"name": "f", "arguments": {...}} in <tool_call>.
constexpr Calls kHermes[] = {
    {.begin = "<tool_call>", .end = "</tool_call>", .open = "\n", .close = "\n"},
};
constexpr Calls kToolCalls[] = {
    {.begin = "<tool_calls>", .end = "</tool_calls>", .open = "[", .close = "]", .between = ", ", .late_id = true},
};
constexpr Calls kMiniMaxM1[] = {
    {.begin = "<tool_calls>", .end = "</tool_calls>", .open = "\n", .close = "\n", .between = "\n"},
};
constexpr Calls kNemotron[] = {
    {.begin = "<TOOLCALL>", .end = "</TOOLCALL>", .open = "[", .close = "]", .between = ", "},
};
constexpr Calls kLlama3[] = {
    {.open = "{", .arguments_key = "parameters"},
    {.begin = "<|python_tag|>", .arguments_key = "parameters"},
    {.notation = kPython, .open = "["},
};
constexpr Calls kLlama4[] = {
    {.notation = kPython, .open = "[", .close = "]", .between = ", "},
    {.notation = kPython, .begin = "<|python_start|>", .end = "<|python_end|>", .open = "[", .close = "]"},
    {.open = "{", .arguments_key = "parameters"},
};
constexpr Calls kPhi4[] = {
    {.begin = "<|tool_call|>", .end = "<|/tool_call|>", .open = "[", .close = "]", .between = ", "},
    {.begin = "functools", .open = "[", .close = "]", .between = ", "},
};
constexpr Calls kGranite3[] = {
    {.begin = "<|tool_call|>", .open = "[", .close = "]", .between = ", "},
};
constexpr Calls kFirefunction[] = {
    {.begin = "functools", .open = "[", .close = "]", .between = ", "},
};
constexpr Calls kCommandR7[] = {
    {.begin = "<|START_ACTION|>",
     .end = "<|END_ACTION|>",
     .open = "[\n    ",
     .close = "\n]",
     .between = ",\n    ",
     .id_key = "tool_call_id",
     .name_key = "tool_name",
     .arguments_key = "parameters"},
};
constexpr Calls kCommandR[] = {
    {.begin = "Action:\n```json",
     .end = "```",
     .open = "\n[\n    ",
     .close = "\n]",
     .between = ",\n    ",
     .name_key = "tool_name",
     .arguments_key = "parameters"},
    {.begin = "Action: ```json", .end = "```"},
    {.begin = "Action:```json", .end = "```"},
};
constexpr Calls kApertus[] = {
    {.begin = "<|tools_prefix|>",
     .end = "<|tools_suffix|>",
     .open = "[",
     .close = "]",
     .between = ", ",
     .name_is_key = true},
};
constexpr Calls kGigaChat3[] = {{.begin = "function call<|role_sep|>\n"}};
constexpr Calls kGigaChat31[] = {{.begin = "<|function_call|>"}};
constexpr Calls kInternLm[] = {
    {.begin = "<|action_start|><|plugin|>",
     .end = "<|action_end|>",
     .open = "\n",
     .close = "\n",
     .arguments_key = "parameters"},
};
constexpr Calls kPlain[] = {
    {.begin = "<tool_call>", .end = "</tool_call>", .open = "\n", .close = "\n"},
    {.open = "{"},
    {.open = "["},
    {.begin = "```json", .end = "```"},
};

// The name between marks, then JSON.
constexpr TagMarks kMistralTags{.name_end = "[ARGS]", .id = "[CALL_ID]"};
constexpr Calls kMistral[] = {
    {.begin = "[TOOL_CALLS]", .open = "[", .close = "]", .between = ", ", .late_id = true},
};
constexpr Calls kMistral11[] = {
    {.notation = kNamed, .begin = "[TOOL_CALLS]", .tags = &kMistralTags},
};
constexpr TagMarks kDeepSeek3Tags{
    .call = "<\uff5ctool\u2581call\u2581begin\uff5c>function<\uff5ctool\u2581sep\uff5c>",
    .name_end = "\n```json\n",
    .call_end = "\n```<\uff5ctool\u2581call\u2581end\uff5c>",
};
constexpr TagMarks kDeepSeek31Tags{
    .call = "<\uff5ctool\u2581call\u2581begin\uff5c>",
    .name_end = "<\uff5ctool\u2581sep\uff5c>",
    .call_end = "<\uff5ctool\u2581call\u2581end\uff5c>",
};
constexpr std::string_view kDeepSeekBegin = "<\uff5ctool\u2581calls\u2581begin\uff5c>",
                           kDeepSeekEnd = "<\uff5ctool\u2581calls\u2581end\uff5c>";
constexpr Calls kDeepSeek3[] = {
    {.notation = kNamed, .begin = kDeepSeekBegin, .end = kDeepSeekEnd, .between = "\n", .tags = &kDeepSeek3Tags},
};
constexpr Calls kDeepSeek31[] = {
    {.notation = kNamed, .begin = kDeepSeekBegin, .end = kDeepSeekEnd, .tags = &kDeepSeek31Tags},
};
constexpr TagMarks kKimi2Tags{
    .call = "<|tool_call_begin|>",
    .name_end = "<|tool_call_argument_begin|>",
    .call_end = "<|tool_call_end|>",
    .name_is_id = true,
};
constexpr TagMarks kKimi2BareTags{
    .name_end = "<|tool_call_argument_begin|>",
    .call_end = "<|tool_call_end|>",
    .name_is_id = true,
};
constexpr Calls kKimi2[] = {
    {.notation = kNamed,
     .begin = "<|tool_calls_section_begin|>",
     .end = "<|tool_calls_section_end|>",
     .tags = &kKimi2Tags},
    {.notation = kNamed, .begin = "<|tool_call_begin|>", .tags = &kKimi2BareTags},
};
constexpr TagMarks kSolarTags{
    .call = "<|tool_call:begin|>",
    .id_end = "<|tool_call:name|>",
    .name_end = "<|tool_call:args|>",
    .call_end = "<|tool_call:end|>",
};
constexpr Calls kSolar[] = {
    {.notation = kNamed, .begin = "<|tool_calls|>", .end = "<|calls|>", .tags = &kSolarTags},
};
constexpr TagMarks kFunctionary31Tags{.name_end = ">", .call_end = "</function>"};
constexpr Calls kFunctionary31[] = {
    {.notation = kNamed, .begin = "<function=", .tags = &kFunctionary31Tags},
    {.begin = "<|python_tag|>", .arguments_key = "parameters"},
};
constexpr TagMarks kFunctionary32Tags{.name_end = "\n", .not_a_call = "all"};
constexpr Calls kFunctionary32[] = {
    {.notation = kNamed, .begin = ">>>", .tags = &kFunctionary32Tags},
};
constexpr TagMarks kHarmonyTags{};
constexpr Calls kHarmony[] = {{.notation = kNamed, .begin = "<|message|>", .tags = &kHarmonyTags}};
constexpr Channels kHarmonyChannels{
    .headers = {"<|start|>", "<|channel|>"},
    .message = "<|message|>",
    .ends = {"<|end|>", "<|call|>", "<|return|>"},
    .tools = "functions.",
    .reasoning = "analysis",
};

// Tags within tags.
constexpr TagMarks kQwenTags{
    .call = "<function=",
    .name_end = ">",
    .call_end = "</function>",
    .key = "<parameter=",
    .key_end = ">",
    .value_end = "</parameter>",
    .lines = true,
};
constexpr TagMarks kQwenBareTags{
    .name_end = ">",
    .call_end = "</function>",
    .key = "<parameter=",
    .key_end = ">",
    .value_end = "</parameter>",
    .lines = true,
};
constexpr Calls kQwenCoder[] = {
    {.notation = kTags, .begin = "<tool_call>", .end = "</tool_call>", .open = "\n", .close = "\n", .tags = &kQwenTags},
    {.notation = kTags, .begin = "<function=", .tags = &kQwenBareTags},
};
constexpr TagMarks kSeedTags{
    .call = "<function=",
    .name_end = ">",
    .call_end = "</function>",
    .key = "<parameter=",
    .key_end = ">",
    .value_end = "</parameter>",
};
constexpr Calls kSeed[] = {
    {.notation = kTags,
     .begin = "<seed:tool_call>",
     .end = "</seed:tool_call>",
     .open = "\n",
     .close = "\n",
     .tags = &kSeedTags},
};
constexpr TagMarks kMiniMax2Tags{
    .call = "<invoke name=\"",
    .name_end = "\"",
    .attributes_end = ">",
    .call_end = "</invoke>",
    .key = "<parameter name=\"",
    .key_end = "\"",
    .value_end = "</parameter>",
};
constexpr Calls kMiniMax2[] = {
    {.notation = kTags,
     .begin = "<minimax:tool_call>",
     .end = "</minimax:tool_call>",
     .open = "\n",
     .close = "\n",
     .between = "\n",
     .tags = &kMiniMax2Tags},
};
constexpr TagMarks kMiniMax3Tags{
    .call = "]<]minimax[>[<invoke name=\"",
    .name_end = "\"",
    .attributes_end = ">",
    .call_end = "]<]minimax[>[</invoke>",
    .key = "]<]minimax[>[<",
    .key_end = ">",
    .nested = true,
};
constexpr Calls kMiniMax3[] = {
    {.notation = kTags,
     .begin = "]<]minimax[>[<tool_call>",
     .end = "]<]minimax[>[</tool_call>",
     .open = "\n",
     .close = "\n",
     .between = "\n",
     .tags = &kMiniMax3Tags},
};
constexpr TagMarks kDsmlTags{
    .call = "<\uff5cDSML\uff5cinvoke name=\"",
    .name_end = "\"",
    .attributes_end = ">",
    .call_end = "</\uff5cDSML\uff5cinvoke>",
    .key = "<\uff5cDSML\uff5cparameter name=\"",
    .key_end = "\"",
    .value_end = "</\uff5cDSML\uff5cparameter>",
    .attribute = " string=",
};
constexpr Calls kDeepSeek32[] = {
    {.notation = kTags,
     .begin = "<\uff5cDSML\uff5cfunction_calls>",
     .end = "</\uff5cDSML\uff5cfunction_calls>",
     .open = "\n",
     .close = "\n",
     .between = "\n",
     .tags = &kDsmlTags},
};
constexpr Calls kDeepSeek4[] = {
    {.notation = kTags,
     .begin = "<\uff5cDSML\uff5ctool_calls>",
     .end = "</\uff5cDSML\uff5ctool_calls>",
     .open = "\n",
     .close = "\n",
     .between = "\n",
     .tags = &kDsmlTags},
};
constexpr TagMarks kMuseTags{
    .call = "<atem:invoke name=\"",
    .name_end = "\"",
    .attributes_end = ">",
    .call_end = "</atem:invoke>",
    .key = "<atem:parameter name=\"",
    .key_end = "\"",
    .value_end = "</atem:parameter>",
};
constexpr Calls kMuse[] = {
    {.notation = kTags,
     .begin = "<atem:function_calls>",
     .end = "</atem:function_calls>",
     .open = "\n",
     .close = "\n",
     .between = "\n",
     .tags = &kMuseTags},
};
constexpr Channels kMuseChannels{
    .headers = {"<|start|>", ""},
    .message = "<|message|>",
    .ends = {"<|eom|>", "<|eot|>", ""},
    .tools = "",
    .reasoning = "self",
};
constexpr TagMarks kMiniCpmTags{
    .name_end = "\"",
    .attributes_end = ">",
    .call_end = "</function>",
    .key = "<param name=\"",
    .key_end = "\"",
    .value_end = "</param>",
    .cdata = true,
};
constexpr Calls kMiniCpm[] = {
    {.notation = kTags, .begin = "<function name=\"", .tags = &kMiniCpmTags},
};
constexpr TagMarks kGlmTags{
    .call_end = "</tool_call>",
    .key = "<arg_key>",
    .key_end = "</arg_key>",
    .value = "<arg_value>",
    .value_end = "</arg_value>",
};
constexpr Calls kGlm[] = {{.notation = kTags, .begin = "<tool_call>", .tags = &kGlmTags}};
constexpr TagMarks kHunyuan3Tags{
    .call = "<tool_call:opensource>",
    .name_end = "<tool_sep:opensource>",
    .call_end = "</tool_call:opensource>",
    .key = "<arg_key:opensource>",
    .key_end = "</arg_key:opensource>",
    .value = "<arg_value:opensource>",
    .value_end = "</arg_value:opensource>",
};
constexpr Calls kHunyuan3[] = {
    {.notation = kTags,
     .begin = "<tool_calls:opensource>",
     .end = "</tool_calls:opensource>",
     .open = "\n",
     .close = "\n",
     .between = "\n",
     .tags = &kHunyuan3Tags},
};
constexpr TagMarks kKimi3Tags{
    .call = "<|open|>call tool=\"",
    .name_end = "\"",
    .attributes_end = "<|sep|>",
    .call_end = "<|close|>call<|sep|>",
    .key = "<|open|>argument key=\"",
    .key_end = "\"",
    .value_end = "<|close|>argument<|sep|>",
    .attribute = " type=",
};
constexpr Calls kKimi3[] = {
    {.notation = kTags, .begin = "<|open|>tools<|sep|>", .end = "<|close|>tools<|sep|>", .tags = &kKimi3Tags},
};

// Notations of programs.
constexpr Calls kLfm2[] = {
    {.notation = kPython,
     .begin = "<|tool_call_start|>",
     .end = "<|tool_call_end|>",
     .open = "[",
     .close = "]",
     .between = ", "},
};
constexpr Calls kOlmo3[] = {
    {.notation = kPython,
     .begin = "<function_calls>",
     .end = "</function_calls>",
     .open = "\n",
     .close = "\n",
     .between = "\n"},
};
constexpr Calls kGemma3[] = {
    {.notation = kPython, .begin = "```tool_code", .end = "```", .open = "\n", .close = "\n", .between = "\n"},
    {.notation = kPython, .open = "["},
    {.begin = "```json", .end = "```"},
    {.open = "{"},
};
constexpr TagMarks kGemma4Braces{.call = "call:", .value_end = "<|\"|>"};
constexpr Calls kGemma4[] = {
    {.notation = kBraces, .begin = "<|tool_call>", .end = "<tool_call|>", .tags = &kGemma4Braces},
};
constexpr TagMarks kFunctionGemmaBraces{.call = "call:", .value_end = "<escape>"};
constexpr Calls kFunctionGemma[] = {
    {.notation = kBraces,
     .begin = "<start_function_call>",
     .end = "<end_function_call>",
     .tags = &kFunctionGemmaBraces},
};

constexpr ToolFormat kFormats[] = {
    {"hermes", "Hermes, Qwen 2.5 and 3, QwQ, Granite 4, MiMo, Bielik, Reka", kHermes},
    {.name = "qwen3-coder",
     .models = "Qwen3 Coder, Qwen 3.5, Nemotron 3, Step 3.5",
     .calls = kQwenCoder,
     .silent = {"</tool_call>"}},
    {"llama3", "Llama 3.1, 3.2, 3.3", kLlama3},
    {"llama4", "Llama 4", kLlama4},
    {.name = "mistral", .models = "Mistral 7B v0.3, Nemo, Large", .calls = kMistral, .short_ids = true},
    {.name = "mistral-v11",
     .models = "Mistral Small 3.2, Devstral, Ministral 3, Magistral",
     .calls = kMistral11,
     .think = "[THINK]",
     .think_end = "[/THINK]",
     .short_ids = true},
    {"deepseek-v3", "DeepSeek V3 and R1, and what R1 was distilled into", kDeepSeek3},
    {"deepseek-v3.1", "DeepSeek V3.1", kDeepSeek31},
    {"deepseek-v3.2", "DeepSeek V3.2", kDeepSeek32},
    {"deepseek-v4", "DeepSeek V4", kDeepSeek4},
    {.name = "harmony",
     .models = "gpt-oss",
     .calls = kHarmony,
     .think = "",
     .think_end = "",
     .channels = &kHarmonyChannels},
    {"gemma3", "Gemma 2 and 3 when asked for it", kGemma3},
    {.name = "gemma4",
     .models = "Gemma 4",
     .calls = kGemma4,
     .think = "<|channel>thought\n",
     .think_end = "<channel|>"},
    {"functiongemma", "FunctionGemma", kFunctionGemma},
    {"phi4", "Phi-4 mini", kPhi4},
    {.name = "granite3", .models = "Granite 3", .calls = kGranite3, .silent = {"<response>", "</response>"}},
    {.name = "command-r7b",
     .models = "Command R7B, Command A",
     .calls = kCommandR7,
     .think = "<|START_THINKING|>",
     .think_end = "<|END_THINKING|>",
     .silent = {"<|START_RESPONSE|>", "<|END_RESPONSE|>", "<|START_TEXT|>", "<|END_TEXT|>"}},
    {"command-r", "Command R, R+", kCommandR},
    {"glm", "GLM 4.5 to 4.7, Ling 3, Laguna, Spark 2.5", kGlm},
    {.name = "kimi-k2", .models = "Kimi K2", .calls = kKimi2, .silent = {"<|tool_calls_section_end|>"}},
    {.name = "kimi-k3",
     .models = "Kimi K3",
     .calls = kKimi3,
     .think = "<|open|>think<|sep|>",
     .think_end = "<|close|>think<|sep|>",
     .silent = {"<|open|>response<|sep|>", "<|close|>response<|sep|>", "<|close|>message<|sep|>", "<|end_of_msg|>"}},
    {"minimax-m1", "MiniMax M1", kMiniMaxM1},
    {"minimax-m2", "MiniMax M2", kMiniMax2},
    {.name = "minimax-m3",
     .models = "MiniMax M3",
     .calls = kMiniMax3,
     .think = "<mm:think>",
     .think_end = "</mm:think>"},
    {.name = "seed-oss", .models = "Seed-OSS", .calls = kSeed, .think = "<seed:think>", .think_end = "</seed:think>"},
    {"nemotron", "Nemotron Nano 2", kNemotron},
    {.name = "apertus",
     .models = "Apertus",
     .calls = kApertus,
     .think = "<|inner_prefix|>",
     .think_end = "<|inner_suffix|>"},
    {.name = "apriel-1.6",
     .models = "Apriel 1.6",
     .calls = kToolCalls,
     .think = "Here are my reasoning steps:\n",
     .think_end = "[BEGIN FINAL RESPONSE]",
     .silent = {"[END FINAL RESPONSE]"}},
    {.name = "tool-calls",
     .models = "Apriel 1.5, Hunyuan A13B, Jamba",
     .calls = kToolCalls,
     .think = "<thinking>",
     .think_end = "</thinking>",
     .silent = {"[BEGIN FINAL RESPONSE]", "[END FINAL RESPONSE]"}},
    {.name = "hunyuan3",
     .models = "Hunyuan 3",
     .calls = kHunyuan3,
     .think = "<think:opensource>",
     .think_end = "</think:opensource>"},
    {"minicpm5", "MiniCPM 5", kMiniCpm},
    {.name = "solar",
     .models = "Solar Open",
     .calls = kSolar,
     .think = "<|think|>",
     .think_end = "<|end|>",
     .silent = {"<|begin|>assistant", "<|content|>", "<|flush|>"}},
    {.name = "muse",
     .models = "Muse Glimmer",
     .calls = kMuse,
     .think = "",
     .think_end = "",
     .channels = &kMuseChannels},
    {.name = "gigachat3",
     .models = "GigaChat 3",
     .calls = kGigaChat3,
     .silent = {"<|message_sep|>\n\n", "<|role_sep|>\n"}},
    {.name = "gigachat3.1", .models = "GigaChat 3.1", .calls = kGigaChat31, .silent = {"<|message_sep|>\n\n"}},
    {"lfm2", "LFM 2 and 2.5", kLfm2},
    {"olmo3", "OLMo 3", kOlmo3},
    {"internlm", "InternLM 2 and 3", kInternLm},
    {"firefunction", "Firefunction v2", kFirefunction},
    {"functionary-v3.1", "Functionary v3.1", kFunctionary31},
    {"functionary-v3.2", "Functionary v3.2", kFunctionary32},
    {"json", "any other model: asked for JSON in its prompt", kPlain},
};

// The first of which both marks are in the template.
struct Rule {
  std::string_view mark, mark2, format;
};
constexpr Rule kRules[] = {
    {"<|channel|>", "<|message|>", "harmony"},
    {"atem:", "", "muse"},
    {"<|tool_calls_section_begin|>", "", "kimi-k2"},
    {"<|open|>", "<|sep|>", "kimi-k3"},
    {"DSML", "function_calls", "deepseek-v3.2"},
    {"DSML", "", "deepseek-v4"},
    {"<\uff5ctool\u2581call\u2581begin\uff5c>", "```json", "deepseek-v3"},
    {"<\uff5ctool\u2581call\u2581begin\uff5c>", "", "deepseek-v3.1"},
    {"<|tool_call:begin|>", "", "solar"},
    {"<minimax:tool_call>", "", "minimax-m2"},
    {"]<]minimax[>[", "", "minimax-m3"},
    {"<tool_calls>", "<beginning_of_sentence>", "minimax-m1"},
    {"<tool_calls>", "Here are my reasoning steps:", "apriel-1.6"},
    {"<tool_calls>", "", "tool-calls"},
    {"<arg_key", ":opensource", "hunyuan3"},
    {"<arg_key>", "", "glm"},
    {"<seed:tool_call>", "", "seed-oss"},
    {"<TOOLCALL>", "", "nemotron"},
    {"<param name=", "", "minicpm5"},
    {"<function=", "<parameter=", "qwen3-coder"},
    {"<function=", "</function>", "functionary-v3.1"},
    {">>>all", "", "functionary-v3.2"},
    {"<|START_ACTION|>", "", "command-r7b"},
    {"Action:", "```json", "command-r"},
    {"[TOOL_CALLS]", "[ARGS]", "mistral-v11"},
    {"[TOOL_CALLS]", "", "mistral"},
    {"<|tools_prefix|>", "", "apertus"},
    {"<|function_call|>", "", "gigachat3.1"},
    {"<|role_sep|>", "function call", "gigachat3"},
    {"<|tool_list_start|>", "", "lfm2"},
    {"<|tool_call_start|>", "", "lfm2"},
    {"List of tools: [", "", "lfm2"},
    {"<function_calls>", "", "olmo3"},
    {"<|plugin|>", "", "internlm"},
    {"<|tool_call>", "", "gemma4"},
    {"<start_function_call>", "", "functiongemma"},
    {"<start_of_turn>", "", "gemma3"},
    {"<|tool_call|>", "<|start_of_role|>", "granite3"},
    {"<|tool_call|>", "", "phi4"},
    {"<|tool|>", "", "phi4"},
    {"functools[", "", "firefunction"},
    {"<|header_start|>", "", "llama4"},
    {"<|python_tag|>", "", "llama3"},
    {"<|start_header_id|>", "ipython", "llama3"},
    {"<tool_call>", "", "hermes"},
};

}  // namespace

std::span<const ToolFormat> formats() { return kFormats; }

const ToolFormat* find(std::string_view name) {
  for (const ToolFormat& f : kFormats)
    if (f.name == name) return &f;
  return nullptr;
}

const ToolFormat& detect(std::string_view source) {
  for (const Rule& r : kRules)
    if (source.find(r.mark) != source.npos && source.find(r.mark2) != source.npos) return *find(r.format);
  return kFormats[std::size(kFormats) - 1];
}

}  // namespace infer::text::tools
