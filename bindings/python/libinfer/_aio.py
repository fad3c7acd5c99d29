"""Requests on an event loop, without threads: the engine makes a descriptor readable when there is something to pull."""

from __future__ import annotations

import asyncio
from typing import AsyncIterator, Optional, Union
from weakref import WeakKeyDictionary

from . import _core

_LOOK = 0.1  # seconds after which to look anyway: what ends without a step (a deadline, a cancel) wakes nobody


class _Reader:
    """The requests of one runtime that coroutines of one loop wait for."""

    def __init__(self, runtime: _core.Runtime, loop: asyncio.AbstractEventLoop) -> None:
        self.users = 0
        self._loop = loop
        self._waker = runtime.waker()
        self._waiting: dict[_core.Request, asyncio.Future[Optional[_core.Piece]]] = {}
        loop.add_reader(self._waker.fileno(), self._ready)
        self._timer = loop.call_later(_LOOK, self._look)

    def close(self) -> None:
        self._timer.cancel()
        self._loop.remove_reader(self._waker.fileno())
        self._waker.close()

    async def next(self, request: _core.Request) -> Optional[_core.Piece]:
        piece: Union[_core.Piece, None, bool] = request.poll()
        if not isinstance(piece, bool):
            return piece
        # A wake between poll and here leaves the descriptor readable: _ready comes after this coroutine gave way.
        future: asyncio.Future[Optional[_core.Piece]] = self._loop.create_future()
        self._waiting[request] = future
        try:
            return await future
        finally:
            self._waiting.pop(request, None)

    def _look(self) -> None:
        self._timer = self._loop.call_later(_LOOK, self._look)
        self._ready()

    def _ready(self) -> None:
        self._waker.clear()
        for request, future in list(self._waiting.items()):
            if future.done():
                continue
            try:
                piece = request.poll()
            except Exception as error:
                future.set_exception(error)
                continue
            if not isinstance(piece, bool):
                future.set_result(piece)


_readers: WeakKeyDictionary[_core.Runtime, dict[asyncio.AbstractEventLoop, _Reader]] = WeakKeyDictionary()


async def pieces(runtime: _core.Runtime, request: _core.Request, close: bool) -> AsyncIterator[_core.Piece]:
    """The pieces of a request. When the coroutine is cancelled or the loop left, the request ends."""
    loop = asyncio.get_running_loop()
    of_runtime = _readers.setdefault(runtime, {})
    reader = of_runtime.get(loop)
    if reader is None:
        reader = of_runtime[loop] = _Reader(runtime, loop)
    reader.users += 1
    whole = False
    try:
        while True:
            piece = await reader.next(request)
            if piece is None:
                whole = True
                return
            yield piece
    finally:
        if close or not whole:
            request.close()
        reader.users -= 1
        if reader.users == 0:
            del of_runtime[loop]
            reader.close()
