"""SamplingParams: how a request is answered, by the names that vLLM uses."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence, Union

from .errors import UnsupportedError
from .options import Pairs, documentation, find, pairs

# vLLM's names of options that have another one here.
_ALIASES = {"stop_token_ids": "stop_ids", "ignore_eos": "ignore_end"}
# vLLM's parameters that mean nothing here unless they have this value.
_ONLY: dict[str, tuple[object, ...]] = {
    "include_stop_str_in_output": (False, None),
    "detokenize": (True, None),
    "spaces_between_special_tokens": (True, None),
    "prompt_logprobs": (None,),
    "bad_words": (None, [], ()),
    "allowed_token_ids": (None,),
    "logits_processors": (None, [], ()),
    "use_beam_search": (False, None),
}


class SamplingParams:
    __slots__ = ("settings",)

    def __init__(
        self,
        *,
        n: Optional[int] = None,
        best_of: Optional[int] = None,
        temperature: Optional[float] = None,
        top_p: Optional[float] = None,
        top_k: Optional[int] = None,
        min_p: Optional[float] = None,
        presence_penalty: Optional[float] = None,
        frequency_penalty: Optional[float] = None,
        repetition_penalty: Optional[float] = None,
        seed: Optional[int] = None,
        stop: Union[None, str, Sequence[str]] = None,
        stop_token_ids: Optional[Sequence[int]] = None,
        ignore_eos: Optional[bool] = None,
        max_tokens: Optional[int] = None,
        min_tokens: Optional[int] = None,
        logprobs: Optional[int] = None,
        logit_bias: Optional[Mapping[int, float]] = None,
        skip_special_tokens: Optional[bool] = None,
        truncate_prompt_tokens: Optional[int] = None,
        **options: Any,
    ) -> None:
        given: dict[str, Any] = {
            "n": n, "best_of": best_of, "temperature": temperature, "top_p": top_p,
            "top_k": 0 if top_k == -1 else top_k, "min_p": min_p, "presence_penalty": presence_penalty,
            "frequency_penalty": frequency_penalty, "repetition_penalty": repetition_penalty, "seed": seed,
            "stop": stop, "stop_ids": stop_token_ids, "ignore_end": ignore_eos, "max_tokens": max_tokens,
            "min_tokens": min_tokens, "logprobs": logprobs, "logit_bias": logit_bias,
            "output_special": None if skip_special_tokens is None else not skip_special_tokens,
        }  # fmt: skip
        if truncate_prompt_tokens is not None:
            raise UnsupportedError("truncate_prompt_tokens is not supported", "prompt_truncate='left' keeps what fits the context")
        for name, value in options.items():
            if name in _ONLY:
                if value not in _ONLY[name]:
                    raise UnsupportedError(f"{name} is not supported", f"leave {name} out")
            else:
                given[name if "." in name else find(name).name] = value
        self.settings: dict[str, Any] = {name: value for name, value in given.items() if value is not None}

    def pairs(self, defaults: Optional[Mapping[str, Any]] = None) -> Pairs:
        """As the C interface takes them; what is not set comes from `defaults`."""
        return pairs({**(defaults or {}), **self.settings})

    def replace(self, **changes: Any) -> SamplingParams:
        """The same with some settings changed."""
        return SamplingParams(**{**self.settings, **changes})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.settings.get(_ALIASES.get(name, name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SamplingParams) and self.settings == other.settings

    def __repr__(self) -> str:
        return f"SamplingParams({', '.join(f'{n}={v!r}' for n, v in self.settings.items())})"


SamplingParams.__doc__ = f"""How a request is answered. What is not given is as the library has it (not as vLLM has it).

Names as in vLLM: stop_token_ids is stop_ids, ignore_eos is ignore_end, skip_special_tokens=False is output_special=True,
top_k=-1 is 0. Every option of requests may be given by its name:

{documentation("request")}
"""
