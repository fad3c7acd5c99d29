"""What the calls of LLM share, plain and async: options, prompts and messages into requests."""

from __future__ import annotations

from typing import Any, AsyncIterator, Callable, Mapping, Optional, Sequence, Union

from . import _core
from .errors import InvalidError, UnsupportedError
from .options import Pairs
from .outputs import Chunk, Collector, RequestOutput, Score
from .sampling_params import SamplingParams

Prompt = Union[str, Sequence[int], Mapping[str, Any]]
Messages = Sequence[Mapping[str, Any]]
Part = tuple[Optional[str], str, str]
_LOG_LEVELS = (10, 20, 30, 40)  # of logging: debug, info, warning, error


def is_many(prompts: Any) -> bool:
    """Whether it is a list of prompts: a list of numbers is one prompt."""
    return isinstance(prompts, (list, tuple)) and not (len(prompts) > 0 and isinstance(prompts[0], int))


def parts_of(messages: Union[str, Messages]) -> list[Part]:
    """Messages as the C interface takes them."""
    if isinstance(messages, str):
        return [("user", "text", messages)]
    parts: list[Part] = []
    for message in messages:
        unknown = set(message) - {"role", "content"}
        if unknown:
            raise UnsupportedError(f"chat: a message has '{sorted(unknown)[0]}'", "chat_completion takes tools and their results")
        content = message.get("content") or ""
        if isinstance(content, str):
            parts.append((message["role"], "text", content))
            continue
        role: Optional[str] = message["role"]
        for part in content:
            kind = part["type"]
            parts.append((role, kind, part.get(kind, "") if isinstance(part.get(kind, ""), str) else ""))
            role = None
    return parts


class Asking:
    """A model, its engine, and how to ask them. See LLM."""

    def __init__(self, runtime: _core.Runtime, model: _core.Model, engine: _core.Engine, defaults: Mapping[str, Any]) -> None:
        self.runtime = runtime
        self.model = model
        self.engine = engine
        self.defaults = dict(defaults)

    # ---- async: the same calls, for any number of coroutines of one event loop ----------------------------------------

    def agenerate(self, prompts: Any, params: Any = None, *, stream: bool = False, **options: Any) -> Any:
        """As generate: `await` it, or with stream `async for` over it."""
        if stream:
            return self._astream(self._submit_prompt(self._one(prompts), self._pairs(params, options)))
        if not is_many(prompts):
            return self._arun(prompts, lambda: self._submit_prompt(prompts, self._pairs(params, options)))
        each = list(params) if isinstance(params, (list, tuple)) else [params] * len(prompts)
        return self._gather([self.agenerate(p, s, **options) for p, s in zip(prompts, each)])

    def achat(self, messages: Any, params: Any = None, *, stream: bool = False, **options: Any) -> Any:
        """As chat: `await` it, or with stream `async for` over it."""
        pairs = self._pairs(params, options)
        if stream:
            return self._astream(self._submit_chat(messages, pairs))
        if isinstance(messages, str) or not messages or isinstance(messages[0], Mapping):
            return self._arun(messages, lambda: self._submit_chat(messages, pairs))
        return self._gather([self.achat(m, params, **options) for m in messages])

    async def aembed(self, texts: Any, *, pooling: str = "mean", normalize: bool = True, **options: Any) -> Any:
        """As embed."""
        if not isinstance(texts, str):
            return await self._gather([self.aembed(t, pooling=pooling, normalize=normalize, **options) for t in texts])
        pairs = self._pairs(None, {**options, "embed": pooling, "embed_normalize": normalize})
        pieces = [piece async for piece in self._apieces(self._submit_prompt(texts, pairs))]
        return next(p.embedding for p in pieces if p.embedding is not None)

    async def ascore(self, prompt: Any, continuations: Any, **options: Any) -> Any:
        """As score."""
        if not isinstance(continuations, str):
            return await self._gather([self.ascore(prompt, c, **options) for c in continuations])
        submit, tokens = self._score_job(prompt, continuations, options)
        return self._score_of([piece async for piece in self._apieces(submit())], tokens)

    async def _arun(self, prompt: Any, submit: Callable[[], _core.Request]) -> RequestOutput:
        collector, request = Collector(prompt, self.model.token), submit()
        async for piece in self._apieces(request, close=False):
            collector.add(piece)
        return collector.result(request)

    async def _astream(self, request: _core.Request) -> AsyncIterator[Chunk]:
        async for piece in self._apieces(request):
            yield Chunk(piece)

    def _apieces(self, request: _core.Request, close: bool = True) -> AsyncIterator[_core.Piece]:
        from ._aio import pieces

        return pieces(self.runtime, request, close)

    @staticmethod
    async def _gather(coroutines: Sequence[Any]) -> list[Any]:
        import asyncio

        tasks = [asyncio.ensure_future(c) for c in coroutines]
        try:
            return list(await asyncio.gather(*tasks))
        except BaseException:
            for task in tasks:
                task.cancel()
            raise

    # ---- requests ---------------------------------------------------------------------------------------------------

    def _pairs(self, params: Any, options: Mapping[str, Any]) -> Pairs:
        if params is not None and not isinstance(params, SamplingParams):
            raise InvalidError(f"params is {type(params).__name__}", "pass SamplingParams(...)")
        given = SamplingParams(**options).settings
        return (params or SamplingParams()).replace(**given).pairs(self.defaults)

    @staticmethod
    def _one(prompts: Any) -> Any:
        if is_many(prompts):
            raise InvalidError("stream takes one prompt", "ask for each in a thread of its own, or with agenerate")
        return prompts

    def _submit_prompt(self, prompt: Any, pairs: Pairs) -> _core.Request:
        if isinstance(prompt, Mapping):  # as vLLM's TextPrompt and TokensPrompt
            prompt = prompt["prompt_token_ids"] if "prompt_token_ids" in prompt else prompt["prompt"]
        if isinstance(prompt, str):
            return self.engine.submit_text(prompt, pairs)
        return self.engine.submit_tokens(prompt, pairs)

    def _submit_chat(self, messages: Union[str, Messages], pairs: Pairs) -> _core.Request:
        return self.engine.submit_chat(parts_of(messages), pairs)

    def _score_job(self, prompt: Any, text: str, options: Mapping[str, Any]) -> tuple[Callable[[], _core.Request], list[int]]:
        before = self.model.encode(prompt, special=True) if isinstance(prompt, str) else list(prompt)
        tokens = self.model.encode(text)
        if not before or not tokens:
            raise InvalidError("score needs a prompt and a continuation", "an empty text has no tokens")
        pairs = self._pairs(None, {**options, "score_from": len(before)})
        return lambda: self.engine.submit_tokens(before + tokens, pairs), tokens

    @staticmethod
    def _score_of(pieces: Sequence[_core.Piece], tokens: list[int]) -> Score:
        return Score([x for p in pieces if p.logprobs is not None for x in p.logprobs], tokens)

    # ---- the object itself --------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Ends what runs and lets go of engine, model and runtime."""
        for part in (self.engine, self.model, self.runtime):
            part.close()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _repr_html_(self) -> str:
        from .notebook import card

        return card(self)

    def _forward_log(self) -> None:
        lines = self.runtime.log()
        if lines:
            import logging

            for level, text in lines:
                logging.getLogger("libinfer").log(_LOG_LEVELS[level], "%s", text)
