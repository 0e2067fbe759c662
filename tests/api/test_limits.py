"""How often: each named limit at its number, counted by whom it names."""

import random
from collections import Counter
from ipaddress import ip_network

import pytest

from api.config import LIMITS
from api.routes import ROUTES
from tests.clients import InProcessClient
from tests.hostile.calls import WITH_BODY, WITHOUT_BODY
from tests.shopper import new_phone
from tests.timetravel import age_redis


def refusals(call, times):
    """The numbers of the calls that were answered by 429 rate_limited."""
    replies = [call(i) for i in range(1, times + 1)]
    return [i for i, reply in enumerate(replies, 1) if reply.status == 429 and reply.code == "rate_limited"]


CALLS = {
    "LIMIT_SMS_PER_ADDRESS": lambda client, _: client.post(
        "/v1/sms", json={"phone": new_phone(), "purpose": "register"}
    ),
    "LIMIT_VERIFY_PER_ADDRESS": lambda client, _: client.post("/v1/sms/x/verify", json={"code": "123456"}),
    "LIMIT_REGISTER_PER_ADDRESS": lambda client, _: client.post("/v1/register", json={}),
    "LIMIT_LOGIN_PER_ADDRESS": lambda client, i: client.post(
        "/v1/login", json={"account": f"nobody-{i}", "password": "not a password"}
    ),
    "LIMIT_AVAILABILITY_PER_ADDRESS": lambda client, _: client.get("/v1/register/availability?username=somebody"),
    "LIMIT_REFRESH_PER_ADDRESS": lambda client, _: client.post("/v1/token/refresh", json={"refresh_token": "x"}),
}


@pytest.mark.parametrize("name", CALLS)
def test_an_address_has_its_number_of_calls(make_app, name):
    """The fourth of three is refused, from this address and from no other."""
    app = make_app(**{name: "3/minute"})
    client = InProcessClient(app, address="203.0.113.5")
    assert refusals(lambda i: CALLS[name](client, i), 5) == [4, 5]
    assert CALLS[name](InProcessClient(app, address="203.0.113.6"), 6).status != 429


@pytest.mark.parametrize("name", CALLS)
def test_a_limit_is_over_when_its_time_is(make_app, redis, name):
    client = InProcessClient(make_app(**{name: "2/minute"}))
    assert refusals(lambda i: CALLS[name](client, i), 3) == [3]
    retry_after = CALLS[name](client, 4).json["retry_after"]
    assert 1 <= retry_after <= 60
    age_redis(redis, seconds=retry_after)
    assert CALLS[name](client, 5).status != 429


@pytest.mark.parametrize("name", CALLS)
def test_of_several_windows_each_holds(make_app, redis, name):
    client = InProcessClient(make_app(**{name: "2/minute;3/hour"}))
    assert refusals(lambda i: CALLS[name](client, i), 3) == [3]
    age_redis(redis, seconds=61)
    assert CALLS[name](client, 4).status != 429
    assert 3000 < CALLS[name](client, 5).json["retry_after"] <= 3600 - 61


def test_the_limits_by_default_are_those_of_the_contract(config):
    """Those that the tests raise are checked in test_config.py."""
    assert config.limits["LIMIT_LOGIN_PER_ACCOUNT"] == "10/minute;50/hour"


def test_sends_and_resends_share_an_address_limit(make_app, make_shopper):
    shopper = make_shopper(make_app(LIMIT_SMS_PER_ADDRESS="3/minute"))
    sms_id = shopper.send_code()
    shopper.resend(sms_id)
    shopper.resend(sms_id)
    assert shopper.resend(sms_id).code == "rate_limited"
    assert shopper.ask_for_code().code == "rate_limited"


def test_what_is_refused_for_its_form_counts_too(make_app):
    """A flood of broken bodies is a flood."""
    client = InProcessClient(make_app(LIMIT_LOGIN_PER_ADDRESS="3/minute"))
    assert [client.post("/v1/login", data=b"{").status for _ in range(4)] == [400, 400, 400, 429]


JUNK = (b"", b"{", b"[]", b"null", b'""', b"{}", b'{"": ""}', b'{"account": "", "password": ""}', b"\xff", b"x" * 17000)


def test_no_body_goes_round_an_address_s_limit(make_app):
    """R52: on each limited route, whatever is sent and however it is typed, the fourth of three is refused."""
    app = make_app(**dict.fromkeys((name for name in LIMITS if name.endswith("_PER_ADDRESS")), "3/minute"))
    limited = [call for call in (*WITH_BODY, *WITHOUT_BODY) if _counts_addresses(call)]
    assert len({call.rule for call in limited}) >= 11
    for i, call in enumerate(limited):
        for j, media in enumerate(("application/json", "text/plain", "")):
            client = InProcessClient(app, address=f"203.0.{i}.{j}")
            headers = {"Content-Type": media}
            statuses = [client.request(call.method, call.path, data=body, headers=headers).status for body in JUNK]
            assert 429 not in statuses[:3], call
            assert set(statuses[3:]) == {429}, call


def _counts_addresses(call):
    """Whether its Resource has a limit by address."""
    resource = dict(ROUTES)[call.rule]
    limits = getattr(resource, "decorators", [])
    return any(getattr(limit, "name", "").endswith("per_address") for limit in limits)


@pytest.mark.parametrize(
    ("proxies", "entries"),
    [
        (1, ["198.51.100.{i}, 203.0.113.5"]),
        (1, ["203.0.113.5:10{i}", "203.0.113.5", '"203.0.113.5"', "::ffff:203.0.113.5", "[::ffff:203.0.113.5]:44"]),
        (1, ["unknown", "_hidden{i}", "1.2.3.4.{i}", "x" * 900, "0x7f.{i}", "203.0.113.{i}/8"]),
        (
            1,
            [
                "2001:db8::{i}",
                "[2001:db8::{i}]:443",
                "2001:db8::{i}%eth0",
                "[2001:db8::{i}%25eth0]:1",
                "2001:DB8:0:0::{i}",
            ],
        ),
        (2, ["198.51.100.{i}", "", "unknown"]),
        (2, ["10.{i}.0.1, 203.0.113.5, 10.0.0.1", "203.0.113.5, 10.0.0.{i}"]),
        (9, ["198.51.100.{i}, 198.51.100.{i}, 198.51.100.{i}"]),
    ],
)
def test_no_entry_of_a_proxy_s_header_is_a_new_address(make_app, proxies, entries):
    """R11, R12: with one proxy and with several, with fewer entries than proxies, with ports, zones and garbage."""
    client = InProcessClient(make_app(LIMIT_VERIFY_PER_ADDRESS="3/minute", trusted_proxies=proxies))

    def call(i):
        entry = entries[i % len(entries)].replace("{i}", str(i))
        return client.post("/v1/sms/x/verify", json={"code": "123456"}, headers={"X-Forwarded-For": entry})

    assert refusals(call, 9) == [4, 5, 6, 7, 8, 9]


def test_guesses_at_many_phones_are_bounded_by_where_they_come_from(make_app, gateway):
    """R16: five guesses at each of 2,000 phones from ten addresses: each address is refused after its 30 of a minute."""
    app = make_app(LIMIT_VERIFY_PER_ADDRESS="30/minute")
    clients = [InProcessClient(app, address=f"203.0.113.{i}") for i in range(10)]

    def guesses(i):
        sms_id = app.extensions["dongbao"].challenges.send(new_phone(), "register", "en").sms_id
        right = int(gateway.messages[-1].code)
        codes = [f"{(right + wrong) % 10**6:06}" for wrong in range(1, 6)]
        return [clients[i % 10].post(f"/v1/sms/{sms_id}/verify", json={"code": code}) for code in codes]

    # From the hundredth on, some in between: all are refused.
    told = [reply.code for i in (*range(100), *range(100, 2000, 37)) for reply in guesses(i)]
    assert Counter(told[:500]) == {"code_incorrect": 300, "rate_limited": 200}
    assert set(told[300:]) == {"rate_limited"}


def test_an_address_limit_comes_before_the_body_is_looked_at(make_app):
    client = InProcessClient(make_app(LIMIT_REGISTER_PER_ADDRESS="1/minute"))
    client.post("/v1/register", json={})
    assert client.post("/v1/register", data=b"x" * 20000, headers={"Content-Type": "text/plain"}).status == 429


@pytest.mark.parametrize(
    "spellings",
    [
        ["13800138000", "+86 138 0013 8000", "008613800138000", "１３８００１３８０００", "+86-138-0013-8000"],
        ["Wang_Wu", "wang_wu", "WANG_WU", "Ｗａｎｇ＿Ｗｕ", " Wang_Wu"],
        ["wang@example.com", "Wang@Example.com", "WANG@EXAMPLE.COM", "ｗang@example.com", " wang@example.com "],
    ],
)
def test_all_spellings_of_an_account_share_one_budget(make_app, spellings):
    """R14: the canonical identifier is counted."""
    client = InProcessClient(make_app(LIMIT_LOGIN_PER_ACCOUNT="4/minute"))

    def guess(i):
        return client.post("/v1/login", json={"account": spellings[i - 1], "password": "wrong password"})

    assert refusals(guess, 5) == [5]


def test_all_spellings_of_a_phone_share_one_message(client, gateway):
    """R14: one SMS for all of them."""
    spellings = ("13800138000", "+86 138 0013 8000", "008613800138000", "１３８００１３８０００", "+86-138-0013-8000")
    replies = [client.post("/v1/sms", json={"phone": phone, "purpose": "register"}) for phone in spellings]
    assert [reply.status for reply in replies] == [202, 429, 429, 429, 429]
    assert len(gateway.messages) == 1


def test_known_and_unknown_accounts_are_limited_alike(shopper):
    """R49: 429 comes at the same request for both, and no reply tells how many are left."""
    shopper.register()

    def attempts(account):
        replies = [shopper.try_login(account, password="wrong password") for _ in range(12)]
        assert all({name.lower() for name, _ in reply.headers} & HINTS == set() for reply in replies[:10])
        return [reply.status for reply in replies]

    unknown = attempts("nobody-of-that-name")
    assert attempts(shopper.username) == unknown == [401] * 10 + [429] * 2


HINTS = {
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
}


def test_an_account_that_is_limited_refuses_the_right_password_too(shopper):
    """R49: or a guesser would know it from the reply."""
    shopper.register()
    for _ in range(10):
        shopper.try_login(password="wrong password")
    assert shopper.try_login().code == "rate_limited"


def test_a_success_clears_the_accounts_count(shopper):
    """R13: nine failures, a success, and ten more attempts are to be had."""
    shopper.register()
    for _ in range(9):
        assert shopper.try_login(password="wrong password").status == 401
    shopper.login()
    assert refusals(lambda _: shopper.try_login(password="wrong password"), 11) == [11]


def test_a_success_never_clears_the_addresss_count(make_app, make_shopper):
    """R13: whoever has an account of their own gains no guesses at others'."""
    shopper = make_shopper(make_app(LIMIT_LOGIN_PER_ADDRESS="6/minute"))
    shopper.register()
    for i in range(5):
        shopper.try_login(f"victim-{i}", password="wrong password")
    shopper.login()
    assert shopper.try_login("victim-9", password="wrong password").code == "rate_limited"


def test_guesses_at_login_codes_count_with_the_phone(make_app, make_shopper):
    """R9: logging in by code has the budget of an account, whatever the challenge."""
    app = make_app(LIMIT_LOGIN_PER_ACCOUNT="3/minute", sms_cooldown_seconds=0)
    shopper = make_shopper(app)
    for _ in range(3):
        assert shopper.try_login_by_code(shopper.send_code("login"), "000000").status == 422
    assert shopper.try_login_by_code(shopper.send_code("login"), "000000").code == "rate_limited"


@pytest.mark.parametrize(
    ("addresses", "shared"),
    [
        (["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::9", "2001:0DB8:1:2:0:0:0:1"], True),
        (["1.2.3.4", "::ffff:1.2.3.4", "::ffff:102:304", "1.2.3.4"], True),
        (["2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:2:2::1", "2001:db9:1:2::1"], False),
        (["1.2.3.4", "1.2.3.5", "1.2.4.4", "::ffff:1.2.3.6"], False),
    ],
)
def test_who_is_one_address(make_app, addresses, shared):
    """R12: IPv6 by its /64, mapped IPv4 as IPv4."""
    app = make_app(LIMIT_VERIFY_PER_ADDRESS="3/minute")
    replies = [CALLS["LIMIT_VERIFY_PER_ADDRESS"](InProcessClient(app, address), 0) for address in addresses]
    assert [reply.status for reply in replies] == [410, 410, 410, 429 if shared else 410]


def test_a_hundred_addresses_of_one_network_share_its_number(make_app):
    """R12: whoever has a /64 has 2^64 addresses, and one budget."""
    app, draw = make_app(LIMIT_VERIFY_PER_ADDRESS="30/minute"), random.Random(12)
    networks = [ip_network("2001:db8:1:2::/64"), ip_network("2001:db8:1:3::/64")]

    def call(network):
        client = InProcessClient(app, address=str(network[draw.randrange(2**64)]))
        return CALLS["LIMIT_VERIFY_PER_ADDRESS"](client, 0)

    for network in networks:
        assert refusals(lambda _, network=network: call(network), 100) == list(range(31, 101))


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP"])
def test_without_proxies_no_header_names_an_address(make_app, header):
    """R11: a client can't choose whom it is counted as."""
    client = InProcessClient(make_app(LIMIT_VERIFY_PER_ADDRESS="3/minute"))

    def call(i):
        return client.post("/v1/sms/x/verify", json={"code": "123456"}, headers={header: f"198.51.100.{i}"})

    assert refusals(call, 5) == [4, 5]


def test_with_one_proxy_its_own_entry_counts(make_app):
    """R11: the last entry is the proxy's; what stands before it is anybody's claim."""
    client = InProcessClient(make_app(LIMIT_VERIFY_PER_ADDRESS="3/minute", trusted_proxies=1))

    def call(claim, seen_by_proxy):
        headers = {"X-Forwarded-For": f"{claim}, {seen_by_proxy}"}
        return client.post("/v1/sms/x/verify", json={"code": "123456"}, headers=headers)

    assert refusals(lambda i: call(f"198.51.100.{i}", "203.0.113.5"), 5) == [4, 5]
    assert call("198.51.100.1", "203.0.113.6").status == 410


@pytest.mark.parametrize("entry", ["", "unknown", "not an address", "1.2.3.4.5", "é", "[", ":80", "x" * 100])
def test_a_proxys_entry_of_any_kind_is_no_server_error(make_app, make_shopper, entry):
    """R35: and none that lifts the limit; one can still log in."""
    client = InProcessClient(make_app(LIMIT_REGISTER_PER_ADDRESS="3/minute", trusted_proxies=1))
    headers = {"X-Forwarded-For": entry}
    assert refusals(lambda _: client.post("/v1/register", json={}, headers=headers), 5) == [4, 5]
    shopper = make_shopper(make_app(trusted_proxies=1))
    shopper.register()
    body = {"account": shopper.username, "password": shopper.password}
    assert shopper.client.post("/v1/login", json=body, headers=headers).status == 200


@pytest.mark.parametrize(
    ("entry", "shown"),
    [("203.0.113.5:8080", "203.0.113.5"), ("[2001:db8::1]:443", "2001:db8::1"), ("2001:0DB8::1", "2001:db8::1")],
)
def test_a_port_that_a_proxy_writes_is_no_part_of_the_address(make_app, make_shopper, entry, shown):
    shopper = make_shopper(make_app(trusted_proxies=1))
    shopper.register()
    body = {"account": shopper.username, "password": shopper.password}
    session = shopper.client.post("/v1/login", json=body, headers={"X-Forwarded-For": entry}).json
    listed = shopper.client.get("/v1/sessions", token=session["access_token"]).json["sessions"]
    assert next(one["ip"] for one in listed if one["current"]) == shown


@pytest.mark.parametrize("strategy", ["moving-window", "fixed-window", "sliding-window-counter"])
def test_every_strategy_of_the_limiter_works(make_app, strategy):
    client = InProcessClient(make_app(LIMIT_REFRESH_PER_ADDRESS="3/hour", ratelimit_strategy=strategy))
    assert refusals(lambda i: CALLS["LIMIT_REFRESH_PER_ADDRESS"](client, i), 5) == [4, 5]


def test_a_limit_in_memory_is_a_limit_of_one_process(make_app):
    app = make_app(LIMIT_REFRESH_PER_ADDRESS="3/hour", ratelimit_storage_uri="memory://")
    assert refusals(lambda i: CALLS["LIMIT_REFRESH_PER_ADDRESS"](InProcessClient(app), i), 5) == [4, 5]
    other = make_app(LIMIT_REFRESH_PER_ADDRESS="3/hour", ratelimit_storage_uri="memory://")
    assert CALLS["LIMIT_REFRESH_PER_ADDRESS"](InProcessClient(other), 1).status == 401


def test_an_account_has_its_number_of_codes_whatever_the_phones_and_addresses(make_app, make_shopper):
    """R15: the budgets let through what carries a token, so a token must not buy a flood."""
    app = make_app(LIMIT_SMS_PER_ACCOUNT="3/hour")
    shopper, other = make_shopper(app), make_shopper(app)
    shopper.register()
    other.register()

    def ask(i):
        return shopper.on(InProcessClient(app, address=f"203.0.113.{i}")).ask_for_code("change_phone", new_phone())

    assert refusals(ask, 5) == [4, 5]
    other.send_code("change_phone", new_phone())
    make_shopper(app).send_code("login")


def test_a_new_name_does_not_buy_new_guesses_at_the_password(make_app, make_shopper):
    """R30: whoever stole an access token may rename, and logins and proofs are counted by name."""
    shopper = make_shopper(make_app(LIMIT_RENAME_PER_ACCOUNT="3/hour"))
    shopper.register()

    def rename(i):
        body = {"username": f"another-name-{i}"}
        return shopper.client.patch("/v1/me", json=body, token=shopper.access_token)

    assert refusals(rename, 5) == [4, 5]
    assert shopper.client.patch("/v1/me", json={}, token=shopper.access_token).status == 200


def test_no_address_or_account_stands_in_the_limiters_keys(shopper, redis):
    """R14: what names a person is hashed before it is a key."""
    shopper.register()
    shopper.login(account=shopper.phone)
    shopper.try_login(password="wrong password")
    keys = b"\n".join(redis.keys()).decode()
    assert "login_per_account" in keys
    assert shopper.username not in keys
    assert shopper.phone[-8:] not in keys
