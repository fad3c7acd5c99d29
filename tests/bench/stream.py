#!/usr/bin/env python3
"""A model larger than the memory that its weights may take: how close to what can be read.

Per repetition, in turn: the file read by itself (one thread, pieces of 4 MiB, as the stream reads it), then `infer bench serve` with
`weights.max` a part of the file and the number of requests that the engine chooses. The bytes that steps read per second, over the
mean of the readings before and after, is the share of the bound. By default the file is in the system's memory, so that is what is
measured; --cold keeps it out, so that it is the disk.
"""
import argparse, json, os, statistics, subprocess, sys, threading, time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))


def reading(path):
    """bytes/s, into a ring of buffers as large as the stream's: what is read goes to memory, not to the processor's cache"""
    ring, piece = memoryview(bytearray(64 << 20)), 4 << 20
    fd = os.open(path, os.O_RDONLY)
    try:
        size, at, begin = os.fstat(fd).st_size, 0, time.perf_counter()
        while at < size:
            place = at % len(ring) // piece * piece
            n = os.preadv(fd, [ring[place : place + piece]], at)
            if n <= 0:
                sys.exit(f"{path} ended at {at}")
            at += n
        return size / (time.perf_counter() - begin)
    finally:
        os.close(fd)


class Cold(threading.Thread):
    """Keeps a file out of the system's memory, as if that were too small for it: drops its pages again and again."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.fd, self.stop = os.open(path, os.O_RDONLY), threading.Event()

    def run(self):
        while not self.stop.wait(0.1):
            os.posix_fadvise(self.fd, 0, 0, os.POSIX_FADV_DONTNEED)


def serve(a, most):
    command = [a.infer, "bench", "serve", a.model, "-n", str(a.requests), "--concurrency", str(a.requests), "-p", "16,64", "-g", str(a.tokens), "--json",
               "--device", a.device, "-o", f"weights.max={most}", "-o", f"batch.requests={a.batch}", "-o", "context.max=256"] + a.o
    out = subprocess.run(command, capture_output=True, text=True)
    if out.returncode:
        sys.exit(out.stderr)
    lines = [json.loads(l) for l in out.stdout.splitlines() if l.startswith("{")]
    return next(l for l in lines if l["kind"] == "engine"), next(l for l in lines if l["kind"] == "serve")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model")
    p.add_argument("--infer", default=os.path.join(ROOT, "build/release/bin/infer"))
    p.add_argument("--part", type=float, default=4, help="the file is so many times what may stay")
    p.add_argument("--device", default="cpu")
    p.add_argument("--batch", type=int, default=0, help="requests together; 0: as the engine chooses")
    p.add_argument("--requests", type=int, default=64)
    p.add_argument("--tokens", type=int, default=16)
    p.add_argument("--repeats", type=int, default=3)
    p.add_argument("-o", action="append", default=[], help="option of the library")
    p.add_argument("--cold", action="store_true", help="keep the file out of the system's memory")
    p.add_argument("--out", help="raw lines, appended")
    a = p.parse_args()
    a.o = [x for option in a.o for x in ("-o", option)]
    most = int(os.path.getsize(a.model) / a.part)
    if a.cold:
        Cold(a.model).start()
    reading(a.model)  # into the system's memory, where it may stay
    before, shares = reading(a.model), []
    for i in range(a.repeats):
        engine, all_ = serve(a, most)
        after = reading(a.model)
        bound = (before + after) / 2
        line = {"model": os.path.basename(a.model), "file_bytes": os.path.getsize(a.model), "weights_max": most, "device": a.device, "batch": a.batch, "cold": a.cold,
                "bound_bytes_per_s": bound, "bound_drift": after / before, "engine": engine, "tokens_per_s": all_["tokens_per_s"]}
        shares.append(engine["read_bytes_per_s"] / bound)
        print(f"{engine['steps']} steps of {engine['step_ms']:.0f} ms, {all_['tokens_per_s']:.1f} tokens/s, at most {engine['requests_most']} together; "
              f"read {engine['read_bytes_per_s'] / 1e9:.2f} GB/s of {bound / 1e9:.2f}: {shares[-1]:.2f}", flush=True)
        if a.out:
            with open(a.out, "a") as f:
                f.write(json.dumps(line) + "\n")
        before = after
    print(f"share of the bound: {statistics.median(shares):.2f} (min {min(shares):.2f}, max {max(shares):.2f})")


if __name__ == "__main__":
    main()
