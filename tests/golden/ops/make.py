#!/usr/bin/env python3
"""Makes ops.json: every operator of backend.h on small inputs, computed by NumPy in float64 from the text of backend.h; the turns of
YaRN and llama3 ropes come from Hugging Face transformers' own functions, what is stored of a key or value from the gguf package.
None of libinfer's code takes part.

    make.py [OUT]       needs numpy, gguf and transformers (torch); written with numpy 2, gguf 0.19, transformers 5.23

Inputs are multiples of 1/64, so that they are exact in every float type and short in JSON."""
import json
import math
import sys
from pathlib import Path

import gguf
import numpy as np

F32, F16, Q4_0, Q8_0, I32, BF16 = 0, 1, 2, 8, 26, 30
WEIGHT, INPUT, STATE, OUTPUT = 0, 1, 2, 3
(EMBED, RMS_NORM, MATMUL, ROPE, KV_WRITE, ATTENTION, ADD, MUL, SCALE, ACT, GLU, GATHER, ROUTE, MATMUL_EXPERTS, EXPERT_SUM) = range(1, 16)
NONE = 0xFFFFFFFF
rng = np.random.default_rng(20241)


def exact(*shape, reach=2.0):
    return rng.integers(int(-64 * reach), int(64 * reach) + 1, shape) / 64.0


def sym(i):
    return -1 - i


class Case:
    def __init__(self, name, symbol_max, tolerance=1e-12):
        self.j = dict(name=name, tolerance=tolerance, symbol_max=symbol_max, tensors=[], nodes=[], runs=[])

    def tensor(self, role, name, type, dims, values=None):
        t = dict(role=role, name=name, type=type, dims=list(dims))
        if values is not None:
            t["values"] = plain(values)
        self.j["tensors"].append(t)
        return len(self.j["tensors"]) - 1

    def node(self, kind, inputs, outputs, i=(), f=()):
        self.j["nodes"].append({"kind": kind, "in": inputs, "out": outputs, "i": list(i), "f": list(f)})

    def run(self, symbols, inputs, outputs):
        self.j["runs"].append(dict(symbols=symbols, inputs={str(k): plain(v) for k, v in inputs.items()}, outputs={str(k): plain(v) for k, v in outputs.items()}))


def plain(a):
    a = np.asarray(a)
    if a.dtype.kind in "iu":
        return a.reshape(-1).tolist()
    return [float(f"{v:.9g}") for v in a.reshape(-1).tolist()]


cases = []


def case(name, symbol_max, tolerance=1e-12):
    c = Case(name, symbol_max, tolerance)
    cases.append(c)
    return c


# ---- the operators ------------------------------------------------------------------------------------------------------


def activate(kind, x):
    if kind == 0:
        return x / (1 + np.exp(-x))
    if kind == 1:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    if kind == 2:
        return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))
    if kind == 3:
        return np.maximum(x, 0)
    if kind == 4:
        return 1 / (1 + np.exp(-x))
    return np.tanh(x)


def rotate(x, positions, turns, attn, heads, dim, n_rot, style):
    """x [T, heads*dim]; turns [n_rot/2] per position."""
    y = x.reshape(len(x), heads, dim).copy()
    half = n_rot // 2
    for t, p in enumerate(positions):
        c, s = np.cos(p * turns) * attn, np.sin(p * turns) * attn
        a = (np.arange(half) * 2, np.arange(half))[style]
        b = a + (1, half)[style]
        u, v = y[t][:, a].copy(), y[t][:, b].copy()
        y[t][:, a], y[t][:, b] = u * c - v * s, u * s + v * c
    return y.reshape(x.shape)


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def attend(q, k, v, past, scale, window, softcap, sinks):
    """q [T, H, D] at positions past..; k [past+T, Hk, D], v [past+T, Hk, Dv], already in stored form."""
    out = np.zeros((q.shape[0], q.shape[1], v.shape[2]))
    group = q.shape[1] // k.shape[1]
    for t in range(q.shape[0]):
        p = past + t
        first = max(0, p - window + 1) if window else 0
        for h in range(q.shape[1]):
            scores = k[first : p + 1, h // group] @ q[t, h] * scale
            if softcap:
                scores = softcap * np.tanh(scores / softcap)
            if sinks is not None:
                scores = np.append(scores, sinks[h])
            w = softmax(scores)[: p + 1 - first]
            out[t, h] = w @ v[first : p + 1, h // group]
    return out


# ---- cases ----------------------------------------------------------------------------------------------------------------

T = sym(0)
for type, label in ((F32, "f32"), (F16, "f16"), (BF16, "bf16")):
    c = case(f"embed {label}", [9])
    table, ids = exact(6, 10), rng.integers(0, 6, 7)
    c.tensor(WEIGHT, "table", type, (6, 10), table), c.tensor(INPUT, "ids", I32, (T,)), c.tensor(OUTPUT, "out", F32, (T, 10))
    c.node(EMBED, [0, 1], [2])
    c.run([7], {1: ids}, {2: table[ids]})

    c = case(f"matmul {label}", [9], 1e-11)
    x, w, b = exact(5, 33), exact(7, 33), exact(7)
    c.tensor(INPUT, "x", F32, (T, 33)), c.tensor(WEIGHT, "w", type, (7, 33), w), c.tensor(WEIGHT, "b", F32, (7,), b), c.tensor(OUTPUT, "out", F32, (T, 7))
    c.node(MATMUL, [0, 1, 2], [3])
    c.run([5], {0: x}, {3: x @ w.T + b})

for per_slot in (False, True):
    c = case(f"matmul_experts {'x[T,k,K]' if per_slot else 'x[T,K]'}", [9], 1e-11)
    w, b, ids = exact(4, 6, 20), exact(4, 6), np.array([[2, 0], [1, 3], [3, 2]])
    x = exact(3, 2, 20) if per_slot else exact(3, 20)
    c.tensor(INPUT, "x", F32, (T, 2, 20) if per_slot else (T, 20)), c.tensor(WEIGHT, "w", F32, (4, 6, 20), w)
    c.tensor(INPUT, "ids", I32, (T, 2)), c.tensor(WEIGHT, "b", F32, (4, 6), b), c.tensor(OUTPUT, "out", F32, (T, 2, 6))
    c.node(MATMUL_EXPERTS, [0, 1, 2, 3], [4])
    c.run([3], {0: x, 2: ids}, {4: [[w[ids[t, j]] @ (x[t, j] if per_slot else x[t]) + b[ids[t, j]] for j in range(2)] for t in range(3)]})

for groups in (1, 3):
    c = case(f"rms_norm of {groups} runs", [9])
    x, w = exact(4, groups * 11), exact(11)
    c.tensor(INPUT, "x", F32, (T, groups * 11)), c.tensor(WEIGHT, "w", F32, (11,), w), c.tensor(OUTPUT, "out", F32, (T, groups * 11))
    c.node(RMS_NORM, [0, 1], [2], f=[0.01])
    r = x.reshape(4, groups, 11)
    c.run([4], {0: x}, {2: r / np.sqrt((r**2).mean(-1, keepdims=True) + 0.01) * w})

positions = np.array([0, 1, 7, 100, 4095])


def rope_case(name, style, heads, dim, n_rot, base, turns, attn=1.0, freq_scale=1.0, ext=0.0, low=0.0, high=0.0, factors=None):
    c = case(f"rope {name} style {style}", [9], 1e-11)
    x = exact(5, heads * dim)
    inputs = [c.tensor(INPUT, "x", F32, (T, heads * dim)), c.tensor(INPUT, "p", I32, (T,))]
    if factors is not None:
        inputs.append(c.tensor(WEIGHT, "factors", F32, (n_rot // 2,), factors))
    out = c.tensor(OUTPUT, "out", F32, (T, heads * dim))
    c.node(ROPE, inputs, [out], [dim, n_rot, style], [base, freq_scale, ext, attn, low, high])
    c.run([5], {0: x, 1: positions}, {out: rotate(x, positions, turns, attn, heads, dim, n_rot, style)})


def plain_turns(base, n_rot):
    return base ** (-2.0 * np.arange(n_rot // 2) / n_rot)


for style in (0, 1):
    rope_case("plain", style, 2, 16, 16, 10000.0, plain_turns(10000.0, 16))
    rope_case("partial", style, 3, 16, 10, 500000.0, plain_turns(500000.0, 10))
    rope_case("linear 4", style, 2, 16, 16, 10000.0, plain_turns(10000.0, 16) / 4, freq_scale=0.25)
    factors = exact(8, reach=0.5) + 3
    rope_case("factors", style, 2, 16, 16, 10000.0, plain_turns(10000.0, 16) / factors, factors=factors)
    rope_case("factors and linear", style, 2, 16, 16, 10000.0, plain_turns(10000.0, 16) / factors / 2, freq_scale=0.5, factors=factors)


def from_transformers(rope_parameters, dim):
    """(turns per position, attention factor) of transformers' own code."""
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    config = LlamaConfig(hidden_size=dim * 2, num_attention_heads=2, head_dim=dim, max_position_embeddings=4096 * 4, rope_parameters=rope_parameters)
    inv_freq, attention = ROPE_INIT_FUNCTIONS[rope_parameters["rope_type"]](config, "cpu")
    return inv_freq.double().numpy(), attention


# transformers computes these in float32, hence the wider tolerance: 4095 * 6e-8 radians.
for factor, dim, fast, slow in ((4.0, 32, 32.0, 1.0), (16.0, 64, 32.0, 1.0), (8.0, 64, 16.0, 2.0)):
    parameters = dict(rope_type="yarn", rope_theta=10000.0, factor=factor, original_max_position_embeddings=4096, beta_fast=fast, beta_slow=slow)
    turns, attention = from_transformers(parameters, dim)
    edge = lambda rotations: dim * math.log(4096 / (rotations * 2 * math.pi)) / (2 * math.log(10000.0))
    low, high = max(math.floor(edge(fast)), 0), min(math.ceil(edge(slow)), dim - 1)
    rope_case(f"yarn {factor:g} dim {dim}", 1, 2, dim, dim, 10000.0, turns, attn=attention, freq_scale=1 / factor, ext=1.0, low=low, high=high)
    cases[-1].j["tolerance"] = 1e-7
parameters = dict(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192)
turns, attention = from_transformers(parameters, 64)
rope_case("llama3 as factors", 1, 2, 64, 64, 500000.0, turns, factors=plain_turns(500000.0, 64) / turns)
cases[-1].j["tolerance"] = 1e-7

for kind, op, f in ((ADD, "add", np.add), (MUL, "mul", np.multiply)):
    for label, dims, shape in (("[T,D]", (T, 9), (4, 9)), ("[D]", (9,), (9,)), ("[T,1]", (T, 1), (4, 1))):
        c = case(f"{op} {label}", [9], 1e-13)
        a, b = exact(4, 9), exact(*shape)
        c.tensor(INPUT, "a", F32, (T, 9)), c.tensor(INPUT, "b", F32, dims), c.tensor(OUTPUT, "out", F32, (T, 9))
        c.node(kind, [0, 1], [2])
        c.run([4], {0: a, 1: b}, {2: f(a, b)})

c = case("scale", [9], 1e-13)
x = exact(3, 7)
c.tensor(INPUT, "x", F32, (T, 7)), c.tensor(OUTPUT, "out", F32, (T, 7))
c.node(SCALE, [0], [1], f=[0.1768])
c.run([3], {0: x}, {1: x * 0.1768})

for kind in range(6):
    c = case(f"act {kind}", [9])
    x = exact(4, 25, reach=6)
    c.tensor(INPUT, "x", F32, (T, 25)), c.tensor(OUTPUT, "out", F32, (T, 25))
    c.node(ACT, [0], [1], [kind])
    c.run([4], {0: x}, {1: activate(kind, x)})
    for k in (0, 3):
        c = case(f"glu {kind} {'[T,k,F]' if k else '[T,F]'}", [9])
        dims, shape = ((T, k, 9), (2, k, 9)) if k else ((T, 9), (2, 9))
        gate, up = exact(*shape, reach=5), exact(*shape)
        c.tensor(INPUT, "gate", F32, dims), c.tensor(INPUT, "up", F32, dims), c.tensor(OUTPUT, "out", F32, dims)
        c.node(GLU, [0, 1], [2], [kind])
        c.run([2], {0: gate, 1: up}, {2: activate(kind, gate) * up})

c = case("gather", [9, 9], 1e-13)
x, rows = exact(6, 5), np.array([5, 0, 0, 3])
c.tensor(INPUT, "x", F32, (T, 5)), c.tensor(INPUT, "rows", I32, (sym(1),)), c.tensor(OUTPUT, "out", F32, (sym(1), 5))
c.node(GATHER, [0, 1], [2])
c.run([6, 4], {0: x, 1: rows}, {2: x[rows]})

for mode in range(3):
    for ties in (False, True):
        c = case(f"route mode {mode}{' ties' if ties else ''}", [9])
        logits = exact(5, 8, reach=3)
        if ties:
            logits = np.round(logits)
        ids = np.argsort(-logits, axis=-1, kind="stable")[:, :3]
        weights = np.zeros((5, 3))
        for t in range(5):
            chosen = softmax(logits[t])[ids[t]]
            weights[t] = chosen if mode == 0 else chosen / chosen.sum() if mode == 1 else softmax(logits[t][ids[t]])
        c.tensor(INPUT, "logits", F32, (T, 8)), c.tensor(OUTPUT, "ids", I32, (T, 3)), c.tensor(OUTPUT, "weights", F32, (T, 3))
        c.node(ROUTE, [0], [1, 2], [3, mode], [2.5])
        c.run([5], {0: logits}, {1: ids, 2: weights * 2.5})

c = case("expert_sum", [9])
y, w, ids = exact(4, 3, 10), exact(4, 3), np.array([[2, 0, 5], [1, 3, 2], [3, 2, 1], [0, 1, 2]])
c.tensor(INPUT, "y", F32, (T, 3, 10)), c.tensor(INPUT, "w", F32, (T, 3)), c.tensor(INPUT, "ids", I32, (T, 3)), c.tensor(OUTPUT, "out", F32, (T, 10))
c.node(EXPERT_SUM, [0, 1, 2], [3])
c.run([4], {0: y, 1: w, 2: ids}, {3: np.einsum("tkd,tk->td", y, w)})


def stored(a, type):
    """What a cache of this type holds of the vectors a[.., dim]."""
    t = gguf.GGMLQuantizationType(type)
    return gguf.quants.dequantize(gguf.quants.quantize(a.astype(np.float32), t), t).reshape(a.shape).astype(np.float64)


def attention_case(name, heads, kv, dim, dim_v, page, type, chunks, scale=0.25, window=0, softcap=0.0, sinks=False):
    """chunks: [runs][sequences] new rows; pages are handed out backwards from the last one."""
    n = len(chunks[0])
    total = [sum(c[i] for c in chunks) for i in range(n)]
    cols = -(-max(total) // page)
    pages = cols * n + 2
    c = case(f"attention {name} {gguf.GGMLQuantizationType(type).name.lower()}", [64, n, n + 1, cols, pages], 1e-11)
    q_t, k_t, v_t = c.tensor(INPUT, "q", F32, (T, heads * dim)), c.tensor(INPUT, "k", F32, (T, kv * dim)), c.tensor(INPUT, "v", F32, (T, kv * dim_v))
    start_t, len_t, table_t = c.tensor(INPUT, "q_start", I32, (sym(2),)), c.tensor(INPUT, "kv_len", I32, (sym(1),)), c.tensor(INPUT, "table", I32, (sym(1), sym(3)))
    ks, vs = c.tensor(STATE, "ks", type, (sym(4), page, kv, dim)), c.tensor(STATE, "vs", type, (sym(4), page, kv, dim_v))
    sink_values = exact(heads) if sinks else None
    sinks_t = c.tensor(WEIGHT, "sinks", F32, (heads,), sink_values) if sinks else NONE
    out_t = c.tensor(OUTPUT, "out", F32, (T, heads * dim_v))
    c.node(KV_WRITE, [k_t, v_t, ks, vs, start_t, len_t, table_t], [], [kv, dim, dim_v, page])
    c.node(ATTENTION, [q_t, ks, vs, start_t, len_t, table_t, sinks_t], [out_t], [heads, kv, dim, dim_v, page, window], [scale, softcap])
    # Thirds: not exact in f16, so the stored form matters.
    q = [exact(t, heads, dim) for t in total]
    k = [(exact(t, kv, dim) / 3).astype(np.float32).astype(np.float64) for t in total]
    v = [(exact(t, kv, dim_v) / 3).astype(np.float32).astype(np.float64) for t in total]
    done = [0] * n
    for chunk in chunks:
        outs = []
        for i, m in enumerate(chunk):
            end = done[i] + m
            outs.append(attend(q[i][done[i] : end], stored(k[i][:end], type), stored(v[i][:end], type), done[i], scale, window, softcap, sink_values).reshape(m, -1))
        take = lambda a: np.concatenate([a[i][done[i] : done[i] + m].reshape(m, -1) for i, m in enumerate(chunk)])
        inputs = {q_t: take(q), k_t: take(k), v_t: take(v)}
        done = [d + m for d, m in zip(done, chunk)]
        inputs[start_t], inputs[len_t] = np.cumsum([0] + list(chunk)), np.array(done)
        inputs[table_t] = np.array([[pages - 1 - (b * n + i) if b * page < done[i] else 0 for b in range(cols)] for i in range(n)])
        c.run([sum(chunk), n, n + 1, cols, pages], inputs, {out_t: np.concatenate(outs)})


for type in (F32, F16):
    attention_case("plain", 2, 1, 8, 8, 4, type, [[9], [1]])
    attention_case("grouped, two sequences", 6, 2, 6, 10, 4, type, [[7, 2], [1, 3], [1, 1]])
    attention_case("window", 2, 2, 8, 8, 4, type, [[13], [1]], window=5)
    attention_case("softcap", 2, 1, 8, 8, 8, type, [[9], [2]], softcap=1.5)
    attention_case("sinks", 4, 2, 8, 8, 4, type, [[9], [1]], sinks=True)
    attention_case("window, softcap and sinks", 2, 1, 8, 8, 4, type, [[11], [1]], window=4, softcap=2.0, sinks=True)
for type in (BF16, Q8_0, Q4_0):
    attention_case("plain", 2, 1, 32, 32, 4, type, [[9], [1]])
    attention_case("two groups, two sequences", 2, 2, 64, 32, 4, type, [[6, 2], [1, 3]])
    attention_case("window, softcap and sinks", 2, 1, 32, 64, 4, type, [[7], [1]], window=4, softcap=2.0, sinks=True)

# Low-rank adapters: two products of one x, four rows of which one has no adapter, ranks below the banks'.
ADAPT = 18
for type in (F32, F16, BF16):
    rows, slots_n, rank, n, k = 4, 2, 3, 5, 7
    c = case(f"adapt {gguf.GGMLQuantizationType(type).name.lower()}", [9], 1e-12)
    x, slots, ranks = exact(rows, k), np.array([1, -1, 0, 1]), np.array([3, 2])
    x_t, slots_t = c.tensor(INPUT, "x", F32, (T, k)), c.tensor(INPUT, "slots", I32, (T,))
    ranks_t = c.tensor(INPUT, "ranks", I32, (slots_n,))
    inputs, outputs = {x_t: x, slots_t: slots, ranks_t: ranks}, {}
    for _ in range(2):
        y, down, up = exact(rows, n), exact(slots_n, rank, k), exact(slots_n, n, rank)
        y_t, down_t = c.tensor(INPUT, "y", F32, (T, n)), c.tensor(INPUT, "down", type, (slots_n, rank, k))
        up_t, out_t = c.tensor(INPUT, "up", type, (slots_n, n, rank)), c.tensor(OUTPUT, "out", F32, (T, n))
        c.node(ADAPT, [y_t, x_t, down_t, up_t, slots_t, ranks_t], [out_t])
        out = y.copy()
        for t, s in enumerate(slots):
            if s >= 0:
                out[t] += up[s][:, : ranks[s]] @ (down[s][: ranks[s]] @ x[t])
        inputs |= {y_t: y, down_t: down, up_t: up}
        outputs[out_t] = out
    c.run([rows], inputs, outputs)

out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("ops.json")
out.write_text('{"made_by": "tests/golden/ops/make.py (NumPy %s, float64)", "cases": [\n' % np.__version__ + ",\n".join(json.dumps(c.j, separators=(",", ":")) for c in cases) + "\n]}\n")
print(f"{len(cases)} cases, {out.stat().st_size} bytes")
