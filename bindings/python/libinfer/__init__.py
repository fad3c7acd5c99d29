"""libinfer: language models from GGUF files, in this process.

    import libinfer
    llm = libinfer.LLM("model.gguf")
    print(llm.chat("Name the capital of France."))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import errors
from ._core import Engine, Floats, Model, Piece, Prompt, Request, Runtime, version, wait_any
from .errors import Error
from .llm import LLM
from .options import Option, options, pairs
from .outputs import Chunk, CompletionOutput, RequestOutput, Score, Usage
from .sampling_params import SamplingParams

if TYPE_CHECKING:
    from .program import assistant, function, gen, select, system, user

__version__ = version()
__all__ = [
    "LLM", "SamplingParams", "RequestOutput", "CompletionOutput", "Chunk", "Score", "Usage",
    "function", "gen", "select", "system", "user", "assistant",
    "Runtime", "Model", "Engine", "Request", "Prompt", "Piece", "Floats", "wait_any",
    "Option", "options", "pairs", "Error", "errors", "version", "__version__",
]  # fmt: skip

_PROGRAM = ("function", "gen", "select", "system", "user", "assistant")


def __getattr__(name: str) -> Any:
    # Prompt programs are imported when they are used: importing libinfer stays fast.
    if name in _PROGRAM:
        from . import program

        return getattr(program, name)
    raise AttributeError(f"module 'libinfer' has no attribute '{name}'")
