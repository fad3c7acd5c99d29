#!/usr/bin/env python3
"""The table of README's tokenizers, from what the vectors say of themselves: what is not held against another
implementation is not in it.

    tests/golden/tokenizer/table.py [--readme | --check]

Without an argument the table goes to stdout; --readme puts it between the two marks in README.md; with --check the status
is 1 when README says something else.
"""

import glob
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
README = os.path.join(HERE, "..", "..", "..", "README.md")
BEGIN, END = "<!-- tokenizers: begin -->", "<!-- tokenizers: end -->"
# Of each tiny vocabulary: tokenizer.ggml.model and what it is.
KINDS = {
    "tiny-bpe.gguf": ("gpt2", "byte-level BPE"),
    "tiny-spm.gguf": ("llama", "SentencePiece BPE, by score"),
    "tiny-gemma.gguf": ("gemma4", "SentencePiece BPE, by merges"),
    "tiny-unigram.gguf": ("t5", "SentencePiece Unigram, `precompiled_charsmap`"),
    "tiny-unigram-bytes.gguf": ("t5", "SentencePiece Unigram, `precompiled_charsmap`"),
    "tiny-bert.gguf": ("bert", "WordPiece, BERT's normaliser"),
    "tiny-rwkv.gguf": ("rwkv", "longest match over bytes"),
}


def table():
    rules, kinds = [], {}
    for path in sorted(glob.glob(os.path.join(HERE, "*.jsonl"))):
        with open(path) as lines:
            about = json.loads(next(lines))
        if about["vocabulary"] not in KINDS:
            continue
        model, what = KINDS[about["vocabulary"]]
        names = kinds.setdefault(model, (what, []))[1]
        if model == "gpt2":
            rules.append([about["pre"]] + [name for name in about["also"] if name])
        names += [name for name in about.get("also", []) if name and name not in names and model != "gpt2"]
    assert set(kinds) == {model for model, _ in KINDS.values()}
    n = sum(map(len, rules))
    lines = ["| `tokenizer.ggml.model` | what it is | `tokenizer.ggml.pre` |", "|---|---|---|"]
    for model, (what, names) in kinds.items():
        if model == "gpt2":
            shown = f"{n} names of {len(rules)} rules: " + "; ".join(" ".join(names) for names in rules)
        else:
            shown = ", or `gpt2` with ".join(["any"] + ([" ".join(names)] if names else []))
        lines.append(f"| `{model}` | {what} | {shown} |")
    return "\n".join(lines) + "\n"


def main():
    text = open(README).read()
    head, rest = text.split(BEGIN + "\n")
    now, tail = rest.split(END)
    if "--check" in sys.argv:
        if now != table():
            sys.exit("README.md's table of tokenizers is not what tests/golden/tokenizer/table.py --readme would write")
    elif "--readme" in sys.argv:
        with open(README, "w") as out:
            out.write(head + BEGIN + "\n" + table() + END + tail)
    else:
        print(table(), end="")


main()
