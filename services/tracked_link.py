"""A connection over which Redis tells, unasked, of each change to what was read through it (RESP3, CLIENT TRACKING)."""

import select
from collections.abc import Iterator
from ssl import SSLWantReadError
from typing import Any

import hiredis

BUFFER_BYTES = 65_536
NOTHING = object()


class TrackedLink:
    """Takes over a connection of redis-py that speaks RESP3; raises its errors where Redis is away or does not track.

    It never blocks. What it reads comes in the order in which Redis did it: an answer that was given before a change stands
    before the word of that change. Every act raises ``OSError`` or ``hiredis.ProtocolError`` once the connection is broken.
    """

    def __init__(self, connection: Any) -> None:
        connection.connect()
        connection.send_command("CLIENT", "TRACKING", "ON")
        connection.read_response()
        self._connection = connection  # it closes the socket when nobody has it any more
        self._socket = connection._sock
        self._socket.setblocking(False)
        self._reader = hiredis.Reader(notEnoughData=NOTHING)
        self._poll = select.epoll()
        self._poll.register(self._socket, select.EPOLLIN)
        self._reign = connection.reign

    def key(self, entry: str) -> str:
        """Where an entry is in the reign of the primary at the other end."""
        return f"{entry}:{self._reign}"

    def has_news(self) -> bool:
        """Whether there is something to hear; any number of threads may ask at once."""
        return bool(self._poll.poll(0, 1))

    def send(self, *commands: tuple[Any, ...]) -> None:
        """Send commands; their answers are heard later."""
        data = b"".join(hiredis.pack_command(command) for command in commands)
        if self._socket.send(data) != len(data):
            raise ConnectionError("Redis does not read")

    def hear(self, wait: float = 0) -> Iterator[Any]:
        """Answers and words of changes, the latter ``hiredis.PushNotification``; waits so many seconds for the first."""
        if wait:
            self._poll.poll(wait, 1)
        while data := self._receive():
            self._reader.feed(data)
            while (item := self._reader.gets()) is not NOTHING:
                yield item

    def close(self) -> None:
        """End it."""
        self._poll.close()
        self._connection.disconnect()

    def _receive(self) -> bytes:
        """What has come; nothing where nothing has."""
        try:
            data: bytes = self._socket.recv(BUFFER_BYTES)
        except (BlockingIOError, SSLWantReadError):
            return b""
        if not data:
            raise ConnectionError("Redis closed the connection")
        return data
