"""Stands in for an SMS gateway that takes its time: a webhook on loopback, in a process of its own."""

import asyncio
import math
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized

from api.embedded_redis import end_with_parent

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
HANGS = math.inf
# A byte now and then, as a read timeout of the caller would end the call before the deadline of the whole.
DRIP_SECONDS = 0.5


@dataclass(frozen=True)
class State:
    """What both processes know: how late answers are, how many calls wait, and the most that ever did."""

    delay: "Synchronized[float]"
    calls: "Synchronized[int]"
    most: "Synchronized[int]"


class SlowGateway:
    """Takes every message, some seconds after it came; ``HANGS`` holds them all until ``wait`` says otherwise."""

    def __init__(self, port: int) -> None:
        context = get_context("spawn")
        self.url = f"http://127.0.0.1:{port}/send"
        self._state = State(context.Value("d", 0.0), context.Value("i", 0), context.Value("i", 0))
        self._process = context.Process(target=_serve, args=(port, self._state), daemon=True)
        self._process.start()

    def __enter__(self) -> "SlowGateway":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()

    @property
    def calls(self) -> int:
        """How many calls wait at this moment."""
        return self._state.calls.value

    @property
    def most(self) -> int:
        """How many calls ever waited at once."""
        return self._state.most.value

    def wait(self, seconds: float) -> None:
        """Answer so late from now on; what hung is answered."""
        self._state.delay.value = seconds


def _serve(port: int, state: State) -> None:
    end_with_parent()
    asyncio.run(_listen(port, _Desk(state)))


async def _listen(port: int, desk: "_Desk") -> None:
    server = await asyncio.start_server(desk.serve, "127.0.0.1", port)
    await server.serve_forever()


class _Desk:
    """Where connections are served; it counts the calls that wait."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one call after the other, until the caller closes the connection."""
        try:
            while await _read_message(reader):
                await self._take(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _take(self, writer: asyncio.StreamWriter) -> None:
        """Count the call as long as its caller waits: until just before the end of the answer."""
        calls, most = self._state.calls, self._state.most
        calls.value += 1
        most.value = max(most.value, calls.value)
        try:
            left = await self._wait(writer)
        finally:
            calls.value -= 1
        writer.write(left)

    async def _wait(self, writer: asyncio.StreamWriter) -> bytes:
        """Let the time pass; returns what is left of the answer to be said."""
        left = ANSWER
        while self._state.delay.value == HANGS and len(left) > 1:
            writer.write(left[:1])
            left = left[1:]
            await asyncio.sleep(DRIP_SECONDS)
        if left is ANSWER:
            await asyncio.sleep(self._state.delay.value)
        return left


async def _read_message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length:"))
    return await reader.readexactly(int(length.partition(b":")[2]))
