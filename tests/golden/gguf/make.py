#!/usr/bin/env python3
"""Writes the GGUF files of this folder with the Python package `gguf`, and beside each what that package's reader says of it.

    python make.py        needs gguf 0.19.0 and numpy

NAME.gguf is what our reader reads; NAME.golden is one line per key and tensor:
    key     NAME  TYPE  VALUE...      integers in decimal, floats as the bits of a double, strings as hex of their bytes
    tensor  NAME  TYPE  DIMS (outermost first)  CRC32 of the data
"""
import pathlib
import struct
import zlib

import gguf
import numpy as np

HERE = pathlib.Path(__file__).parent
T = gguf.GGUFValueType
Q = gguf.GGMLQuantizationType


def shown(value):
    if isinstance(value, (bool, np.bool_)):
        return "1" if value else "0"
    if isinstance(value, (float, np.floating)):
        return struct.pack(">d", float(value)).hex()
    if isinstance(value, str):
        return value.encode().hex() or "-"
    return str(int(value))


def write_golden(path):
    reader = gguf.GGUFReader(path)
    lines = []
    for name, field in reader.fields.items():
        if name.startswith("GGUF."):
            continue
        kind = field.types[0].name.lower()
        value = field.contents()
        if field.types[0] == T.ARRAY:
            # An empty array has no parts, so the package does not tell its element type.
            kind = "array " + (field.types[1].name.lower() if len(field.types) > 1 else "empty")
            value = " ".join(shown(v) for v in value)
        else:
            value = shown(value)
        lines.append(f"key\t{name}\t{kind}\t{value}".rstrip("\t"))
    for t in reader.tensors:
        dims = " ".join(str(d) for d in reversed(t.shape.tolist()))
        lines.append(f"tensor\t{t.name}\t{t.tensor_type.name.lower()}\t{dims}\t{zlib.crc32(t.data.tobytes()):08x}")
    path.with_suffix(".golden").write_text(f"# gguf {gguf.__version__ if hasattr(gguf, '__version__') else '0.19.0'}\n" + "\n".join(lines) + "\n")


def finish(writer, paths):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    for path in paths:
        write_golden(path)


def every_type():
    """Each metadata type at its extremes, arrays of each, and tensors of ranks 1 to 4 and of several types."""
    path = HERE / "types.gguf"
    w = gguf.GGUFWriter(path, "llama")
    for kind, bits in (("uint8", 8), ("uint16", 16), ("uint32", 32), ("uint64", 64)):
        w.add_key_value(f"t.{kind}.most", 2**bits - 1, T[kind.upper()])
        w.add_key_value(f"t.{kind}.zero", 0, T[kind.upper()])
        w.add_key_value(f"a.{kind}", [0, 1, 2**bits - 1], T.ARRAY, sub_type=T[kind.upper()])
    for kind, bits in (("int8", 8), ("int16", 16), ("int32", 32), ("int64", 64)):
        w.add_key_value(f"t.{kind}.least", -(2 ** (bits - 1)), T[kind.upper()])
        w.add_key_value(f"t.{kind}.most", 2 ** (bits - 1) - 1, T[kind.upper()])
        w.add_key_value(f"a.{kind}", [-(2 ** (bits - 1)), -1, 2 ** (bits - 1) - 1], T.ARRAY, sub_type=T[kind.upper()])
    for kind in ("float32", "float64"):
        w.add_key_value(f"t.{kind}", 0.1, T[kind.upper()])
        w.add_key_value(f"t.{kind}.infinite", float("-inf"), T[kind.upper()])
        w.add_key_value(f"a.{kind}", [0.0, -1.5, 1e30], T.ARRAY, sub_type=T[kind.upper()])
    w.add_key_value("t.bool.true", True, T.BOOL)
    w.add_key_value("t.bool.false", False, T.BOOL)
    w.add_key_value("a.bool", [True, False, True], T.ARRAY, sub_type=T.BOOL)
    w.add_key_value("t.string", "caf\u00e9 \u6a21\u578b \U0001f600 \n", T.STRING)
    w.add_key_value("t.string.empty", "", T.STRING)
    w.add_key_value("a.string", ["", "a", "\u00e9" * 100], T.ARRAY, sub_type=T.STRING)
    rng = np.random.default_rng(3)
    w.add_tensor("rank1", rng.standard_normal(5, dtype=np.float32))
    w.add_tensor("rank2", rng.standard_normal((2, 7), dtype=np.float32))
    w.add_tensor("rank3", rng.standard_normal((2, 3, 4)).astype(np.float16))
    w.add_tensor("rank4", rng.standard_normal((2, 3, 1, 5), dtype=np.float32))
    for q in (Q.Q8_0, Q.Q4_1, Q.BF16):
        w.add_tensor(q.name.lower(), gguf.quants.quantize(rng.standard_normal((3, 64), dtype=np.float32), q), raw_dtype=q)
    w.add_tensor("counts", np.arange(6, dtype=np.int32).reshape(3, 2))
    finish(w, [path])


def alignment():
    """Data aligned to 64 bytes instead of 32."""
    path = HERE / "aligned.gguf"
    w = gguf.GGUFWriter(path, "qwen2")
    w.add_custom_alignment(64)
    for i in range(3):
        w.add_tensor(f"t{i}", np.full(3 + i, i, dtype=np.float32))
    finish(w, [path])


def split():
    """A set of three parts."""
    path = HERE / "split.gguf"
    w = gguf.GGUFWriter(path, "llama", split_max_tensors=2)
    w.add_block_count(5)
    for i in range(5):
        w.add_tensor(f"blk.{i}.weight", np.arange(i + 1, dtype=np.float32))
    finish(w, [HERE / f"split-{i:05d}-of-00003.gguf" for i in (1, 2, 3)])


def vocabulary():
    """A byte-level vocabulary as SmolLM2 has it, small."""
    path = HERE / "vocab.gguf"
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + [chr(0x100 + i) for i in range(68)] + ["th", "the", "\u0120the"]
    w = gguf.GGUFWriter(path, "llama")
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("smollm")
    w.add_token_list(tokens)
    w.add_token_scores([-float(i) for i in range(len(tokens))])
    w.add_token_types([3, 3, 3] + [1] * (len(tokens) - 3))
    w.add_token_merges(["t h", "th e", "\u0120 the"])
    w.add_bos_token_id(1)
    w.add_eos_token_id(2)
    w.add_unk_token_id(0)
    w.add_pad_token_id(2)
    w.add_add_bos_token(False)
    w.add_add_space_prefix(False)
    w.add_chat_template("{% for m in messages %}{{ m.content }}{% endfor %}")
    finish(w, [path])


def big_endian():
    path = HERE / "big-endian.gguf"
    w = gguf.GGUFWriter(path, "llama", endianess=gguf.GGUFEndian.BIG)
    w.add_block_count(1)
    w.add_tensor("t", np.arange(4, dtype=np.float32))
    finish(w, [])


if __name__ == "__main__":
    every_type()
    alignment()
    split()
    vocabulary()
    big_endian()
