"""What is refused before any view runs, and what one address can hold up."""

import time
from contextlib import ExitStack, closing

import pytest

from tests.hostile.raw import connect, converse, request_head

pytestmark = pytest.mark.one_database

JSON = "Content-Type: application/json"


@pytest.mark.parametrize("host", ["..", "a..b", ".a", "x..y:80", "a" * 64 + ".b"])
def test_a_malformed_host_is_a_problem(live, host):
    """R35, R41: werkzeug refuses it while it looks for the route."""
    reply = converse(live, f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert reply.status == 400
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["X-Request-ID"]


@pytest.mark.parametrize(("length", "status"), [("0" * 5000 + "2", 422), ("9" * 5000, 413), ("1" + "0" * 30, 413)])
def test_a_length_of_very_many_digits_is_a_number_like_any_other(live, length, status):
    """R35, R36: Python refuses to read a number of more than 4,300 digits."""
    reply = converse(
        live, request_head("POST", "/v1/login", JSON, f"Content-Length: {length}", "Connection: close"), b"{}"
    )
    assert reply is None or reply.status == status or not reply.body


def test_one_address_cannot_take_all_the_readers(live, live_client):
    """R36: 400 bodies that never come from one address, and the others are answered at once."""
    with ExitStack() as held:
        for _ in range(400):
            connection = held.enter_context(closing(connect(live)))
            connection.sendall(request_head("POST", "/v1/login", JSON, "Content-Length: 100") + b"{")
        time.sleep(0.5)
        started = time.monotonic()
        assert live_client.get("/healthz").status == 200
        assert time.monotonic() - started < 2
