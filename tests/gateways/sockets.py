"""Addresses at which no HTTP server answers, each in a way of its own."""

import os
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.certificates import certificate


@contextmanager
def refusing() -> Iterator[str]:
    """An address whose port is taken and not listened on: connections are refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def not_accepting() -> Iterator[str]:
    """An address whose queue of connections is full: a connection is neither made nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
            waiting.append(client)
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        for client in waiting:
            client.close()


@contextmanager
def resetting_in_handshake() -> Iterator[str]:
    """An address that hears the greeting of TLS and resets the connection."""
    with _serving(_reset) as address:
        yield address


@contextmanager
def silent_in_handshake() -> Iterator[str]:
    """An address that hears the greeting of TLS and says nothing."""
    with _serving(lambda connection: connection.recv(100_000)) as address:
        yield address


@contextmanager
def refusing_tunnels() -> Iterator[str]:
    """An address of a proxy that lets nobody through."""

    def refuse(connection):
        connection.recv(100_000)
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with _serving(refuse) as address:
        yield address


@contextmanager
def untrusted(folder: Path) -> Iterator[str]:
    """An address that speaks TLS with a certificate that nobody has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder))

    def greet(connection):
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(100)

    with _serving(greet) as address:
        yield address


@contextmanager
def _serving(serve) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        done = threading.Event()
        threading.Thread(target=_accept, args=(listener, serve, done), daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        done.set()


def _accept(listener, serve, done):
    try:
        connection, _ = listener.accept()
        connection.settimeout(5)
        serve(connection)
    except OSError:
        return
    done.wait(5)
    connection.close()


def _reset(connection):
    connection.recv(100_000)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())
