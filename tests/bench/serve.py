#!/usr/bin/env python3
"""Many requests at once: `infer bench serve` on every load that the engine's figures are about, and llama.cpp's server on the same.

    tests/bench/serve.py [--infer build/release/bin/infer] [--peer DIR] [--model FILE] [--quick] [--only NAME,NAME]

`./dev bench serve` builds first and hands on its arguments. The peer gets the very same requests (token ids, lengths, times) through
its HTTP interface, streamed, in the same run; each figure is printed beside what it should reach. Raw lines go to
tests/bench/results/serve-<cpu>-<date>.jsonl (--out).
"""
import argparse, asyncio, datetime, json, math, os, socket, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run as bench

ROOT = bench.ROOT
SLOTS = 16  # of the peer


def percentile(values, part):
    values = sorted(values)
    return values[max(0, min(len(values), math.ceil(part * len(values))) - 1)] if values else 0.0


def percentiles(values):
    return {"p50": percentile(values, 0.5), "p95": percentile(values, 0.95), "p99": percentile(values, 0.99), "max": max(values, default=0.0)}


# ---- ours

def ours(a, load, *words, options=()):
    command = [a.infer, "bench", "serve", a.model, "--json", "-t", str(a.threads), *load, *words]
    for o in options:
        command += ["-o", o]
    return [json.loads(line) for line in bench.capture(command).splitlines()]


def whole(lines):
    return next(l for l in lines if l["kind"] == "serve")


def engine(lines):
    return next(l for l in lines if l["kind"] == "engine")


def level(lines, priority):
    return next(l for l in lines if l["kind"] == "class" and l["priority"] == priority)


# ---- the peer's server

class Server:
    def __init__(self, a, context):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [os.path.join(a.peer, "llama-server"), "-m", a.model, "--host", "127.0.0.1", "--port", str(self.port), "-np", str(SLOTS), "-c", str(SLOTS * context),
                   "-t", str(a.threads), "-tb", str(a.threads), "-fa", "on", "--no-webui"]
        self.process = subprocess.Popen(command, env=dict(os.environ, LD_LIBRARY_PATH=a.peer), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            if self.process.poll() is not None:
                sys.exit("the peer's server ended: " + " ".join(command))
            try:
                asyncio.run(self.health())
                return
            except (OSError, RuntimeError):
                time.sleep(0.1)
        sys.exit("the peer's server does not answer")

    async def health(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"GET /health HTTP/1.0\r\n\r\n")
        line = await reader.readline()
        writer.close()
        if b"200" not in line:
            raise RuntimeError(line)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    # One streamed completion: when its first token came, and the gaps between all of them, in seconds.
    async def ask(self, ids, n, start):
        body = json.dumps({"prompt": ids, "n_predict": n, "stream": True, "ignore_eos": True, "temperature": 0, "cache_prompt": True}).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
        writer.write(b"POST /completion HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
        first, last, gaps, tokens = None, None, [], 0
        while line := await reader.readline():
            if not line.startswith(b"data: "):
                continue
            now = time.monotonic()
            piece = json.loads(line[6:])
            if piece.get("stop"):
                tokens = piece.get("tokens_predicted", tokens)
                break
            if first is None:
                first = now
            else:
                gaps.append(now - last)
            last = now
            tokens += 1
        writer.close()
        if first is None:
            raise RuntimeError("the peer's server gave no token")
        return {"first_ms": 1000 * (first - start), "gaps_ms": [1000 * g for g in gaps], "tokens": tokens}


def peers(a, path, concurrency):
    load = [json.loads(line) for line in open(path)]
    context = max(len(l["ids"]) + l["generate"] for l in load) + 16
    server = Server(a, context)

    async def send():
        places, begin = asyncio.Semaphore(concurrency), time.monotonic()

        async def one(l):
            await asyncio.sleep(max(0, begin + l["at_ms"] / 1000 - time.monotonic()))
            async with places:
                return await server.ask(l["ids"], l["generate"], time.monotonic())
        done = await asyncio.gather(*(one(l) for l in load))
        return done, time.monotonic() - begin

    try:
        done, seconds = asyncio.run(send())
    finally:
        server.stop()
    return {"kind": "peer", "requests": len(done), "seconds": seconds, "generated_tokens": sum(d["tokens"] for d in done),
            "tokens_per_s": sum(d["tokens"] for d in done) / seconds, "first_token_ms": percentiles([d["first_ms"] for d in done]),
            "between_tokens_ms": percentiles([g for d in done for g in d["gaps_ms"]])}


# ---- the figures

class Report:
    def __init__(self, a):
        self.a, self.lines = a, []
        self.add({"kind": "run", "date": datetime.date.today().isoformat(), "cpu": bench.cpu_name(), "threads": a.threads, "quick": a.quick, "peer": bool(a.peer),
                  "commit": bench.capture(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"]).strip()})

    def add(self, line, scenario=""):
        self.lines.append({"scenario": scenario, **line} if scenario else line)
        os.makedirs(os.path.dirname(self.a.out) or ".", exist_ok=True)
        with open(self.a.out, "w") as out:
            out.writelines(json.dumps(l) + "\n" for l in self.lines)

    def figure(self, scenario, what, value, aim, reached):
        self.add({"kind": "figure", "what": what, "value": value, "aim": aim, "reached": bool(reached)}, scenario)
        print(f"{'  ' if reached else '! '}{what}: {value:.4g} (aim: {aim})", flush=True)


def mixed(a, r):
    """64 requests at a time, prompts of 26 to 400 tokens (20 to 300 words), 16 to 64 tokens of answer."""
    n = "16" if a.quick else "128"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "load")
        lines = ours(a, ["-n", n, "--concurrency", "64", "--write-load", path], options=["context.max=1024"])
        for l in lines:
            r.add(l, "mixed")
        w, e = whole(lines), engine(lines)
        print(f"  {w['tokens_per_s']:.1f} tokens/s, first token p50 {w['first_token_ms']['p50']:.0f} ms, p99 {w['first_token_ms']['p99']:.0f} ms, step {e['step_ms']:.1f} ms")
        if a.peer:
            p = peers(a, path, 64)
            r.add(p, "mixed")
            print(f"  peer: {p['tokens_per_s']:.1f} tokens/s, first token p50 {p['first_token_ms']['p50']:.0f} ms, p99 {p['first_token_ms']['p99']:.0f} ms")
            ratio, wait = w["tokens_per_s"] / p["tokens_per_s"], w["first_token_ms"]["p99"] / p["first_token_ms"]["p99"]
            r.figure("mixed", "tokens/s against the peer's server", ratio, ">= 4", ratio >= 4)
            r.figure("mixed", "p99 of the first token against the peer's", wait, "<= 0.3", wait <= 0.3)


def scheduler(a, r):
    """128 short requests at a time: what planning costs."""
    lines = ours(a, ["-n", "64" if a.quick else "256", "--concurrency", "128", "-p", "16,32", "-g", "32,64"], options=["context.max=512"])
    for l in lines:
        r.add(l, "scheduler")
    share = engine(lines)["plan_share"]
    r.figure("scheduler", "planning's share of a step at 128 requests", share, "<= 0.01", share <= 0.01)
    long = ours(a, ["-n", "8" if a.quick else "32", "--concurrency", "8", "-p", "512,1024", "-g", "16,64"], options=["context.max=2048", "kv.page=16"])
    for l in long:
        r.add(l, "pages")
    used = whole(long)["slots_used"]
    r.figure("pages", "places of the pages in use that hold a token, 512 tokens and more, pages of 16", used, ">= 0.96", used >= 0.96)


def prefix(a, r):
    """A text of 2,000 tokens in common, 16 tokens of own: one request after the other, then many at once."""
    base = ["-p", "16", "-g", "16", "--shared", "1", "--shared-tokens", "2000"]
    first = ours(a, ["-n", "1", "--concurrency", "1", *base], options=["context.max=4096"])
    after = ours(a, ["-n", "9", "--concurrency", "1", *base], options=["context.max=4096"])
    for l in first + after:
        r.add(l, "prefix")
    cold = whole(first)["first_token_ms"]["p50"]
    ratio = whole(after)["first_token_ms"]["p50"] / cold  # the first is one of nine
    r.figure("prefix", "first token behind a known text, against the first time", ratio, "<= 0.05", ratio <= 0.05)
    turns = ours(a, ["-n", "8" if a.quick else "32", "--concurrency", "2", "--turns", "8", "-p", "16,40", "-g", "16,40", "--shared", "1", "--shared-tokens", "200"], options=["context.max=4096"])
    for l in turns:
        r.add(l, "turns")
    hits = engine(turns)["prefix_hits"]
    r.figure("turns", "prompt tokens found, conversations of eight turns", hits, ">= 0.9", hits >= 0.9)


def priority(a, r):
    """One in ten requests is urgent: the urgent ones alone, and beside others, four times as many as the engine can serve."""
    shape = ["-p", "26,200", "-g", "16,64"]
    n = 20 if a.quick else 100
    full = ours(a, ["-n", str(n), "--concurrency", "16", *shape], options=["context.max=1024"])
    rate = n / whole(full)["seconds"]  # what it can serve
    quiet = ours(a, ["-n", str(max(4, n // 3)), "--concurrency", "100000", "--rate", f"{4 * 0.1 * rate:.4f}", "--high", "1", *shape], options=["context.max=1024", "batch.requests=16"])
    busy = ours(a, ["-n", str(2 * n), "--concurrency", "100000", "--rate", f"{4 * rate:.4f}", "--high", "0.1", *shape], options=["context.max=1024", "batch.requests=16", "queue.max=100000"])
    for name, lines in [("capacity", full), ("quiet", quiet), ("overload", busy)]:
        for l in lines:
            r.add(l, "priority " + name)
    high, low, alone, step = level(busy, 10), level(busy, 0), whole(quiet), engine(busy)["step_ms"]
    bound = 1.5 * alone["first_token_ms"]["p99"] + step
    r.figure("priority", "p99 of an urgent first token under overload, ms", high["first_token_ms"]["p99"], f"<= {bound:.0f}: 1.5 x unloaded and a step", high["first_token_ms"]["p99"] <= bound)
    gap = high["between_tokens_ms"]
    r.figure("priority", "p99 between urgent tokens, ms", gap["p99"], "<= 200", gap["p99"] <= 200)
    r.figure("priority", "the same against its p95", gap["p99"] / max(1e-9, gap["p95"]), "<= 1.5", gap["p99"] <= 1.5 * gap["p95"])
    r.figure("priority", "others that failed", low["failed"], "0", low["failed"] == 0)


def lookup(a, r):
    """Guessing from earlier text, on text with repetition and on text without."""
    texts = {
        "repeating": "alpha 17, bravo 23, charlie 5, delta 98, echo 41, foxtrot 60, golf 12, hotel 77. " * 4,
        "plain": "It was a stormy morning when the lighthouse keeper found a letter in a bottle. He",
    }
    for name, text in texts.items():
        speeds = {0: [], 16: []}
        for _ in range(2 if a.quick else 5):
            for n in speeds:
                line = json.loads(bench.capture([a.infer, "run", a.model, text, "--raw", "--json", "-t", str(a.threads), "--temperature", "0" if name == "repeating" else "0.8", "--seed", "1", "--max-tokens", "200", "-o", "ignore_end=1",
                                                 "-o", f"draft.lookup={n}"]).splitlines()[-1])
                speeds[n].append(line)
        answers = {tuple(l["tokens"]) for n in speeds for l in speeds[n]}
        rates = {n: sorted((l["generated_tokens"] - 1) * 1000 / (l["total_ms"] - l["first_token_ms"]) for l in speeds[n]) for n in speeds}
        ratio = rates[16][len(rates[16]) // 2] / rates[0][len(rates[0]) // 2]
        r.add({"kind": "lookup", "text": name, "tokens_per_s": rates[16], "without": rates[0]}, "lookup")
        aim = 1.5 if name == "repeating" else 0.97
        r.figure("lookup", f"decode with guesses, {name} text", ratio, f">= {aim}", ratio >= aim)
        r.figure("lookup", f"different answers, {name} text", len(answers) - 1, "0", len(answers) == 1)


def endurance(a, r):
    """10,000 requests, 128 at a time: errors, drift, memory."""
    n = 300 if a.quick else 10000
    lines = ours(a, ["-n", str(n), "--concurrency", "128", "-p", "4,24", "-g", "2,12", "--control"], options=["context.max=256"])
    for l in lines:
        r.add(l, "endurance")
    w = whole(lines)
    r.figure("endurance", "requests that failed", w["failed"], "0", w["failed"] == 0)
    drift = w["drift"] / w.get("machine_drift", 1)
    r.figure("endurance", "speed of the last quarter against the second, the machine's own drift taken out", drift, "0.95 .. 1.05", 0.95 <= drift <= 1.05)
    r.figure("endurance", "memory, MiB per 1,000 requests", w["memory_slope"] / 2**20, "< 1", w["memory_slope"] < 2**20)


SCENARIOS = [mixed, scheduler, prefix, priority, lookup, endurance]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--infer", default=os.path.join(ROOT, "build/release/bin/infer"))
    p.add_argument("--peer", default=os.environ.get("INFER_PEER", ""))
    p.add_argument("--model", default="")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--only", default="", help="names of scenarios, comma separated: " + ", ".join(s.__name__ for s in SCENARIOS))
    p.add_argument("--quick", action="store_true", help="short forms, into build/bench")
    p.add_argument("--out", default="")
    a = p.parse_args()
    a.model = bench.smollm2(a)
    name = f"serve-{bench.file_name(bench.cpu_name())}-{datetime.date.today().isoformat()}.jsonl"
    a.out = a.out or os.path.join(ROOT, "build/bench" if a.quick else "tests/bench/results", name)
    known = {s.__name__: s for s in SCENARIOS}
    wanted = a.only.split(",") if a.only else list(known)
    for s in wanted:
        if s not in known:
            sys.exit(f"there is no scenario '{s}'; known are {', '.join(known)}")
    report = Report(a)
    for s in wanted:
        print(f"{s}: {known[s].__doc__}", flush=True)
        known[s](a, report)
    missed = [l["what"] for l in report.lines if l["kind"] == "figure" and not l["reached"]]
    print(f"{len(missed)} figures not reached" + "".join("\n  " + m for m in missed) + f"\nlines: {a.out}")


if __name__ == "__main__":
    main()
