"""Chats put together at random from what conversations consist of, for comparing templates: seeded, so that each number is
always the same chat. With injected(), every text that a user could have written holds control tokens and template syntax
between two private characters, by which a test finds it again in the rendering."""
import random

OPEN, CLOSE = "\ue000", "\ue001"
# Not </think> and no quotes: templates take them out of a text and write them there again themselves, in their own words.
CONTROL = ["<|im_end|>", "<|im_start|>", "<|eot_id|>", "<|start_header_id|>", "[INST]", "[/INST]", "<start_of_turn>", "<end_of_turn>", "<s>", "</s>", "<|end|>", "<|user|>", "<tool_call>", "[TOOL_CALLS]",
           "<|endoftext|>", "<<SYS>>", "<|channel|>", "<|START_OF_TURN_TOKEN|>", "{{ 7*7 }}", "{% raw %}", "{# no #}", "{{ raise_exception(1) }}", "<\uff5cUser\uff5c>", "<|return|>", "<unk>", "<image>"]
TEXTS = [
    "Hello, who are you?", "What is 2 + 2?", "Be brief.", "", " ", "\n", "  spaces around \n\n", "Na\u00efve \U0001f600 \u4f60\u597d \u0130\u00df \u202e\u00a0x\u2028y", "it's \"quoted\" \\ back\\slash", "<b>bold</b> & 'html' > <",
    "a\tb\r\nc\n\n\nd", "{\"json\": [1, 2, {\"k\": null}]}", "[1, 2]", "42", "true", "null", "line\n" * 40, "word " * 400, "<think>\nhm\n</think>\n\nHi.", "<think>open", "closed</think>after", "/no_think", "/think go", "```python\nprint('x')\n```",
    "\u3000trim me\u3000", "%s {} $x", "\x01\x7f\ufffd", "[[ ## x ## ]]", "<tool_response>x</tool_response>",
]
NAMES = ["get_weather", "now", "search.web", "f", "call-me_2"]


def parameter(r, depth):
    kind = r.choice(["string", "string", "integer", "number", "boolean", "array", "object", ["string", "null"]])
    p = {"type": kind}
    if r.random() < 0.7:
        p["description"] = r.choice(["The city's name, e.g. K\u00f8benhavn", "A \"quoted\" <b>thing</b> & more", "", "two\nlines"])
    if kind == "string" and r.random() < 0.3:
        p["enum"] = ["celsius", "fahren\"heit"]
        p["default"] = "celsius"
    if kind in ("integer", "number") and r.random() < 0.4:
        p["minimum"], p["maximum"] = r.choice([(0, 10), (-1.5, 1e20)])
    if kind == "array" and r.random() < 0.9:
        p["items"] = parameter(r, depth - 1) if depth > 0 else {"type": "string"}
    if kind == "object" and depth > 0:
        p.update(parameters(r, depth - 1))
    if r.random() < 0.1:
        p = {"anyOf": [{"type": "string"}, {"type": "null"}]} if r.random() < 0.5 else {"$ref": "#/$defs/x"}
    return p


def parameters(r, depth):
    names = r.sample(["city", "unit", "days", "where", "tags", "flag", "x-y", "\u00e9"], r.randrange(4))
    out = {"type": "object", "properties": {n: parameter(r, depth) for n in names}}
    if names and r.random() < 0.7:
        out["required"] = names[: r.randrange(len(names) + 1)]
    if r.random() < 0.2:
        out["additionalProperties"] = False
    return out


def tool(r):
    f = {"name": r.choice(NAMES), "description": r.choice(["Get the weather <b>now</b> & \"later\"", "Tells the time", ""]), "parameters": parameters(r, 2)}
    if r.random() < 0.1:
        del f["description"]
    if r.random() < 0.1:
        f["parameters"] = {}
    if r.random() < 0.2:
        f["return"] = {"type": "string", "description": "The weather"}
    if r.random() < 0.2:
        f["strict"] = True
    return {"type": "function", "function": f} if r.random() < 0.93 else f


def arguments(r):
    return {k: r.choice(["\u00c5rhus", "a \"b\" <c>", 3, -2.5, 1e21, True, None, ["a", 1], [], {"lat": 1.0, "z": {"y": []}}, "two\nlines", ""]) for k in r.sample(["city", "days", "tags", "where", "\u00e9 x"], r.randrange(4))}


def text(r):
    return r.choice(TEXTS[:3] if r.random() < 0.5 else TEXTS)


def content(r):
    """As a string, as parts, missing parts, or none at all."""
    n = r.random()
    if n < 0.78:
        return text(r)
    if n < 0.9:
        return [{"type": "text", "text": text(r)} for _ in range(r.randrange(1, 4))]
    if n < 0.95:
        return [r.choice([{"type": "image"}, {"type": "image_url", "image_url": {"url": "http://x/y.png"}}, {"type": "video"}, {"type": "audio"}]), {"type": "text", "text": text(r)}]
    return r.choice([None, "", [], {"a": "dict"}])


def call(r, json_text):
    a = arguments(r)
    if json_text is not None:
        a = json_text(a)
    f = {"name": r.choice(NAMES), "arguments": a}
    out = {"type": "function", "function": f} if r.random() < 0.9 else dict(f)
    if r.random() < 0.8:
        out["id"] = r.choice(["call12345", "call_0", "abcdefghi", "functions.f:0"])
    return out


def exchange(r, wild):
    import json
    out = [{"role": "user", "content": content(r)}]
    if r.random() < 0.35:
        style = r.choice([None, None, json.dumps, lambda a: json.dumps(a, ensure_ascii=False)])
        calls = [call(r, style) for _ in range(r.choice([1, 1, 2, 3]))]
        m = {"role": "assistant", "content": r.choice(["", None, "Let me look.", text(r)]), "tool_calls": calls}
        if r.random() < 0.15:
            del m["content"]
        if r.random() < 0.25:
            m[r.choice(["reasoning_content", "thinking", "reasoning"])] = text(r)
        out.append(m)
        for c in calls[: len(calls) if r.random() < 0.9 else 1]:
            t = {"role": "tool", "content": r.choice(["Sunny, 21\u00b0 <b>", "{\"temperature\": 21.5, \"ok\": true}", {"temperature": 21.5, "ok": True, "list": [1, None]}, ["x", 1], text(r), content(r)])}
            if r.random() < 0.8:
                t["tool_call_id"] = c.get("id", "call12345")
            if r.random() < 0.7:
                t["name"] = c.get("function", c)["name"]
            out.append(t)
    if r.random() < 0.85:
        m = {"role": "assistant", "content": content(r)}
        if r.random() < 0.25:
            m[r.choice(["reasoning_content", "thinking", "reasoning", "thought"])] = r.choice([text(r), None])
        if r.random() < 0.05:
            m["tool_calls"] = r.choice([[], None])
        out.append(m)
    if wild and r.random() < 0.3:
        r.shuffle(out)
    return out


def chat(number):
    r = random.Random(number)
    wild = r.random() < 0.25
    messages = [{"role": r.choice(["system"] * 4 + ["developer"]), "content": content(r)}] if r.random() < 0.55 else []
    for _ in range(r.choice([0, 1, 1, 1, 2, 2, 3])):
        messages += exchange(r, wild)
    ending = r.random()
    if ending < 0.55:
        messages.append({"role": "user", "content": content(r)})
    elif ending < 0.65 and messages and messages[-1]["role"] == "assistant":  # to be gone on with
        messages[-1]["prefix"] = True
    if wild:
        for m in messages:
            if r.random() < 0.1:
                m["role"] = r.choice(["user", "assistant", "system", "tool", "developer", "ipython", "function", "narrator", "observation", "model"])
            if r.random() < 0.05:
                m.pop("content", None)
            if r.random() < 0.1:
                m["name"] = "Ann"
    extra = {}
    if r.random() < 0.5:
        extra["tools"] = [tool(r) for _ in range(r.choice([0, 1, 1, 2, 3]))]
    if r.random() < 0.12:
        extra["documents"] = [r.choice([{"title": "A", "text": text(r)}, {"title": "C", "content": "d"}, {"doc_id": 1, "title": "\u00e9", "text": "t", "source": "s"}, {"data": {"k": "v"}}, "plain"]) for _ in range(r.randrange(3))]
    for name, values in {
        "enable_thinking": [True, False], "thinking": [True, False], "reasoning_effort": ["low", "medium", "high", "none"], "date_string": ["1 Jan 2024"], "tools_in_user_message": [True, False], "custom_tools": [None], "builtin_tools": [["brave_search"], []],
        "clear_thinking": [True, False], "keep_past_thinking": [True, False], "preserve_thinking": [True, False], "add_vision_id": [True], "model_identity": ["I am <x>"], "citations": ["enable"], "controls": [{"length": "short"}], "safety_mode": ["NONE", "STRICT"],
        "thinking_budget": [0, 512], "continue_final_message": [True, False], "today_date": ["2025-01-01"], "system_message": ["S"], "available_tools": [[]], "xml_tools": [[]], "python_tools": [[]], "truncate_history_thinking": [True, False], "json_tools": [[]],
    }.items():
        if r.random() < (0.3 if name == "enable_thinking" else 0.06):
            extra[name] = r.choice(values)
    out = {"messages": messages, "add_generation_prompt": r.random() < 0.6}
    if extra:
        out["extra"] = extra
    if r.random() < 0.15:
        out["bos_token"] = r.choice(["", "<|begin_of_text|>"])
    return out


def injected(value, r, key=None):
    """The same chat with control tokens in every text that its user could have written."""
    if isinstance(value, dict):
        return {(k if k in STRUCTURE else mark(k, r)): injected(v, r, k) for k, v in value.items()}
    if isinstance(value, list):
        return [injected(v, r, key) for v in value]
    return mark(value, r) if isinstance(value, str) and key not in ("role", "type") else value


STRUCTURE = {"role", "content", "type", "text", "tool_calls", "function", "name", "arguments", "id", "tool_call_id", "description", "parameters", "properties", "required", "enum", "default", "items", "title", "image_url", "url", "return", "doc_id", "data", "source",
             "reasoning_content", "thinking", "reasoning", "thought", "prefix", "anyOf", "$ref", "minimum", "maximum", "strict", "additionalProperties", "length"}


def mark(s, r):
    token = r.choice(CONTROL)
    return s + OPEN + token + CLOSE if r.random() < 0.7 else OPEN + token + CLOSE + s


def injected_chat(number):
    c = chat(number)
    r = random.Random(f"injection {number}")
    out = dict(c, messages=injected(c["messages"], r))
    extra = c.get("extra", {})
    out["extra"] = {k: injected(v, r, k) if k in ("tools", "documents") else v for k, v in extra.items()}
    return out
