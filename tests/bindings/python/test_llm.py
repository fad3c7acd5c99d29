"""LLM's calls: many at once, streams, threads, coroutines, cancelling."""

import asyncio
import threading
import time

import pytest
from conftest import Golden, tiny_path

import libinfer
from libinfer import SamplingParams

GOLDEN = Golden("tiny/llama.golden")
PROMPT = GOLDEN.ids("tokens")[: int(GOLDEN.fields["prompt"])]
GREEDY = GOLDEN.ids("greedy")


def test_shapes(llm):
    params = SamplingParams(max_tokens=4, logprobs=2, ignore_eos=True, n=2, temperature=1.0, seed=5)
    out = llm.generate([PROMPT, PROMPT[:5]], params)
    assert [len(o.outputs) for o in out] == [2, 2] and all(o.finished for o in out)
    answer = out[0].outputs[1]
    assert answer.index == 1 and len(answer.token_ids) == len(answer.logprobs) == len(answer.top_logprobs) == 4
    assert answer.finish_reason == "length" and abs(answer.cumulative_logprob - sum(answer.logprobs)) < 1e-6
    assert [len(row) for row in answer.top_logprobs] == [2] * 4
    assert out[1].usage.prompt_tokens == 5 and out[1].usage.state == "done"
    same = llm.generate(PROMPT, params)
    assert [o.token_ids for o in same.outputs] == [o.token_ids for o in out[0].outputs]
    assert str(llm.chat("hi", max_tokens=2)) == llm.chat([{"role": "user", "content": [{"type": "text", "text": "hi"}]}], max_tokens=2).text
    assert len(llm.chat([[{"role": "user", "content": "a"}], [{"role": "user", "content": "b"}]], max_tokens=1)) == 2
    each = llm.generate([PROMPT, PROMPT], [SamplingParams(max_tokens=1), SamplingParams(max_tokens=3)], ignore_end=True)
    assert [len(o.outputs[0].token_ids) for o in each] == [1, 3]
    assert llm.generate({"prompt_token_ids": PROMPT}, max_tokens=2).outputs[0].token_ids == GREEDY[:2]
    with pytest.raises(ValueError):
        llm.generate([PROMPT, PROMPT], [params])


def test_more_than_the_queue_takes():
    with libinfer.LLM(tiny_path("llama"), temperature=0, queue_max=3, ignore_end=True) as llm:
        out = llm.generate([PROMPT] * 20, max_tokens=3)
        assert [o.outputs[0].token_ids for o in out] == [GREEDY[:3]] * 20


def test_threads_submit_at_once(llm):
    results = [None] * 16

    def ask(i):
        results[i] = llm.generate(PROMPT, max_tokens=32, ignore_end=True).outputs[0].token_ids

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == [GREEDY[:32]] * 16


def test_the_lock_is_free_while_a_call_waits(llm):
    llm.engine.pause()
    counted = [0]
    stop = threading.Event()

    def count():
        while not stop.is_set():
            counted[0] += 1

    request = llm.engine.submit_text("x")
    thread = threading.Thread(target=count)
    thread.start()
    with pytest.raises(TimeoutError):
        request.next(timeout=0.5)
    stop.set()
    thread.join()
    assert counted[0] > 10000


def test_leaving_a_stream_ends_its_request(llm):
    stream = llm.generate(PROMPT, stream=True, ignore_end=True)
    next(stream)
    stream.close()
    assert llm.engine.drain(timeout=10)


def test_cancel_from_another_thread(llm):
    llm.engine.pause()
    request = llm.engine.submit_tokens(PROMPT, libinfer.pairs({"ignore_end": True}))
    threading.Timer(0.1, request.cancel).start()
    with pytest.raises(libinfer.errors.CancelledError):
        list(request)
    assert request.usage()["state"] == 5


def test_async(llm):
    async def main():
        out = await llm.agenerate([PROMPT] * 40, max_tokens=16, ignore_end=True)
        assert [o.outputs[0].token_ids for o in out] == [GREEDY[:16]] * 40
        ids = []
        async for chunk in llm.agenerate(PROMPT, stream=True, max_tokens=64, ignore_end=True):
            ids += chunk.token_ids
        assert ids == GREEDY
        assert (await llm.achat("hi", max_tokens=3)).text == llm.chat("hi", max_tokens=3).text
        assert list(await llm.aembed("hi")) == list(llm.embed("hi"))
        assert (await llm.ascore("abc", ["d"]))[0].token_ids == llm.score("abc", "d").token_ids
        with pytest.raises(ValueError):
            await llm.agenerate("x" * 2000)

    asyncio.run(main())
    from libinfer import _aio

    assert not _aio._readers.get(llm.runtime)  # no descriptor stays


def test_async_cancelled_and_late(llm):
    async def main():
        llm.engine.pause()
        task = asyncio.ensure_future(llm.agenerate(PROMPT, ignore_end=True))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(TimeoutError):  # nothing runs, and yet it ends
            await asyncio.wait_for(llm.agenerate(PROMPT, deadline=20), 10)
        llm.engine.resume()

        async def leave():
            async for _ in llm.agenerate(PROMPT, stream=True, ignore_end=True):
                break

        await leave()

    asyncio.run(main())
    assert llm.engine.drain(timeout=10)


def test_two_loops_at_once(llm):
    done = []

    def loop():
        async def main():
            for _ in range(5):
                done.append((await llm.agenerate(PROMPT, max_tokens=8, ignore_end=True)).outputs[0].token_ids)

        asyncio.run(main())

    threads = [threading.Thread(target=loop) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert done == [GREEDY[:8]] * 15


def test_save_and_restore(llm, tmp_path):
    first = llm.engine.submit_tokens(PROMPT * 4, libinfer.pairs({"max_tokens": 1}))
    list(first)
    tokens = first.tokens()
    saved = llm.engine.save(tokens, tmp_path / "state")
    assert saved > 32 and llm.engine.pin("p", tokens) > 0
    llm.engine.unpin("p")
    with libinfer.LLM(tiny_path("llama"), context_max=256) as other:
        assert other.engine.restore(tmp_path / "state") == tokens[:saved]
        assert "tokens" in other.engine.counters() or other.engine.counters()
        assert other.generate(PROMPT * 4, max_tokens=1).usage.cached_tokens > 32
        assert "# TYPE" in other.engine.metrics()


def test_notebook(llm):
    assert "<td>llama</td>" in llm._repr_html_() and "<th>context</th><td>256</td>" in llm._repr_html_()
    shown = llm.generate("x", response_choice=["<b>&"], logprobs=0)._repr_html_()
    assert "&lt;" in shown and "&amp;" in shown and "<b>" not in shown and shown.count("rgba(") >= 4
    assert "<b>" not in llm.generate("x", response_choice=["<b>&"])._repr_html_()


def test_import_needs_nothing_else():
    import subprocess
    import sys

    code = "import sys, libinfer; print([m for m in ('numpy', 'pydantic', 'asyncio', 'dataclasses', 'logging') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
