#!/usr/bin/env python3
"""Raw lines of the benchmark -> the table of README's performance section.

    tests/bench/table.py LINES.jsonl [LINES.jsonl ...] [--readme README.md]

A table for each file: each is of one machine. Of a step that several files have the lines of the first file count, so the
newest comes first. Without --readme the tables go to stdout; with it, between the two marks in that file. A line that lacks
what the table needs, or holds what cannot be (no speed, a fraction above 1.02), ends the program with a message.
"""
import json, math, os, sys

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
NAMES = {"smollm2": "SmolLM2-135M", "1b": "1B (Llama 3.2's shape)", "3b": "3B (Llama 3.2's shape)"}


def number(line, key):
    value = line.get(key)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        sys.exit(f"a line has no number \"{key}\": {json.dumps(line)[:200]}")
    return value


def model_name(name):
    family, _, kind = name.partition("-")
    return f"{NAMES.get(family, family)} {kind.upper()}"


def figure(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def versus(line, key):
    if "ratio" not in line:
        return "", ""
    low, mid, high = (number(line, k) for k in ("ratio_q1", "ratio", "ratio_q3"))
    if not 0 < low <= mid <= high:
        sys.exit(f"quartiles that are none: {json.dumps(line)[:200]}")
    noisy = ", noisy" if line.get("noisy") else ""
    return figure(number(line, "peer_" + key)), f"**{mid:.2f}** ({low:.2f} .. {high:.2f}, {number(line, 'pairs'):.0f} pairs{noisy})"


def speed_row(line, singles):
    tokens, batch, depth = (number(line, k) for k in ("tokens", "batch", "depth"))
    fraction = number(line, "fraction_of_limit")
    if number(line, "tokens_per_s") <= 0 or not 0 < fraction <= 1.02:
        sys.exit(f"a figure that cannot be: {json.dumps(line)[:200]}")
    if line["kind"] == "prefill":
        what = f"prefill {tokens:.0f}" + (f", {batch:.0f} prompts" if batch > 1 else "")
    else:
        what = "decode" if batch == 1 else f"{batch:.0f} requests decoding together"
    if depth:
        what += f", {depth:.0f} tokens of context"
    if line.get("kv", "f16") != "f16":
        what += f", {line['kv']} KV"
    if line.get("terms", 2) == 1:
        what += ", one term"
    if line.get("onednn"):
        what += ", oneDNN"
    theirs, ratio = versus(line, "tokens_per_s")
    machine = f"{100 * fraction:.0f} % ({line['limited_by']})"
    alone = singles.get((line["name"], depth)) if line.get("terms", 2) == 2 else None
    if line["kind"] == "decode" and batch > 1 and alone:
        machine += f"; a step costs {batch * alone / line['tokens_per_s']:.2f} of one request's"
    return [what, figure(line["tokens_per_s"]) + " tokens/s", machine, theirs, ratio]


def busy_row(line, _):
    theirs, ratio = versus(line, "tokens_per_s")
    own = f"{100 * number(line, 'fraction_of_quiet'):.0f} % of quiet"
    if theirs:
        theirs += f" ({100 * number(line, 'peer_fraction_of_quiet'):.0f} %)"
    return ["decode, one core taken", figure(number(line, "tokens_per_s")) + " tokens/s", own, theirs, ratio]


def start_row(line, _):
    theirs, ratio = versus(line, "ms")
    return ["process start to first token", figure(number(line, "ms")) + " ms", "", theirs, ratio]


def memory_row(line, _):
    own, theirs = number(line, "peak_bytes") / 2**20, number(line, "peer_peak_bytes") / 2**20
    return ["peak memory", f"{own:.0f} MiB", "", f"{theirs:.0f} MiB", f"**{own / theirs:.2f}**" if theirs else ""]


ROWS = {"prefill": speed_row, "decode": speed_row, "busy": busy_row, "start": start_row, "alone": memory_row}


def row(cells):
    return "| " + " | ".join(cells) + " |"


def markdown(lines):
    head = next((l for l in lines if l.get("kind") == "run"), None)
    if head is None:
        sys.exit("no line of kind \"run\": is this a file of tests/bench/run.py?")
    machines = [l for l in lines if l.get("kind") == "machine"]
    speeds = [l for l in lines if l.get("kind") in ("prefill", "decode")]
    if not machines or not speeds:
        sys.exit("no measurements")
    best = max(machines, key=lambda l: number(l, "read_bytes_per_s"))
    commits = list(dict.fromkeys(l.get("commit") or head["commit"] or "unknown" for l in lines if l.get("kind") in ("run", "step")))
    out = [f"{head['cpu']}, {head['threads']} threads, {head['date']}, commit {', '.join(commits)}: reads {best['read_bytes_per_s'] / 1e9:.1f} GB/s, "
           f"int8 {number(best, 'int8_ops_per_s') / 1e9:.0f} GOP/s ({best['isa']}). Medians; beside them the quartiles of the ratios of alternating pairs.", ""]
    out += [row(["model", "what", "libinfer", "of the machine", "llama.cpp", "ratio"]), "|---" * 6 + "|"]
    # Tokens per second of one request alone, by model and depth.
    singles = {(l["name"], l["depth"]): number(l, "tokens_per_s") for l in lines if l.get("kind") == "decode" and l.get("batch") == 1 and l.get("kv", "f16") == "f16" and l.get("terms", 2) == 2}
    for line in lines:
        make = ROWS.get(line.get("kind"))
        if not make:
            continue
        out.append(row([model_name(line["name"])] + make(line, singles)))
    sizes = [l for l in lines if l.get("kind") == "size"]
    if sizes:
        out += ["", "Stripped: " + ", ".join(f"{os.path.basename(l['file'])} {number(l, 'stripped_bytes') / 1e6:.2f} MB" for l in sizes) + "."]
    kernels = [l for l in lines if l.get("kind") == "matmul_kernel"]
    if kernels:
        rows = sorted({l["rows"] for l in kernels})
        form = lambda l: l["type"] + (" packed" if l.get("packed") else "")
        types = list(dict.fromkeys(form(l) for l in kernels))
        cell = {(form(l), l["rows"]): f"{number(l, 'gb_per_s'):.1f} GB/s, {number(l, 'gop_per_s'):.0f} GOP/s" for l in kernels}
        out += ["", f"Kernels on one thread ({kernels[0]['isa']}; packed bytes and operations per time):", "",
                row(["type"] + [f"{n} row" + ("s" if n > 1 else "") for n in rows]), "|---" * (1 + len(rows)) + "|"]
        out += [row([t] + [cell.get((t, n), "") for n in rows]) for t in types]
    return "\n".join(out)


# Without the steps (and their lines) that are in `seen`, where those that remain are noted.
def unseen(lines, seen):
    kept, here = [], None  # the step that the lines belong to; None: the head of the file
    for line in lines:
        if line.get("kind") == "step":
            here = line["step"]
        if here not in seen:
            kept.append(line)
    seen.update(l["step"] for l in kept if l.get("kind") == "step")
    return kept


def into(path, text):
    whole = open(path).read()
    if whole.count(BEGIN) != 1 or whole.count(END) != 1 or whole.index(BEGIN) > whole.index(END):
        sys.exit(f"{path} lacks the marks {BEGIN} and {END}")
    before, rest = whole.split(BEGIN)
    after = rest.split(END)[1]
    with open(path + ".tmp", "w") as out:
        out.write(before + BEGIN + "\n" + text + "\n" + END + after)
    os.replace(path + ".tmp", path)


def main():
    arguments = sys.argv[1:]
    readme = None
    if "--readme" in arguments:
        at = arguments.index("--readme")
        readme = arguments[at + 1] if at + 1 < len(arguments) else "README.md"
        del arguments[at:at + 2]
    if not arguments:
        sys.exit(__doc__)
    seen = set()
    text = "\n\n".join(markdown(unseen([json.loads(one) for one in open(path) if one.strip()], seen)) for path in arguments)
    if readme:
        into(readme, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
