#!/usr/bin/env python3
"""Writes the golden files of lib/quant with the Python package `gguf` (gguf.quants), which is independent of this library.

Usage: make.py      (needs gguf and numpy; the result depends on nothing else)

decode_TYPE.bin   a header line "decode TYPE n_blocks; tool and version", then the blocks, then the values as f32 bits.
                  Two blocks have ordinary scales, the others extreme ones.
encode_TYPE.bin   a header line "encode TYPE n_values; ...", then the values as f32, then the blocks.
digests.txt       lines "what TYPE count seed digest", over many blocks of SplitMix64 bytes (as random_blocks.h makes them): every
                  code-book entry is met. ("every": the 16-bit numbers in order instead.) The digest is the sum over i of mix(bits[i] + i * 2^32), NaN taken as 0x7fc00000.
"""
import importlib.metadata
import pathlib
import warnings

import gguf
import numpy as np

HERE = pathlib.Path(__file__).parent
TOOL = f"gguf {importlib.metadata.version('gguf')}, numpy {np.__version__}"
PLAIN = ["F32", "F16", "BF16"]
# type -> offsets of its binary16 scales in a block
SCALES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2],
    "Q5_K": [0, 2], "Q6_K": [208], "IQ1_S": [0], "IQ1_M": [], "IQ2_XXS": [0], "IQ2_XS": [0], "IQ2_S": [0], "IQ3_XXS": [0],
    "IQ3_S": [0], "IQ4_NL": [0], "IQ4_XS": [0], "TQ1_0": [52], "TQ2_0": [64], "MXFP4": [], "NVFP4": [],
}
ENCODED = ["F16", "BF16", "Q4_0", "Q4_1", "Q8_0"]
# subnormal, inf, -inf, NaN, largest negative, -0, least normal; the block after these is all ones
EXTREME = [0x0001, 0x83ff, 0x7c00, 0xfc00, 0x7e00, 0xfbff, 0x8000, 0x0400]
EXTREME_E8M0 = [0, 1, 2, 127, 253, 254, 255, 128]
EXTREME_E4M3 = [[0, 1, 7, 8], [9, 15, 16, 0x38], [0x77, 0x78, 0x7e, 0x7f], [0x80, 0x81, 0x87, 0x88],
                [0xb8, 0xf7, 0xfe, 0xff], [1, 2, 3, 4], [5, 6, 7, 8], [0x40, 0x48, 0x50, 0x58]]


def mix(z: np.ndarray) -> np.ndarray:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
    return z ^ (z >> np.uint64(31))


def random_words(seed: int, n: int) -> np.ndarray:
    return mix(np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9e3779b97f4a7c15))


def random_bytes(seed: int, n: int) -> np.ndarray:
    return random_words(seed, (n + 7) // 8).view(np.uint8)[:n].copy()


def number(name: str) -> gguf.GGMLQuantizationType:
    return gguf.GGMLQuantizationType[name]


def decode(name: str, data: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return gguf.quants.dequantize(data, number(name)).astype(np.float32).ravel()


def digest(bits: np.ndarray) -> int:
    bits = bits.astype(np.uint64)
    return int(mix(bits + (np.arange(bits.size, dtype=np.uint64) << np.uint64(32))).sum(dtype=np.uint64))


def float_bits(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), np.uint32(0x7fc00000), values.view(np.uint32))


def write(path: str, header: str, *arrays: np.ndarray) -> None:
    (HERE / path).write_bytes(f"{header}; {TOOL}\n".encode() + b"".join(a.tobytes() for a in arrays))


def put_half(block: np.ndarray, offset: int, bits: int) -> None:
    block[offset:offset + 2] = np.array([bits], dtype=np.uint16).view(np.uint8)


def make_blocks(name: str) -> np.ndarray:
    """[2 ordinary + 8 extreme + 1 all ones, block_bytes]"""
    _, size = gguf.GGML_QUANT_SIZES[number(name)]
    blocks = random_bytes(number(name), 11 * size).reshape(11, size)
    for i, block in enumerate(blocks):
        h = [0x2c12, 0xa7ff][i] if i < 2 else EXTREME[(i - 2) % 8]
        other = [0xa123, 0x3005][i] if i < 2 else EXTREME[(i + 1) % 8]
        for offset, bits in zip(SCALES[name], [h, other]):
            put_half(block, offset, bits)
        if name == "IQ1_M":
            for g in range(4):
                block[48 + 2 * g + 1] = (block[48 + 2 * g + 1] & 15) | ((h >> 4 * g) & 15) << 4
        if name == "MXFP4":
            block[0] = 120 + i if i < 2 else EXTREME_E8M0[(i - 2) % 8]
        if name == "NVFP4":
            block[:4] = [0x20, 0x29, 0x32, 0x3b] if i < 2 else EXTREME_E4M3[(i - 2) % 8]
    blocks[10] = 0xff
    return blocks


def random_floats(seed: int, n: int) -> np.ndarray:
    """Exact in f32: a signed 24-bit integer times a power of two that changes every 32 values."""
    words = random_words(seed, n)
    mantissa = (words >> np.uint64(40)).astype(np.int64) - (1 << 23)
    exponent = np.repeat(words[::32] & np.uint64(7), 32)[:n].astype(np.int64) - 26
    return np.ldexp(mantissa.astype(np.float32), exponent.astype(np.int32)).astype(np.float32)


def make_values() -> np.ndarray:
    rows = [random_floats(7, 8 * 32), np.zeros(32), np.full(32, -1.5), np.arange(32) - 16.0, np.arange(-31, 1) * 1e-3,
            np.eye(1, 32, 5).ravel() * -3.0, np.linspace(-127, 127, 32) + 0.5, (np.arange(32) % 2 * 2 - 1) * 60000.0,
            np.arange(32) * 1e-6 - 2e-5, np.arange(32) * 5e-5 + 1]
    return np.concatenate(rows).astype(np.float32)


def main() -> None:
    lines = [f"# what type count seed digest; {TOOL}"]
    for name in PLAIN:
        data = random_bytes(1, {"F32": 4, "F16": 2, "BF16": 2}[name] * 512)
        values = data.view(np.float32) if name == "F32" else decode(name, data)
        write(f"decode_{name.lower()}.bin", f"decode {name.lower()} 512", data, values.view(np.uint32))
    for name in PLAIN[1:]:
        values = decode(name, np.arange(65536, dtype=np.uint16).view(np.uint8))
        lines.append(f"every {name.lower()} 65536 0 {digest(float_bits(values)):016x}")
    for name in SCALES:
        elems, size = gguf.GGML_QUANT_SIZES[number(name)]
        blocks = make_blocks(name)
        write(f"decode_{name.lower()}.bin", f"decode {name.lower()} {len(blocks)}", blocks, decode(name, blocks.ravel()).view(np.uint32))
        count, seed = 524288 // elems, 1000 + number(name)
        values = decode(name, random_bytes(seed, count * size))
        lines.append(f"decode {name.lower()} {count} {seed} {digest(float_bits(values)):016x}")
    for name in ENCODED:
        values = make_values()
        write(f"encode_{name.lower()}.bin", f"encode {name.lower()} {values.size}", values, encode(name, values))
        count, seed = 131072, 2000 + number(name)
        lines.append(f"encode {name.lower()} {count} {seed} {digest(encode(name, random_floats(seed, count))):016x}")
    (HERE / "digests.txt").write_text("\n".join(lines) + "\n")
    sizes = [f"{t.name.lower()} {int(t)} {gguf.GGML_QUANT_SIZES[t][0]} {gguf.GGML_QUANT_SIZES[t][1]}" for t in
             (number(n) for n in [*PLAIN, *SCALES, "I32"])]
    (HERE / "types.txt").write_text(f"# name number block_elems block_bytes; {TOOL}\n" + "\n".join(sizes) + "\n")


def encode(name: str, values: np.ndarray) -> np.ndarray:
    return gguf.quants.quantize(values, number(name)).view(np.uint8).ravel()


if __name__ == "__main__":
    main()
