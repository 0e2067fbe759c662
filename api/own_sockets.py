"""The sockets of this process, which the HTTP server has and does not hand out."""

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path


def connections(port: int) -> Iterator[socket.socket]:
    """Copies of the TCP sockets whose own end is ``port``, for the caller to close; listening ones excepted."""
    return _sockets(port, listening=False)


def listeners(port: int) -> Iterator[socket.socket]:
    """Copies of those that listen on ``port``."""
    return _sockets(port, listening=True)


def _sockets(port: int, listening: bool) -> Iterator[socket.socket]:
    """A copy of a file is never made, let alone closed: that would drop the locks which SQLite holds on it (fcntl(2))."""
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            if not stat.S_ISSOCK(os.fstat(int(descriptor.name)).st_mode):
                continue
            found = socket.socket(fileno=os.dup(int(descriptor.name)))
        except OSError:
            continue
        if _is_tcp(found, port) and listening == bool(found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)):
            yield found
        else:
            found.close()


def _is_tcp(found: socket.socket, port: int) -> bool:
    if found.family not in (socket.AF_INET, socket.AF_INET6) or found.type != socket.SOCK_STREAM:
        return False
    return bool(found.getsockname()[1] == port)
