#!/usr/bin/env python3
"""How fast text becomes ids, beside Hugging Face tokenizers and tiktoken with the same vocabulary (Llama 3's, 128k tokens).

    tests/bench/tokenizing.py [--rounds N] [--out LINES.jsonl]     or: ./dev bench tokenize

About 1 MB each of English prose, Python code and Chinese, taken from what lies on a Debian machine, as texts of about
16 KB. One thread each, in turn, round after round in the same run; the first round, in which nobody has seen the text, is told apart. Times are
the processor's, so that other programs on the machine count less. Every round's ids are compared. Printed: median speeds, and the median and quartiles of the rounds' ratios. Then: the time for 1 MB
of one character. Exits with 1 when ids differ.
"""

import sys

sys.path.pop(0)  # this folder: Python has a module of this file's name

import argparse
import datetime
import gettext
import glob
import json
import os
import platform
import re
import statistics
import struct
import subprocess
import sysconfig
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import tiktoken  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
from gguf import GGUFReader  # noqa: E402
from tokenizers import Regex, Tokenizer, models, pre_tokenizers  # noqa: E402

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SIZE, TEXT = 1 << 20, 16 << 10


def paragraphs(files, good):
    """Different paragraphs of the files that `good` accepts."""
    seen = set()
    for path in files:
        try:
            text = open(path, encoding="utf-8").read()
        except (OSError, UnicodeDecodeError):
            continue
        for part in re.split(r"\n\s*\n", text):
            if part not in seen and good(part):
                seen.add(part)
                yield part


def is_prose(part):
    words = re.findall(r"[A-Za-z']+", part)
    return len(words) >= 25 and sum(map(len, words)) > 0.7 * len(part)


def english():
    lib = sysconfig.get_paths()["stdlib"]
    files = [os.path.join(lib, "pydoc_data", "topics.py")] + sorted(glob.glob("/usr/share/perl/5*/pod/*.pod"))
    files += sorted(glob.glob("/usr/share/common-licenses/*")) + sorted(glob.glob("/usr/share/doc/*/copyright"))
    files += sorted(glob.glob("/usr/share/vim/vim*/doc/*.txt"))
    return paragraphs(files, is_prose)


def code():
    for path in sorted(glob.glob(os.path.join(sysconfig.get_paths()["stdlib"], "*.py"))):
        yield open(path, encoding="utf-8", errors="replace").read()


def chinese():
    """Translations of programs' messages, each once, those that are mostly Han."""
    seen = set()
    for path in sorted(glob.glob("/usr/share/**/zh_CN*/LC_MESSAGES/*.mo", recursive=True)):
        try:
            with open(path, "rb") as f:
                catalog = gettext.GNUTranslations(f)._catalog
        except (OSError, UnicodeDecodeError, LookupError, ValueError):
            continue
        for text in map(str, catalog.values()):
            if text not in seen and len(re.findall("[\u4e00-\u9fff]", text)) * 2 > len(text):
                seen.add(text)
                yield text


def texts_of(parts):
    """Up to SIZE bytes in texts of about TEXT bytes."""
    texts, now, total = [], "", 0
    for part in parts:
        now += part + "\n\n"
        if len(now) >= TEXT or len(now.encode()) >= TEXT:
            texts.append(now)
            total += len(now.encode())
            now = ""
        if total >= SIZE:
            break
    return texts


class Ours:
    def __init__(self, program, vocabulary, texts, folder):
        path = os.path.join(folder, "texts")
        with open(path, "wb") as out:
            for text in texts:
                data = text.encode()
                out.write(struct.pack("<I", len(data)) + data)
        self.process = subprocess.Popen([program, vocabulary, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self):
        print("go", file=self.process.stdin, flush=True)
        seconds, n, checksum = self.process.stdout.readline().split()
        return float(seconds), int(n), int(checksum)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Peer:
    def __init__(self, encode, texts):
        self.encode, self.texts = encode, texts

    def run(self):
        start = time.process_time()
        found = [self.encode(text) for text in self.texts]
        seconds = time.process_time() - start
        found = [ids if isinstance(ids, list) else ids.ids for ids in found]
        checksum = 0xCBF29CE484222325
        for ids in found:
            for id in ids:
                checksum = (checksum ^ id) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        return seconds, sum(map(len, found)), checksum

    def close(self):
        pass


def peers(path):
    fields = GGUFReader(path).fields
    tokens, types = (fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "token_type"))
    merges = [tuple(m.split(" ")) for m in fields["tokenizer.ggml.merges"].contents()]
    hf = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges, ignore_merges=True))
    hf.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(PATTERN), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    prints = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    byte_of = {chr(b): b for b in prints} | {chr(0x100 + i): b for i, b in enumerate(b for b in range(256) if b not in prints)}
    ranks = {bytes(byte_of[c] for c in t): i for i, (t, k) in enumerate(zip(tokens, types)) if k == 1}
    tt = tiktoken.Encoding("llama3", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})
    # Without offsets, which nobody here asks for: the faster of its two ways.
    return {"tokenizers": lambda t: hf.encode_batch_fast([t], add_special_tokens=False)[0], "tiktoken": tt.encode_ordinary}


def quartiles(values):
    return statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3


def measure(name, texts, a, encoders, folder):
    mb = sum(len(t.encode()) for t in texts) / 1e6
    sides = {"libinfer": Ours(a.program, a.vocabulary, texts, folder)} | {n: Peer(e, texts) for n, e in encoders.items()}
    times, first = {n: [] for n in sides}, None
    for number in range(a.rounds + 1):
        found = {n: side.run() for n, side in sides.items()}
        if len({result[1:] for result in found.values()}) != 1:
            sys.exit(f"{name}: the ids differ: {found}")
        first = first or {n: result[0] for n, result in found.items()}
        for n, result in found.items():
            if number:
                times[n].append(result[0])
    for side in sides.values():
        side.close()
    line = {"kind": "tokenize", "text": name, "mb": round(mb, 3), "tokens": found["libinfer"][1], "rounds": a.rounds}
    for n, seconds in times.items():
        line[n + "_mb_per_s"] = round(mb / statistics.median(seconds), 2)
        line[n + "_first_mb_per_s"] = round(mb / first[n], 2)
        if n != "libinfer":
            q = quartiles([theirs / ours for theirs, ours in zip(seconds, times["libinfer"])])
            line[n + "_ratio"] = [round(v, 2) for v in (q[1], q[0], q[2])]
    return line


def repeated(a, folder):
    worst = {}
    for unit in ["a", " ", "\n", "1", "!", "\u4e2d", "\u0301", "\U0001f600"]:
        ours = Ours(a.program, a.vocabulary, [unit * (SIZE // len(unit.encode()))], folder)
        worst[unit] = round(ours.run()[0], 3)
        ours.close()
    return {"kind": "tokenize_repeated", "bytes": SIZE, "seconds": worst}


def markdown(run, lines):
    out = [f"{run['cpu']}, one thread, {run['date']}, {run['rounds']} rounds; MB/s, beside it ours as a multiple (quartiles); behind the semicolon the first time over the text.", ""]
    out += ["| text | libinfer | Hugging Face tokenizers | tiktoken |", "|---|---|---|---|"]
    for line in lines:
        if line["kind"] == "tokenize":
            cells = [
                "{:.1f}: **{:.1f}** ({:.1f} .. {:.1f}); {:.1f}".format(
                    line[n + "_mb_per_s"], *line[n + "_ratio"], line["libinfer_first_mb_per_s"] / line[n + "_first_mb_per_s"]
                )
                for n in ("tokenizers", "tiktoken")
            ]
            ours = f"{line['libinfer_mb_per_s']:.1f}; {line['libinfer_first_mb_per_s']:.1f}"
            out.append(f"| {line['text']}, {line['mb']:.1f} MB | {ours} | {cells[0]} | {cells[1]} |")
        else:
            out += ["", f"1 MiB of one character takes {max(line['seconds'].values()):.2f} s at most."]
    return "\n".join(out)


def cpu():
    found = re.search(r"^model name\s*: (.*)$", open("/proc/cpuinfo").read(), re.M)
    return found.group(1) if found else platform.processor()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rounds", type=int, default=9)
    p.add_argument("--program", default=os.path.join(ROOT, "build", "release", "bin", "bench_tokenize"))
    p.add_argument("--vocabulary", help="GGUF with Llama 3's vocabulary; else that of tests/conformance/published.sh")
    p.add_argument("--out", help="raw lines are added to this file")
    a = p.parse_args()
    if not a.vocabulary:
        folder = subprocess.run([os.path.join(ROOT, "tests", "conformance", "published.sh")], stdout=subprocess.PIPE, text=True, check=True)
        a.vocabulary = os.path.join(folder.stdout.strip(), "vocabularies", "ggml-vocab-llama-bpe.gguf")
    encoders = peers(a.vocabulary)
    run = {"kind": "run", "cpu": cpu(), "date": datetime.date.today().isoformat(), "rounds": a.rounds}
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name, source in [("English", english), ("Python code", code), ("Chinese", chinese)]:
            texts = texts_of(source())
            if sum(map(len, texts)) < SIZE // 8:
                print(f"{name}: this machine has too little of it; left out", file=sys.stderr)
                continue
            lines.append(measure(name, texts, a, encoders, folder))
            print(json.dumps(lines[-1]), file=sys.stderr, flush=True)
        lines.append(repeated(a, folder))
        print(json.dumps(lines[-1]), file=sys.stderr, flush=True)
    if a.out:
        with open(a.out, "a") as out:
            for line in [run] + lines:
                print(json.dumps(line), file=out)
    print(markdown(run, lines))


main()
