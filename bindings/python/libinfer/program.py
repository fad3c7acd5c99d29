"""Prompt programs: functions that write a text by turns with the model.

    @libinfer.function
    def trip(s, city):
        s += libinfer.user(f"Name a sight of {city}.")
        s += libinfer.assistant(libinfer.gen("sight", stop="\\n", max_tokens=20))

    print(trip(llm, city="Paris")["sight"])
"""

from __future__ import annotations

import functools
from typing import Any, Callable, Iterator, Optional, Sequence, Union

from . import _core
from .errors import InvalidError
from .llm import LLM
from .options import pairs
from .outputs import Chunk
from .sampling_params import SamplingParams

Fragment = Union[str, "Gen", "Select", "Role"]


class _Sum:
    """What can be joined by +."""

    def __add__(self, other: Union[Fragment, Text]) -> Text:
        return Text([self, other])

    def __radd__(self, other: Union[Fragment, Text]) -> Text:
        return Text([other, self])


class Text(_Sum):
    """Fragments one after another."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts: list[Any] = [p for part in parts for p in (part.parts if isinstance(part, Text) else [part])]


class Gen(_Sum):
    def __init__(self, name: Optional[str], settings: dict[str, Any], schema: Any) -> None:
        self.name, self.settings, self.schema = name, settings, schema


class Select(_Sum):
    def __init__(self, name: Optional[str], choices: list[str], settings: dict[str, Any]) -> None:
        self.name, self.choices, self.settings = name, choices, settings


class Role(_Sum):
    def __init__(self, role: str, content: Any) -> None:
        self.role, self.content = role, content


def gen(
    name: Optional[str] = None,
    *,
    schema: Any = None,
    regex: Optional[str] = None,
    choices: Optional[Sequence[str]] = None,
    **options: Any,
) -> Gen:
    """An answer of the model, the value of `name`. schema: a dataclass, a Pydantic model, a type or a JSON schema; then
    State.object(name) is an instance. Any option of requests by name."""
    settings = {**options, "response_schema": schema, "response_regex": regex, "response_choice": choices}
    return Gen(name, SamplingParams(**settings).settings, schema)


def select(name: Optional[str], choices: Sequence[str], **options: Any) -> Select:
    """The one of these texts that the model finds likeliest."""
    return Select(name, list(choices), SamplingParams(**options).settings)


def system(content: str) -> Role:
    """A message of the system."""
    return Role("system", content)


def user(content: str) -> Role:
    """A message of the user."""
    return Role("user", content)


def assistant(content: Union[Fragment, Text]) -> Role:
    """A message of the assistant: text, answers of the model, or both."""
    return Role("assistant", content)


class State:
    """A text as it grows. `s += ...` adds to it; s[name] is what the model wrote there."""

    def __init__(self, llm: LLM, prompt: Optional[_core.Prompt] = None, defaults: Optional[dict[str, Any]] = None) -> None:
        self._llm = llm
        self._defaults = {**llm.defaults, **(defaults or {})}
        self._prompt = prompt or llm.engine.prompt(pairs(self._defaults))
        self._schemas: dict[str, Any] = {}
        self._messages: list[tuple[Optional[str], str, str]] = []  # not yet in the prompt: a turn is rendered as a whole

    def __iadd__(self, fragment: Union[Fragment, Text]) -> State:
        for part in fragment.parts if isinstance(fragment, Text) else [fragment]:
            self._add(part)
        return self

    def _add(self, part: Fragment) -> None:
        if isinstance(part, Role):
            content = part.content
            if isinstance(content, str):
                self._messages.append((part.role, "text", content))
                return
            if part.role != "assistant":
                raise InvalidError(f"a message of '{part.role}' is text", "only the assistant's are generated")
            self.__iadd__(content)
            return
        self._flush()
        if isinstance(part, str):
            if part:
                self._prompt.append(part)
        elif isinstance(part, Gen):
            self._remember(part)
            self._prompt.gen(part.name, pairs(part.settings))
        elif isinstance(part, Select):
            self._prompt.select(part.name, part.choices, pairs(part.settings))
        else:
            raise TypeError(f"a prompt takes text, gen, select and messages, not {type(part).__name__}")

    def stream(self, answer: Gen) -> Iterator[Chunk]:
        """Adds an answer and yields its pieces as they come."""
        self._flush()
        self._remember(answer)
        request = self._prompt.gen(answer.name, pairs(answer.settings), stream=True)
        assert request is not None
        with request:
            for piece in request:
                yield Chunk(piece)

    def fork(self, n: int = 1) -> list[State]:
        """n texts that go on from here, at the same time."""
        self._flush()
        forks = [State(self._llm, self._prompt.fork(), self._defaults) for _ in range(n)]
        for fork in forks:
            fork._schemas = dict(self._schemas)
        return forks

    def join(self, *forks: State) -> State:
        """Takes over what the forks have by name; waits for it."""
        for fork in forks:
            fork._flush()
            self._prompt.join(fork._prompt)
            self._schemas.update(fork._schemas)
        return self

    def __getitem__(self, name: str) -> str:
        """What was generated or selected under this name; waits for it."""
        return self._prompt.value(name)

    def object(self, name: str) -> Any:
        """The same as an instance of the schema that gen was given."""
        from .schema import parse

        if name not in self._schemas:
            raise InvalidError(f"'{name}' was generated without a schema", "gen(name, schema=...)")
        return parse(self._schemas[name], self[name])

    def text(self) -> str:
        """All of it."""
        self._flush()
        return self._prompt.text()

    def cancel(self) -> None:
        """Ends what is being generated; from any thread."""
        self._prompt.cancel()

    def _remember(self, answer: Gen) -> None:
        if answer.name and answer.schema is not None:
            self._schemas[answer.name] = answer.schema

    def _flush(self) -> None:
        if self._messages:
            messages, self._messages = self._messages, []
            # Behind the assistant's own words no further answer of it begins.
            answered = messages[-1][0] == "assistant"
            self._prompt.append_chat(messages, pairs({"chat_generate": False}) if answered else None)

    def __str__(self) -> str:
        return self.text()


class Function:
    """A prompt program: call it with an LLM and its arguments by name."""

    def __init__(self, body: Callable[..., Any]) -> None:
        self._body = body
        functools.update_wrapper(self, body)

    def __call__(self, llm: LLM, *args: Any, defaults: Optional[dict[str, Any]] = None, **kwargs: Any) -> State:
        """Runs it. defaults: options of requests for all its answers. The State that comes back may still be generating."""
        state = State(llm, defaults=defaults)
        self._body(state, *args, **kwargs)
        state._flush()
        return state

    def run(self, llm: LLM, *args: Any, **kwargs: Any) -> State:
        """The same, and waits until nothing is generated any more."""
        state = self(llm, *args, **kwargs)
        state._prompt.wait()
        return state

    def run_batch(self, llm: LLM, arguments: Sequence[dict[str, Any]], threads: int = 8) -> list[State]:
        """Runs it for each, at the same time."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(max(1, min(threads, len(arguments)))) as pool:
            return list(pool.map(lambda kwargs: self.run(llm, **kwargs), arguments))


def function(body: Callable[..., Any]) -> Function:
    """Makes a prompt program of a function whose first argument is the State."""
    return Function(body)
