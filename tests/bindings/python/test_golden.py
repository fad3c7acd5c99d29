"""The same ids, logits and texts as the independent implementations that made tests/golden."""

import json
import unicodedata

import numpy as np
import pytest
from conftest import GOLDEN, TINY, Golden, tiny_path

import libinfer

EMOJI = "\U0001f642 na\u00efve \u65e5\u672c\u8a9e \U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("name", TINY)
def test_greedy_ids(name, device):
    golden = Golden(f"tiny/{name}.golden")
    tokens, n = golden.ids("tokens"), int(golden.fields["prompt"])
    with libinfer.LLM(tiny_path(name), device=device, temperature=0, ignore_end=True) as llm:
        out = llm.generate(tokens[:n], max_tokens=64)
        assert out.outputs[0].token_ids == golden.ids("greedy")
        assert out.prompt_token_ids == tokens[:n]
        assert out.usage.generated_tokens == 64
        # The text is what the tokens are, streamed or whole.
        assert out.text == b"".join(llm.model.token(t) for t in golden.ids("greedy")).decode("utf-8", "replace")
        assert "".join(map(str, llm.generate(tokens[:n], max_tokens=64, stream=True))) == out.text


@pytest.mark.parametrize("name", TINY)
def test_logits(name):
    golden = Golden(f"tiny/{name}.golden")
    tokens, want = golden.ids("tokens"), np.array(golden.floats(), np.float32)
    n_vocab = int(golden.fields["n_vocab"])
    want = want.reshape(len(tokens), n_vocab)
    with libinfer.LLM(tiny_path(name), device="reference", kv_type="f32") as llm:
        floats = llm.engine.logits(tokens, 0, n_vocab)
        got = np.asarray(floats)
        assert np.shares_memory(got, np.asarray(floats))  # no copy
        assert got.shape == want.shape == floats.shape
        assert np.sum((got - want) ** 2) / np.sum(want**2) < 1e-8
        # Into an array of the caller's, from one of int32.
        out = np.zeros((len(tokens) - 3, n_vocab), np.float32)
        assert llm.engine.logits(np.array(tokens, np.int32), 3, n_vocab, out) is out
        assert np.array_equal(out, got[3:])
        with pytest.raises(libinfer.errors.InvalidError):
            llm.engine.logits(tokens, 0, n_vocab, np.zeros((n_vocab, len(tokens)), np.float32).T)


@pytest.mark.parametrize("name", ["llama", "qwen2"])
def test_tokens_of_golden_texts(name):
    """The tiny models' byte-level tokenizers give back every text of the golden corpora."""
    lines = (GOLDEN / "tokenizer" / "bpe-gpt-2.jsonl").read_text().splitlines()
    texts = [row["text"] for row in map(json.loads, lines) if isinstance(row, dict) and isinstance(row.get("text"), str)]
    assert len(texts) > 20
    with libinfer.Runtime() as runtime, runtime.open(tiny_path(name)) as model:
        for text in texts:
            wanted = unicodedata.normalize("NFC", text) if name == "qwen2" else text  # as its tokenizer does
            assert model.decode(model.encode(text)) == wanted


def test_split_characters_come_whole(llm):
    """Every token is a byte of an emoji, no piece has half of one."""
    pieces = list(llm.generate("x", response_choice=[EMOJI], stream=True, max_tokens=200))
    assert "".join(map(str, pieces)) == EMOJI
    assert not any("\ufffd" in p.text for p in pieces)
    assert sum(len(p.token_ids) for p in pieces) > len(EMOJI)
    assert llm.generate(EMOJI, max_tokens=1).prompt_token_ids == llm.model.encode(EMOJI, special=True)
    assert llm.model.decode(llm.model.encode(EMOJI)) == EMOJI


def test_vectors_and_scores(llm):
    golden = Golden("tiny/llama.golden")
    tokens, n = golden.ids("tokens"), int(golden.fields["n_vocab"])
    rows = np.array(golden.floats(), np.float64).reshape(len(tokens), n)
    want = [row[t] - np.log(np.sum(np.exp(row))) for row, t in zip(rows[9:], tokens[10:])]
    request = llm.engine.submit_tokens(tokens, libinfer.pairs({"score_from": 10}))
    assert np.allclose([x for p in request for x in p.logprobs or []], want, atol=2e-2)
    one, two = llm.embed(["a", "a text"])
    assert one.shape == (48,) and abs(np.linalg.norm(np.asarray(two)) - 1) < 1e-5
    assert memoryview(one).format == "f" and memoryview(one)[3] == one[3] == list(one)[3]
    score = llm.score("abc", ["d", "ef"])
    assert [len(s.logprobs) for s in score] == [len(s.token_ids) for s in score] and score[0].total < 0
