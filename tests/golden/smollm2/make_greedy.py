#!/usr/bin/env python3
"""Greedy answers of SmolLM2-135M-Instruct.Q4_1.gguf by Hugging Face transformers, dequantised by it to float32.

    python make_greedy.py FILE.gguf        needs torch, transformers, accelerate, gguf, numpy; no network

Writes greedy_<n>.golden (same form as ../tiny: text lines, "data:", raw little-endian float32):
    user     the chat's one message
    rendered the prompt, as JSON text: the file's own chat template by transformers
    prompt   its ids
    greedy   32 ids, or fewer when an end token came (it is the last then)
    data     by how much each of them won over the next likely id: where that is small, rounding may choose otherwise
"""
import datetime
import hashlib
import importlib.metadata
import json
import pathlib
import sys

import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = pathlib.Path(__file__).parent
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
ASKED = ["What is the capital of France?", "List the first five prime numbers.", "Write one sentence about the sea."]


def main(path):
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{path} is not the file that the golden data are of")
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager").eval()
    made = (f"transformers {transformers.__version__}, torch {torch.__version__}, gguf {importlib.metadata.version('gguf')}; make_greedy.py; "
            f"{datetime.date.today().isoformat()}; sha256 {SHA256}")
    ends = {tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<|im_end|>"), tokenizer.convert_tokens_to_ids("<|endoftext|>")}
    for n, asked in enumerate(ASKED):
        rendered = tokenizer.apply_chat_template([{"role": "user", "content": asked}], tokenize=False, add_generation_prompt=True)
        prompt = tokenizer(rendered, add_special_tokens=False).input_ids
        ids, greedy, margins, cache = list(prompt), [], [], None
        feed = ids
        with torch.no_grad():
            while len(greedy) < 32:
                out = model(torch.tensor([feed]), past_key_values=cache, use_cache=True)
                cache = out.past_key_values
                row = out.logits[0, -1].float().numpy()
                first, second = np.partition(row, -2)[-1], np.partition(row, -2)[-2]
                feed = [int(row.argmax())]
                greedy.append(feed[0])
                margins.append(first - second)
                if feed[0] in ends:
                    break
        join = lambda values: ",".join(str(int(v)) for v in values)
        lines = [f"made: {made}", f"user: {asked}", f"rendered: {json.dumps(rendered)}", "prompt: " + join(prompt), "greedy: " + join(greedy), "data:"]
        (HERE / f"greedy_{n}.golden").write_bytes(("\n".join(lines) + "\n").encode() + np.array(margins, "<f4").tobytes())
        print(repr(tokenizer.decode(greedy)), "least margin", min(margins))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
