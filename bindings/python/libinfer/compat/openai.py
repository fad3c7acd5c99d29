"""Objects in the shape of OpenAI's client, answered by a model in this process.

    client = OpenAI(LLM("model.gguf"))
    client.chat.completions.create(messages=[{"role": "user", "content": "Hello!"}]).choices[0].message.content
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, AsyncIterator, Callable, Iterator, Literal, Sequence, Union, overload

from .. import _core
from ..errors import UnsupportedError

if TYPE_CHECKING:
    from ..llm import LLM

# Members that OpenAI's objects always have: None where an answer lacks them.
_OPTIONAL = frozenset(
    "content refusal tool_calls function_call reasoning_content role finish_reason logprobs usage system_fingerprint "
    "service_tier annotations audio".split()
)


class Object(dict[str, Any]):
    """JSON with members as attributes."""

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        if name in _OPTIONAL:
            return None
        raise AttributeError(name)

    def model_dump(self) -> dict[str, Any]:
        plain: dict[str, Any] = _plain(self)
        return plain

    def model_dump_json(self) -> str:
        return json.dumps(self)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def _object(text: str) -> Object:
    made: Object = json.loads(text, object_hook=Object)
    return made


def _lines(rest: str, text: str, take: Callable[[Object], None]) -> str:
    """Hands over the whole lines of what has come; the rest is kept."""
    *lines, rest = (rest + text).split("\n")
    for line in lines:
        if line:
            take(_object(line))
    return rest


def submit(llm: LLM, body: dict[str, Any]) -> _core.Request:
    body = {name: value for name, value in body.items() if value is not None}
    body.pop("model", None)  # there is one
    return llm.engine.chat_json(json.dumps(body, default=_default), llm._pairs(None, {}))


def _default(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump()
    raise TypeError(f"{type(value).__name__} is not JSON")


def create(llm: LLM, *, stream: bool = False, **body: Any) -> Any:
    request = submit(llm, {**body, "stream": stream})
    if stream:
        return _chunks(request)
    with request:
        return _object("".join(piece.text for piece in request))


def _chunks(request: _core.Request) -> Iterator[Object]:
    ready: list[Object] = []
    rest = ""
    with request:
        for piece in request:
            rest = _lines(rest, piece.text, ready.append)
            yield from ready
            ready.clear()


async def acreate(llm: LLM, *, stream: bool = False, **body: Any) -> Any:
    request = submit(llm, {**body, "stream": stream})
    if stream:
        return _achunks(llm, request)
    return _object("".join([piece.text async for piece in llm._apieces(request)]))


async def _achunks(llm: LLM, request: _core.Request) -> AsyncIterator[Object]:
    ready: list[Object] = []
    rest = ""
    async for piece in llm._apieces(request):
        rest = _lines(rest, piece.text, ready.append)
        for chunk in ready:
            yield chunk
        ready.clear()


class _Completions:
    def __init__(self, llm: LLM) -> None:
        self._llm = llm

    @overload
    def create(self, *, messages: Sequence[Any], stream: Literal[False] = ..., **body: Any) -> Object: ...
    @overload
    def create(self, *, messages: Sequence[Any], stream: Literal[True], **body: Any) -> Iterator[Object]: ...
    def create(self, *, messages: Sequence[Any], stream: bool = False, **body: Any) -> Union[Object, Iterator[Object]]:
        """A member of the request that libinfer does not know is refused by name."""
        made: Union[Object, Iterator[Object]] = create(self._llm, messages=messages, stream=stream, **body)
        return made


class _AsyncCompletions:
    def __init__(self, llm: LLM) -> None:
        self._llm = llm

    async def create(self, *, messages: Sequence[Any], stream: bool = False, **body: Any) -> Any:
        return await acreate(self._llm, messages=messages, stream=stream, **body)


class _Chat:
    def __init__(self, completions: Any) -> None:
        self.completions = completions


class _Embeddings:
    def __init__(self, llm: LLM) -> None:
        self._llm = llm

    def create(self, *, input: Union[str, Sequence[str]], model: str = "", encoding_format: str = "float") -> Object:
        if encoding_format != "float":
            raise UnsupportedError(f"encoding_format '{encoding_format}' is not supported", "float")
        return embeddings(self._llm, input, model)


def embeddings(llm: LLM, texts: Union[str, Sequence[str]], model: str, **options: Any) -> Object:
    many = [texts] if isinstance(texts, str) else list(texts)
    data = [Object(object="embedding", index=i, embedding=list(v)) for i, v in enumerate(llm.embed(many, **options))]
    count = sum(len(llm.model.encode(t, special=True)) for t in many)
    return Object(object="list", model=model, data=data, usage=Object(prompt_tokens=count, total_tokens=count))


class OpenAI:
    """The part of OpenAI's client that a model can answer."""

    def __init__(self, llm: LLM) -> None:
        self.chat = _Chat(_Completions(llm))
        self.embeddings = _Embeddings(llm)


class AsyncOpenAI:
    """The same with coroutines."""

    def __init__(self, llm: LLM) -> None:
        self.chat = _Chat(_AsyncCompletions(llm))
