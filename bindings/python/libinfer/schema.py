"""Types as JSON schemas, and JSON as instances of them: dataclasses, Pydantic models and what typing has."""

from __future__ import annotations

import enum
import json
import types
import typing
from typing import Any

from .errors import InvalidError

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schema_text(of: Any) -> str:
    """A JSON schema as text: of a type, or of a dictionary that is one."""
    return json.dumps(schema(of))


def schema(of: Any) -> dict[str, Any]:
    if isinstance(of, dict):
        return of
    if hasattr(of, "model_json_schema"):
        made: dict[str, Any] = of.model_json_schema()
        return made
    if isinstance(of, type) and hasattr(of, "__dataclass_fields__"):
        return _object(of)
    return _of_type(of)


def parse(of: Any, text: str) -> Any:
    """The value that this JSON text is, as an instance of the type."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InvalidError(f"the answer is not whole JSON ({error})", "it ended early: give it more max_tokens") from error
    return value if isinstance(of, (str, dict)) else _build(of, value)


def _object(of: Any) -> dict[str, Any]:
    import dataclasses

    hints = typing.get_type_hints(of)
    fields = dataclasses.fields(of)
    required = [f.name for f in fields if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING]
    properties = {f.name: schema(hints[f.name]) for f in fields}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _of_type(of: Any) -> dict[str, Any]:
    if of is Any:
        return {}
    if of in _PLAIN:
        return {"type": _PLAIN[of]}
    if isinstance(of, type) and issubclass(of, enum.Enum):
        return {"enum": [member.value for member in of]}
    origin, args = typing.get_origin(of), typing.get_args(of)
    if origin is typing.Literal:
        return {"enum": list(args)}
    if _is_union(origin):
        return {"anyOf": [schema(a) for a in args]}
    if of is list or origin is list:
        return {"type": "array", "items": schema(args[0])} if args else {"type": "array"}
    if origin is tuple and args[-1] is not Ellipsis:
        n = len(args)
        return {"type": "array", "prefixItems": [schema(a) for a in args], "minItems": n, "maxItems": n}
    if of is dict or origin is dict:
        return {"type": "object", "additionalProperties": schema(args[1])} if args else {"type": "object"}
    raise InvalidError(f"no JSON schema is known for {of!r}", "a dataclass, a Pydantic model, or a JSON schema as a dictionary")


def _is_union(origin: Any) -> bool:
    return origin is typing.Union or origin is getattr(types, "UnionType", typing.Union)


def _build(of: Any, value: Any) -> Any:
    if hasattr(of, "model_validate"):
        return of.model_validate(value)
    if isinstance(of, type) and hasattr(of, "__dataclass_fields__"):
        hints = typing.get_type_hints(of)
        return of(**{name: _build(hints[name], v) for name, v in value.items()})
    if isinstance(of, type) and issubclass(of, enum.Enum):
        return of(value)
    origin, args = typing.get_origin(of), typing.get_args(of)
    if _is_union(origin):
        return _first_that_fits(args, value)
    if origin is list and args:
        return [_build(args[0], v) for v in value]
    if origin is tuple:
        return tuple(_build(a, v) for a, v in zip(args, value))
    if origin is dict and args:
        return {k: _build(args[1], v) for k, v in value.items()}
    return float(value) if of is float and isinstance(value, int) else value


def _first_that_fits(options: tuple[Any, ...], value: Any) -> Any:
    for option in options:
        if option in _PLAIN:
            if type(value) is option or (option is float and type(value) is int):
                return value
            continue
        try:
            return _build(option, value)
        except (TypeError, ValueError, KeyError, AttributeError):
            continue
    return value
