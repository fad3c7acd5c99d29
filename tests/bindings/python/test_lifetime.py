"""Objects let go of in any order, at any time, in any process."""

import gc
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import tiny_path

import libinfer

ENDLESS = [("ignore_end", True), ("temperature", 0)]


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def test_release_in_any_order():
    import itertools

    for order in itertools.permutations(range(4)):
        runtime = libinfer.Runtime()
        model = runtime.open(tiny_path("llama"))
        engine = model.engine()
        request = engine.submit_text("x", ENDLESS)
        parts = [runtime, model, engine, request]
        for i in order:
            parts[i].close()
            assert parts[i].closed
        with pytest.raises(ValueError, match="closed"):
            request.next()
    # Without close: parents go first.
    engine = libinfer.Runtime().open(tiny_path("llama")).engine()
    gc.collect()
    request = engine.submit_text("x", [("max_tokens", 3), *ENDLESS])
    assert sum(len(p.tokens) for p in request) == 3


def test_memory_outlives_the_name_of_its_buffer():
    data = bytearray(tiny_path("llama").read_bytes())
    llm = libinfer.LLM(memoryview(data), temperature=0, ignore_end=True)
    with libinfer.LLM(tiny_path("llama"), temperature=0, ignore_end=True) as other:
        want = other.generate("abc", max_tokens=8).text
    with pytest.raises(BufferError):
        data.clear()  # lent
    engine = llm.engine
    del data
    llm.model.close()
    llm.runtime.close()
    gc.collect()
    request = engine.submit_text("abc", [("max_tokens", 8), *ENDLESS])
    assert "".join(p.text for p in request) == want


def test_open_from_a_descriptor():
    with open(tiny_path("llama"), "rb") as f, libinfer.Runtime() as runtime:
        model = runtime.open_fd(f.fileno())
        assert model.fact("n_vocab") == 288 and model.metadata()["general.architecture"] == "llama"
        assert {"token_embd.weight"} <= {t["name"] for t in model.tensors()}
        assert model.wait() == (True, 1.0)
    assert model.special("mask") is None


def test_a_thousand_cycles_are_flat():
    def cycle():
        with libinfer.LLM(tiny_path("llama"), context_max=64, kv_tokens=64) as llm:
            llm.generate("x", max_tokens=1)

    for _ in range(100):
        cycle()
    gc.collect()
    before, descriptors = resident(), len(os.listdir("/proc/self/fd"))
    for _ in range(1000):
        cycle()
    gc.collect()
    assert resident() - before < 4 << 20
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_close_while_others_wait(llm):
    llm.engine.pause()
    request = llm.engine.submit_text("x", ENDLESS)
    ended = []

    def wait():
        try:
            request.next()
        except libinfer.Error as error:
            ended.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.1)
    llm.engine.resume()
    request.close()
    thread.join(10)
    assert not thread.is_alive()


def child(queue, llm, request):
    for call in (request.next, request.poll, llm.runtime.log, llm.runtime.waker, llm.runtime.devices, llm.engine.prompt):
        try:
            call()
            queue.put(f"{call} did not tell")
        except libinfer.errors.ForkedError:
            pass
    request.close()
    try:
        llm.generate("x")
        queue.put("no error")
    except libinfer.errors.ForkedError as error:
        ok = isinstance(error, RuntimeError) and "fork" in str(error) and "child" in error.hint
        llm.close()
        with libinfer.LLM(tiny_path("llama")) as own:  # of its own it may have
            own.generate("x", max_tokens=2)
        queue.put("told" if ok else str(error))


def test_a_forked_child_is_told():
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    llm = libinfer.LLM(tiny_path("llama"), ignore_end=True)
    running = llm.engine.submit_text("x", ENDLESS)
    process = context.Process(target=child, args=(queue, llm, running))
    process.start()
    assert queue.get(timeout=30) == "told"
    process.join(30)
    assert process.exitcode == 0
    assert running.next() is not None  # the parent goes on
    llm.close()


PROGRAM = """
import sys, threading, time, libinfer
llm = libinfer.LLM(sys.argv[1], ignore_end=True, context_max=16384, max_tokens=1000000)
print("ready", flush=True)
"""


def run(more, expect, send=None):
    process = subprocess.Popen([sys.executable, "-c", PROGRAM + more, str(tiny_path("llama"))], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    started = time.time()
    if send:
        time.sleep(0.3)
        started = time.time()
        process.send_signal(send)
    out, err = process.communicate(timeout=30)
    assert process.returncode == expect, err.decode()
    return out.decode(), err.decode(), time.time() - started


@pytest.mark.parametrize("waiting", [
    "llm.generate('x')",
    "llm.engine.pause(); llm.engine.submit_text('x').next()",
    "r = llm.engine.submit_text('x', [('ignore_end', True)]); llm.engine.drain()",
    "p = llm.engine.prompt(); p.append('x'); p.gen('a', [('ignore_end', True)]); p.value('a')",
    "p = llm.engine.prompt(); p.append('x'); llm.engine.pause(); p.select('a', ['b', 'c'])",
    "llm.engine.pause(); libinfer.wait_any([llm.engine.submit_text('x')])",
])  # fmt: skip
def test_control_c_stops_a_wait(waiting):
    out, err, seconds = run(f"try:\n  {waiting}\nexcept KeyboardInterrupt: print('stopped')", 0, signal.SIGINT)
    assert out == "stopped\n" and seconds < 5, err


def test_exit_while_a_daemon_thread_waits():
    out, err, _ = run("threading.Thread(target=lambda: llm.generate('x'), daemon=True).start(); time.sleep(0.2); print('end')", 0)
    assert out == "end\n" and err == ""
