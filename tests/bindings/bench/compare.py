#!/usr/bin/env python3
"""What a binding costs beside C, by turns on the same machine.

    compare.py [--answers N] [--pieces N] SMALL-MODEL MODEL -- C COMMAND .. -- COMMAND ..

Both commands speak as token_times.c says.  Prints the ratio of the times of whole answers of 128 tokens, and what reading a token
costs: when the pieces are there already (the binding alone), and while they come (with the waiting and the cold caches).
"""
import statistics
import subprocess
import sys


class Side:
    def __init__(self, command, models):
        self.run = subprocess.Popen([*command, *models], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, what, tokens):
        self.run.stdin.write(what + "\n")
        self.run.stdin.flush()
        wall, n, cpu, text = map(float, self.run.stdout.readline().split())
        assert n == tokens and text > 0, (n, text)
        return wall, cpu / n


def both(sides, what, tokens, times):
    told = [[], []]
    for n in range(times):
        for i in (0, 1) if n % 2 else (1, 0):
            told[i].append(sides[i].ask(what, tokens))
    return told


def main(words):
    times = {"--answers": 20, "--pieces": 200}
    while words[0] in times:
        times[words[0]] = int(words[1])
        words = words[2:]
    models, rest = words[:2], words[3:]
    split = rest.index("--")
    sides = [Side(rest[:split], models), Side(rest[split + 1:], models)]

    both(sides, "pieces", 256, times["--pieces"])  # a virtual machine compiles what runs often
    c, here = [[cpu for _, cpu in side] for side in both(sides, "pieces", 256, times["--pieces"])]
    print(f"a waiting piece of one token: C {statistics.median(c):.2f} us, here {statistics.median(here):.2f} us")
    c, here = both(sides, "answer", 128, times["--answers"])
    ratio = statistics.quantiles([b[0] / a[0] for a, b in zip(c, here)], n=4)
    print(f"128 tokens: C {statistics.median(w for w, _ in c) / 1e3:.1f} ms, here {statistics.median(w for w, _ in here) / 1e3:.1f} ms; "
          f"ratio of pairs {ratio[1]:.3f} ({ratio[0]:.3f} .. {ratio[2]:.3f}, {len(c)} pairs)")
    print(f"a token while they come: C {statistics.median(t for _, t in c):.1f} us, here {statistics.median(t for _, t in here):.1f} us")


main(sys.argv[1:])
