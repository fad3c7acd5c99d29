#!/usr/bin/env python3
"""compare.py TOOL published|probes|FILE.json...: generated texts, our ids against those of Hugging Face tokenizers.

TOOL is tokenize_lines. The texts (INFER_CONFORMANCE_COUNT, 2,000) are shared out among the tokenizers of a group; a file gets
them all. From 100,000 on, every code point goes through every tokenizer as well, before that through those of SWEPT, which
look at every property of our tables. Half of the texts are trusted. Ids are decoded again by both, and the texts compared.
Status 1 when anything differs; the first texts that do are printed.
"""

import importlib.util
import json
import os
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "golden", "tokenizer_json"))
sys.path.insert(0, os.path.join(HERE, "..", "..", "golden", "tokenizer"))
import shapes  # noqa: E402
import texts  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

spec = importlib.util.spec_from_file_location("lines", os.path.join(HERE, "..", "tokenizer", "compare.py"))
lines = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lines)

SWEPT = ["n-nfkc", "n-nfd", "n-bert-1111", "n-stripaccents", "n-nmt", "p-unicodescripts", "p-whitespace", "p-punctuation-isolated",
         "p-digits", "r-00", "r-20", "r-32", "r-41"]  # fmt: skip


def compare(tool, name, tokenizer, n, sweep):
    started = time.time()
    untrusted = shapes.without_control(tokenizer) or tokenizer
    seed = sum(name.encode())
    cases = [(data, i % 2 == 0) for i, data in enumerate(texts.generated(seed, n, shapes.SPECIALS, []))]
    cases += [(data, True) for data in lines.every_code_point()] if sweep else []
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tokenizer.json")
        tokenizer.save(path)
        for i in range(0, len(cases), 1000):
            some = cases[i : i + 1000]
            wrong += differences(tokenizer, untrusted, some, lines.exchange(tool, path, None, some), wrong == 0)
    print(f"{name}: {len(cases)} texts, {wrong} differ, {time.time() - started:.0f} s", flush=True)
    return wrong == 0


def differences(tokenizer, untrusted, cases, answers, show):
    wrong = 0
    probe = untrusted is tokenizer and json.loads(tokenizer.to_str())["model"].get("continuing_subword_prefix") == "#"
    for (data, parse), (ids, back) in zip(cases, answers):
        text = data.decode("utf-8", "replace")
        tokenizer.encode_special_tokens = not parse
        want = (tokenizer if parse else untrusted).encode(text, add_special_tokens=False).ids
        same = ids == want and (probe or back.decode("utf-8", "replace") == tokenizer.decode(want, skip_special_tokens=False))
        if same:
            continue
        wrong += 1
        if show and wrong <= 3:
            print(f"  {data!r} special={parse}\n    ours   {ids}\n    theirs {want}\n    decoded {back!r}"[:3000], flush=True)
    return wrong


def main():
    tool, targets = sys.argv[1], sys.argv[2:]
    count = int(os.environ.get("INFER_CONFORMANCE_COUNT", "2000"))
    good = len(targets) > 0
    for target in targets:
        if target in ("published", "probes"):
            group = shapes.published() if target == "published" else shapes.probes()
            for name, tokenizer in group.items():
                sweep = count >= 100000 or name in SWEPT
                good = compare(tool, name, tokenizer, -(-count // len(group)), sweep) and good
        else:
            good = compare(tool, target, Tokenizer.from_file(target), count, count >= 100000) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
