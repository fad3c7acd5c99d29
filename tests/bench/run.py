#!/usr/bin/env python3
"""The whole benchmark: makes the models, runs `infer bench` on each, keeps every line, prints the table of README.

    tests/bench/run.py [--infer build/release/bin/infer] [--peer DIR] [--models NAME,NAME] [--quick]

./dev bench builds first and hands on its arguments. DIR: llama.cpp's programs and libraries; or the variable INFER_PEER.
Raw lines go to tests/bench/results/<cpu>-<date>.jsonl (--out), each with the name of its model. With --readme the table
replaces what stands between the two marks in README.md. --quick: SmolLM2 alone, about a minute, into build/bench. All of
it takes hours: --continue goes on where an earlier run with the same --out, processor, threads and peer was cut off. Every
step says of which commit it is.
"""
import argparse, datetime, json, os, platform, re, shutil, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import table

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHAPES = {"1b": "llama-3.2-1b", "3b": "llama-3.2-3b"}
TYPES = ["q4_k_m", "q6_k", "q8_0"]
FLOATS = ["f16", "bf16", "f32"]  # 1B, with --onednn
KERNEL_TYPES = ["q4_0", "q4_1", "q8_0", "q4_k", "q5_k", "q6_k", "f16"]


def say(text):
    print("==", text, file=sys.stderr, flush=True)


def capture(command, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}")
    return done.stdout


# With family and model where the system tells them: machines of a cloud hide what they are behind one name.
def cpu_name():
    told = {}
    try:
        for line in open("/proc/cpuinfo"):
            key, _, value = line.partition(":")
            told.setdefault(key.strip(), value.strip())
    except OSError:
        pass
    name = told.get("model name") or platform.processor() or platform.machine()
    numbers = [f"{key} {told[word]}" for key, word in [("family", "cpu family"), ("model", "model")] if told.get(word)]
    return name + (f" ({', '.join(numbers)})" if numbers else "")


def file_name(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


class Run:
    def __init__(self, a):
        self.a = a
        self.lines = []
        self.done = []  # steps: their words
        self.commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
        head = {"kind": "run", "date": datetime.date.today().isoformat(), "cpu": cpu_name(), "processors": os.cpu_count(), "commit": self.commit,
                "version": capture([a.infer, "--version"]).strip(), "threads": a.threads, "peer": bool(a.peer), "quick": a.quick}
        if a.go_on and os.path.exists(a.out):
            self.lines = [json.loads(text) for text in open(a.out)]
            other = [k for k in head if k not in ("date", "commit", "version") and self.lines[0].get(k) != head[k]]
            if other:
                sys.exit(f"{a.out} is of another run ({', '.join(other)}): measure anew, without --continue")
            self.done = [l["step"] for l in self.lines if l["kind"] == "step"]
        else:
            self.add(head)

    # Once, also over several calls with --continue. What is not whole leaves no lines.
    def step(self, *words):
        step = " ".join(words)
        if step in self.done:
            say(step + ": done before")
            return False
        self.done.append(step)
        self.add({"kind": "step", "step": step, "commit": self.commit})
        return True

    def add(self, line):
        self.lines.append(line)

    # After each step: what was measured stays, whatever comes next.
    def save(self):
        os.makedirs(os.path.dirname(self.a.out) or ".", exist_ok=True)
        unfinished = self.a.out + ".tmp"
        with open(unfinished, "w") as out:
            for line in self.lines:
                out.write(json.dumps(line) + "\n")
        os.replace(unfinished, self.a.out)

    def bench(self, name, file, *words, peer=True, html=False):
        if not self.step(name, *(w if "/" not in w else os.path.basename(w) for w in words)):
            return
        command = [self.a.infer, "bench", file, "-t", str(self.a.threads), "--json", *words]
        if peer and self.a.peer:
            command += ["--peer", self.a.peer]
        if html:
            command += ["--html", os.path.splitext(self.a.out)[0] + "-" + name + ".html"] if self.a.reports else ["--operators"]
        say(f"{name}: infer bench {' '.join(words)}")
        option = {key: next((w.split("=", 1)[1] for w in words if w.startswith(key + "=")), otherwise) for key, otherwise in [("kv.type", "f16"), ("cpu.terms", "2"), ("cpu.onednn", "off")]}
        for text in capture(command).splitlines():
            line = json.loads(text)
            if line["kind"] == "load":
                line["model"] = os.path.basename(line["model"])
            self.add({"name": name, "kv": option["kv.type"], "terms": int(option["cpu.terms"]), "onednn": option["cpu.onednn"] != "off", **line})
        self.save()

    def sizes(self):
        if not self.step("sizes"):
            return
        with tempfile.TemporaryDirectory() as folder:
            # libinfer.so has the backends inside; the other file is the cpu backend as a plugin, for programs that load one.
            for name in ["libinfer.so", "libinfer/libinfer-cpu.so"]:
                source = os.path.realpath(os.path.join(os.path.dirname(self.a.infer), "..", "lib", name))
                if not os.path.exists(source):
                    continue
                stripped = os.path.join(folder, "stripped")
                subprocess.run(["strip", "-o", stripped, source], check=True)
                size = os.path.getsize(stripped)
                self.add({"kind": "size", "file": name, "stripped_bytes": size})
                say(f"{name}, stripped: {size / 1e6:.2f} MB")

    def kernels(self, types, rows):
        program = os.path.join(os.path.dirname(self.a.infer), "bench_cpu")
        if not os.path.exists(program):
            return say("no bench_cpu beside infer: the table of kernels is left out")
        if not self.step("kernels", *types, rows):
            return
        for one in types:
            for text in capture([program, one, rows]).splitlines():
                found = re.fullmatch(r"(\S+(?: dotprod)?)\s+(\S+)(\s+packed)?\s+M=(\d+)\s+([\d.]+) GB/s\s+([\d.]+) GOP/s", text.strip())
                if not found:
                    sys.exit(f"bench_cpu printed: {text}")
                isa, name, packed, m, gb, gop = found.groups()
                self.add({"kind": "matmul_kernel", "isa": isa, "type": name, "packed": bool(packed), "rows": int(m), "gb_per_s": float(gb), "gop_per_s": float(gop)})
                print(text, file=sys.stderr)
        self.save()


def smollm2(a):
    return a.model or capture([os.path.join(ROOT, "packaging/model.sh")]).strip()


# A file with this name is whole: it is made under another.
def make(path, command, **more):
    if os.path.exists(path):
        return path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    say("making " + os.path.basename(path))
    unfinished = path + ".unfinished"
    subprocess.run([unfinished if w == "OUT" else w for w in command], check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, **more)
    os.replace(unfinished, path)
    return path


# name -> a function that gives the file; None: it cannot be had.
def models(a):
    made = {"smollm2-q4_1": lambda: smollm2(a)}

    def requantized():
        program = a.peer and os.path.join(a.peer, "llama-quantize")
        if not program or not os.path.exists(program):
            return say("smollm2-q4_k_m is left out: it takes the peer's llama-quantize")
        return make(os.path.join(a.cache, "smollm2-q4_k_m.gguf"), [program, "--allow-requantize", smollm2(a), "OUT", "Q4_K_M"],
                    env=dict(os.environ, LD_LIBRARY_PATH=a.peer), stderr=subprocess.DEVNULL)

    made["smollm2-q4_k_m"] = requantized
    for size, shape in SHAPES.items():
        for kind in TYPES + FLOATS * (size == "1b"):
            made[f"{size}-{kind}"] = lambda size=size, shape=shape, kind=kind: make(
                os.path.join(a.cache, f"{size}-{kind}.gguf"),
                [a.infer, "synth", "OUT", "--shape", shape, "--type", kind, "--tokenizer", smollm2(a), "--context", "65536"])
    return made


def measure(run, a):
    if a.quick:
        return run.bench("smollm2-q4_1", smollm2(a), "-p", "128", "-n", "16", "-b", "1,4", "-r", "3", "--busy", html=True)
    known = models(a)
    floats = ["1b-" + kind for kind in FLOATS]
    wanted = a.models.split(",") if a.models else [name for name in known if name not in floats]
    for name in wanted:
        if name not in known:
            sys.exit(f"there is no model '{name}'; known are {', '.join(known)}")
    repeats = ["-r", str(a.repeats)]
    files = {}
    for name in wanted:
        files[name] = file = known[name]()
        if not file or a.deep:
            continue
        run.bench(name, file, "-p", "512", "-n", "64", "--busy", *repeats, html=True)
        if not name.startswith("3b"):
            run.bench(name, file, "-p", "0", "-n", "64", "-b", "4,16", "--no-start", *repeats)
        if name in ("smollm2-q4_k_m", "1b-q4_k_m"):
            run.bench(name, file, "-p", "512", "-n", "64", "--no-start", *repeats, "-o", "cpu.terms=1")
    for name in floats if a.onednn else []:
        for option in ["off", a.onednn]:
            run.bench(name, known[name](), "-p", "512", "-n", "0", *repeats, "-o", "cpu.onednn=" + option, peer=False)
    # At 32k the peer takes so long that once must do.
    for name, depth, often in [("smollm2-q4_1", "8000", repeats), ("1b-q4_k_m", "8192", repeats), ("1b-q4_k_m", "32768", ["-r", "1"])]:
        if a.no_deep or not files.get(name):
            continue
        for kv in ["f16", *(a.kv.split(",") if a.kv else [])]:
            option = [] if kv == "f16" else ["-o", "kv.type=" + kv]
            run.bench(name, files[name], "-p", "0", "-n", "32", "-d", depth, "--no-start", *often, *option, peer=kv == "f16")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--infer", default=os.path.join(ROOT, "build/release/bin/infer"))
    p.add_argument("--peer", default=os.environ.get("INFER_PEER", ""))
    p.add_argument("--models", default="", help="some of them, comma separated; all without it")
    p.add_argument("--model", default="", help="SmolLM2's file, if it is at hand")
    p.add_argument("--cache", default=os.path.join(ROOT, "build/bench/models"), help="where made models stay")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--repeats", type=int, default=7)
    p.add_argument("--continue", dest="go_on", action="store_true", help="leave out what --out already has")
    p.add_argument("--kv", default="", help="types of the KV cache to measure deep contexts with besides f16")
    p.add_argument("--onednn", default="", help="path of oneDNN's libdnnl.so.3, to measure float matrices with and without it")
    p.add_argument("--no-deep", action="store_true", help="without contexts of 8k and 32k")
    p.add_argument("--deep", action="store_true", help="contexts of 8k and 32k alone")
    p.add_argument("--no-kernels", action="store_true", help="without the table of kernels")
    p.add_argument("--reports", action="store_true", help="an HTML report per model beside the lines")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--readme", action="store_true", help="put the table into README.md")
    p.add_argument("--out", default="")
    a = p.parse_args()
    if not a.out:
        a.out = os.path.join(ROOT, "build/bench/quick.jsonl" if a.quick else f"tests/bench/results/{file_name(cpu_name())}-{datetime.date.today().isoformat()}.jsonl")
    run = Run(a)
    if shutil.which("strip"):
        run.sizes()
    if not a.no_kernels:
        run.kernels(["q4_1"] if a.quick else KERNEL_TYPES, "1,512" if a.quick else "1,4,16,512")
    measure(run, a)
    run.save()
    print(table.markdown(run.lines))
    if a.readme:
        table.into(os.path.join(ROOT, "README.md"), table.markdown(run.lines))
    say("lines: " + a.out)


if __name__ == "__main__":
    main()
