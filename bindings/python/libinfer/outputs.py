"""What LLM gives back, in the shape of vLLM's outputs."""

from __future__ import annotations

from typing import Any, Callable, Iterable, NamedTuple, Optional

from . import _core

FINISH = (None, "stop", "length", "cancelled", "error")
STATES = (None, "queued", "running", "preempted", "done", "cancelled", "failed")


class Usage(NamedTuple):
    """Counts and times of one request."""

    prompt_tokens: int
    cached_tokens: int
    generated_tokens: int
    queue_ms: float
    first_token_ms: float
    total_ms: float
    preempted: int
    state: Optional[str]


def usage_of(request: _core.Request) -> Usage:
    u = request.usage()
    return Usage(
        u["prompt_tokens"], u["cached_tokens"], u["generated_tokens"], u["queue_ms"], u["first_token_ms"], u["total_ms"],
        u["preempted"], STATES[u["state"]],
    )  # fmt: skip


class Chunk:
    """A piece of a streamed answer. str() of it is its text."""

    __slots__ = ("text", "token_ids", "finish_reason", "index", "logprobs", "top_logprobs")

    def __init__(self, piece: _core.Piece) -> None:
        self.text = piece.text
        self.token_ids = piece.tokens
        self.finish_reason = FINISH[piece.finish]
        self.index = piece.sample  # which of the n answers
        self.logprobs = piece.logprobs
        self.top_logprobs = piece.top

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Chunk({self.text!r}, finish_reason={self.finish_reason!r})"


class CompletionOutput:
    """One answer."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.text = ""
        self.token_ids: list[int] = []
        self.finish_reason: Optional[str] = None
        self.logprobs: Optional[list[float]] = None  # of each token
        self.top_logprobs: Optional[list[list[tuple[int, float]]]] = None  # per token the likeliest (token, log-probability)

    @property
    def cumulative_logprob(self) -> Optional[float]:
        return None if self.logprobs is None else sum(self.logprobs)

    def _add(self, piece: _core.Piece) -> None:
        self.text += piece.text
        self.token_ids += piece.tokens
        if piece.logprobs is not None:
            self.logprobs = (self.logprobs or []) + piece.logprobs
        if piece.top is not None:
            self.top_logprobs = (self.top_logprobs or []) + piece.top
        if piece.finish:
            self.finish_reason = FINISH[piece.finish]

    def __repr__(self) -> str:
        return f"CompletionOutput(index={self.index}, text={self.text!r}, finish_reason={self.finish_reason!r})"


class RequestOutput:
    """The answers to one prompt."""

    def __init__(
        self, prompt: Any, outputs: list[CompletionOutput], prompt_token_ids: list[int], usage: Usage, token: Callable[[int], bytes]
    ) -> None:
        self._token = token  # a token's bytes, for showing
        self.prompt = prompt
        self.outputs = outputs
        self.prompt_token_ids = prompt_token_ids
        self.usage = usage
        self.finished = True

    @property
    def text(self) -> str:
        """Of the first answer."""
        return self.outputs[0].text if self.outputs else ""

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        from .notebook import answers

        return answers(self, self._token)

    def __repr__(self) -> str:
        return f"RequestOutput(prompt={self.prompt!r}, outputs={self.outputs!r})"


class Collector:
    """Pieces of a request into a RequestOutput."""

    def __init__(self, prompt: Any, token: Callable[[int], bytes]) -> None:
        self._prompt = prompt
        self._token = token
        self._outputs: dict[int, CompletionOutput] = {}

    def add(self, piece: _core.Piece) -> None:
        output = self._outputs.get(piece.sample)
        if output is None:
            output = self._outputs[piece.sample] = CompletionOutput(piece.sample)
        output._add(piece)

    def add_all(self, pieces: Iterable[_core.Piece]) -> None:
        for piece in pieces:
            self.add(piece)

    def result(self, request: _core.Request) -> RequestOutput:
        usage = usage_of(request)
        outputs = [self._outputs[i] for i in sorted(self._outputs)]
        return RequestOutput(self._prompt, outputs, request.tokens()[: usage.prompt_tokens], usage, self._token)


class Score(NamedTuple):
    """How likely a continuation is."""

    logprobs: list[float]
    token_ids: list[int]

    @property
    def total(self) -> float:
        return sum(self.logprobs)

    @property
    def mean(self) -> float:
        """Of a token."""
        return sum(self.logprobs) / max(1, len(self.logprobs))
