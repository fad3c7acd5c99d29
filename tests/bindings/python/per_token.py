"""What the binding adds to a token: time that the pulling thread computes, for tiny requests from Python and from C by turns. Not a
test: it prints microseconds.

    PYTHONPATH=build/release/python PYTHON per_token.py build/release/bin/per_token
"""

import statistics
import subprocess
import sys
import time

from conftest import tiny_path

import libinfer

TOKENS, REQUESTS = 200, 20


def from_c(program):
    out = subprocess.run([program, str(tiny_path("llama")), str(TOKENS), str(REQUESTS)], check=True, capture_output=True, text=True).stdout
    return [float(line) for line in out.split()]


def from_python(llm, stream):
    times = []
    for _ in range(REQUESTS):
        begun = time.thread_time()
        n = sum(len(p.token_ids) for p in llm.generate("abc", stream=True)) if stream else len(llm.generate("abc").outputs[0].token_ids)
        times.append((time.thread_time() - begun) / n)
    return times


rows = {"c": [], "stream": [], "whole": []}
with libinfer.LLM(tiny_path("llama"), temperature=0, ignore_end=True, max_tokens=TOKENS, **{"cpu.threads": 1}) as llm:
    from_python(llm, True)
    for _ in range(5):
        rows["c"] += from_c(sys.argv[1])
        rows["stream"] += from_python(llm, True)
        rows["whole"] += from_python(llm, False)
us = {name: statistics.median(values) * 1e6 for name, values in rows.items()}
least = {name: min(values) * 1e6 for name, values in rows.items()}
print(f"a token: C {us['c']:.1f} us, Python streaming {us['stream']:.1f} us (+{us['stream'] - us['c']:.1f}), whole {us['whole']:.1f} us (+{us['whole'] - us['c']:.1f})")
print(f"at best: C {least['c']:.1f} us, Python streaming {least['stream']:.1f} us (+{least['stream'] - least['c']:.1f}), whole {least['whole']:.1f} us (+{least['whole'] - least['c']:.1f})")
