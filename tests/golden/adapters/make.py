#!/usr/bin/env python3
"""Low-rank adapters of the tiny models, and what Hugging Face PEFT computes with them.

    python make.py [variant...]         needs torch, transformers, peft, gguf, numpy; no network

For each variant: <variant>.gguf, laid out as llama.cpp's convert_lora_to_gguf.py lays it out (rows of B of Q and K reordered where the model's
are), and <variant>.golden, as ../tiny/make.py describes it, of the model with the adapter. `model` names the tiny model's file; the
adapter's matrices are random, and large enough that every one of them shows in the logits."""
import datetime
import importlib.metadata
import pathlib
import re
import sys

import gguf
import numpy as np
import peft
import torch

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tiny"))
import make as tiny

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
# variant: (model, modules, rank, alpha, type in the file, further ranks by module)
VARIANTS = {
    "llama_gqa-all": ("llama_gqa", ALL, 4, 8, np.float32, {"k_proj": 2}),
    "llama_gqa-qv": ("llama_gqa", ["q_proj", "v_proj"], 3, 3, np.float16, {}),
    "qwen3-all": ("qwen3", ALL, 5, 4, np.float32, {}),
    "qwen2moe-shared": ("qwen2moe", r".*(q_proj|o_proj|shared_expert\.(gate|up|down)_proj|shared_expert_gate)", 2, 2, np.float32, {}),
}


def seed_of(model):
    made = (HERE.parent / "tiny" / f"{model}.golden").read_bytes().split(b"data:")[0].decode()
    return int(re.search(r"seed (\d+);", made).group(1))


def adapted(model, modules, rank, alpha, type, ranks, seed):
    config = peft.LoraConfig(r=rank, lora_alpha=alpha, target_modules=modules, rank_pattern=ranks, init_lora_weights=False,
                             alpha_pattern={k: alpha for k in ranks})
    wrapped = peft.get_peft_model(model, config).eval()
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in sorted(wrapped.named_parameters()):
            if "lora_" not in name:
                continue
            values = torch.randn(p.shape, generator=g) * (0.5 / p.shape[-1] ** 0.5)
            p.copy_(torch.from_numpy(values.numpy().astype(type).astype(np.float32)))  # what the file can hold
    return wrapped


def write_gguf(path, arch, config, wrapped, alpha, type):
    w = gguf.GGUFWriter(str(path), arch)
    w.add_type(gguf.GGUFType.ADAPTER)
    w.add_string(gguf.Keys.Adapter.TYPE, "lora")
    w.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(alpha))
    for name, p in wrapped.named_parameters():
        found = re.fullmatch(r"base_model\.model\.model\.layers\.(\d+)\.(.*)\.lora_([AB])\.default\.weight", name)
        if not found:
            continue
        layer, module, which = found.groups()
        stem, values = tiny.STEMS[module], p.detach().numpy()
        if which == "B" and arch == "llama" and stem in tiny.heads_of(config):
            values = tiny.adjacent_pairs(values, tiny.heads_of(config)[stem])
        w.add_tensor(f"blk.{layer}.{stem}.weight.lora_{which.lower()}", np.ascontiguousarray(values, dtype=type))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def make(variant):
    name, modules, rank, alpha, type, ranks = VARIANTS[variant]
    arch, _, config_class, model_class, settings, n_tokens, n_prompt = tiny.VARIANTS[name]
    config = config_class(**{**tiny.BASE, "rope_parameters": dict(tiny.ROPE), **settings})
    config._attn_implementation = "eager"
    model = model_class(config).eval().float()
    tiny.fill(model, seed_of(name))
    tokens = torch.randint(0, tiny.N_VOCAB - len(tiny.CONTROL), (n_tokens,), generator=torch.Generator().manual_seed(77)).tolist()
    plain = tiny.logits_of(model, tokens)
    for seed in range(1, 2000):
        wrapped = adapted(model, modules, rank, alpha, type, ranks, seed)
        logits = tiny.logits_of(wrapped, tokens)
        ids = tokens[:n_prompt]
        for _ in range(64):
            top = torch.topk(tiny.logits_of(wrapped, ids)[-1], 2)
            if top.values[0] - top.values[1] < tiny.MARGIN or top.indices[0] >= tiny.N_VOCAB - len(tiny.CONTROL):
                break
            ids.append(int(top.indices[0]))
        if len(ids) == n_prompt + 64 and len(set(ids[n_prompt:])) >= 12:
            write_gguf(HERE / f"{variant}.gguf", arch, config, wrapped, alpha, type)
            made = (f"peft {peft.__version__}, transformers {tiny.transformers.__version__}, torch {torch.__version__}, gguf "
                    f"{importlib.metadata.version('gguf')}; make.py {variant}, seed {seed}; {datetime.date.today().isoformat()}")
            lines = [f"made: {made}", f"model: {name}", f"n_vocab: {tiny.N_VOCAB}", "tokens: " + ",".join(map(str, tokens)),
                     f"prompt: {n_prompt}", "greedy: " + ",".join(map(str, ids[n_prompt:])), "data:"]
            (HERE / f"{variant}.golden").write_bytes(("\n".join(lines) + "\n").encode() + logits.numpy().astype("<f4").tobytes())
            print(f"{variant}: seed {seed}, {(HERE / f'{variant}.gguf').stat().st_size} bytes, logits moved by {(logits - plain).std():.2f} of {plain.std():.2f}")
            return
        model = wrapped.unload()
    raise SystemExit(f"{variant}: no seed is good enough")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for v in sys.argv[1:] or VARIANTS:
        make(v)
