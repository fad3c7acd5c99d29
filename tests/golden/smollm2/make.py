#!/usr/bin/env python3
"""What Hugging Face transformers computes with SmolLM2-135M-Instruct.Q4_1.gguf, dequantised by it to float32.

    python make.py FILE.gguf        needs torch, transformers, accelerate, gguf, numpy; no network

Writes text.golden (same form as ../tiny: text lines, "data:", raw little-endian float32):
    text_tokens  all of text.txt, by the Hugging Face tokenizer built from the file
    tokens       its first 64, whose logits were computed in float32 with eager attention
    rows         positions whose logits are kept
    columns      token ids that are kept of each row: 512 drawn once, sorted
    data         [rows, columns]
"""
import datetime
import hashlib
import importlib.metadata
import pathlib
import sys

import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = pathlib.Path(__file__).parent
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
ROWS = [0, 1, 5, 15, 31, 40, 55, 63]
SEED = 1


def main(path):
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{path} is not the file that the golden data are of")
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager").eval()
    text = tokenizer((HERE / "text.txt").read_text(encoding="utf-8"), add_special_tokens=False).input_ids
    tokens = text[:64]
    with torch.no_grad():
        logits = model(torch.tensor([tokens]), use_cache=False).logits[0].float().numpy()
    columns = np.sort(np.random.default_rng(SEED).choice(logits.shape[1], 512, replace=False))
    made = (f"transformers {transformers.__version__}, torch {torch.__version__}, gguf {importlib.metadata.version('gguf')}; make.py, seed {SEED}; "
            f"{datetime.date.today().isoformat()}; sha256 {SHA256}")
    join = lambda values: ",".join(str(int(v)) for v in values)
    lines = [f"made: {made}", f"n_vocab: {logits.shape[1]}", "text_tokens: " + join(text), "tokens: " + join(tokens), "rows: " + join(ROWS),
             "columns: " + join(columns), "data:"]
    (HERE / "text.golden").write_bytes(("\n".join(lines) + "\n").encode() + logits[np.ix_(ROWS, columns)].astype("<f4").tobytes())
    print(f"{len(text)} tokens of text; kept {len(ROWS)} x {len(columns)} logits, std {logits.std():.2f}; "
          f"top-1 of the rows {[int(logits[r].argmax()) for r in ROWS]}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
