"""Bodies that are no JSON, no object, too large, in pieces or late, over a socket."""

import json
import select
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.hostile.calls import WITH_BODY, WITHOUT_BODY
from tests.hostile.raw import connect, converse, is_from_the_server_itself, read_reply, request_head
from tests.hostile.soundness import assert_sound
from tests.shopper import PASSWORD

LIMIT = 16 * 1024
DRIPPING = 20
JSON = "Content-Type: application/json"
by_call = pytest.mark.parametrize("call", WITH_BODY, ids=str)


@pytest.fixture
def sent(call, live_shopper):
    """The body of the call as text, right in every field."""
    return json.dumps(call.fields("no-ticket"))


@pytest.fixture
def send(call, live_shopper):
    """Make the call with these bytes and headers."""
    if call.needs_token:
        live_shopper.register()
    token = live_shopper.access_token if call.needs_token else None
    return lambda data, **headers: live_shopper.client.request(
        call.method,
        call.path,
        data=data,
        token=token,
        headers=call.headers | {name.replace("_", "-"): v for name, v in headers.items()},
    )


@by_call
def test_other_encodings_and_other_texts_are_malformed(send, sent):
    """R35: 400 for everything that is not one JSON text in UTF-8."""
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"):
        assert send(sent.encode(encoding)).code == "malformed_json", encoding
    for text in (
        "",
        " ",
        "x",
        sent[:-1],
        sent[: len(sent) // 2],
        sent + sent,
        sent + "x",
        f"/**/{sent}",
        "{'a': 1}",
        "{1: 2}",
    ):
        assert send(text.encode()).code == "malformed_json", text
    for trailing in (f"{sent[:-1]},}}", f"{sent[:-1]}, {sent[1:]}", sent.replace(":", ": {}", 1)):
        assert send(trailing.encode()).code == "malformed_json", trailing


@by_call
def test_what_is_no_object_is_invalid(send):
    """R35: JSON of another kind is 422; of levels it may have 32."""
    for text in ("null", "true", "0", "1e400", '"x"', "[]", '[{"phone": "13800138000"}]', "[" * 32 + "]" * 32):
        assert send(text.encode()).code == "validation_failed", text
    assert send(b"[" * 33 + b"]" * 33).code == "malformed_json"


@by_call
def test_a_body_is_declared_as_json(call, send, sent):
    """R35: 415 for every other type, and for none; services may send forms."""
    form = () if call.as_service else ("application/x-www-form-urlencoded",)
    for declared in ("", "text/plain", *form, "multipart/form-data; boundary=x", "text/json"):
        assert send(sent.encode(), Content_Type=declared).code == "unsupported_media_type", declared
    for declared in (
        "application/json5",
        "application/vnd.api+json",
        "application",
        "/",
        ";",
        "*/*",
        "application/json/x",
        "x" * 5000,
    ):
        assert send(sent.encode(), Content_Type=declared).code == "unsupported_media_type", declared
    for declared in (
        "application/json;charset=utf-8",
        "APPLICATION/JSON",
        "application/json; charset=utf-16",
        "application/json;;;",
    ):
        assert send(sent.encode(), Content_Type=declared).status != 415, declared


@by_call
def test_a_body_has_16_kib(call, send, sent, live):
    """R36: with its length or in chunks; one byte more is 413, or the connection is cut."""
    assert send(sent.ljust(LIMIT).encode()).status != 413
    for excess in (1, 1024, LIMIT, 1024 * 1024):
        data = sent.ljust(LIMIT + excess).encode()
        for reply in (
            converse(live, request_head(call.method, call.path, JSON, f"Content-Length: {len(data)}"), data),
            converse(live, request_head(call.method, call.path, JSON, "Transfer-Encoding: chunked"), *chunks(data)),
        ):
            assert reply is None or reply.code == "payload_too_large", excess
    large = request_head(call.method, call.path, "Content-Type: text/plain", f"Content-Length: {LIMIT + 1}")
    assert converse(live, large, b"x" * (LIMIT + 1)).code == "payload_too_large"


def chunks(data: bytes, size: int = 4096):
    """A body in chunks."""
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def test_a_body_in_chunks_is_read_whole(live):
    """R36: of whatever size the chunks are."""
    data = b'{"phone": "+8613700000000", "purpose": "a purpose that there is not"}'
    head = request_head("POST", "/v1/sms", JSON, "Transfer-Encoding: chunked")
    for size in (1, 7, len(data)):
        reply = converse(live, head, *chunks(data, size))
        assert list(reply.json["errors"]) == ["purpose"]


CHUNKED = "Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ([CHUNKED], b"zz\r\n{}\r\n0\r\n\r\n"),
        ([CHUNKED], b"-1\r\n{}\r\n0\r\n\r\n"),
        ([CHUNKED], b"ffffffffffffffffff\r\n{}\r\n"),
        ([CHUNKED], b"2\r\n{}xx0\r\n\r\n"),
        (["Transfer-Encoding: gzip"], b"{}"),
        (["Transfer-Encoding: chunked, gzip"], b"2\r\n{}\r\n0\r\n\r\n"),
        ([CHUNKED, "Content-Length: 2"], b"2\r\n{}\r\n0\r\n\r\n"),
        (["Content-Length: 2", "Content-Length: 3"], b"{} "),
        (["Content-Length: 2, 2"], b"{}"),
        (["Content-Length: -2"], b"{}"),
        (["Content-Length: +2"], b"{}"),
        (["Content-Length: 2e0"], b"{}"),
        (["Content-Length: 0x2"], b"{}"),
        (["Content-Length: 99999999999999999999"], b"{}"),
        (["Content-Length: 2", "Expect: 200-ok"], b"{}"),
        (["Content-Length: 2", "Content-Encoding: gzip"], b"{}"),
    ],
)
def test_a_body_that_contradicts_its_headers(live, fields, body):
    """R35, R36: it is refused, cut, or read in the one way that there is."""
    reply = converse(live, request_head("POST", "/v1/login", JSON, *fields), body)
    assert reply is None or reply.status in (400, 413, 415, 422)
    if reply is not None and not is_from_the_server_itself(reply):
        assert_sound("POST", reply)


def test_a_body_that_ends_before_its_length_is_not_taken_for_whole(live):
    """R36: what arrived is valid JSON; it is not evaluated."""
    body = b'{"account": "nobody", "password": "some password"}'
    for announced in (len(body) + 1, 500, LIMIT):
        head = request_head("POST", "/v1/login", JSON, f"Content-Length: {announced}")
        reply = converse(live, head, body, ends_early=True)
        assert reply is None or reply.code == "malformed_json"


@pytest.mark.parametrize(
    "body", [b"", b"2", b"2\r\n", b"2\r\n{}", b"2\r\n{}\r\n", b"99\r\n{}", b"2\r\n{}\r\n0\r\nX: y"]
)
def test_chunks_that_end_early_do_no_harm(live, body):
    """R35: the server gives the application what came, without a word about the rest."""
    reply = converse(live, request_head("POST", "/v1/login", JSON, CHUNKED), body, ends_early=True)
    assert reply is None or reply.status in (400, 422)


@pytest.mark.parametrize("call", WITHOUT_BODY, ids=str)
def test_a_body_where_none_is_read_harms_nobody(call, live, live_shopper):
    """R35, R36: neither a large one nor a strange one, with its length or in chunks."""
    for data in (b"x" * 100_000, b"\xff\xfe", b"[" * 9000):
        for framing in (f"Content-Length: {len(data)}", "Transfer-Encoding: chunked"):
            head = request_head(call.method, call.path, framing)
            parts = [data] if framing.startswith("Content") else chunks(data)
            reply = converse(live, head, *parts)
            if reply is not None:
                assert_sound(call.method, reply)
                assert reply.status in ((401,) if call.needs_token else (200, 404, 410)), framing


def test_no_body_takes_long(live, live_client):
    """R36: what could send a parser or a pattern back and forth for seconds is refused at once."""
    accents = "a" + "\u0300\u0316" * 3900
    hostile = (
        b"[" * 33 + b'"' + rb"\"" * 8000,
        b"[" * 33 + b'"' + rb"\"" * 8000 + b"\\",
        b"[" * 33 + b'"' + b"\\" * 16000,
        b'"' * 16000,
        b'{"a":' * 3000,
        b"[" + b"1" * 16000 + b"]",
        b"{" + b",".join(b'"%d":0' % i for i in range(1700)) + b"}",
        json.dumps({"account": accents, "password": PASSWORD}, ensure_ascii=False).encode(),
        json.dumps({"account": "x", "password": accents}, ensure_ascii=False).encode(),
        json.dumps({"sms_id": "x", "code": accents}, ensure_ascii=False).encode(),
    )
    for data in hostile:
        assert min(_seconds(live_client, data) for _ in range(3)) < 0.5, data[:60]


def _seconds(client, data):
    started = time.monotonic()
    assert client.post("/v1/login", data=data).status in (400, 401, 422)
    return time.monotonic() - started


@pytest.mark.settings(MAX_SESSIONS=1000)
def test_the_others_are_served_while_requests_drip(live, live_shopper):
    """R36: clients that send a byte now and then are cut in the end, and until then nobody waits for them."""
    live_shopper.register()
    starts = (
        (request_head("POST", "/v1/login", JSON, "Content-Length: 9000") + b"{", b" "),
        (request_head("POST", "/v1/login", JSON, "Transfer-Encoding: chunked"), b"1\r\n \r\n"),
        (request_head("POST", "/v1/logout", "Content-Length: 9000"), b"x"),
        (b"POST /v1/login HTTP/1.1\r\nX-Drip: ", b"x"),
    )
    with ThreadPoolExecutor(DRIPPING) as threads:
        drips = [threads.submit(_drip, live, *starts[i % len(starts)]) for i in range(DRIPPING)]
        waits = []
        while not all(drip.done() for drip in drips):
            for call in (live_shopper.me, live_shopper.try_login, lambda: live_shopper.client.get("/healthz")):
                started = time.monotonic()
                assert call().status == 200
                waits.append(time.monotonic() - started)
            time.sleep(0.2)
    assert len(waits) > 30, "the dripping ended before anything was measured"
    assert max(waits) < 5
    for drip in drips:
        seconds, reply = drip.result()
        assert seconds < 25
        assert reply is None or reply.status in (400, 408)


def _drip(live, start, piece):
    """Send a piece again and again: the seconds until the server had enough of it, and what it said."""
    begun = time.monotonic()
    with connect(live) as connection:
        try:
            connection.sendall(start)
            while time.monotonic() - begun < 25:
                connection.sendall(piece)
                if select.select([connection], [], [], 0.3)[0]:
                    return time.monotonic() - begun, read_reply(connection)
        except ConnectionError:
            pass
    return time.monotonic() - begun, None
