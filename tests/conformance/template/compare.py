"""Compares our template interpreter with jinja2 on every template of a folder and a set of chats.

    python3 tests/conformance/template/compare.py build/release/bin/render_json FOLDER [--show N]

FOLDER holds *.jinja (the llama-cpp-python source distribution has about 70 in vendor/llama.cpp/models/templates).
Prints one line per template that differs and a summary; exit status 1 if any differs.
Two renderings agree when both give the same text, or both fail (and a raise_exception with the same words).
"""
import argparse
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "golden" / "template"))
import oracle  # noqa: E402
from chats import chats  # noqa: E402


def agree(ours, theirs):
    if "text" in theirs:
        return ours.get("text") == theirs["text"]
    if "error" not in ours:
        return False
    return not theirs.get("raised") or ours["error"] == theirs["error"].split(": ", 1)[1]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("tool")
    p.add_argument("folder")
    p.add_argument("--show", type=int, default=0, help="print up to N differences")
    p.add_argument("--only", default="")
    a = p.parse_args()
    tool = subprocess.Popen([a.tool], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    files = sorted(f for f in pathlib.Path(a.folder).glob("*.jinja") if a.only in f.name)
    full, renderings, texts, differences = 0, 0, 0, 0
    for f in files:
        source = f.read_text()
        wrong = 0
        for name, chat in chats():
            case = {"template": source, "now": oracle.NOW, "bos_token": "<s>", "eos_token": "</s>", **chat}
            theirs = oracle.render(case)
            tool.stdin.write(json.dumps(case) + "\n")
            tool.stdin.flush()
            ours = json.loads(tool.stdout.readline())
            renderings += 1
            texts += "text" in theirs
            if not agree(ours, theirs):
                wrong += 1
                if a.show > 0:
                    a.show -= 1
                    print(f"--- {f.name} / {name}\n  jinja2: {json.dumps(theirs)[:1500]}\n  ours:   {json.dumps({k: v for k, v in ours.items() if k != 'trusted'})[:1500]}")
        full += wrong == 0
        differences += wrong
        if wrong:
            print(f"{f.name}: {wrong} differ")
    print(f"{full} of {len(files)} templates agree fully; {differences} of {renderings} renderings differ ({texts} of them give text, the others an error)")
    sys.exit(differences != 0)


if __name__ == "__main__":
    main()
