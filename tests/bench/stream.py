#!/usr/bin/env python3
"""A model larger than the memory that its weights may take: how close to what can be read.

Per repetition, in turn: the file read by itself (one thread, pieces of 4 MiB, as the stream reads it), then `infer bench serve` with
`weights.max` a part of the file and the number of requests that the engine chooses. The bytes that steps read per second, over the
mean of the readings before and after, is the share of the bound. By default the file is in the system's memory, so that is what is
measured; --memory runs all of it in a memory group (Linux, root) that the file does not fit, so that it is the disk.
"""
import argparse, json, mmap, os, statistics, subprocess, sys, time

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


def reading_past(path):
    """The same past the system's memory (O_DIRECT); 0 where that cannot be."""
    piece = 4 << 20
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECT)
    except OSError:
        return 0
    try:
        buffer = mmap.mmap(-1, piece)
        size, at, begin = os.fstat(fd).st_size, 0, time.perf_counter()
        while at < size:
            at += os.preadv(fd, [buffer], at) or sys.exit(f"{path} ended at {at}")
        return size / (time.perf_counter() - begin)
    except OSError:
        return 0
    finally:
        os.close(fd)


def bound(path, small):
    """What can be read: the better of both ways where the file is larger than the memory, over some seconds, as disks waver."""
    def often(read):
        begin, times = time.perf_counter(), []
        while not times or time.perf_counter() - begin < 4:
            times.append(1 / (read(path) or 1))
        return 1 / statistics.mean(times)
    return max(often(reading), often(reading_past)) if small else often(reading)


def enter_group(limit):
    """This process and its children in a memory group of so many bytes, which they see as a container sees its own."""
    if os.environ.get("INFER_GROUP"):
        return
    root = "/sys/fs/cgroup/memory" if os.path.isdir("/sys/fs/cgroup/memory") else "/sys/fs/cgroup"
    group, file = f"{root}/infer_stream", "memory.limit_in_bytes" if root.endswith("memory") else "memory.max"
    os.makedirs(group, exist_ok=True)
    script = f'echo {limit} >{group}/{file} && echo $$ >{group}/cgroup.procs && mount --bind {group} {root} && exec "$@"'
    os.execvpe("unshare", ["unshare", "-m", "sh", "-c", script, "sh", sys.executable, *sys.argv], {**os.environ, "INFER_GROUP": "1"})


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
    p.add_argument("--memory", type=int, default=0, help="bytes of memory that there are; 0: all of the machine's")
    p.add_argument("--out", help="raw lines, appended")
    a = p.parse_args()
    a.o = [x for option in a.o for x in ("-o", option)]
    most = int(os.path.getsize(a.model) / a.part)
    if a.memory:
        enter_group(a.memory)
    small = 0 < a.memory < os.path.getsize(a.model)
    if small:
        os.posix_fadvise(os.open(a.model, os.O_RDONLY), 0, 0, os.POSIX_FADV_DONTNEED)  # what others had read of it
    reading(a.model)  # into the system's memory, where it may stay
    before, shares = bound(a.model, small), []
    for i in range(a.repeats):
        engine, all_ = serve(a, most)
        after = bound(a.model, small)
        mean = (before + after) / 2
        line = {"model": os.path.basename(a.model), "file_bytes": os.path.getsize(a.model), "weights_max": most, "device": a.device, "batch": a.batch, "memory": a.memory,
                "bound_bytes_per_s": mean, "bound_drift": after / before, "engine": engine, "tokens_per_s": all_["tokens_per_s"]}
        shares.append(engine["read_bytes_per_s"] / mean)
        print(f"{engine['steps']} steps of {engine['step_ms']:.0f} ms, {all_['tokens_per_s']:.1f} tokens/s, at most {engine['requests_most']} together; "
              f"read {engine['read_bytes_per_s'] / 1e9:.2f} GB/s of {mean / 1e9:.2f}: {shares[-1]:.2f}", flush=True)
        if a.out:
            with open(a.out, "a") as f:
                f.write(json.dumps(line) + "\n")
        before = after
    print(f"share of the bound: {statistics.median(shares):.2f} (min {min(shares):.2f}, max {max(shares):.2f})")


if __name__ == "__main__":
    main()
