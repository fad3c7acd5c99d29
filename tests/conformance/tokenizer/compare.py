#!/usr/bin/env python3
"""compare.py TOOL N FILE[:PRE]...: N generated texts per vocabulary, our ids against Hugging Face's or SentencePiece's.

TOOL is tokenize_lines. PRE stands in for the file's pre-tokenizer name; ALL tries every name in the reference's table.
Half of the texts are tokenized with special tokens recognised, half without. Where the rule keeps every byte, decoding is
compared with the text as well. Ends with status 1 at the first vocabulary that differs, printing the first texts.
"""

import hashlib
import os
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "golden", "tokenizer"))
import texts  # noqa: E402
from tokenizers.pre_tokenizers import ByteLevel  # noqa: E402

from reference import RULES, BpeReference, SpmReference, Vocabulary  # noqa: E402


def printable_pieces(vocabulary):
    """Texts of ordinary tokens, as people see them, for texts that exercise the merges."""
    from tokenizers import decoders

    decoder = decoders.ByteLevel()
    picked = [t for t, k in zip(vocabulary.tokens, vocabulary.types) if k == 1 and t][::7][:4000]
    if vocabulary.model == "llama":
        return [t.replace("\u2581", " ") for t in picked]
    return [decoder.decode([t]) for t in picked]


def exchange(tool, path, pre, cases):
    """[(bytes, parse_special)] -> [(ids, decoded bytes)]"""
    command = [tool, path] + ([pre] if pre is not None else [])
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def feed():
        for data, parse in cases:
            process.stdin.write(struct.pack("<IB", len(data), 1 if parse else 0) + data)
        process.stdin.close()

    writer = threading.Thread(target=feed, daemon=True)
    writer.start()
    answers = []
    for _ in cases:
        head = process.stdout.read(4)
        if len(head) < 4:
            sys.exit(f"{path}: the tool stopped after {len(answers)} of {len(cases)} texts")
        (n,) = struct.unpack("<I", head)
        ids = list(struct.unpack(f"<{n}i", process.stdout.read(4 * n)))
        (n,) = struct.unpack("<I", process.stdout.read(4))
        answers.append((ids, process.stdout.read(n)))
    writer.join()
    if process.wait() != 0:
        sys.exit(f"{path}: the tool failed")
    return answers


def compare(tool, n, path, pre):
    vocabulary = Vocabulary(path)
    name = os.path.basename(path) + (f" as {pre}" if pre is not None else "")
    if vocabulary.model not in ("gpt2", "llama"):
        print(f"{name}: kind '{vocabulary.model}' is not supported yet", flush=True)
        return True
    started = time.time()
    oracle = (BpeReference if vocabulary.model == "gpt2" else SpmReference)(vocabulary, pre)
    specials = [t for t in list(vocabulary.control()) + list(vocabulary.user_defined()) if len(t) < 64][:3000]
    seed = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    cases = [(data, i % 2 == 0) for i, data in enumerate(texts.generated(seed, n, specials, printable_pieces(vocabulary)))]
    cases += [(t.encode(), parse) for t in texts.TRICKY for parse in (True, False)]
    answers = exchange(tool, path, pre, cases)
    nfc = vocabulary.model == "gpt2" and RULES[vocabulary.pre if pre is None else pre][0] is not None
    lossless = vocabulary.model == "gpt2" and not nfc and set(ByteLevel.alphabet()) <= set(vocabulary.tokens)
    wrong = 0
    for (data, parse), (ids, back) in zip(cases, answers):
        text = data.decode("utf-8", "replace")
        want = oracle.encode(text, parse)
        if ids == want and (not lossless or back == text.encode()):
            continue
        wrong += 1
        if wrong <= 5:
            print(f"  {data!r} special={parse}\n    ours   {ids}\n    theirs {want}\n    decoded {back!r}", flush=True)
    print(f"{name}: {len(cases)} texts, {wrong} differ, {time.time() - started:.0f} s", flush=True)
    return wrong == 0


def main():
    tool, n = sys.argv[1], int(sys.argv[2])
    good = True
    for target in sys.argv[3:]:
        path, _, pre = target.partition(":")
        names = list(RULES) if pre == "ALL" else [pre or None]
        for name in names:
            good = compare(tool, n, path, name) and good
    sys.exit(0 if good else 1)


main()
