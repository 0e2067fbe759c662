"""Cuts connections on which nothing was sent back for long: the HTTP server has no time limit for a body."""

import socket
import struct
import threading
import time
from contextlib import suppress

from api.own_sockets import connections

PAUSE_SECONDS = 1.0
_SIZE_OF_TCP_INFO = 232
_BYTES_SENT = 200  # Where struct tcp_info has tcpi_bytes_sent (linux/tcp.h, since Linux 4.19).

Peer = tuple[str, int]


def watch_slow_clients(port: int, deadline_seconds: float) -> None:
    """Start a thread that shuts connections of ``port`` on which nothing was sent back for ``deadline_seconds``."""
    threading.Thread(target=_watch, args=(port, deadline_seconds), name="slow-clients", daemon=True).start()


def _watch(port: int, deadline_seconds: float) -> None:
    seen: dict[Peer, tuple[int, float]] = {}
    while True:
        time.sleep(PAUSE_SECONDS)
        # Descriptors may run out, which is just when slow clients have to be cut: the next round may do better.
        with suppress(OSError, struct.error):
            seen = _cut_late(port, deadline_seconds, seen)


def _cut_late(port: int, deadline_seconds: float, seen: dict[Peer, tuple[int, float]]) -> dict[Peer, tuple[int, float]]:
    """What is seen of each connection now: how much was sent to it, and since when it is this much."""
    now = time.monotonic()
    current = {}
    for connection in connections(port):
        with connection:
            try:
                peer, sent = connection.getpeername()[:2], _bytes_sent(connection)
                sent_before, since = seen.get(peer, (sent, now))
                current[peer] = (sent, since if sent == sent_before else now)
                if now - current[peer][1] > deadline_seconds:
                    connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
    return current


def _bytes_sent(connection: socket.socket) -> int:
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SIZE_OF_TCP_INFO)
    return int(struct.unpack_from("Q", info, _BYTES_SENT)[0])
