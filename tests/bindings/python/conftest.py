"""Golden data (tests/golden) and models for the tests."""

import pathlib
import struct

import pytest

import libinfer

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "golden"
TINY = sorted(p.stem for p in (GOLDEN / "tiny").glob("*.gguf"))


class Golden:
    """Lines "key: value" up to "data:", then little-endian float32."""

    def __init__(self, name):
        raw = (GOLDEN / name).read_bytes()
        text, _, self.data = raw.partition(b"\ndata:\n")
        self.fields = dict(line.split(": ", 1) for line in text.decode().split("\n") if ": " in line)

    def ids(self, key):
        return [int(x) for x in self.fields[key].split(",")]

    def floats(self):
        return struct.unpack(f"<{len(self.data) // 4}f", self.data[: len(self.data) // 4 * 4])


def tiny_path(name):
    return GOLDEN / "tiny" / f"{name}.gguf"


@pytest.fixture
def llm():
    with libinfer.LLM(tiny_path("llama"), temperature=0, context_max=256) as opened:
        yield opened
