#!/usr/bin/env python3
"""Tiny seeded random models of every family, and what Hugging Face transformers computes with them.

    python make.py [variant...]         needs torch, transformers, gguf, numpy; no network

For each variant: <variant>.gguf, laid out as llama.cpp's converter lays it out (Q and K rows of the "llama" architecture reordered for
adjacent-pair rope, experts stacked, qwen halves left alone), and <variant>.golden:

    text lines "key: value", the last one "data:"; then raw little-endian float32, [n_tokens, n_vocab] logits of `tokens`.
    made     tools, versions, seed, date
    tokens   the sequence whose logits follow (all rows, float32, eager attention)
    prompt   how many of `tokens` the greedy continuation starts from
    greedy   64 ids, each the arg max by a margin of at least MARGIN (so that rounding cannot change it); never a control token

A seed is rejected, and the next one tried, when a margin is too small, a router's choice is too close to call, or the continuation is dull.
Every file has a small byte-level BPE vocabulary and a ChatML template, so that the whole tool works on it.
"""
import datetime
import math
import pathlib
import sys

import gguf
import numpy as np
import torch
import transformers
from transformers import (LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, MixtralConfig, MixtralForCausalLM, Qwen2Config,
                          Qwen2ForCausalLM, Qwen2MoeConfig, Qwen2MoeForCausalLM, Qwen3Config, Qwen3ForCausalLM, Qwen3MoeConfig,
                          Qwen3MoeForCausalLM)

HERE = pathlib.Path(__file__).parent
MARGIN = 0.02
MERGES = ["\u0120 t", "h e", "i n", "\u0120 a", "r e", "o n", "\u0120t he", "e r", "\u0120 s", "a t", "e n", "o u", "\u0120 w", "i s", "n d", "i t",
          "o r", "\u0120 c", "e s", "l l", "a n", "in g", "e d", "\u0120 of", "o f", "\u0120 b", "a l", "a r"]
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"]
TEMPLATE = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")
N_VOCAB = 256 + len(MERGES) + len(CONTROL)

BASE = dict(vocab_size=N_VOCAB, hidden_size=48, intermediate_size=80, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
            max_position_embeddings=256, rms_norm_eps=1e-5, tie_word_embeddings=False, bos_token_id=None, eos_token_id=None, pad_token_id=None)
ROPE = dict(rope_type="default", rope_theta=10000.0)
YARN = dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=64)
QMOE = dict(num_experts=5, num_experts_per_tok=2, moe_intermediate_size=16, decoder_sparse_step=1, mlp_only_layers=[])

# variant: (GGUF architecture, pre-tokenizer, config, model, settings, number of tokens, prompt)
VARIANTS = {
    "llama": ("llama", "llama-bpe", LlamaConfig, LlamaForCausalLM, dict(), 40, 16),
    "llama_gqa": ("llama", "llama-bpe", LlamaConfig, LlamaForCausalLM, dict(num_attention_heads=6, num_key_value_heads=2), 40, 16),
    "llama_tied": ("llama", "smollm", LlamaConfig, LlamaForCausalLM, dict(tie_word_embeddings=True), 40, 16),
    "llama_bias": ("llama", "llama-bpe", LlamaConfig, LlamaForCausalLM, dict(attention_bias=True, mlp_bias=True, num_key_value_heads=2), 40, 16),
    # 96 tokens and 64 more: far beyond the 64 positions (40 for linear) that these ropes were "trained" for.
    "llama_linear": ("llama", "llama-bpe", LlamaConfig, LlamaForCausalLM,
                     dict(rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0), num_attention_heads=3, num_key_value_heads=3, tie_word_embeddings=True), 96, 96),
    "llama_yarn": ("llama", "llama-bpe", LlamaConfig, LlamaForCausalLM,
                   dict(rope_parameters=YARN, num_attention_heads=3, num_key_value_heads=3, tie_word_embeddings=True), 96, 96),
    "llama3": ("llama", "llama-bpe", LlamaConfig, LlamaForCausalLM,
               dict(rope_parameters=dict(rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                         original_max_position_embeddings=64), num_attention_heads=3, num_key_value_heads=1, tie_word_embeddings=True), 96, 96),
    "mistral": ("llama", "tekken", MistralConfig, MistralForCausalLM, dict(head_dim=16, num_key_value_heads=2, sliding_window=None), 40, 16),
    "mistral_window": ("llama", "tekken", MistralConfig, MistralForCausalLM, dict(num_key_value_heads=2, sliding_window=12), 40, 16),
    "mixtral": ("llama", "llama-bpe", MixtralConfig, MixtralForCausalLM,
                dict(num_local_experts=4, num_experts_per_tok=2, intermediate_size=24, num_key_value_heads=2, sliding_window=None), 40, 16),
    "qwen2": ("qwen2", "qwen2", Qwen2Config, Qwen2ForCausalLM, dict(num_key_value_heads=2, tie_word_embeddings=True, rms_norm_eps=1e-6), 40, 16),
    "qwen2_yarn": ("qwen2", "qwen2", Qwen2Config, Qwen2ForCausalLM,
                   dict(num_attention_heads=3, num_key_value_heads=1, tie_word_embeddings=True,
                        rope_parameters=dict(YARN, attention_factor=1.25, beta_fast=2.0, beta_slow=0.25)), 96, 96),
    "qwen3": ("qwen3", "qwen2", Qwen3Config, Qwen3ForCausalLM, dict(head_dim=16, num_key_value_heads=2, rms_norm_eps=1e-6), 40, 16),
    "qwen2moe": ("qwen2moe", "qwen2", Qwen2MoeConfig, Qwen2MoeForCausalLM,
                 dict(QMOE, num_key_value_heads=2, shared_expert_intermediate_size=24, norm_topk_prob=False, rms_norm_eps=1e-6), 40, 16),
    "qwen3moe": ("qwen3moe", "qwen2", Qwen3MoeConfig, Qwen3MoeForCausalLM,
                 dict(QMOE, head_dim=16, num_key_value_heads=2, norm_topk_prob=True, rms_norm_eps=1e-6), 40, 16),
}


class Rejected(Exception):
    pass


# ---- the model ---------------------------------------------------------------------------------------------------------

def fill(model, seed):
    """Weights large enough that attention, gates and logits are far from flat: an error anywhere must show in the logits."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            r = torch.randn(p.shape, generator=g)
            if name.endswith("norm.weight"):
                p.copy_(1 + 0.2 * r)
            elif name.endswith(".bias"):
                p.copy_(0.3 * r)
            else:
                gain = 3.0 if "lm_head" in name or "embed" in name else 2.0 if "q_proj" in name or "k_proj" in name else 1.0
                p.copy_(r * gain / math.sqrt(p.shape[-1]))


def logits_of(model, tokens):
    with torch.no_grad():
        return model(torch.tensor([tokens]), use_cache=False).logits[0].float()


def watch_routers(model, top_k, margins):
    def hook(_module, _inputs, out):
        p = torch.softmax(out[0].float(), -1).sort(-1, descending=True).values
        margins.append((p[:, top_k - 1] - p[:, top_k]).min().item())
    for name, module in model.named_modules():
        if name.endswith("mlp.gate"):
            module.register_forward_hook(hook)


def compute(config, model_class, seed, n_tokens, n_prompt):
    model = model_class(config).eval().float()
    fill(model, seed)
    margins = [1.0]
    if hasattr(config, "num_experts_per_tok"):
        watch_routers(model, config.num_experts_per_tok, margins)
        model(torch.tensor([[1]]))
        if len(margins) == 1:
            raise SystemExit("no router was found to watch")
    tokens = torch.randint(0, N_VOCAB - len(CONTROL), (n_tokens,), generator=torch.Generator().manual_seed(1000 + seed)).tolist()
    logits = logits_of(model, tokens)
    ids = tokens[:n_prompt]
    for _ in range(64):
        top = torch.topk(logits_of(model, ids)[-1], 2)
        if top.values[0] - top.values[1] < MARGIN or top.indices[0] >= N_VOCAB - len(CONTROL):
            raise Rejected
        ids.append(int(top.indices[0]))
    greedy = ids[n_prompt:]
    if min(margins) < 1e-4 or len(set(greedy)) < 12:
        raise Rejected
    return model, tokens, logits.numpy(), greedy


# ---- the file ----------------------------------------------------------------------------------------------------------

def adjacent_pairs(w, n_head):
    """Rows of each head: halves (j, j + d/2) become pairs (2j, 2j + 1), as llama.cpp's converter does for the llama architecture."""
    return w.reshape(n_head, 2, w.shape[0] // n_head // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


# Modules of a layer, and what GGUF calls them.
STEMS = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "mlp.gate": "ffn_gate_inp", "mlp.shared_expert.gate_proj": "ffn_gate_shexp", "mlp.shared_expert.up_proj": "ffn_up_shexp",
    "mlp.shared_expert.down_proj": "ffn_down_shexp", "mlp.shared_expert_gate": "ffn_gate_inp_shexp",
}


def heads_of(config):
    return {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}


def tensors_of(arch, config, model):
    """(GGUF name, array) of every parameter. What STEMS does not know stops the script."""
    heads = heads_of(config)
    top = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}
    for name, p in model.named_parameters():  # a tied lm_head is listed once, as the embedding
        w = p.detach().numpy()
        if name in top:
            yield top[name], w
            continue
        layer, rest = name.removeprefix("model.layers.").split(".", 1)
        if rest == "mlp.experts.gate_up_proj":  # [E, gate rows then up rows, D]
            yield f"blk.{layer}.ffn_gate_exps.weight", w[:, :w.shape[1] // 2]
            yield f"blk.{layer}.ffn_up_exps.weight", w[:, w.shape[1] // 2:]
        elif rest == "mlp.experts.down_proj":
            yield f"blk.{layer}.ffn_down_exps.weight", w
        else:
            module, kind = rest.rsplit(".", 1)
            stem = STEMS[module]
            if arch == "llama" and stem in heads:
                w = adjacent_pairs(w, heads[stem])
            if stem == "ffn_gate_inp_shexp":
                w = w.reshape(-1)  # one row: a vector in published files
            yield f"blk.{layer}.{stem}.{kind}", w
    rope = config.rope_parameters
    if rope["rope_type"] == "llama3":
        inv = model.model.rotary_emb.inv_freq.double()
        dim = 2 * inv.shape[0]
        yield "rope_freqs.weight", (1.0 / (rope["rope_theta"] ** (torch.arange(0, dim, 2).double() / dim)) / inv).float().numpy()


def byte_tokens():
    """The printable stand-ins of the 256 bytes, in the order of the GPT-2 vocabulary."""
    kept = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    moved = [b for b in range(256) if b not in kept]
    return [chr(b) for b in kept] + [chr(256 + i) for i in range(len(moved))]


def write_gguf(path, arch, pre, config, model, variant):
    w = gguf.GGUFWriter(str(path), arch)
    w.add_name(f"tiny {variant}")
    w.add_file_type(gguf.LlamaFileType.ALL_F32)
    w.add_block_count(config.num_hidden_layers)
    w.add_context_length(config.max_position_embeddings)
    w.add_embedding_length(config.hidden_size)
    w.add_feed_forward_length(config.intermediate_size)
    w.add_head_count(config.num_attention_heads)
    w.add_head_count_kv(config.num_key_value_heads)
    w.add_layer_norm_rms_eps(config.rms_norm_eps)
    w.add_vocab_size(config.vocab_size)
    if getattr(config, "head_dim", None):
        w.add_key_length(config.head_dim)
        w.add_value_length(config.head_dim)
    if arch == "llama":
        w.add_rope_dimension_count(getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)
    rope = config.rope_parameters
    w.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] == "linear":
        w.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        w.add_rope_scaling_factor(rope["factor"])
    elif rope["rope_type"] == "yarn":
        w.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        w.add_rope_scaling_factor(rope["factor"])
        w.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        for key, add in (("attention_factor", w.add_rope_scaling_yarn_attn_factor), ("beta_fast", w.add_rope_scaling_yarn_beta_fast),
                         ("beta_slow", w.add_rope_scaling_yarn_beta_slow)):
            if rope.get(key) is not None:
                add(rope[key])
    n_expert = getattr(config, "num_local_experts", None) or getattr(config, "num_experts", None)
    if n_expert:
        w.add_expert_count(n_expert)
        w.add_expert_used_count(config.num_experts_per_tok)
    if getattr(config, "moe_intermediate_size", None):
        w.add_expert_feed_forward_length(config.moe_intermediate_size)
    if getattr(config, "shared_expert_intermediate_size", None):
        w.add_expert_shared_feed_forward_length(config.shared_expert_intermediate_size)
    if variant == "mistral_window":
        w.add_sliding_window(config.sliding_window)

    tokens = byte_tokens() + [m.replace(" ", "") for m in MERGES] + CONTROL
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre(pre)
    w.add_token_list(tokens)
    w.add_token_types([gguf.TokenType.NORMAL] * (N_VOCAB - len(CONTROL)) + [gguf.TokenType.CONTROL] * len(CONTROL))
    w.add_token_merges(MERGES)
    w.add_bos_token_id(tokens.index("<|endoftext|>"))
    w.add_eos_token_id(tokens.index("<|im_end|>"))
    w.add_pad_token_id(tokens.index("<|pad|>"))
    w.add_add_bos_token(False)
    w.add_chat_template(TEMPLATE)

    for name, array in tensors_of(arch, config, model):
        w.add_tensor(name, np.ascontiguousarray(array, dtype=np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def write_golden(path, seed, tokens, n_prompt, greedy, logits):
    made = (f"transformers {transformers.__version__}, torch {torch.__version__}, gguf {gguf_version()}; make.py {path.stem}, seed {seed}; "
            f"{datetime.date.today().isoformat()}")
    lines = [f"made: {made}", f"n_vocab: {N_VOCAB}", "tokens: " + ",".join(map(str, tokens)), f"prompt: {n_prompt}",
             "greedy: " + ",".join(map(str, greedy)), "data:"]
    path.write_bytes(("\n".join(lines) + "\n").encode() + logits.astype("<f4").tobytes())


def gguf_version():
    import importlib.metadata
    return importlib.metadata.version("gguf")


def make(variant):
    arch, pre, config_class, model_class, settings, n_tokens, n_prompt = VARIANTS[variant]
    settings = {**BASE, "rope_parameters": dict(ROPE), **settings}
    for seed in range(1, 2000):
        config = config_class(**settings)
        config._attn_implementation = "eager"
        try:
            model, tokens, logits, greedy = compute(config, model_class, seed, n_tokens, n_prompt)
        except Rejected:
            continue
        write_gguf(HERE / f"{variant}.gguf", arch, pre, config, model, variant)
        write_golden(HERE / f"{variant}.golden", seed, tokens, n_prompt, greedy, logits)
        size = (HERE / f"{variant}.gguf").stat().st_size
        print(f"{variant}: seed {seed}, {size} bytes, logits std {logits.std():.2f}, {len(set(greedy))} distinct greedy ids")
        if size >= 300_000:
            raise SystemExit("too large to commit")
        return
    raise SystemExit(f"{variant}: no seed is good enough")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for v in sys.argv[1:] or VARIANTS:
        make(v)
