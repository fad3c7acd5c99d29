"""The parameters of llama_cpp.Llama: which option each becomes here, and which are refused by name."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Optional

from ..errors import UnsupportedError

_KV_TYPES = {0: "f32", 1: "f16", 2: "q4_0", 8: "q8_0", 30: "bf16"}  # numbers of ggml
_POOLING = {-1: "mean", 1: "mean", 2: "cls", 3: "last"}
DEFAULT_SEED = 0xFFFFFFFF

# Of the constructor: parameters that only have these values here, and what to do instead.
FIXED: dict[str, tuple[tuple[Any, ...], str]] = {
    "split_mode": ((1,), "layers are spread over the devices; the option place says how"),
    "main_gpu": ((0,), "the option device names the devices in order"),
    "tensor_split": ((None,), "the option place says which layers go where"),
    "use_mmap": ((True,), "files are always mapped"),
    "use_mlock": ((False,), "the system decides what stays in memory"),
    "kv_overrides": ((None,), "the file's metadata are taken as they are"),
    "rope_scaling_type": ((-1,), "the file says how its rope is scaled"),
    "rope_freq_base": ((0.0,), "the file says how its rope is scaled"),
    "rope_freq_scale": ((0.0,), "the file says how its rope is scaled"),
    "yarn_ext_factor": ((-1.0,), "the file says how its rope is scaled"),
    "yarn_attn_factor": ((1.0,), "the file says how its rope is scaled"),
    "yarn_beta_fast": ((32.0,), "the file says how its rope is scaled"),
    "yarn_beta_slow": ((1.0,), "the file says how its rope is scaled"),
    "yarn_orig_ctx": ((0,), "the file says how its rope is scaled"),
    "attention_type": ((-1, 0), "attention is causal"),
    "op_offload": ((None,), "the option place says what runs where"),
    "swa_full": ((None,), "leave it out"),
    "lora_base": ((None,), "leave it out"),
    "numa": ((False, 0), "the option cpu.affinity binds threads"),
    "chat_format": ((None,), "the file's template is used; the option chat_template takes another"),
    "chat_handler": ((None,), "the file's template is used; the option chat_template takes another"),
    "tokenizer": ((None,), "the file's tokenizer is used; the option tokenizer_file takes another"),
    "spm_infill": ((False,), "leave it out"),
}
# Of the constructor: what Llama.__init__ itself honours.
HONOURED = frozenset(
    "model_path n_gpu_layers vocab_only seed n_ctx n_batch n_ubatch n_threads n_threads_batch pooling_type logits_all embedding "
    "offload_kqv flash_attn no_perf last_n_tokens_size lora_scale lora_path draft_model type_k type_v verbose".split()
)

# Of answers: parameters that become an option of the same or another name.
REQUEST: dict[str, str] = {
    "max_tokens": "max_tokens", "temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "min_p": "min_p",
    "typical_p": "typical_p", "frequency_penalty": "frequency_penalty", "presence_penalty": "presence_penalty",
    "repeat_penalty": "repetition_penalty", "temp": "temperature", "stop": "stop", "seed": "seed",
    "logit_bias": "logit_bias", "grammar": "response_grammar",
}  # fmt: skip
# Of answers: parameters that only have these values here. mirostat_tau and mirostat_eta mean nothing without mirostat.
REQUEST_FIXED: dict[str, tuple[tuple[Any, ...], str]] = {
    "suffix": ((None,), "write the marks of fill-in-the-middle into the prompt (prompt_parse=True)"),
    "tfs_z": ((1.0,), "min_p and typical_p are there"),
    "mirostat_mode": ((0,), "min_p and typical_p are there"),
    "penalize_nl": ((True,), "logit_bias changes single tokens"),
    "stopping_criteria": ((None, []), "break out of the stream"),
    "logits_processor": ((None, []), "logit_bias, or the options response.*"),
    "functions": ((None,), "tools"),
    "function_call": ((None,), "tool_choice"),
}
REQUEST_HONOURED = frozenset(
    "prompt messages tokens echo stream logprobs top_logprobs model mirostat_tau mirostat_eta tools tool_choice response_format reset".split()
)


def refuse(given: Mapping[str, Any], fixed: Mapping[str, tuple[tuple[Any, ...], str]]) -> None:
    """Raises for a parameter that has a value which cannot be honoured, and names it."""
    for name, value in given.items():
        if name in fixed and not any(value is v or value == v for v in fixed[name][0]):
            raise UnsupportedError(f"llama_cpp's parameter '{name}' is not supported with the value {value!r}", fixed[name][1])


def engine_options(p: Mapping[str, Any]) -> dict[str, Any]:
    """Options for what the constructor was given, without those that need the model (devices)."""
    refuse(p, FIXED)
    if p["type_k"] != p["type_v"]:
        raise UnsupportedError("llama_cpp's parameters 'type_k' and 'type_v' differ", "give both the same")
    if p["type_k"] is not None and p["type_k"] not in _KV_TYPES:
        raise UnsupportedError(f"llama_cpp's parameter 'type_k' is {p['type_k']}", f"one of {sorted(_KV_TYPES)}")
    if p["n_threads_batch"] not in (None, p["n_threads"]):
        raise UnsupportedError("llama_cpp's parameter 'n_threads_batch' differs from n_threads", "all steps use the same threads")
    options: dict[str, Any] = {
        "batch.tokens": min(p["n_batch"], p["n_ubatch"]),
        "kv.type": None if p["type_k"] is None else _KV_TYPES[p["type_k"]],
        "kv.host": None if p["offload_kqv"] else True,
        "cpu.threads": p["n_threads"],
        "model.partial": True if p["vocab_only"] else None,
        "adapter.slots": 1 if p["lora_path"] else None,
    }
    return {key: value for key, value in options.items() if value is not None}


def pooling(number: int) -> str:
    if number not in _POOLING:
        raise UnsupportedError(f"llama_cpp's parameter 'pooling_type' is {number}", f"one of {sorted(_POOLING)}")
    return _POOLING[number]


def lookup_tokens(draft_model: Any) -> int:
    """Of LlamaPromptLookupDecoding, or what looks like it."""
    tokens = getattr(draft_model, "num_pred_tokens", None)
    if not isinstance(tokens, int):
        raise UnsupportedError("llama_cpp's parameter 'draft_model' is not a prompt lookup", "the option draft_model takes a GGUF file")
    return tokens


def request_options(given: Mapping[str, Any], keep: Iterable[str] = ()) -> dict[str, Any]:
    """Options of a request for parameters of an answer."""
    refuse(given, REQUEST_FIXED)
    options: dict[str, Any] = {}
    for name, value in given.items():
        if name in REQUEST and value is not None:
            options[REQUEST[name]] = value
    if options.get("max_tokens", 1) < 1:
        del options["max_tokens"]  # as long as there is room
    if options.get("top_k", 0) < 0:
        options["top_k"] = 0
    if "seed" in options:
        options["seed"] = seed(options["seed"])
    grammar: Any = options.get("response_grammar")
    if grammar is not None:
        options["response_grammar"] = getattr(grammar, "_grammar", grammar)
    bias: Optional[Mapping[Any, float]] = options.get("logit_bias")
    if bias is not None:
        options["logit_bias"] = {int(token): value for token, value in bias.items()}
    return options


def seed(number: int) -> int:
    return -1 if number in (-1, DEFAULT_SEED) else number
