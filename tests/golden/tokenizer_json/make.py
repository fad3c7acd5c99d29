#!/usr/bin/env python3
"""Writes what Hugging Face tokenizers makes of texts, for each tokenizer of shapes.py.

    make.py                    (packaging/requirements-conformance.txt)

NAME.json, for a published shape: {"tokenizer": the file, "cases": [...]}. probes.jsonl: {"model": of all of them}, then a
line each for {"name", "tokenizer": without the model, "cases"}. A case: the text (or its bytes in hex), whether special
tokens are recognised and added, the ids, and what they decode to with special tokens and without (not for probes).
"""

import datetime
import json
import os

import shapes
import texts
import tokenizers

HERE = os.path.dirname(os.path.abspath(__file__))


def text_cases(n_tricky, n_generated, seed):
    step = max(1, len(texts.TRICKY) // n_tricky)
    cases = [t.encode() for t in texts.TRICKY[seed % step :: step]]
    cases += [f"a {s}{s} b".encode() for s in shapes.SPECIALS] + [b"think<think> rethink  <s> x </s>  y  [MASK]z World"]
    cases += [d for d in texts.generated(seed, 3 * n_generated, shapes.SPECIALS, []) if len(d) < 100][:n_generated]
    return [c for i, c in enumerate(cases) if len(c) < 160 and c not in cases[:i]]


def encoded(tokenizer, untrusted, text, special):
    tokenizer.encode_special_tokens = not special
    return (tokenizer if special else untrusted).encode(text, add_special_tokens=special).ids


def cases_of(tokenizer, is_probe, seed):
    cases = []
    untrusted = shapes.without_control(tokenizer) or tokenizer
    for i, data in enumerate(text_cases(24 if is_probe else 60, 10 if is_probe else 30, seed)):
        text = data.decode("utf-8", "replace")
        for special in [True, False] if i % 8 == 0 or "<" in text or "[" in text else [i % 2 == 0]:
            ids = encoded(tokenizer, untrusted, text, special)
            case = {"text": text} if text.encode() == data else {"hex": data.hex()}
            case |= {"special": special, "ids": ids}
            if not is_probe:
                case["all"] = tokenizer.decode(ids, skip_special_tokens=False)
                case["plain"] = tokenizer.decode(ids, skip_special_tokens=True)
            cases.append(case)
    return cases


def dump(value):
    return json.dumps(value, separators=(",", ":"))


def main():
    about = f"make.py: tokenizers {tokenizers.__version__}, {datetime.date.today().isoformat()}"
    for seed, (name, tokenizer) in enumerate(shapes.published().items()):
        written = shapes.legacy_merges(tokenizer) if name in ("gpt2", "llama2") else tokenizer.to_str()
        with open(os.path.join(HERE, name + ".json"), "w") as out:
            print('{"made_by":' + dump(about) + ',"tokenizer":' + dump(json.loads(written)) + ',"cases":[', file=out)
            print(",\n".join(map(dump, cases_of(tokenizer, False, seed))) + "]}", file=out)
    with open(os.path.join(HERE, "probes.jsonl"), "w") as out:
        print(dump({"made_by": about, "model": shapes.probe_model()}), file=out)
        for seed, (name, tokenizer) in enumerate(shapes.probes().items()):
            state = json.loads(tokenizer.to_str())
            del state["model"]
            print(dump({"name": name, "tokenizer": state, "cases": cases_of(tokenizer, True, 100 + seed)}), file=out)


main()
