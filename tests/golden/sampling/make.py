#!/usr/bin/env python3
"""Vectors for lib/sampling, from a straightforward float64 implementation of every filter (numpy, full sorts).

Run: python3 make.py > vectors.jsonl      (numpy only; the numbers do not depend on its version)

Philox known answers are those that Random123 publishes (tests/kat_vectors, philox 4x32 10). A case holds logits, options, history,
the draw's index, the set of tokens that survive the filters with their probabilities, and the token that is drawn."""
import json
import math

import numpy as np

PHILOX_KAT = [  # counter, key, expected
    ["00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    ["ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"],
    ["243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"],
]
M32 = 0xFFFFFFFF


def philox(c, k):
    c, k = list(c), list(k)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & M32, (a >> 32) ^ c[3] ^ k[1], a & M32]
        k = [(k[0] + 0x9E3779B9) & M32, (k[1] + 0xBB67AE85) & M32]
    return c


def words(s):
    return [int(w, 16) for w in s.split()]


for ctr, key, expected in PHILOX_KAT:
    assert philox(words(ctr), words(key)) == words(expected)


def uniform(seed, index):
    r = philox([index & M32, index >> 32, 0, 0], [seed & M32, seed >> 32])
    return ((r[1] << 32 | r[0]) >> 11) * 2.0 ** -53


def survivors(logits, o, history):
    """Token ids in the order in which they are walked, and their probabilities."""
    x = np.array(logits, dtype=np.float64)
    x[np.isnan(x)] = -np.inf
    for token, bias in o.get("logit_bias", []):
        x[token] += -np.inf if bias is None else bias
    for token in o.get("banned", []):
        x[token] = -np.inf
    last = o.get("penalty_last", 64)
    window = history if last < 0 else history[len(history) - min(last, len(history)):]
    for token in sorted(set(window)):
        n = window.count(token)
        rp = o.get("repetition_penalty", 1.0)
        x[token] = x[token] / rp if x[token] > 0 else x[token] * rp
        x[token] -= n * o.get("frequency_penalty", 0.0) + o.get("presence_penalty", 0.0)
    ids = np.arange(len(x))
    if o["temperature"] == 0:
        best = np.flatnonzero(x == x.max())[0]
        return [int(best)], [1.0]
    y = x / o["temperature"]
    order = np.lexsort((ids, -x))  # by logit, most likely first; ties: lower id
    if o.get("top_k", 0) > 0:
        order = order[: o["top_k"]]
    order = order[np.isfinite(y[order])]

    def softmax(t):
        e = np.exp(y[t] - y[t].max())
        return e / e.sum()

    if o.get("typical_p", 1.0) < 1:
        p = softmax(order)
        entropy = -np.sum(p[p > 0] * np.log(p[p > 0]))
        distance = np.abs(-np.log(p) - entropy)
        by = np.lexsort((order, distance))
        n = int(np.searchsorted(np.cumsum(p[by]), o["typical_p"])) + 1
        order = np.array(sorted(order[by[:n]], key=lambda t: (-x[t], t)))
    if o.get("top_p", 1.0) < 1:
        n = int(np.searchsorted(np.cumsum(softmax(order)), o["top_p"])) + 1
        order = order[:n]
    if o.get("min_p", 0.0) > 0:
        p = softmax(order)
        order = order[p >= o["min_p"] * p.max()]
    filtered = 0 < o.get("top_k", 0) < len(x) or o.get("typical_p", 1.0) < 1 or o.get("top_p", 1.0) < 1
    if not filtered:
        order = np.sort(order)
    p = softmax(order)
    return [int(t) for t in order], [float(v) for v in p]


def case(name, logits, o, history=(), index=0, seed=1):
    ids, p = survivors(logits, o, list(history))
    u = uniform(seed, index)
    cumulative = np.cumsum(p)
    k = int(np.searchsorted(cumulative, u * cumulative[-1], side="right"))
    edge = float(np.min(np.abs(cumulative - u))) if len(p) > 1 else 1.0
    assert edge > 1e-9, "too near to an edge: another seed"
    raw = np.array(logits, dtype=np.float64)
    raw[np.isnan(raw)] = -np.inf
    lp = raw - (raw.max() + math.log(np.sum(np.exp(raw - raw.max()))))
    top = np.lexsort((np.arange(len(raw)), -raw))[:5]
    row = {
        "name": name, "logits": [None if math.isnan(v) else v for v in logits], "options": o, "history": list(history),
        "seed": seed, "index": index, "survivors": ids, "p": p, "token": ids[min(k, len(ids) - 1)],
        "logprob": float(lp[ids[min(k, len(ids) - 1)]]), "top": [[int(t), float(lp[t]) if np.isfinite(lp[t]) else None] for t in top],
    }
    print(json.dumps(row, allow_nan=False))


print(json.dumps({"made_by": "tests/golden/sampling/make.py", "numpy": np.__version__, "philox": PHILOX_KAT,
                  "uniform": [[s, i, uniform(s, i)] for s, i in [(0, 0), (1, 0), (1, 1), (2**63, 2**40), (2**64 - 1, 12345)]]}))
rng = np.random.default_rng(20260731)


def row(n, spread=3.0):
    return [float(np.float32(v)) for v in rng.normal(0, spread, n)]


OFF = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}
case("greedy", row(50), {**OFF, "temperature": 0.0})
case("greedy prefers the lower id among equals", [0.5, 2.0, 2.0, -1.0], {**OFF, "temperature": 0.0})
case("temperature alone", row(50), OFF, index=3)
for t in (0.1, 0.7, 1.5):
    case(f"temperature {t}", row(40), {**OFF, "temperature": t}, seed=7, index=2)
for k in (1, 2, 5, 40, 64, 1000):
    case(f"top-k {k}", row(64), {**OFF, "top_k": k}, seed=11, index=k)
case("top-k keeps the lower ids among equals", [1.0] * 30, {**OFF, "top_k": 4}, seed=5)
for p in (0.1, 0.5, 0.9, 0.999):
    case(f"top-p {p}", row(300, 1.0), {**OFF, "top_p": p}, seed=13, index=1)
case("top-p over a flat row larger than one sorting step", row(2000, 0.01), {**OFF, "top_p": 0.7}, seed=17)
for p in (0.01, 0.05, 0.5, 1.0):
    case(f"min-p {p}", row(100), {**OFF, "min_p": p}, seed=19, index=9)
for p in (0.2, 0.6, 0.95):
    case(f"typical {p}", row(400, 1.5), {**OFF, "typical_p": p}, seed=23, index=4)
case("everything at once", row(500), {"temperature": 0.8, "top_k": 40, "typical_p": 0.9, "top_p": 0.95, "min_p": 0.05}, seed=29)
case("the defaults", row(500), {"temperature": 0.8, "top_k": 40, "top_p": 0.95, "min_p": 0.05}, seed=31)
h = [3, 3, 3, 7, 9, 9, 1]
for o in ({"repetition_penalty": 1.3}, {"frequency_penalty": 0.7}, {"presence_penalty": 1.1},
          {"repetition_penalty": 1.2, "frequency_penalty": 0.3, "presence_penalty": -0.4},
          {"frequency_penalty": 0.7, "penalty_last": 3}, {"frequency_penalty": 0.7, "penalty_last": -1},
          {"frequency_penalty": 0.7, "penalty_last": 0}):
    case("penalties " + json.dumps(o), row(12, 1.0), {**OFF, **o}, h, seed=37)
case("logit bias", row(10), {**OFF, "logit_bias": [[2, 5.0], [4, -3.0]]}, seed=41)
case("logit bias of minus infinity bans", [0.0, 9.0, 0.1], {**OFF, "temperature": 0.0, "logit_bias": [[1, None]]})
case("banned ids never come", [0.0, 9.0, 0.1], {**OFF, "banned": [1]}, seed=43)
nan = float("nan")
case("NaN counts as minus infinity", [nan, 0.5, nan, 0.25, nan], OFF, seed=47)
case("NaN counts as minus infinity, greedy", [nan, 0.5, nan, 0.75, nan], {**OFF, "temperature": 0.0})
case("NaN under top-k", [nan] * 150 + row(150), {**OFF, "top_k": 10}, seed=53)
