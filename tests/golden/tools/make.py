"""Writes turns.jsonl: what the published chat templates write for an assistant's turn with tool calls, by jinja2.

    python3 tests/golden/tools/make.py

The templates (tests/conformance/published.sh) are not kept here; a few of their turns are. A line: the template's name, the
format it is of (by hand, FORMATS), the end of the prompt, the turn's text, and what was said. Templates that jinja2 cannot
render with calls, and values that a template cannot write so that they could be told (LOSSY), are left out.
"""
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "template"))
import oracle  # noqa: E402

FORMATS = {
    "Apertus": "apertus", "Apriel-1.6": "apriel-1.6", "Bielik": "hermes", "ByteDance-Seed": "seed-oss", "Cohere2MoE": "command-r7b",
    "CohereForAI-c4ai-command-r7b": "command-r7b", "CohereForAI-c4ai-command-r-plus": "command-r", "GLM-4.6": "glm", "GLM-4.7": "glm",
    "GigaChat3-": "gigachat3", "GigaChat3.1": "gigachat3.1", "Kimi-K3": "kimi-k3", "LFM2.5-8B": "lfm2", "MiMo": "hermes",
    "MiniMax-M1": "minimax-m1", "MiniMax-M2": "minimax-m2", "MiniMax-M3": "minimax-m3", "Mistral-Small-3.2": "mistral-v11",
    "NVIDIA-Nemotron-3": "qwen3-coder", "NVIDIA-Nemotron-Nano": "nemotron", "NousResearch": "hermes", "Qwen-QwQ": "hermes",
    "Qwen-Qwen2.5": "hermes", "Qwen-Qwen3": "hermes", "Qwen3-Coder": "qwen3-coder", "Qwen3.5": "qwen3-coder", "Reka": "hermes",
    "Spark": "glm", "StepFun": "qwen3-coder", "deepseek-ai-DeepSeek-R1": "deepseek-v3", "deepseek-ai-DeepSeek-V3.1": "deepseek-v3.1",
    "deepseek-ai-DeepSeek-V3.2": "deepseek-v3.2", "deepseek-ai-DeepSeek-V4": "deepseek-v4", "fireworks": "firefunction",
    "google-gemma-4": "gemma4", "ibm-granite-granite-4": "hermes", "inclusionai-ling": "glm",
    "meetkai-functionary-medium-v3.1": "functionary-v3.1", "meetkai-functionary-medium-v3.2": "functionary-v3.2",
    "meta-llama": "llama3", "mistralai-Ministral": "mistral-v11", "mistralai-Mistral-Nemo": "mistral", "moonshotai": "kimi-k2",
    "muse": "muse", "openai": "harmony", "openbmb": "minicpm5", "poolside": "glm", "tencent-Hy3": "hunyuan3",
    "unsloth-Apriel": "tool-calls", "unsloth-mistral": "mistral-v11", "upstage": "solar",
}
PARAMETERS = {"type": "object", "properties": {
    "city": {"type": "string", "description": "its name"}, "days": {"type": "integer", "description": "how many"},
    "share": {"type": "number", "description": "of it"}, "flag": {"type": "boolean", "description": "or not"},
    "tags": {"type": "array", "items": {"type": "string"}, "description": "some"},
    "where": {"type": "object", "description": "a place", "additionalProperties": {"type": "number"}}}, "required": ["city"]}
TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "parameters": PARAMETERS}},
    {"type": "function", "function": {"name": "now", "description": "The time", "parameters": {"type": "object", "properties": {}}}},
]
ARGUMENTS = [
    {"city": "Paris"},
    {"city": "A \"b\" \\ \n  line\nSt. John's, \u00c5rhus \U0001f600", "days": 3},
    {"city": "12", "days": -7, "share": 0.25, "flag": True, "tags": ["a", "b, c", "d'e"], "where": {"lat": 1.5}},
]
LOSSY = {"LFM2.5-8B": lambda m: "'" in json.dumps(m["tool_calls"]),  # strings of Python without escapes
         "NVIDIA-Nemotron-Nano": lambda m: m["content"] != "",  # content as a turn of its own
         "deepseek-ai-DeepSeek-R1-Distill": lambda m: m["content"] != ""}
ENDS = ["<|call|>", "<|eom_id|>", "<SPECIAL_12>\n\n", "<\uff5chy_eos:opensource\uff5c>", "<|tool_response>", "<|END_OF_TURN_TOKEN|>",
        "<\uff5cend\u2581of\u2581sentence\uff5c><\uff5cAssistant\uff5c>"]
THINK_END = ["</think>", "</mm:think>", "[BEGIN FINAL RESPONSE]"]


def common(a, b):
    return len(os.path.commonprefix([a, b]))


def render(source, messages, prompt):
    extra = {"tools": TOOLS, "functions": json.dumps(TOOLS), "datetime": "2025-07-31"}
    return oracle.render({"template": source, "messages": messages, "add_generation_prompt": prompt, "bos_token": "<s>",
                          "eos_token": "</s>", "extra": extra}).get("text")


def turn(source, message):
    """(prompt, text) of the assistant's turn, without what ends it; None if it cannot be rendered."""
    user = {"role": "user", "content": "hello"}
    alone, asked, full = render(source, [user], False), render(source, [user], True), render(source, [user, message], False)
    plain = render(source, [user, {"role": "assistant", "content": "PLAIN"}], False)
    if None in (alone, asked, full, plain):
        return None
    begin = max(common(full, asked), common(full, alone))
    mark = full.rfind("<", 0, begin)
    if mark >= 0 and full.find(">", mark) >= begin:
        begin = mark
    prompt, text = full[:begin], full[begin:]
    for n in range(min(64, len(text)), 0, -1):
        if asked.endswith(text[:n]):
            prompt, text = prompt + text[:n], text[n:]
            break
    ending = plain[plain.rfind("PLAIN") + 5:]
    same = common(ending[::-1], text[::-1])
    while 0 < same < len(ending) and text[len(text) - same] != "<":
        same -= 1
    text = text[:len(text) - same]
    for end in ENDS:
        text = text.removesuffix(end)
    return prompt, text


def messages(as_text):
    for arguments in ARGUMENTS:
        for content, reasoning, second in (("", "", False), ("Let me look.", "I must look.\nNow.", True)):
            calls = [("call12345", "get_weather", arguments)] + ([("call67890", "now", {})] if second else [])
            m = {"role": "assistant", "content": content, "tool_calls": [
                {"id": i, "type": "function", "function": {"name": n, "arguments": json.dumps(a) if as_text else a}} for i, n, a in calls]}
            for key in ("reasoning_content", "reasoning", "thinking"):
                if reasoning:
                    m[key] = reasoning
            yield m, calls


def main():
    folder = pathlib.Path(subprocess.check_output([HERE.parents[1] / "conformance" / "published.sh"], text=True).strip()) / "templates"
    lines = []
    for file in sorted(folder.glob("*.jinja")):
        found = [f for prefix, f in FORMATS.items() if file.stem.startswith(prefix)]
        source, as_text = file.read_text(), "functionary-medium-v3.2" in file.stem or "R1-Distill-Llama" in file.stem
        for m, calls in messages(as_text) if found else ():
            if any(file.stem.startswith(prefix) and lossy(m) for prefix, lossy in LOSSY.items()):
                continue
            if "R1-Distill-Llama" in file.stem:
                m["content"] = None
            rendered = turn(source, m)
            if rendered is None and len(calls) > 1:  # one call at a time, or no content beside reasoning
                m["tool_calls"], calls, m["content"] = m["tool_calls"][:1], calls[:1], ""
                rendered = turn(source, m)
            if rendered is None:
                continue
            prompt, text = rendered
            if all(c[1] not in text for c in calls):
                continue
            calls = [c for c in calls if c[1] in text]
            reasoning = m.get("reasoning_content", "")
            if reasoning not in text:
                reasoning = ""
            elif reasoning and any(e in text for e in THINK_END) and "<think>" not in text and "<mm:think>" not in text:
                prompt += {"apriel-1.6": "Here are my reasoning steps:\n", "minimax-m3": "<mm:think>"}.get(found[0], "<think>")
            content = m["content"] if m["content"] and m["content"] in text else ""
            lines.append({"template": file.stem, "format": found[0], "prompt": prompt[-48:], "text": text, "content": content,
                          "reasoning": reasoning, "calls": [{"name": n, "arguments": a} for _, n, a in calls]})
    with open(HERE / "turns.jsonl", "w") as f:
        f.write(json.dumps({"made_by": f"make.py, jinja2 {oracle.jinja2.__version__}", "tools": TOOLS}) + "\n")
        for line in lines:
            f.write(json.dumps(line) + "\n")
    print(len(lines), "turns of", len({x["template"] for x in lines}), "templates")


if __name__ == "__main__":
    main()
