"""The drop-ins, held against the class that they stand in for."""

import ast
import asyncio
import inspect
import os
import pathlib
import subprocess

import pytest
from conftest import GOLDEN, Golden, tiny_path

import libinfer
from libinfer.compat import _llama_parameters as parameters
from libinfer.compat.llama_cpp import Llama, LlamaGrammar
from libinfer.compat.openai import AsyncOpenAI, OpenAI

ANSWERS = ["create_completion", "__call__", "create_chat_completion", "generate", "embed", "create_embedding", "tokenize", "detokenize"]
CALLS = {"split_mode": 1, "seed": parameters.DEFAULT_SEED, "rope_scaling_type": -1, "pooling_type": -1, "attention_type": -1}


@pytest.fixture(scope="module")
def real():
    """llama_cpp.Llama's own methods: name -> {parameter: default as source}."""
    script = GOLDEN.parent / "conformance" / "published.sh"
    folder = subprocess.run([script], check=True, capture_output=True, text=True).stdout.strip()
    tree = ast.parse((pathlib.Path(folder) / "llama_cpp" / "llama.py").read_text())
    cls = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Llama")
    methods = {}
    for f in cls.body:
        if isinstance(f, ast.FunctionDef):
            names = f.args.args + f.args.kwonlyargs
            missing = [None] * (len(f.args.args) - len(f.args.defaults))
            methods[f.name] = {a.arg: d for a, d in zip(names, missing + f.args.defaults + f.args.kw_defaults) if a.arg != "self"}
    assert len(methods) > 30
    return methods


@pytest.mark.parametrize("method", ["__init__", *ANSWERS])
def test_same_parameters_and_defaults(real, method):
    ours = {k: p for k, p in inspect.signature(getattr(Llama, method)).parameters.items() if k not in ("self", "kwargs")}
    assert list(ours) == list(real[method])
    for name, default in real[method].items():
        if default is None:
            assert ours[name].default is inspect.Parameter.empty, name
        elif name in CALLS and not isinstance(default, (ast.Constant, ast.UnaryOp)):
            assert ours[name].default == CALLS[name]  # a name of llama.cpp's
        else:
            assert ours[name].default == ast.literal_eval(default), name


def test_every_parameter_is_honoured_or_refused_by_name(real, llm):
    constructor = set(real["__init__"])
    assert constructor == set(parameters.FIXED) | parameters.HONOURED
    for name in parameters.FIXED:
        with pytest.raises(NotImplementedError, match=f"'{name}'"):
            Llama(str(tiny_path("llama")), **{name: "something else"})
    answers = set().union(*(real[m] for m in ("create_completion", "create_chat_completion", "generate")))
    assert answers <= set(parameters.REQUEST) | set(parameters.REQUEST_FIXED) | parameters.REQUEST_HONOURED
    with Llama_tiny() as llama:
        for method in ("create_completion", "create_chat_completion"):
            first = "x" if method == "create_completion" else [{"role": "user", "content": "x"}]
            for name in set(real[method]) & set(parameters.REQUEST_FIXED):
                with pytest.raises(NotImplementedError, match=f"'{name}'"):
                    getattr(llama, method)(first, **{name: "something else"})
    for name in set(real) - set(dir(Llama)):
        if not name.startswith("_"):
            with pytest.raises(NotImplementedError, match=name):
                getattr(Llama.__new__(Llama), name)


class Llama_tiny:
    def __init__(self, **options):
        self.llama = Llama(str(tiny_path("llama")), verbose=False, **{"n_ctx": 256, **options})

    def __enter__(self):
        return self.llama

    def __exit__(self, *_):
        self.llama.close()


def test_what_is_honoured_has_its_effect():
    golden = Golden("tiny/llama.golden")
    prompt, greedy = golden.ids("tokens")[: int(golden.fields["prompt"])], golden.ids("greedy")
    with Llama_tiny(n_ctx=128, type_k=30, type_v=30, n_batch=64, n_threads=1, offload_kqv=False) as llama:
        assert llama.n_ctx() == 128 and llama.n_vocab() == 288 and llama.n_embd() == 48
        described = llama._llm.engine.describe()
        assert '"bf16"' in described and '"tokens":64' in described
    with Llama_tiny(n_ctx=0) as llama:
        assert llama.n_ctx() == 256
        assert [t for _, t in zip(range(40), llama.generate(prompt, temp=0))] == greedy[:40]
        whole = llama(prompt, max_tokens=20, temperature=0, logprobs=2)
        assert whole["usage"] == {"prompt_tokens": 16, "completion_tokens": 20, "total_tokens": 36}
        choice = whole["choices"][0]
        assert choice["finish_reason"] == "length" and len(choice["logprobs"]["tokens"]) == 20
        assert [len(x) <= 2 for x in choice["logprobs"]["top_logprobs"]] == [True] * 20
        chunks = list(llama(prompt, max_tokens=20, temperature=0, stream=True))
        assert "".join(c["choices"][0]["text"] for c in chunks) == choice["text"] == llama._llm.generate(prompt, temperature=0, max_tokens=20).text
        assert llama("ab", max_tokens=2, echo=True, temperature=0)["choices"][0]["text"].startswith("ab")
        assert llama("x", grammar=LlamaGrammar.from_string('root ::= "cat"'), max_tokens=9)["choices"][0]["text"] == "cat"
        biased = llama("x", max_tokens=3, temperature=0, logit_bias={70: 1000.0})
        assert biased["choices"][0]["text"] == llama.detokenize([70] * 3).decode()
        assert llama("x", max_tokens=5, seed=3, temperature=2.0) ["choices"] == llama("x", max_tokens=5, seed=3, temperature=2.0)["choices"]
        chat = llama.create_chat_completion([{"role": "user", "content": "x"}], max_tokens=4, temperature=0)
        assert chat["usage"]["completion_tokens"] == 4
        pieces = llama.create_chat_completion([{"role": "user", "content": "x"}], max_tokens=4, temperature=0, stream=True)
        assert "".join(p["choices"][0]["delta"].get("content") or "" for p in pieces) == chat["choices"][0]["message"]["content"]
        assert llama.create_chat_completion_openai_v1([{"role": "user", "content": "x"}], max_tokens=4, temperature=0).usage.completion_tokens == 4
        assert llama.detokenize(llama.tokenize("h\u00e9llo \U0001f642".encode())) == "h\u00e9llo \U0001f642".encode()
        vectors = llama.create_embedding(["a", "bc"])
        assert [len(d["embedding"]) for d in vectors["data"]] == [48, 48]
    with Llama_tiny(vocab_only=True) as llama:
        assert llama.tokenize(b"abc")


def test_openai(llm):
    client = OpenAI(llm)
    ask = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 6}
    whole = client.chat.completions.create(model="any", **ask)
    assert whole.object == "chat.completion" and whole.choices[0].message.tool_calls is None
    assert whole.choices[0].message.content == llm.chat("hi", max_tokens=6).text
    chunks = list(client.chat.completions.create(stream=True, **ask))
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == whole.choices[0].message.content
    assert chunks[-1].choices[0].finish_reason == whole.choices[0].finish_reason and whole.model_dump()["usage"]
    with pytest.raises(NotImplementedError, match="nonsense"):
        client.chat.completions.create(nonsense=1, **ask)
    assert len(client.embeddings.create(input=["a", "b"]).data[1].embedding) == 48

    async def main():
        chat = AsyncOpenAI(llm).chat.completions
        stream = await chat.create(stream=True, **ask)
        assert "".join([c.choices[0].delta.content or "" async for c in stream]) == whole.choices[0].message.content
        assert (await chat.create(**ask)).choices == whole.choices

    asyncio.run(main())


def test_command_line():
    import sys

    path = os.environ.get("PYTHONPATH", "")
    command = [sys.executable, "-m", "libinfer", "chat", str(tiny_path("llama")), "-o", "temperature=0", "-o", "max_tokens=5"]
    done = subprocess.run(command, input="hi\n\n", capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    with libinfer.LLM(tiny_path("llama"), temperature=0, max_tokens=5) as llm:
        assert llm.chat("hi").text in done.stdout and done.returncode == 0
    gone = subprocess.run([*command[:4], "/nowhere.gguf"], capture_output=True, text=True)
    assert gone.returncode == 1 and "no such file" in gone.stderr and "Traceback" not in gone.stderr
    listed = subprocess.run([*command[:3], "options"], capture_output=True, text=True).stdout
    assert "kv.type (" in listed
