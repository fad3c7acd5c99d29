#!/usr/bin/env python3
"""Writes the seeds of fuzz_tokenizer_json: small files of every shape and component, each with a text behind a NUL."""

import json
import os
import random

import shapes
import texts

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fuzz", "corpus", "tokenizer_json")


def small(tokenizer):
    """Without most of its vocabulary; what no longer fits is still worth reading."""
    state = json.loads(tokenizer.to_str())
    model = state["model"]
    if isinstance(model["vocab"], list):
        model["vocab"] = model["vocab"][:40]
    else:
        kept = {t for t, i in model["vocab"].items() if i < 40} | {t["content"] for t in state["added_tokens"]}
        model["merges"] = [m for m in model.get("merges", []) if {m[0], m[1], m[0] + m[1]} <= kept]
        model["vocab"] = {t: i for t, i in model["vocab"].items() if t in kept}
        if model["type"] != "BPE":
            del model["merges"]
    return state


def main():
    os.makedirs(FOLDER, exist_ok=True)
    r = random.Random(5)
    lines = list(texts.generated(9, 400, shapes.SPECIALS, []))
    for name, tokenizer in (shapes.published() | shapes.probes()).items():
        with open(os.path.join(FOLDER, name), "wb") as out:
            out.write(json.dumps(small(tokenizer), separators=(",", ":")).encode() + b"\0" + r.choice(lines)[:120])


main()
