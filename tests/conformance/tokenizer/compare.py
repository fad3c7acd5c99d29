#!/usr/bin/env python3
"""compare.py TOOL FILE[:PRE]...: generated texts for each vocabulary, our ids against Hugging Face's or SentencePiece's.

TOOL is tokenize_lines. PRE stands in for the file's pre-tokenizer name; ALL shares the texts out among all the rules that
the reference knows. INFER_CONFORMANCE_COUNT says how many texts (2,000); from 100,000 on, every code point is gone through
as well. FILE may be PAIRS: a vocabulary made here in which any two bytes merge, so that ids show every border between
words and with it what each rule takes each character for; there every code point is gone through under PAIRS_RULES
(from 100,000 on under every rule). Half of the texts are tokenized with special tokens recognised, half without. Where the rule keeps every byte, decoding
is compared with the text too, and in the other half with the reference's decoding unless a token is unknown. Status 1 when anything differs; the first texts that do are printed.
"""

import hashlib
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "golden", "tokenizer"))
import texts  # noqa: E402
from tokenizers.pre_tokenizers import ByteLevel  # noqa: E402

from reference import RULE_OF, RULES, reference  # noqa: E402


# Between them these look at every property in our table: letters by case, marks, numbers, punctuation, symbols, NFC, Han,
# \d and \w. What BERT's normaliser looks at the tiny BERT vocabulary's sweep shows.
PAIRS_RULES = ["llama-bpe", "gpt-4o", "deepseek-v3", "command-r", "kimi-k2", "tiny_aya"]


def write_pairs(path):
    """256 bytes, and every pair of them as a token and a merge."""
    from gguf import GGUFWriter

    letters = sorted(ByteLevel.alphabet())
    pairs = [(a, b) for a in letters for b in letters]
    tokens = letters + [a + b for a, b in pairs]
    w = GGUFWriter(path, "llama")
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("llama-bpe")
    w.add_token_list(tokens)
    w.add_token_types([1] * len(tokens))
    w.add_token_merges([f"{a} {b}" for a, b in pairs])
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.close()


def printable_pieces(vocabulary):
    """Texts of ordinary tokens, as people see them, for texts that exercise the merges."""
    from tokenizers import decoders

    decoder = decoders.ByteLevel()
    picked = [t for t, k in zip(vocabulary.tokens, vocabulary.types) if k == 1 and t][::7][:4000]
    if vocabulary.model == "gpt2":
        return [decoder.decode([t]) for t in picked]
    return [t.replace("\u2581", " ") for t in picked]


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


def every_code_point():
    """Each between letters, digits, spaces and itself; 64 to a text."""
    points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    for i in range(0, len(points), 64):
        yield "".join(f"x{chr(c)}y {chr(c)}{chr(c)}1 {chr(c)}" for c in points[i : i + 64]).encode()


def compare(tool, n, path, pre, sweep):
    name = os.path.basename(path) + (f" as {pre}" if pre is not None else "")
    started = time.time()
    oracle, vocabulary = reference(path, pre)
    specials = [t for t in list(vocabulary.control()) + list(vocabulary.user_defined()) if len(t) < 64][:3000]
    seed = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    cases = [(data, i % 2 == 0) for i, data in enumerate(texts.generated(seed, n, specials, printable_pieces(vocabulary)))]
    cases += [(t.encode(), parse) for t in texts.TRICKY + texts.CHAINS for parse in (True, False)]
    if sweep:
        cases += [(data, True) for data in every_code_point()]
    answers = exchange(tool, path, pre, cases)
    nfc = vocabulary.model == "gpt2" and RULES[RULE_OF[vocabulary.pre if pre is None else pre]][0] is not None
    lossless = vocabulary.model == "rwkv" or (
        vocabulary.model == "gpt2" and not nfc and set(ByteLevel.alphabet()) <= set(vocabulary.tokens)
    )
    control = set(vocabulary.control().values())
    wrong = 0
    for (data, parse), (ids, back) in zip(cases, answers):
        text = data.decode("utf-8", "replace")
        want = oracle.encode(text, parse)
        if ids == want and (not lossless or back == text.encode()):
            if vocabulary.model == "gpt2":  # its decoder reads user-defined tokens in the alphabet too; ours takes them as written
                continue
            # SentencePiece drops every space before the first word where it squeezes them; ours drops the one it puts.
            skip = " " if vocabulary.remove_extra_whitespaces else ""
            if parse or not control.isdisjoint(ids) or back.decode("utf-8", "replace").lstrip(skip) == oracle.decode(ids).lstrip(skip):
                continue
            print(f"  decoded by theirs {oracle.decode(ids)!r}")
        wrong += 1
        if wrong <= 5:
            print(f"  {data!r} special={parse}\n    ours   {ids}\n    theirs {want}\n    decoded {back!r}", flush=True)
    print(f"{name}: {len(cases)} texts, {wrong} differ, {time.time() - started:.0f} s", flush=True)
    return wrong == 0


def main():
    tool, targets = sys.argv[1], sys.argv[2:]
    count = int(os.environ.get("INFER_CONFORMANCE_COUNT", "2000"))
    good = len(targets) > 0
    for target in targets:
        path, _, pre = target.partition(":")
        if path == "PAIRS":
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "pairs.gguf")
                write_pairs(path)
                for name in list(RULES) if count >= 100000 else PAIRS_RULES:
                    good = compare(tool, 100, path, name, True) and good
            continue
        if not os.path.exists(path):
            sys.exit(f"'{path}' is not there; for SmolLM2 set -DINFER_SMOLLM2 (packaging/model.sh gets the model)")
        names = list(RULES) if pre == "ALL" else [pre or None]
        for name in names:
            good = compare(tool, -(-count // len(names)), path, name, count >= 100000) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
