"""What is refused before any view runs, and what one address can hold up."""

import time
from contextlib import ExitStack, closing, contextmanager

import pytest

from tests.hostile.raw import connect, converse, request_head
from tests.waiting import wait_until

pytestmark = pytest.mark.one_database
one_worker = pytest.mark.settings(WORKERS=1, TRUSTED_PROXIES=1)

JSON = "Content-Type: application/json"
AT_ONCE = 10  # seconds, on a busy machine: a body is waited for longer


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


@contextmanager
def bodies_that_never_come(live, *senders):
    """One for each pair of an address that connects and one that a proxy names."""
    with ExitStack() as held:
        for source, named in senders:
            connection = held.enter_context(closing(connect(live, source=source)))
            fields = [JSON, "Content-Length: 100", *([f"X-Forwarded-For: {named}"] if named else [])]
            connection.sendall(request_head("POST", "/v1/login", *fields) + b"{")
        yield


def asked(client, path="/v1/login", named=""):
    """Status and code of an empty form from another address, which is answered at once."""
    started = time.monotonic()
    reply = client.post(path, json={}, headers={"X-Forwarded-For": named})
    assert time.monotonic() - started < AT_ONCE
    return reply.status, reply.code


def wait_until_told(client, answer, **options):
    """Until the bodies have their readers, and the next one this answer."""
    wait_until(lambda: asked(client, **options) == answer, f"{answer}")


def is_well(client):
    started = time.monotonic()
    return client.get("/healthz").status == 200 and time.monotonic() - started < AT_ONCE


def test_one_address_cannot_take_all_the_readers(live, live_client):
    """R36: 400 bodies that never come from one address, and the others are answered at once."""
    with bodies_that_never_come(live, *[("127.0.0.1", "")] * 400):
        wait_until_told(live_client, (429, "rate_limited"))
        assert is_well(live_client)


@one_worker
def test_some_addresses_together_cannot_take_all_the_readers(live, live_client):
    """R36: 130 bodies from each of five, and a sixth still has its own read."""
    with bodies_that_never_come(live, *[(f"127.0.0.{i}", "") for i in range(2, 7)] * 130):
        for i in range(2, 7):
            wait_until_told(live_client, (429, "rate_limited"), named=f"127.0.0.{i}")
        assert is_well(live_client)
        assert asked(live_client) == (422, "validation_failed")


@one_worker
def test_a_network_of_ipv6_is_one_address_of_readers(live, live_client):
    """R12, R36: as a trusted proxy names them; its other addresses are told to come later, and other networks are read."""
    with bodies_that_never_come(live, *[("127.0.0.1", f"2001:db8:1:2::{i:x}") for i in range(300)]):
        wait_until_told(live_client, (429, "rate_limited"), named="2001:db8:1:2:ffff::1")
        assert asked(live_client, named="2001:db8:1:3::1") == (422, "validation_failed")


@one_worker
def test_when_everything_is_read_from_everywhere_bodies_are_refused_and_the_rest_goes_on(live, live_client):
    """R36, R43: 503 with ``Retry-After``."""
    with bodies_that_never_come(live, *[("127.0.0.1", f"198.51.{i}.7") for i in range(256)]):
        wait_until_told(live_client, (503, "service_unavailable"), named="203.0.113.9")
        assert is_well(live_client)
    wait_until(lambda: asked(live_client, named="203.0.113.9")[0] == 422, "the end of the slow ones")
