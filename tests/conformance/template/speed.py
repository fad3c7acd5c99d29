"""How long a long conversation takes to render, ours and jinja2's in turn.

    python3 tests/conformance/template/speed.py build/release/bin/render_json TEMPLATE...

One line per template and length of conversation: the fastest of 20 renderings each, compiled before. Ours begins with the JSON
of tools and further fields, as a call of the C API does; jinja2 with Python's objects.
"""
import argparse
import pathlib
import time

from tool import Tool

import oracle  # noqa: E402
from chats import TOOLS  # noqa: E402


def conversation(n):
    turns = []
    for i in range(n // 2):
        turns.append({"role": "user", "content": f"Question {i}: what is the capital of country number {i}, and why? " * 3})
        turns.append({"role": "assistant", "content": f"The capital of country {i} is city {i}. It is so because of <history> & \"chance\". " * 5})
    return [{"role": "system", "content": "You are a helpful assistant."}, *turns, {"role": "user", "content": "Thanks!"}]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("tool")
    p.add_argument("template", nargs="+")
    a = p.parse_args()
    tool = Tool(a.tool)
    for f in a.template:
        for n in (50, 200, 800):
            case = {"template": pathlib.Path(f).read_text(), "messages": conversation(n), "extra": {"tools": TOOLS}, "bos_token": "<s>", "eos_token": "</s>", "now": oracle.NOW}
            template = oracle.compiled(case["template"])
            variables = {"documents": None, "add_generation_prompt": True, **{k: case[k] for k in ("messages", "bos_token", "eos_token")}, **case["extra"]}
            best, text = 1e9, ""
            for _ in range(20):
                start = time.perf_counter()
                text = template.render(**variables)
                best = min(best, time.perf_counter() - start)
            ours = tool.render({**case, "times": 20})
            same = "the same text" if ours.get("text") == text else "ANOTHER TEXT"
            print(f"{pathlib.Path(f).stem}, {n} messages, {len(text)} characters: ours {1e3 * ours['seconds']:.2f} ms, jinja2 {1e3 * best:.2f} ms, {best / ours['seconds']:.1f} times as fast, {same}")


if __name__ == "__main__":
    main()
