"""Headers that nobody should send, and those that every reply has to have."""

import pytest

from tests.clients import LiveClient
from tests.hostile.calls import WITH_BODY, WITHOUT_BODY
from tests.hostile.raw import converse, is_from_the_server_itself, request_head
from tests.hostile.soundness import SoundClient, assert_sound

GARBAGE = {
    "empty": b"",
    "blanks": b"   ",
    "Latin-1": bytes(range(0xA0, 0x100)),
    "UTF-8": "咚宝令牌".encode(),
    "no UTF-8": b"\xff\xfe\xfd",
    "a tab": b"a\tb",
    "commas": b"," * 500,
    "semicolons": b";q=;q=;" * 100,
    "quotes": b'"\\"' * 500,
    "percent signs": b"%00%0d%0a%ff",
    "HTML": b"<script>alert(1)</script>",
    "a format": b"{0.__class__} %s ${jndi:ldap://x}",
    "9,000 characters": b"x" * 9000,
    "a number": b"1e400",
    "a star": b"*",
}
NAMES = (
    *(
        "Accept",
        "Accept-Charset",
        "Accept-Encoding",
        "Accept-Language",
        "Cookie",
        "Forwarded",
        "If-Match",
        "If-None-Match",
    ),
    *("If-Modified-Since", "Origin", "Range", "Referer", "User-Agent", "X-Forwarded-For", "X-Forwarded-Host"),
    *("X-Forwarded-Proto", "X-HTTP-Method-Override", "X-Real-IP", "X-Request-ID", "X-Challenge-Solution"),
)
LIMITS = ("SMS", "VERIFY", "REGISTER", "LOGIN", "AVAILABILITY", "REFRESH", "CHALLENGE", "INTROSPECT")
CONTROLS = [bytes([code]) for code in (*range(9), *range(11, 13), *range(14, 32), 127)]


@pytest.mark.parametrize("name", NAMES)
def test_no_header_changes_an_answer(live, live_shopper, name):
    """R35: whatever a header holds, a call that is right is answered as ever."""
    live_shopper.register()
    for label, value in GARBAGE.items():
        head = request_head(
            "GET", "/v1/me", f"Authorization: Bearer {live_shopper.access_token}", name.encode() + b": " + value
        )
        reply = converse(live, head)
        assert_sound("GET", reply)
        assert (reply.status, label) == (200, label)
        assert reply.json["username"] == live_shopper.username
        # Twice the same header is no other case.
        twice = request_head("GET", "/v1/register/availability?username=a", *[name.encode() + b": " + value] * 2)
        assert converse(live, twice).json["reason"] == "invalid", label


def test_control_characters_in_a_header_are_refused_or_harmless(live, live_shopper):
    """R35, R51: whether the server or the application deals with them, nothing of them comes back."""
    for control in CONTROLS:
        for name in (b"User-Agent", b"X-Request-ID", b"Accept-Language"):
            reply = converse(live, request_head("GET", "/healthz", name + b": a" + control + b"b"))
            if reply is not None and not is_from_the_server_itself(reply):
                assert_sound("GET", reply)
                assert control not in reply.headers["X-Request-ID"].encode()
    assert (
        converse(live, request_head("GET", "/healthz", "User-Agent: a\r\nX-Request-ID: b")).headers["X-Request-ID"]
        == "b"
    )


def test_the_device_of_a_session_is_short_and_printable(live, live_shopper):
    """R35: a session opened by a strange user agent is listed with what can be shown of it."""
    live_shopper.register()
    agents = (b"x" * 9000, b"a\tb", bytes(range(0xA0, 0x100)), "咚宝".encode(), b"", b"<b>\xc2\x85</b>", b"%n{0}")
    body = b'{"account": "%s", "password": "%s"}' % (live_shopper.username.encode(), live_shopper.password.encode())
    for agent in agents:
        fields = ("Content-Type: application/json", f"Content-Length: {len(body)}", b"User-Agent: " + agent)
        assert converse(live, request_head("POST", "/v1/login", *fields), body).status == 200
    devices = [session["device"] for session in live_shopper.sessions()]
    assert len(devices) == len(agents) + 1
    assert all(len(device) <= 200 and device.isprintable() for device in devices)


@pytest.mark.parametrize("given", ["a", "A-Z_a.z-09", "x" * 64, "00000000-0000-0000-0000-000000000000"])
def test_a_good_request_id_comes_back(live_client, given):
    assert live_client.get("/v1/me", headers={"X-Request-ID": given}).json["request_id"] == given


@pytest.mark.parametrize("given", ["x" * 65, "a b", "a,b", "a/b", "ä", "<x>", '"', "a\tb", "%41", "a;b", "a=b", "a:b"])
def test_any_other_request_id_is_replaced(live_client, given):
    reply = live_client.get("/v1/me", headers={"X-Request-ID": given})
    assert reply.json["request_id"] == reply.headers["X-Request-ID"] != given


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (b"", "zh"),
        (b"en", "en"),
        (b"EN-us", "en"),
        (b"zh-CN", "zh"),
        (b"zh", "zh"),
        (b"fr", "zh"),
        (b"*", "zh"),
        (b"en;q=0", "zh"),
        (b"en;q=nan, zh-CN;q=0.1", None),
        (b"en;q=1e400", None),
        (b"en;q=-1", None),
        (b"en;q=\xff", None),
        (b"en;en;en", None),
        (b"-" * 3000, None),
        (b"en-" * 2000, None),
        (b"\xff\xfe, en", None),
        (b",".join([b"fr;q=0.1"] * 800) + b", en", None),
    ],
)
def test_any_wish_for_a_language_gets_one_of_the_two(live, wanted, language):
    """R35: a strange Accept-Language costs nothing but the choice."""
    reply = converse(live, request_head("GET", "/v1/me", b"Accept-Language: " + wanted))
    assert_sound("GET", reply)
    titles = {"zh": "需要登录", "en": "Log in first"}
    assert reply.json["title"] in ([titles[language]] if language else titles.values())


def test_a_huge_head_is_refused_by_the_server_and_harms_nobody(live, live_client):
    """R36: more than 32 KiB of headers do not reach the application; everybody else is served."""
    for fields in (
        ["X: " + "x" * 40_000],
        [f"X-{i}: x" for i in range(5000)],
        ["Authorization: Bearer " + "x" * 1_000_000],
    ):
        reply = converse(live, request_head("GET", "/v1/me", *fields))
        assert reply is None or 400 <= reply.status < 500
        assert live_client.get("/healthz").status == 200


@pytest.mark.parametrize("call", WITH_BODY + WITHOUT_BODY, ids=str)
def test_every_status_of_every_call_has_the_headers(call, live, live_shopper):
    """R41, R43: the common headers on every reply, Retry-After, Allow and WWW-Authenticate where they belong; see soundness.py."""
    live_shopper.register()
    client, token, right = live_shopper.client, live_shopper.access_token, call.fields(live_shopper.another().prove())
    seen = set()
    for method in (call.method, "TRACE", "OPTIONS", "HEAD"):
        for path in (call.path, call.path + "/no/thing"):
            for data in (None, b"{", b"{}", b'{"nothing": 1}', b"x" * 17000, str(right).replace("'", '"').encode()):
                for sent in (token, None, "x"):
                    for declared in ("", "text/plain") if data == b"{}" else ("",):
                        headers = call.headers | ({"Content-Type": declared} if declared else {})
                        seen.add(client.request(method, path, data=data, token=sent, headers=headers).status)
    assert {404, 405} <= seen
    assert 401 in seen or not call.needs_token
    assert {400, 413, 415, 422} <= seen or call in WITHOUT_BODY


@pytest.mark.settings(**{f"LIMIT_{name}_PER_ADDRESS": "2/minute" for name in LIMITS})
def test_every_limit_says_when_to_come_again(live, live_shopper):
    """R43: a refusal by an address's limit has Retry-After; what came before it has not."""
    client = SoundClient(LiveClient(live.url))
    limited = [call for call in WITH_BODY + WITHOUT_BODY if not call.needs_token and "receipts" not in call.rule]
    for call in limited:
        statuses = [client.request(call.method, call.path, json=call.fields("x")).status for _ in range(3)]
        assert statuses[-1] == 429, call
