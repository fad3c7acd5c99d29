"""Failures are Python's own kinds of exceptions, with the library's words."""

import re

import pytest
from conftest import GOLDEN, tiny_path

import libinfer
from libinfer import errors

REFUSALS = GOLDEN.parents[1] / "lib" / "formats" / "refusals.def"
CASES = [line.split() for line in (GOLDEN / "errors" / "index.txt").read_text().splitlines() if line and line[0] != "#"]
PYTHONS = {
    "INFER_E_CORRUPT": (errors.CorruptFileError, ValueError),
    "INFER_E_UNSUPPORTED": (errors.UnsupportedError, NotImplementedError),
    "INFER_E_NOT_FOUND": (errors.NotFoundError, FileNotFoundError),
}


def rows():
    row = re.compile(r'^REFUSE\((\w+), (\w+), "((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\)')
    found = (row.match(line) for line in REFUSALS.read_text().splitlines())
    return {m[1]: (m[3], m[4]) for m in found if m}


ROWS = rows()


@pytest.mark.parametrize("file, status, line", CASES, ids=[c[0] for c in CASES])
def test_malformed_models(file, status, line):
    own, pythons = PYTHONS[status]
    with pytest.raises(pythons) as caught:
        libinfer.LLM(GOLDEN / "errors" / file)
    error = caught.value
    assert type(error) is own and error.status_name == status
    sentence, hint = ROWS[line]
    assert re.search(re.escape(sentence).replace("%", ".*"), error.message, re.S), error.message
    assert re.search(re.escape(hint).replace("%", ".*"), error.hint, re.S), error.hint
    assert error.hint in str(error) and error.message in str(error)


def test_every_status_is_a_class():
    names = re.findall(r"INFER_E_\w+", (GOLDEN.parents[1] / "include/libinfer/infer.h").read_text())
    assert len(set(names)) >= 12
    for name in set(names):
        assert errors.from_status(-99, name, "m", "h").status_name == name
        assert name in errors._CLASSES
    for own, pythons in [("NO_MEMORY", MemoryError), ("INVALID", ValueError), ("TOO_LONG", ValueError), ("IO", OSError)]:
        assert isinstance(errors.from_status(-1, f"INFER_E_{own}", "m", ""), pythons)


def test_mistakes(llm):
    with pytest.raises(FileNotFoundError, match="no such file"):
        libinfer.LLM("/nowhere/model.gguf")
    with pytest.raises(libinfer.errors.NotFoundError) as caught:
        llm.generate("x", temperatur=1)
    assert "temperature" in caught.value.hint
    with pytest.raises(ValueError, match="0..100"):
        llm.generate("x", temperature=-1)
    with pytest.raises(ValueError, match="256"):
        llm.generate("x" * 2000)
    with pytest.raises(UnicodeEncodeError):  # a ValueError
        llm.generate("half a pair: \ud83d")
    with pytest.raises(NotImplementedError, match="bad_words"):
        libinfer.SamplingParams(bad_words=["x"])
    with pytest.raises(ValueError, match="null|NUL|byte"):
        libinfer.LLM("a\0b")
    with pytest.raises(TypeError):
        llm.generate("x", stop=object())
    with pytest.raises(OverflowError):
        llm.engine.submit_tokens([1 << 40])
    with pytest.raises(ValueError):
        llm.generate([-5])


def test_timeouts(llm):
    llm.engine.pause()
    request = llm.engine.submit_text("x", libinfer.pairs({"ignore_end": True}))
    assert request.poll() is False
    with pytest.raises(TimeoutError):
        request.next(timeout=0.05)
    assert libinfer.wait_any([request], timeout=0.01) is None
    assert llm.engine.drain(timeout=0) is False
    llm.engine.resume()  # takes requests again
    llm.engine.pause()
    with pytest.raises(TimeoutError, match="deadline"):
        late = llm.engine.submit_text("x", libinfer.pairs({"deadline": 1}))
        list(late)
    llm.engine.resume()
    request.cancel()
    with pytest.raises(errors.CancelledError):
        list(request)


def test_options_are_the_library_s():
    table = (GOLDEN.parents[1] / "lib/api/options.def").read_text()
    keys = re.findall(r'^OPTION\(\w+,\s+"([^"]+)"', table, re.M)
    assert [o.key for o in libinfer.options()] == keys and len(keys) > 50
    assert len({o.name for o in libinfer.options()}) == len(keys)
    for o in libinfer.options():
        documented = libinfer.SamplingParams.__doc__ if o.scope == "request" else libinfer.LLM.__doc__
        assert o.scope == "adapter" or (f"{o.name} (" in documented and o.help in documented)
    assert libinfer.pairs({"kv.type": "q8_0", "kv_page": 16, "stop": ["a", "b"], "seed": None}) == [
        ("kv.type", "q8_0"), ("kv.page", 16), ("stop", "a"), ("stop", "b")]  # fmt: skip
    assert libinfer.pairs({"logit_bias": {5: -1.5}, "chat_variable": {"x": [1]}}) == [
        ("logit_bias", "5:-1.5"), ("chat.variable", "x=[1]")]  # fmt: skip
    p = libinfer.SamplingParams(stop_token_ids=[3], ignore_eos=True, skip_special_tokens=False, top_k=-1, max_tokens=5)
    assert dict(p.pairs()) == {"stop_ids": 3, "ignore_end": True, "output.special": True, "top_k": 0, "max_tokens": 5}
    assert p.stop_token_ids == [3] and p == p.replace() and p != p.replace(max_tokens=6)


def test_a_backend_s_options():
    with libinfer.LLM(tiny_path("llama"), **{"cpu.threads": 1}) as llm:
        assert llm.generate("x", max_tokens=1).outputs[0].token_ids
    with pytest.raises(libinfer.Error, match="cpu.thread"):
        libinfer.LLM(tiny_path("llama"), **{"cpu.threadz": 1})
