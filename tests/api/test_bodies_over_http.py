"""Bodies as they come through a socket: with a length, in chunks, slowly, or not to their end."""

import json
import socket
import time
from contextlib import ExitStack

import pytest

from tests.clients import LiveClient

pytestmark = pytest.mark.one_database


@pytest.fixture
def converse(live):
    """Send bytes on a connection, read what comes back; returns the status and the problem's code."""

    def talk(*parts, half_close=False):
        with connect(live) as connection:
            for part in parts:
                connection.sendall(part)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            return read(connection)

    return talk


def connect(live):
    return socket.create_connection(("127.0.0.1", live.port), timeout=5)


def read(connection):
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["code"]


def head(*fields):
    lines = ["POST /v1/login HTTP/1.1", "Host: x", "Content-Type: application/json", "Connection: close", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def chunks(data, size=1024):
    pieces = (data[i : i + size] for i in range(0, len(data), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def test_a_long_body_with_its_length(converse):
    """R36: 17 KiB are refused."""
    assert converse(head("Content-Length: 17408"), b"{" + b" " * 17406 + b"}") == (413, "payload_too_large")


def test_a_long_body_in_chunks(converse):
    """R36: the same without a length."""
    body = chunks(b"{" + b" " * 17406 + b"}")
    assert converse(head("Transfer-Encoding: chunked"), body) == (413, "payload_too_large")


def test_a_short_body_in_chunks_is_read(converse):
    assert converse(head("Transfer-Encoding: chunked"), chunks(b"{}")) == (422, "validation_failed")


def test_a_body_that_ends_early_is_not_taken_for_whole(converse):
    """R36: what arrived would be valid JSON."""
    assert converse(head("Content-Length: 500"), b"{}", half_close=True) == (400, "malformed_json")


def test_slow_bodies_hold_up_nobody(live):
    """R36: forty clients that never finish their bodies; the others are answered at once."""
    with ExitStack() as connections:
        for _ in range(40):
            connection = connections.enter_context(connect(live))
            connection.sendall(head("Content-Length: 100") + b"{")
        started = time.monotonic()
        for _ in range(10):
            assert LiveClient(live.url).post("/v1/login", json={}).status == 422
        assert time.monotonic() - started < 8
