#!/usr/bin/env python3
"""Decode, prefill and cold start of `infer` beside llama.cpp's programs: alternating, in one run, the same threads.

    tests/bench/peer.py --peer DIR [--infer build/release/bin/infer] --model FILE [--pairs 7] [--threads 2] [--prompt 512] [--gen 64]

DIR holds llama-bench and llama-completion (run with LD_LIBRARY_PATH=DIR). A pair whose machine probes (a fixed loop of integer
work and memory reads, before and after) differ by more than 5 % is thrown away. Prints, per figure, both medians and the ratio's
median and quartiles, and one JSON line with the raw pairs.
"""
import argparse, json, os, re, statistics, subprocess, sys, time


def probe():
    block = bytearray(64 << 20)
    start = time.perf_counter()
    for _ in range(6):
        sum(memoryview(block)[::4096])
        block.count(1)
    return time.perf_counter() - start


def run(command, env=None):
    start = time.perf_counter()
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    wall = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{command}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout, wall


def quartiles(values):
    values = sorted(values)
    if len(values) < 2:
        return values[0], values[0], values[0]
    q = statistics.quantiles(values, n=4, method="inclusive")
    return q[0], q[1], q[2]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--infer", default="build/release/bin/infer")
    p.add_argument("--peer", required=True)
    p.add_argument("--model", required=True)
    p.add_argument("--pairs", type=int, default=7)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--prompt", type=int, default=512)
    p.add_argument("--gen", type=int, default=64)
    a = p.parse_args()
    env = dict(os.environ, LD_LIBRARY_PATH=a.peer)

    def ours(kind):
        n = ["-p", str(a.prompt), "-n", "0"] if kind == "prefill" else ["-p", "0", "-n", str(a.gen)]
        out, _ = run([a.infer, "bench", a.model, *n, "-b", "1", "-d", "0", "-t", str(a.threads), "-r", "2", "--json"])
        rows = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        return max(max(r["samples"]) for r in rows if r.get("kind") == kind)

    def theirs(kind):
        n = ["-p", str(a.prompt), "-n", "0"] if kind == "prefill" else ["-p", "0", "-n", str(a.gen)]
        out, _ = run([a.peer + "/llama-bench", "-m", a.model, *n, "-t", str(a.threads), "-r", "2", "-o", "json"], env)
        return max(max(r["samples_ts"]) for r in json.loads(out))

    text = "The capital of France is"

    def our_start():
        return run([a.infer, "run", a.model, text, "--raw", "--max-tokens", "1", "--temperature", "0", "-o", f"cpu.threads={a.threads}"])[1]

    def their_start():
        return run([a.peer + "/llama-completion", "-m", a.model, "-p", text, "-n", "1", "--temp", "0", "-no-cnv", "-t", str(a.threads)], env)[1]

    figures = {
        "prefill": (lambda: ours("prefill"), lambda: theirs("prefill"), "tokens/s"),
        "decode": (lambda: ours("decode"), lambda: theirs("decode"), "tokens/s"),
        "cold start": (our_start, their_start, "s"),
    }
    raw = {}
    for name, (mine, peer, unit) in figures.items():
        pairs, thrown = [], 0
        while len(pairs) < a.pairs and thrown < 4 * a.pairs:
            before = probe()
            pair = (mine(), peer())
            after = probe()
            if abs(after - before) > 0.05 * min(after, before):
                thrown += 1
                continue
            pairs.append(pair)
        raw[name] = pairs
        if not pairs:
            print(f"{name}: the machine was too noisy, no pair held")
            continue
        low, mid, high = quartiles([x / y for x, y in pairs])
        print(f"{name:>10}: ours {statistics.median(x for x, _ in pairs):.4g} {unit}, peer {statistics.median(y for _, y in pairs):.4g} {unit}, "
              f"ratio {mid:.2f} (quartiles {low:.2f} .. {high:.2f}; {len(pairs)} pairs, {thrown} thrown away)")
    print(json.dumps({"model": os.path.basename(a.model), "threads": a.threads, "pairs": raw}))


if __name__ == "__main__":
    main()
