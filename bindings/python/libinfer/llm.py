"""LLM: a model with an engine, by plain calls, streams and coroutines."""

from __future__ import annotations

from collections import deque
from time import sleep
from typing import TYPE_CHECKING, Any, Callable, Iterator, Literal, Mapping, Optional, Sequence, Union, overload

from . import _core
from ._asking import Asking, Messages, Prompt, is_many
from .errors import FullError, InvalidError
from .options import documentation, split
from .outputs import Chunk, Collector, RequestOutput, Score
from .sampling_params import SamplingParams

if TYPE_CHECKING:
    import os

    from .compat.openai import Object

Params = Optional[SamplingParams]
_LONGEST_WAIT = 10.0  # seconds for a place in the queue, where none of this call's requests has one


class LLM(Asking):
    def __init__(self, path: Union[str, bytes, os.PathLike[str], memoryview], **options: Any) -> None:
        settings, defaults = split(options)
        self.runtime = _core.Runtime(settings)
        if isinstance(path, memoryview):
            self.model = self.runtime.open_memory(path, settings)
        else:
            self.model = self.runtime.open(path, settings)
        engine = self.model.engine(settings)
        super().__init__(self.runtime, self.model, engine, defaults)
        self._forward_log()

    # ---- answers ----------------------------------------------------------------------------------------------------

    @overload
    def generate(self, prompts: Union[str, list[int]], params: Params = ..., *, stream: Literal[False] = ..., **options: Any) -> RequestOutput: ...
    @overload
    def generate(self, prompts: Union[Sequence[str], Sequence[list[int]]], params: Union[Params, Sequence[Params]] = ..., *, stream: Literal[False] = ..., **options: Any) -> list[RequestOutput]: ...
    @overload
    def generate(self, prompts: Union[str, list[int]], params: Params = ..., *, stream: Literal[True], **options: Any) -> Iterator[Chunk]: ...
    def generate(self, prompts: Any, params: Any = None, *, stream: bool = False, **options: Any) -> Any:
        """Goes on from texts, or lists of token ids: one gives a RequestOutput, a list of them a list in the same order.
        stream: an iterator over the pieces of one answer, which ends the request when it is closed."""
        if stream:
            return self._stream(self._submit_prompt(self._one(prompts), self._pairs(params, options)))
        if not is_many(prompts):
            return self._run([prompts], [self._submitter(prompts, params, options)])[0]
        each = list(params) if isinstance(params, (list, tuple)) else [params] * len(prompts)
        if len(each) != len(prompts):
            raise InvalidError(f"{len(prompts)} prompts, but {len(each)} SamplingParams", "give one for all, or one for each")
        return self._run(prompts, [self._submitter(p, s, options) for p, s in zip(prompts, each)])

    @overload
    def chat(self, messages: Union[str, Messages], params: Params = ..., *, stream: Literal[False] = ..., **options: Any) -> RequestOutput: ...
    @overload
    def chat(self, messages: Sequence[Messages], params: Params = ..., *, stream: Literal[False] = ..., **options: Any) -> list[RequestOutput]: ...
    @overload
    def chat(self, messages: Union[str, Messages], params: Params = ..., *, stream: Literal[True], **options: Any) -> Iterator[Chunk]: ...
    def chat(self, messages: Any, params: Any = None, *, stream: bool = False, **options: Any) -> Any:
        """Answers messages ({"role": ..., "content": ...}; a text is one of the user) through the model's template. A list
        of conversations gives a list. Tools: see chat_completion."""
        pairs = self._pairs(params, options)
        if stream:
            return self._stream(self._submit_chat(messages, pairs))
        if isinstance(messages, str) or not messages or isinstance(messages[0], Mapping):
            return self._run([messages], [lambda: self._submit_chat(messages, pairs)])[0]

        def submitter(one: Any) -> Callable[[], _core.Request]:
            return lambda: self._submit_chat(one, pairs)

        return self._run(messages, [submitter(one) for one in messages])

    @overload
    def chat_completion(self, *, messages: Messages, stream: Literal[False] = ..., **body: Any) -> Object: ...
    @overload
    def chat_completion(self, *, messages: Messages, stream: Literal[True], **body: Any) -> Iterator[Object]: ...
    def chat_completion(self, *, messages: Messages, stream: bool = False, **body: Any) -> Any:
        """A chat in the shape of OpenAI's chat completions, with tools, response_format, n, logprobs, ...: an object with
        attributes; with stream an iterator of chunks."""
        from .compat.openai import create

        return create(self, messages=messages, stream=stream, **body)

    # ---- vectors and scores -----------------------------------------------------------------------------------------

    @overload
    def embed(self, texts: str, *, pooling: str = ..., normalize: bool = ..., **options: Any) -> _core.Floats: ...
    @overload
    def embed(self, texts: Sequence[str], *, pooling: str = ..., normalize: bool = ..., **options: Any) -> list[_core.Floats]: ...
    def embed(self, texts: Any, *, pooling: str = "mean", normalize: bool = True, **options: Any) -> Any:
        """The vector of a text, or a list of them: numpy.asarray() sees it without a copy. pooling: mean, cls or last."""
        many = [texts] if isinstance(texts, str) else list(texts)
        pairs = self._pairs(None, {**options, "embed": pooling, "embed_normalize": normalize})

        def submitter(text: str) -> Callable[[], _core.Request]:
            return lambda: self._submit_prompt(text, pairs)

        pieces = self._pieces([submitter(t) for t in many])
        vectors = [next(p.embedding for p in ps if p.embedding is not None) for ps, _ in pieces]
        return vectors[0] if isinstance(texts, str) else vectors

    @overload
    def score(self, prompt: Union[str, list[int]], continuations: str, **options: Any) -> Score: ...
    @overload
    def score(self, prompt: Union[str, list[int]], continuations: Sequence[str], **options: Any) -> list[Score]: ...
    def score(self, prompt: Any, continuations: Any, **options: Any) -> Any:
        """How likely continuations of a text are: log-probabilities of their tokens."""
        many = [continuations] if isinstance(continuations, str) else list(continuations)
        jobs = [self._score_job(prompt, text, options) for text in many]
        pieces = self._pieces([submit for submit, _ in jobs])
        scores = [self._score_of(ps, tokens) for (ps, _), (_, tokens) in zip(pieces, jobs)]
        return scores[0] if isinstance(continuations, str) else scores

    # ---- below ------------------------------------------------------------------------------------------------------

    def _submitter(self, prompt: Prompt, params: Any, options: Mapping[str, Any]) -> Callable[[], _core.Request]:
        pairs = self._pairs(params, options)
        return lambda: self._submit_prompt(prompt, pairs)

    def _run(self, prompts: Sequence[Any], jobs: Sequence[Callable[[], _core.Request]]) -> list[RequestOutput]:
        results = []
        for prompt, (pieces, request) in zip(prompts, self._pieces(jobs)):
            collector = Collector(prompt, self.model.token)
            collector.add_all(pieces)
            results.append(collector.result(request))
        return results

    def _pieces(self, jobs: Sequence[Callable[[], _core.Request]]) -> list[tuple[list[_core.Piece], _core.Request]]:
        """All pieces of each request. All are submitted at once, and as many as fit where the queue is full; what goes wrong
        (Ctrl-C, too) ends all of them."""
        done: list[tuple[list[_core.Piece], _core.Request]] = []
        running: deque[_core.Request] = deque()
        waited = 0.0

        def finish_first() -> None:
            request = running[0]
            done.append((list(request), request))
            running.popleft()

        try:
            for submit in jobs:
                while True:
                    try:
                        running.append(submit())
                        break
                    except FullError:
                        if running:
                            finish_first()
                        elif waited < _LONGEST_WAIT:  # ended, but not yet counted out; or others have all places
                            waited += 0.001
                            sleep(0.001)
                        else:
                            raise
            while running:
                finish_first()
        finally:
            for request in running:
                request.close()
        return done

    @staticmethod
    def _stream(request: _core.Request) -> Iterator[Chunk]:
        with request:
            for piece in request:
                yield Chunk(piece)

    def __enter__(self) -> LLM:
        return self


LLM.__doc__ = f"""A model from a GGUF file (or a memoryview of one) with an engine, which takes calls from any thread.

    with LLM("model.gguf") as llm:
        print(llm.chat("Name the capital of France."))

Options of requests given here are defaults for all of them. Options of backends have a dot: **{{"cpu.threads": 2}}. Others:

{documentation("runtime", "model", "engine")}
"""
