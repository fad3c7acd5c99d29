"""Writes the golden files of this folder with jinja2 as Hugging Face transformers sets it up.

    python3 tests/golden/template/make.py

constructs.jsonl: small templates (constructs.py), one construct each, over the variables of its first line.
chats.jsonl:      the chats of chats.py and some of many_chats.py, each with what the whole templates (*.jinja here) make of it.
A line is a case in the form of tests/conformance/template/render_json.cc, with "text" (and "generated", byte ranges, where there are
such blocks) or "error" added. "error" is true
where jinja2 failed in words of its own, and the message where the template raised one.
"""
import json
import pathlib

import jinja2
import oracle
from chats import chats
from many_chats import chat, injected_chat
from constructs import CONTEXT, cases

HERE = pathlib.Path(__file__).parent


def line(o):
    return json.dumps(o, ensure_ascii=True) + "\n"


def expected(case):
    answer = oracle.render(case)
    if "error" in answer and not answer["raised"]:
        answer = {"error": True}  # ours are worded differently
    elif "error" in answer:
        answer = {"error": answer["error"].split(": ", 1)[1]}
    elif " at 0x" in answer["text"] or "<function " in answer["text"] or "<class " in answer["text"] or "<built-in" in answer["text"]:
        return None  # Python's addresses
    return answer


def main():
    with open(HERE / "constructs.jsonl", "w") as f:
        f.write(line({"made_by": f"make.py, jinja2 {jinja2.__version__}", "extra": CONTEXT, "now": oracle.NOW}))
        for case in cases():
            answer = expected(case)
            if answer:
                f.write(line({"template": case["template"], **answer}))
    with open(HERE / "chats.jsonl", "w") as f:
        f.write(line({"made_by": f"make.py, jinja2 {jinja2.__version__}", "bos_token": "<s>", "eos_token": "</s>", "now": oracle.NOW}))
        sources = {source.name: source.read_text() for source in sorted(HERE.glob("*.jinja"))}
        random = [(f"random {k}", chat(k)) for k in range(6)] + [(f"injected {k}", injected_chat(k)) for k in range(100, 112)]
        for name, conversation in [*chats(), *random]:
            case = {"bos_token": "<s>", "eos_token": "</s>", **conversation}
            f.write(line({"name": name, **conversation, "expect": {file: expected({**case, "template": text}) for file, text in sources.items()}}))


if __name__ == "__main__":
    main()
