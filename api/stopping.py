"""A stop in two steps: nobody new is let in, and who is in is asked to leave; only then are connections closed.

A server that closes an idle connection can't know that a request is on its way in it, and no client may repeat that request
blindly. So for a moment every reply asks its client to close the connection, and readiness says no.
"""

import ctypes
import os
import signal
import socket
import struct
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from api.own_sockets import listeners

FAREWELL_SECONDS = 1.0
LOOK_SECONDS = 0.02
SIGNAL = signal.SIGUSR1
SO_ATTACH_FILTER = 26
# Load the flags of the TCP header, keep SYN and ACK of them; a SYN alone is dropped, anything else let through.
DROP_SYN = ((0x30, 0, 0, 13), (0x54, 0, 0, 0x12), (0x15, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
ESTABLISHED = "01"


class Stopping:
    """Whether this process is about to end."""

    def __init__(self) -> None:
        self._has_begun = False

    def __bool__(self) -> bool:
        return self._has_begun

    def listen(self, port: int) -> None:
        """In a worker: begin when the parent says so. Nobody new is connected to ``port`` from then on."""

        def begin(*_: object) -> None:
            self._has_begun = True
            for listener in listeners(port):
                with listener:
                    _let_nobody_in(listener)

        signal.signal(SIGNAL, begin)


def _let_nobody_in(listener: socket.socket) -> None:
    """Have the system drop whatever asks to be connected, by a filter on the socket (Linux, networking/filter.rst).

    Who asks will ask again, and is refused once the socket is closed. Closed at once, it would cut off those who are
    connected and not yet seen by the server.
    """
    program = b"".join(struct.pack("HBBI", *step) for step in DROP_SYN)
    room = ctypes.create_string_buffer(program)
    with suppress(OSError):
        listener.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(DROP_SYN), ctypes.addressof(room))
        )


def say_farewell(workers: Iterable[int], port: int) -> None:
    """In the parent: tell the workers, and wait until no client is connected to ``port``, or long enough."""
    for worker in workers:
        with suppress(ProcessLookupError):
            os.kill(worker, SIGNAL)
    ends = time.monotonic() + FAREWELL_SECONDS
    while _has_clients(port) and time.monotonic() < ends:
        time.sleep(LOOK_SECONDS)


def _has_clients(port: int) -> bool:
    """Whether the system has an established connection whose own end is ``port``; proc(5) has the format."""
    own_end = f":{port:04X}"
    lines = (line.split() for table in TABLES if table.exists() for line in table.read_text().splitlines()[1:])
    return any(line[1].endswith(own_end) and line[3] == ESTABLISHED for line in lines)
