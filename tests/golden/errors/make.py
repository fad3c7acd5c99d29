#!/usr/bin/env python3
"""Writes the malformed GGUF files of this folder and index.txt: FILE STATUS REFUSAL (a line of lib/formats/refusals.def).

    python make.py        needs nothing but Python

Bindings and tools read the same index: whatever the language, the same file gives the same status. The whole corpus of
hostile files is made by tests/unit/formats/hostile; these are the ones worth a name.
"""
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
U32, STR, ARR, U64 = 4, 8, 9, 10


def text(s):
    s = s if isinstance(s, bytes) else s.encode()
    return struct.pack("<Q", len(s)) + s


def header(tensors, keys, version=3):
    return b"GGUF" + struct.pack("<IQQ", version, tensors, keys)


def key(name, kind, value):
    return text(name) + struct.pack("<I", kind) + value


def u32(v):
    return struct.pack("<I", v)


def tensor(name, dims, kind, offset):
    return text(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset)


def padded(b, data=64):
    return b + bytes(-len(b) % 32) + bytes(data)


ARCH = key("general.architecture", STR, text("llama"))


def model(*tensors, data=64):
    return padded(header(len(tensors), 1) + ARCH + b"".join(tensors), data)


def vocab(*keys):
    tokens = key("tokenizer.ggml.tokens", ARR, struct.pack("<IQ", STR, 3) + text("a") + text("b") + text("ab"))
    kind = key("tokenizer.ggml.model", STR, text("gpt2"))
    return header(0, 3 + len(keys)) + ARCH + kind + tokens + b"".join(keys)


FILES = {
    "magic-only.gguf": ("CORRUPT", "header_cut", b"GGUF"),  # CVE-2024-39720
    "text.gguf": ("CORRUPT", "looks_text", b"This is not a model.\n"),
    "page.gguf": ("CORRUPT", "looks_html", b"<!DOCTYPE html><title>404</title>"),
    "pointer.gguf": ("CORRUPT", "looks_lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
    "archive.gguf": ("CORRUPT", "looks_zip", b"PK\x03\x04\x14\0\0\0"),
    "weights.safetensors": ("CORRUPT", "looks_safetensors", struct.pack("<Q", 2) + b"{}"),
    "big-endian.gguf": ("UNSUPPORTED", "big_endian", b"GGUF" + struct.pack(">IQQ", 3, 0, 0)),
    "version-1.gguf": ("UNSUPPORTED", "version_old", header(0, 0, 1)),
    "version-99.gguf": ("UNSUPPORTED", "version_new", header(0, 0, 99)),
    "key-count-bomb.gguf": ("CORRUPT", "keys_beyond_file", header(0, 1 << 36) + bytes(12)),  # CVE-2025-0315
    "tensor-count-bomb.gguf": ("CORRUPT", "tensors_beyond_file", header((1 << 60) + 1, 0) + bytes(12)),  # CVE-2024-23605
    "string-length-wraps.gguf": ("CORRUPT", "ends_inside", header(0, 1) + text("k") + u32(STR) + struct.pack("<Q", 2**64 - 1)),  # CVE-2024-23496
    "array-count-wraps.gguf": ("CORRUPT", "array_beyond_file", header(0, 1) + text("k") + u32(ARR) + struct.pack("<IQ", U64, 2**61 + 1)),  # CVE-2024-21825
    "array-of-arrays.gguf": ("UNSUPPORTED", "array_nested", header(0, 1) + text("k") + u32(ARR) + struct.pack("<IQ", ARR, 1) + bytes(64)),
    "empty-key.gguf": ("CORRUPT", "key_empty", header(0, 1) + key("", U32, u32(1))),
    "key-twice.gguf": ("CORRUPT", "key_twice", header(0, 2) + ARCH + ARCH),
    "alignment-3.gguf": ("CORRUPT", "key_out_of_range", header(0, 2) + ARCH + key("general.alignment", U32, u32(3))),
    "alignment-48.gguf": ("CORRUPT", "alignment_not_power", header(0, 2) + ARCH + key("general.alignment", U32, u32(48))),
    "alignment-text.gguf": ("CORRUPT", "key_wrong_type", header(0, 2) + ARCH + key("general.alignment", STR, text("32"))),
    "five-dimensions.gguf": ("CORRUPT", "rank_bad", model(tensor("t", [1, 1, 1, 1, 1], 0, 0))),  # CVE-2024-21802
    "dimension-0.gguf": ("CORRUPT", "dim_bad", model(tensor("t", [0], 0, 0))),  # CWE-369
    "size-wraps-to-zero.gguf": ("CORRUPT", "size_wraps", model(tensor("t", [1 << 33, 1 << 31], 0, 0))),
    "size-wraps-small.gguf": ("CORRUPT", "size_wraps", model(tensor("t", [(1 << 31) + 1, 1 << 31, 2], 0, 0))),  # CVE-2026-33298
    "removed-type.gguf": ("UNSUPPORTED", "type_removed", model(tensor("t", [256], 31, 0))),
    "unknown-type.gguf": ("UNSUPPORTED", "type_unknown", model(tensor("t", [256], 255, 0))),
    "half-a-block.gguf": ("CORRUPT", "row_not_blocks", model(tensor("t", [16, 2], 8, 0))),
    "offset-outside.gguf": ("CORRUPT", "data_outside", model(tensor("t", [16], 0, 1 << 40))),  # CVE-2026-7482
    "data-cut.gguf": ("CORRUPT", "data_outside", model(tensor("t", [16], 0, 0), data=63)),
    "tensors-overlap.gguf": ("CORRUPT", "data_overlaps", model(tensor("a", [16], 0, 0), tensor("b", [8], 0, 32))),
    "tensor-twice.gguf": ("CORRUPT", "tensor_twice", model(tensor("t", [8], 0, 0), tensor("t", [8], 0, 32))),
    "no-architecture.gguf": ("CORRUPT", "key_missing", header(0, 0)),
    "special-id-outside.gguf": ("CORRUPT", "special_id", vocab(key("tokenizer.ggml.eos_token_id", U32, u32(3)))),
    "scores-short.gguf": ("CORRUPT", "vocab_lengths_differ", vocab(key("tokenizer.ggml.scores", ARR, struct.pack("<IQ2f", 6, 2, 0, 0)))),
    "part-missing-00001-of-00002.gguf": ("NOT_FOUND", "split_missing", padded(
        header(0, 4) + ARCH + key("split.no", U32, u32(0)) + key("split.count", U32, u32(2)) + key("split.tensors.count", U32, u32(0)))),
}

if __name__ == "__main__":
    with open(HERE / "index.txt", "w") as index:
        index.write("# Made by make.py. File, status, line of lib/formats/refusals.def.\n")
        for name, (status, refusal, content) in FILES.items():
            (HERE / name).write_bytes(content)
            index.write(f"{name} INFER_E_{status} {refusal}\n")
