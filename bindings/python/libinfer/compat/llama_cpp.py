"""llama_cpp.Llama's constructor and calls, answered by libinfer. A parameter that cannot be honoured raises and is named.

    from libinfer.compat.llama_cpp import Llama
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Iterator, Optional, Sequence, Union

from .. import _core
from ..errors import InvalidError, UnsupportedError
from ..llm import LLM
from ..outputs import FINISH
from . import _llama_parameters as parameters
from .openai import embeddings

Dict = dict[str, Any]


class LlamaGrammar:
    """A grammar in GBNF."""

    def __init__(self, _grammar: str) -> None:
        self._grammar = _grammar

    @classmethod
    def from_string(cls, grammar: str, verbose: bool = True) -> LlamaGrammar:
        return cls(grammar)


class Llama:
    def __init__(
        self, model_path: str, *, n_gpu_layers: int = 0, split_mode: int = 1, main_gpu: int = 0,
        tensor_split: Optional[list[float]] = None, vocab_only: bool = False, use_mmap: bool = True, use_mlock: bool = False,
        kv_overrides: Optional[Dict] = None, seed: int = parameters.DEFAULT_SEED, n_ctx: int = 512, n_batch: int = 512,
        n_ubatch: int = 512, n_threads: Optional[int] = None, n_threads_batch: Optional[int] = None,
        rope_scaling_type: Optional[int] = -1, pooling_type: int = -1, attention_type: int = -1, rope_freq_base: float = 0.0,
        rope_freq_scale: float = 0.0, yarn_ext_factor: float = -1.0, yarn_attn_factor: float = 1.0,
        yarn_beta_fast: float = 32.0, yarn_beta_slow: float = 1.0, yarn_orig_ctx: int = 0, logits_all: bool = False,
        embedding: bool = False, offload_kqv: bool = True, flash_attn: bool = False, op_offload: Optional[bool] = None,
        swa_full: Optional[bool] = None, no_perf: bool = False, last_n_tokens_size: int = 64, lora_base: Optional[str] = None,
        lora_scale: float = 1.0, lora_path: Optional[str] = None, numa: Union[bool, int] = False,
        chat_format: Optional[str] = None, chat_handler: Any = None, draft_model: Any = None, tokenizer: Any = None,
        type_k: Optional[int] = None, type_v: Optional[int] = None, spm_infill: bool = False, verbose: bool = True, **kwargs: Any,
    ) -> None:  # fmt: skip
        """kwargs: options of libinfer by name."""
        given = {k: v for k, v in locals().items() if k not in ("self", "kwargs", "__class__")}
        options = {**parameters.engine_options(given), "penalty_last": last_n_tokens_size, "seed": parameters.seed(seed)}
        if draft_model is not None:
            options["draft_lookup"] = parameters.lookup_tokens(draft_model)
        options["context.max"] = n_ctx or trained_context(model_path)
        options["kv.tokens"] = options["context.max"]  # one request at a time, as there
        options["device"] = devices(n_gpu_layers)
        self.model_path = model_path
        self._pooling = parameters.pooling(pooling_type)
        self._llm: LLM = LLM(model_path, **{k: v for k, v in options.items() if v is not None}, **kwargs)
        if lora_path:
            self._llm.engine.load_adapter("lora", lora_path, [("adapter.scale", float(lora_scale))])
            self._llm.defaults["adapter"] = "lora"
        if verbose:
            for _, line in self._llm.runtime.log():
                print(line, file=sys.stderr)

    # ---- completions ------------------------------------------------------------------------------------------------

    def create_completion(
        self, prompt: Union[str, list[int]], suffix: Optional[str] = None, max_tokens: Optional[int] = 16,
        temperature: float = 0.8, top_p: float = 0.95, min_p: float = 0.05, typical_p: float = 1.0,
        logprobs: Optional[int] = None, echo: bool = False, stop: Optional[Union[str, list[str]]] = [],
        frequency_penalty: float = 0.0, presence_penalty: float = 0.0, repeat_penalty: float = 1.0, top_k: int = 40,
        stream: bool = False, seed: Optional[int] = None, tfs_z: float = 1.0, mirostat_mode: int = 0, mirostat_tau: float = 5.0,
        mirostat_eta: float = 0.1, model: Optional[str] = None, stopping_criteria: Any = None, logits_processor: Any = None,
        grammar: Any = None, logit_bias: Optional[dict[int, float]] = None,
    ) -> Union[Dict, Iterator[Dict]]:  # fmt: skip
        options = parameters.request_options({k: v for k, v in locals().items() if k != "self"})
        if logprobs is not None:
            options["logprobs"] = logprobs
            if echo:
                raise UnsupportedError("llama_cpp's parameter 'echo' is not supported with logprobs", "LLM.score gives a prompt's")
        text = prompt if isinstance(prompt, str) else self._llm.model.decode(prompt)
        request = self._llm._submit_prompt(prompt, self._llm._pairs(None, options))
        chunks = self._completion_chunks(request, text if echo else "", model or self.model_path, logprobs is not None)
        return chunks if stream else _whole(chunks, request)

    __call__ = create_completion

    def _completion_chunks(self, request: _core.Request, echo: str, model: str, logprobs: bool) -> Iterator[Dict]:
        offset = len(echo)
        head = {"id": f"cmpl-{id(request):x}", "object": "text_completion", "created": int(time.time()), "model": model}
        with request:
            for piece in request:
                choice: Dict = {"text": echo + piece.text, "index": piece.sample, "logprobs": None, "finish_reason": FINISH[piece.finish]}
                if logprobs:
                    choice["logprobs"] = self._logprobs(piece, offset)
                offset, echo = offset + len(piece.text), ""
                if piece.finish:
                    usage = request.usage()
                    made, read = usage["generated_tokens"], usage["prompt_tokens"]
                    yield {**head, "choices": [choice], "usage": {"prompt_tokens": read, "completion_tokens": made, "total_tokens": read + made}}
                else:
                    yield {**head, "choices": [choice]}

    def _logprobs(self, piece: _core.Piece, offset: int) -> Dict:
        texts = [self._llm.model.token(t).decode("utf-8", "replace") for t in piece.tokens]
        offsets = [offset + sum(map(len, texts[:i])) for i in range(len(texts))]
        word = self._llm.model.token
        top = [{word(t).decode("utf-8", "replace"): p for t, p in row} for row in piece.top or []]
        return {"tokens": texts, "text_offset": offsets, "token_logprobs": piece.logprobs or [], "top_logprobs": top}

    def create_chat_completion(
        self, messages: Sequence[Dict], functions: Any = None, function_call: Any = None, tools: Optional[list[Dict]] = None,
        tool_choice: Any = None, temperature: float = 0.2, top_p: float = 0.95, top_k: int = 40, min_p: float = 0.05,
        typical_p: float = 1.0, stream: bool = False, stop: Optional[Union[str, list[str]]] = [], seed: Optional[int] = None,
        response_format: Optional[Dict] = None, max_tokens: Optional[int] = None, presence_penalty: float = 0.0,
        frequency_penalty: float = 0.0, repeat_penalty: float = 1.0, tfs_z: float = 1.0, mirostat_mode: int = 0,
        mirostat_tau: float = 5.0, mirostat_eta: float = 0.1, model: Optional[str] = None, logits_processor: Any = None,
        grammar: Any = None, logit_bias: Optional[dict[int, float]] = None, logprobs: Optional[bool] = None,
        top_logprobs: Optional[int] = None,
    ) -> Union[Dict, Iterator[Dict]]:  # fmt: skip
        options = parameters.request_options({k: v for k, v in locals().items() if k != "self"})
        body = {"messages": messages, "tools": tools, "tool_choice": tool_choice, "response_format": response_format,
                "logprobs": logprobs, "top_logprobs": top_logprobs, "stream": stream, "model": model or self.model_path}  # fmt: skip
        text = json.dumps({k: v for k, v in body.items() if v is not None})
        request = self._llm.engine.chat_json(text, self._llm._pairs(None, options))
        if stream:
            return _json_lines(request)
        with request:
            whole: Dict = json.loads("".join(piece.text for piece in request))
            return whole

    def create_chat_completion_openai_v1(self, *args: Any, **kwargs: Any) -> Any:
        """The same as objects with attributes."""
        from .openai import Object

        def made(d: Dict) -> Any:
            return json.loads(json.dumps(d), object_hook=Object)

        answer = self.create_chat_completion(*args, **kwargs)
        return made(answer) if isinstance(answer, dict) else map(made, answer)

    # ---- vectors ----------------------------------------------------------------------------------------------------

    def create_embedding(self, input: Union[str, list[str]], model: Optional[str] = None) -> Dict:
        return embeddings(self._llm, input, model or self.model_path, pooling=self._pooling, normalize=False)

    def embed(self, input: Union[str, list[str]], normalize: bool = False, truncate: bool = True, return_count: bool = False) -> Any:
        many = [input] if isinstance(input, str) else input
        cut = "right" if truncate else "none"
        vectors = [list(v) for v in self._llm.embed(many, pooling=self._pooling, normalize=normalize, prompt_truncate=cut)]
        out: Any = vectors[0] if isinstance(input, str) else vectors
        return (out, sum(len(self.tokenize(t.encode())) for t in many)) if return_count else out

    # ---- tokens -----------------------------------------------------------------------------------------------------

    def tokenize(self, text: bytes, add_bos: bool = True, special: bool = False) -> list[int]:
        return self._llm.model.encode(text, special=add_bos, parse=special)

    def detokenize(self, tokens: list[int], prev_tokens: Optional[list[int]] = None, special: bool = False) -> bytes:
        if prev_tokens:
            before = self._llm.model.decode(prev_tokens, special=special)
            return self._llm.model.decode(prev_tokens + tokens, special=special)[len(before) :].encode()
        return self._llm.model.decode(tokens, special=special).encode()

    def generate(
        self, tokens: Sequence[int], top_k: int = 40, top_p: float = 0.95, min_p: float = 0.05, typical_p: float = 1.0,
        temp: float = 0.80, repeat_penalty: float = 1.0, reset: bool = True, frequency_penalty: float = 0.0,
        presence_penalty: float = 0.0, tfs_z: float = 1.0, mirostat_mode: int = 0, mirostat_tau: float = 5.0,
        mirostat_eta: float = 0.1, penalize_nl: bool = True, logits_processor: Any = None, stopping_criteria: Any = None,
        grammar: Any = None,
    ) -> Iterator[int]:  # fmt: skip
        """Tokens, as they come. reset means nothing: what was computed is found by the tokens themselves."""
        options = parameters.request_options({k: v for k, v in locals().items() if k != "self"})
        with self._llm.engine.submit_tokens(list(tokens), self._llm._pairs(None, options)) as request:
            for piece in request:
                yield from piece.tokens

    def n_ctx(self) -> int:
        return int(json.loads(self._llm.engine.describe())["context"])

    def n_embd(self) -> int:
        return self._llm.model.fact("n_embd")

    def n_vocab(self) -> int:
        return self._llm.model.fact("n_vocab")

    def token_eos(self) -> int:
        return self._special("eos")

    def token_bos(self) -> int:
        return self._special("bos")

    def token_nl(self) -> int:
        return self._llm.model.encode("\n")[-1]

    def _special(self, name: str) -> int:
        token = self._llm.model.special(name)
        return -1 if token is None else token

    def set_seed(self, seed: int) -> None:
        self._llm.defaults["seed"] = parameters.seed(seed)

    def reset(self) -> None:
        """Nothing to do: requests hold no state of the model."""

    def set_cache(self, cache: Any) -> None:
        """Nothing to do: beginnings that were computed are always found again."""

    def close(self) -> None:
        self._llm.close()

    def __getattr__(self, name: str) -> Any:
        if name in _REFUSED:
            raise UnsupportedError(f"llama_cpp's Llama.{name} is not supported", _REFUSED[name])
        raise AttributeError(name)


_REFUSED = {
    "eval": "submit tokens: libinfer.LLM(path).engine.submit_tokens", "sample": "generate",
    "save_state": "libinfer.LLM(path).engine.save", "load_state": "libinfer.LLM(path).engine.restore",
    "from_pretrained": "download the file first", "tokenizer": "tokenize and detokenize",
    "ctx": "there is no llama_context", "model": "there is no llama_model", "eval_tokens": "the tokens of a request are Request.tokens()",
    "eval_logits": "libinfer.LLM(path).engine.logits", "logits_to_logprobs": "logprobs", "longest_token_prefix": "nothing: the cache does that",
    "pooling_type": "the parameter of the constructor",
}  # fmt: skip


def trained_context(path: str) -> int:
    """n_ctx=0: as the model was trained. A glance at the file."""
    with _core.Runtime([("backend.use", "reference")]) as runtime, runtime.open(path, [("model.partial", True)]) as model:
        return model.fact("n_ctx_train")


def devices(n_gpu_layers: int) -> Optional[list[str]]:
    """0: the processor; -1 or more than there may be: the best devices. Some layers only is the option place's business."""
    if n_gpu_layers == 0:
        return ["cpu"]
    if 0 < n_gpu_layers < 1000:
        with _core.Runtime() as runtime:
            if any(d["kind"] in (1, 2) for d in runtime.devices()):
                hint = "-1 for all of them; the option place takes single layers"
                raise UnsupportedError(f"llama_cpp's parameter 'n_gpu_layers' is {n_gpu_layers}", hint)
        return ["cpu"]  # as llama.cpp without a GPU
    return None


def _whole(chunks: Iterator[Dict], request: _core.Request) -> Dict:
    """One completion of its pieces."""
    whole: Dict = {}
    for chunk in chunks:
        if not whole:
            whole = {**chunk, "choices": [dict(chunk["choices"][0])]}
            continue
        choice, more = whole["choices"][0], chunk["choices"][0]
        choice["text"] += more["text"]
        choice["finish_reason"] = more["finish_reason"]
        if more["logprobs"]:
            for name, values in more["logprobs"].items():
                choice["logprobs"][name] += values
        whole.update({k: v for k, v in chunk.items() if k == "usage"})
    if not whole:
        raise InvalidError("the request gave nothing")
    return whole


def _json_lines(request: _core.Request) -> Iterator[Dict]:
    rest = ""
    with request:
        for piece in request:
            *lines, rest = (rest + piece.text).split("\n")
            yield from (json.loads(line) for line in lines if line)
