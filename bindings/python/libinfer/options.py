"""Settings by key: the library's own table (lib/api/options.def) decides what there is."""

from __future__ import annotations

import difflib
from typing import Any, Iterable, Mapping, NamedTuple, Union

from . import _core
from .errors import NotFoundError

Scalar = Union[bool, int, float, str, bytes]
Pairs = list[tuple[str, Scalar]]


class Option(NamedTuple):
    """A row of the library's table."""

    key: str
    type: str  # int num str bool list
    range: str
    default: str
    scope: str  # runtime model engine adapter request
    help: str

    @property
    def name(self) -> str:
        """The key as a Python name: "kv.type" is kv_type."""
        return self.key.replace(".", "_")


def options() -> list[Option]:
    """Every option that the library has. Backends add theirs ("cpu.threads")."""
    return list(_BY_NAME.values())


def _read() -> dict[str, Option]:
    rows = [Option(*row.split("|")) for row in _core.option_rows()]
    return {row.name: row for row in rows}


_BY_NAME = _read()


def find(name: str) -> Option:
    """The option of this key or Python name."""
    row = _BY_NAME.get(name.replace(".", "_"))
    if row is None or ("." in name and row.key != name):
        near = difflib.get_close_matches(name, [o.key for o in _BY_NAME.values()] + list(_BY_NAME), 1)
        raise NotFoundError(f"there is no option '{name}'", f"did you mean '{near[0]}'?" if near else "see libinfer.options()")
    return row


def pairs(settings: Mapping[str, Any]) -> Pairs:
    """Settings by key or Python name, as the C interface takes them. None: the library's default."""
    out: Pairs = []
    for name, value in settings.items():
        if value is None:
            continue
        key = _key(name)
        out.extend((key, v) for v in _values(key, value))
    return out


def _key(name: str) -> str:
    if "." in name and name not in _KEYS:
        return name  # a backend's ("cpu.threads"), or unknown: the library says so
    return find(name).key


def _values(key: str, value: Any) -> Iterable[Scalar]:
    if key == "logit_bias" and isinstance(value, Mapping):
        return [f"{token}:{bias}" for token, bias in value.items()]
    if key == "chat.variable" and isinstance(value, Mapping):
        from json import dumps

        return [f"{name}={dumps(v)}" for name, v in value.items()]
    if key == "response.schema" and not isinstance(value, str):
        from .schema import schema_text

        return [schema_text(value)]
    if key == "response.tags" and isinstance(value, Mapping):
        from json import dumps

        return [dumps(value)]
    if isinstance(value, (bool, int, float, str, bytes)):
        return [value]
    if hasattr(value, "__fspath__"):
        return [str(value)]
    if isinstance(value, Iterable):
        return [v if isinstance(v, (int, float, bytes)) else str(v) for v in value]
    raise TypeError(f"option {key}: {type(value).__name__} is not a number, a text or a list")


def split(settings: Mapping[str, Any]) -> tuple[Pairs, dict[str, Any]]:
    """Settings of runtime, model and engine; and those of requests, which are defaults."""
    request = {n: v for n, v in settings.items() if _is_request(n)}
    return pairs({n: v for n, v in settings.items() if n not in request}), request


def _is_request(name: str) -> bool:
    row = _BY_NAME.get(name.replace(".", "_"))
    return row is not None and row.scope == "request"


_KEYS = {row.key for row in _BY_NAME.values()}


def documentation(*scopes: str) -> str:
    """The options of these scopes, a line each, for docstrings."""
    lines = []
    for row in _BY_NAME.values():
        if row.scope in scopes:
            limits = f", {row.range}" if row.range else ""
            default = f", default {row.default}" if row.default else ""
            lines.append(f"    {row.name} ({row.type}{limits}{default}): {row.help}")
    return "\n".join(lines)
