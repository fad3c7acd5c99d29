"""How objects look in a notebook: a model's card, answers with their log-probabilities as colours."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Callable, Iterable

if TYPE_CHECKING:
    from ._asking import Asking
    from .outputs import CompletionOutput, RequestOutput

_FACTS = ("n_parameters", "weight_bytes", "n_ctx_train", "n_layer", "n_embd", "n_vocab")


def card(llm: Asking) -> str:
    """What the model is, and what runs it."""
    import json

    described = json.loads(llm.engine.describe())
    metadata = llm.model.metadata()
    rows = [("name", metadata.get("general.name", "")), ("architecture", metadata.get("general.architecture", ""))]
    rows += [(name, f"{llm.model.fact(name):,}") for name in _FACTS]
    rows.append(("context", f"{described['context']:,}"))
    rows += [("device", f"{d['backend']} {d['name']}") for d in described["devices"]]
    return _table(rows)


def answers(output: RequestOutput, token: Callable[[int], bytes]) -> str:
    return "".join(f"<div>{answer(one, token)}</div>" for one in output.outputs)


def answer(output: CompletionOutput, token: Callable[[int], bytes]) -> str:
    """The text; where log-probabilities were asked for, the less likely a token was the redder."""
    if output.logprobs is None:
        return f'<span style="white-space:pre-wrap">{escape(output.text)}</span>'
    spans = []
    for id, logprob in zip(output.token_ids, output.logprobs):
        text = escape(token(id).decode("utf-8", "replace"))
        spans.append(f'<span title="{logprob:.2f}" style="background:{_colour(logprob)}">{text}</span>')
    return f'<span style="white-space:pre-wrap">{"".join(spans)}</span>'


def _colour(logprob: float) -> str:
    doubt = 1 - math.exp(min(0.0, logprob))
    return f"rgba(220,60,40,{0.6 * doubt:.2f})"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{cells}</table>"
