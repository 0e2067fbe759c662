"""Of whom work is asked, for how much, and when no more."""

import base64
import itertools
import json

import pytest

from services.debts import JUDGED_MINUTES, LEAST_BAD, MINUTE, NOT_JUDGED_MINUTES
from sms.gateway import Outcome
from tests.clients import InProcessClient
from tests.shopper import new_phone
from tests.work import HEADER, level, solve, working

_prefixes, _hosts = itertools.count(), itertools.count()
FREE, FREE_OF_PHONE, FREE_OF_NETWORK, FREE_OF_PREFIX, FREE_LOGINS, FREE_OF_ACCOUNT = 10, 3, 20, 15, 20, 10


@pytest.fixture
def app(make_app):
    return make_app(challenge="adaptive", sms_cooldown_seconds=0)


def at(app, address="203.0.113.5"):
    return InProcessClient(app, address)


def new_host():
    """A part of an address that makes another network."""
    return next(_hosts)


def far_phone():
    """A number whose prefix no other has."""
    return f"+86137{next(_prefixes):04}0000"


def ask(client, headers=None, phone=None):
    return client.post("/v1/sms", json={"phone": phone or far_phone(), "purpose": "register"}, headers=headers or {})


def guess(client, headers=None, account="nobody-at-all", password="wrong password"):
    return client.post("/v1/login", json={"account": account, "password": password}, headers=headers or {})


def levels(send, times):
    return [level(send()) for _ in range(times)]


def test_honest_first_visitors_never_see_it(app, make_shopper):
    """Some behind one address, of whom one in three mistypes and one in six never types the code."""
    for i in range(24):
        shopper = make_shopper(at(app, "203.0.113.5" if i % 2 else f"198.51.{i}.7"))
        if i % 6 == 5:
            shopper.send_code()
            continue
        shopper.register()
        if i % 3 == 0:
            assert shopper.try_login(password="wrong password").status == 401
        shopper.login()


def test_an_address_in_debt_is_asked_for_ever_more_work(app):
    client = at(app)
    asked = []
    for _ in range(2 * FREE + 1):
        reply = ask(client)
        asked.append(level(reply))
        if asked[-1] == 1:
            assert ask(client, {HEADER: solve(reply.json["challenge"])}).status == 202
    assert asked == [0] * FREE + [1] * FREE + [2]
    assert ask(at(app, "198.51.100.7")).status == 202
    assert level(ask(at(app, "::ffff:203.0.113.5"))) == 2


def test_a_debt_lasts_a_day(app, pass_time):
    """And by the hours in which it was made, at most one more."""
    assert levels(lambda: ask(at(app)), FREE + 1)[-1] == 1
    pass_time(24 * 60 * MINUTE)
    assert level(ask(at(app))) == 1
    pass_time(60 * MINUTE)
    assert level(ask(at(app))) == 0


def test_whoever_types_the_code_owes_nothing_and_a_little_less(app, make_shopper):
    """A second message to a phone is no debt of its own where the code is typed in the end."""
    client = at(app)
    for _ in range(2 * FREE):
        shopper = make_shopper(client)
        shopper.send_code()
        shopper.prove()
    assert levels(lambda: ask(client), 2 * FREE) == [0] * 2 * FREE
    assert levels(lambda: ask(client), FREE + 1)[-1] == 1


def test_more_messages_to_one_phone_are_for_its_caps_to_refuse_and_a_debt_before_others(app, make_shopper):
    shopper = make_shopper(at(app))
    sms_id = shopper.send_code()
    assert [shopper.resend(sms_id).status for _ in range(5)] == [202] * 4 + [429]
    assert levels(lambda: ask(at(app)), FREE - 4) == [0] * (FREE - 5) + [1]


def test_a_resend_is_asked_for_work(app, make_shopper):
    shopper = make_shopper(at(app))
    sms_id = shopper.send_code()
    assert levels(lambda: ask(at(app)), FREE) == [0] * (FREE - 1) + [1]
    assert shopper.resend(sms_id).status == 202
    assert working(lambda headers: ask(at(app), headers)).status == 202
    assert level(shopper.resend(sms_id)) == 1


def test_a_phone_whose_messages_nobody_types_is_asked_for_work(app):
    """So a victim of bombing gets no more than these from whoever does no work, and can still have a code."""
    victim = far_phone()
    sends = [ask(at(app, f"203.{i}.113.5"), phone=victim) for i in range(FREE_OF_PHONE + 1)]
    assert [level(reply) for reply in sends] == [0] * FREE_OF_PHONE + [1]
    assert working(lambda headers: ask(at(app), headers, phone=victim)).status == 202


def test_what_strangers_asked_for_a_phone_is_owed_also_when_its_owner_typed_a_code(app, make_shopper):
    """Else each code of the owner's would have the bombers begin anew, until the phone's messages of a day are used up."""
    owner = make_shopper(at(app))
    assert levels(lambda: ask(at(app, f"198.{new_host()}.100.7"), phone=owner.phone), FREE_OF_PHONE) == [0, 0, 0]
    for _ in range(2):
        sent = working(lambda headers: ask(owner.client, headers, phone=owner.phone))
        assert owner.verify(sent.json["sms_id"], owner.last_code()).status == 200
        assert level(ask(at(app, f"198.{new_host()}.100.7"), phone=owner.phone)) == 1


def test_an_owner_who_types_the_last_of_some_codes_owes_none_of_them(app, make_shopper):
    owner = make_shopper(at(app))
    for _ in range(2):
        sms_ids = [owner.send_code() for _ in range(FREE_OF_PHONE - 1)]
        assert owner.verify(sms_ids[-1], owner.last_code()).status == 200
    assert level(ask(at(app, "198.51.100.7"), phone=owner.phone)) == 0


@pytest.mark.parametrize(
    ("address", "elsewhere"),
    [("203.0.113.{}", "203.0.112.9"), ("2001:db8:7:{}::1", "2001:db8:8::1"), ("::ffff:203.0.113.{}", "203.0.114.9")],
)
def test_a_network_in_debt_is_asked_for_work(app, address, elsewhere):
    def sends():
        return [level(ask(at(app, address.format(i)))) for i in range(FREE_OF_NETWORK + 1)]

    assert sends() == [0] * FREE_OF_NETWORK + [1]
    assert level(ask(at(app, elsewhere))) == 0


def test_a_prefix_that_nobody_verifies_is_asked_for_work(app):
    """Before its budget is spent, so that it costs something to close a prefix to others."""
    sends = [ask(at(app, f"203.{i}.113.5"), phone=f"+8613900000{i:03}") for i in range(FREE_OF_PREFIX + 1)]
    assert [level(reply) for reply in sends] == [0] * FREE_OF_PREFIX + [1]
    assert level(ask(at(app, "198.51.100.7"), phone=far_phone())) == 0


@pytest.fixture
def attacked(app, pass_time):
    """Many addresses have sent one message each, and nobody typed a code."""
    for i in range(LEAST_BAD):
        assert ask(at(app, f"198.{i}.100.7")).status == 202
    pass_time(NOT_JUDGED_MINUTES * MINUTE)
    return app


def test_under_alarm_a_second_number_is_asked_for_work_and_a_first_one_is_not(attacked, make_shopper, pass_time):
    client = at(attacked, "198.1.100.7")
    assert level(ask(client)) == 1
    newcomer = make_shopper(at(attacked))
    newcomer.send_code()
    newcomer.register()
    assert levels(lambda: ask(newcomer.client), 3) == [0, 0, 1]
    pass_time(JUDGED_MINUTES * MINUTE)
    assert level(ask(client)) == 0


def test_a_rush_is_no_alarm_before_its_codes_had_time_to_be_typed(app, pass_time):
    for i in range(LEAST_BAD):
        ask(at(app, f"198.{i}.100.7"))
    pass_time(MINUTE)
    assert level(ask(at(app, "198.1.100.7"))) == 0


def test_an_alarm_lasts_while_the_attack_does(attacked, pass_time):
    """What it stops is counted, or it would end by its own success."""
    for _ in range(JUDGED_MINUTES):
        assert {level(ask(at(attacked, f"198.{i}.100.7"))) for i in range(8)} == {1}
        pass_time(2 * MINUTE)
    assert level(ask(at(attacked, "198.9.100.7"))) == 1


def test_one_address_alone_raises_no_alarm_over_others(app, pass_time):
    levels(lambda: ask(at(app)), 3 * LEAST_BAD)
    ask(at(app, "198.51.100.7"))
    pass_time(NOT_JUDGED_MINUTES * MINUTE)
    assert level(ask(at(app, "198.51.100.7"))) == 0


def test_failed_logins_of_an_address_and_its_network_are_asked_for_work(app, make_shopper):
    """R13: a success takes nothing from what its address failed."""
    shopper = make_shopper(at(app))
    shopper.register()
    victims = (f"victim-{i}" for i in itertools.count())

    def guesses(address, times):
        return [level(guess(at(app, address), account=next(victims))) for _ in range(times)]

    assert guesses("203.0.113.5", FREE_LOGINS - 1) == [0] * (FREE_LOGINS - 1)
    shopper.login()
    assert guesses("203.0.113.5", 2) == [0, 1]
    for neighbour in range(6, 9):
        assert guesses(f"203.0.113.{neighbour}", FREE_LOGINS) == [0] * FREE_LOGINS
    assert guesses("203.0.113.9", 1) == [1]
    assert guesses("203.0.114.9", 1) == [0]


def test_spraying_from_many_addresses_raises_an_alarm_over_logins(app, pass_time):
    """R16: one guess at each of many accounts, from many addresses."""
    for i in range(LEAST_BAD):
        assert guess(at(app, f"198.{i}.100.7"), account=f"victim-{i}").status == 401
    pass_time(NOT_JUDGED_MINUTES * MINUTE)
    asked = [level(guess(at(app, "198.1.100.7"), account=f"another-{i}")) for i in range(3)]
    assert asked == [0, 0, 1]
    assert level(guess(at(app), account="nobody")) == 0


def test_an_alarm_over_logins_spares_who_logs_in_by_code(app, make_shopper, pass_time):
    """Their own code is a message that nobody verified, until they do."""
    shopper = make_shopper(at(app))
    shopper.register()
    for i in range(LEAST_BAD):
        guess(at(app, f"198.{i}.100.7"), account=f"victim-{i}")
    pass_time(NOT_JUDGED_MINUTES * MINUTE)
    shopper.on(at(app, "192.0.2.9")).login_by_code()


@pytest.mark.parametrize("known", [True, False])
def test_past_its_limit_an_account_is_asked_for_work_and_its_owner_gets_in(app, make_shopper, known):
    """R49: at the same attempt whether or not it exists; nobody is locked out by somebody else's guesses."""
    owner = make_shopper(at(app))
    if known:
        owner.register()
    replies = [guess(at(app, f"198.{i}.100.7"), account=owner.username) for i in range(12)]
    assert [(reply.status, level(reply)) for reply in replies] == [(401, 0)] * FREE_OF_ACCOUNT + [(403, 1)] * 2
    status = working(lambda headers: guess(owner.client, headers, owner.username, owner.password)).status
    assert status == (200 if known else 401)
    if known:
        assert guess(owner.client, account=owner.username).status == 401


def test_many_failures_on_an_account_make_the_work_harder(app):
    clients = (at(app, f"198.{i // 250}.{i % 250}.7") for i in range(1000))
    asked = [level(guess(next(clients))) for _ in range(FREE_OF_ACCOUNT + 1)]
    assert asked == [0] * FREE_OF_ACCOUNT + [1]
    for _ in range(FREE_OF_ACCOUNT):
        client = next(clients)
        assert working(lambda headers, client=client: guess(client, headers)).status == 401
    assert level(guess(next(clients))) == 2


def test_an_address_that_owes_messages_is_asked_at_login_and_registration(app, make_shopper):
    shopper = make_shopper(at(app))
    ticket = shopper.prove()
    assert levels(lambda: ask(at(app)), FREE + 1) == [0] * (FREE + 1)
    refused = shopper.fill_in(ticket)
    assert (level(refused), level(guess(at(app)))) == (1, 1)
    form, headers = shopper.form(ticket), {HEADER: solve(refused.json["challenge"])}
    forged = shopper.client.post("/v1/register", json=form | {"ticket": "forged"}, headers=headers)
    assert forged.code == "ticket_invalid"
    assert shopper.client.post("/v1/register", json=form, headers=headers).status == 201


def test_always_asks_everybody(make_app, make_shopper):
    app = make_app(challenge="always")
    client = at(app)
    ticket = "no ticket"
    form = make_shopper(client).form(ticket)
    assert [level(ask(client)), level(guess(client)), level(client.post("/v1/register", json=form))] == [1, 1, 1]
    assert client.post("/v1/register", json=form | {"password": "short"}).status == 422
    beforehand = solve(client.get("/v1/challenge").json)
    assert ask(client, {HEADER: beforehand}).status == 202


def test_off_asks_nobody(make_app):
    client = at(make_app(challenge="off", LIMIT_LOGIN_PER_ACCOUNT="4/minute"))
    assert {ask(client).status for _ in range(3 * FREE)} == {202}
    assert [guess(client).status for _ in range(5)] == [401] * 4 + [429]


def test_work_for_a_message_that_is_not_sent_stays_good(make_app, gateway):
    """Neither the phone's cooldown nor a gateway's failure costs work or makes a debt; a body that is wrong is said first."""
    client = at(make_app(challenge="always"))
    phone = new_phone()
    assert working(lambda headers: ask(client, headers, phone)).status == 202
    headers = {HEADER: solve(client.get("/v1/challenge").json)}
    assert ask(client, phone="nonsense").status == 422
    assert ask(client, headers, phone).code == "sms_cooldown"
    gateway.outcome = Outcome.NOT_SENT
    assert [ask(client, headers).code for _ in range(3)] == ["sms_unavailable"] * 3
    gateway.outcome = Outcome.SENT
    assert ask(client, headers).status == 202
    assert level(ask(client, headers)) == 1


def test_what_is_not_sent_is_no_debt(make_app):
    client = at(make_app(challenge="adaptive"))
    phone = far_phone()
    assert [ask(client, phone=phone).status for _ in range(2 * FREE)] == [202] + [429] * (2 * FREE - 1)
    assert levels(lambda: ask(client), FREE) == [0] * (FREE - 1) + [1]


def test_work_is_bound_to_the_network_that_the_proxy_saw(make_app):
    """R11: what a client claims beside it changes nothing."""
    client = InProcessClient(make_app(challenge="always", trusted_proxies=1))
    mine, theirs = ({"X-Forwarded-For": f"198.51.100.7, {seen}"} for seen in ("203.0.113.5", "203.0.112.5"))
    headers = {HEADER: solve(client.get("/v1/challenge", headers=mine).json)}
    assert guess(client, headers | theirs).status == 403
    assert guess(client, headers | {"X-Forwarded-For": "203.0.113.77"}).status == 401


def test_a_failed_login_uses_the_work_up(make_app):
    client = at(make_app(challenge="always"))
    headers = {HEADER: solve(client.get("/v1/challenge").json)}
    assert [guess(client, headers).status for _ in range(2)] == [401, 403]


def test_a_solution_whose_numbers_are_fractions_buys_one_guess_too(make_app):
    client = at(make_app(challenge="always"))
    solution = json.loads(base64.b64decode(solve(guess(client).json["challenge"])))
    solution["challenge"]["parameters"]["expiresAt"] += 0.0
    header = {HEADER: base64.b64encode(json.dumps(solution).encode()).decode()}
    assert [guess(client, header).status for _ in range(2)] == [401, 403]


def test_debts_that_redis_cannot_weigh_let_nobody_through(make_app, redis):
    """Redis is there and was asked wrongly: that is a defect of ours, and no absence that opens the way."""
    client = at(make_app(challenge="adaptive"))
    assert guess(client).status == 401
    redis.set("{risk}:login:site", "no hash")
    assert guess(client).code == "internal_error"


def test_without_redis_work_counts_for_nothing(make_app):
    """Messages stop; logins go on within their limits, which no solution lifts."""
    config = {"challenge": "adaptive", "ratelimit_storage_uri": "memory://", "LIMIT_LOGIN_PER_ACCOUNT": "2/hour"}
    headers = {HEADER: solve(at(make_app(**config)).get("/v1/challenge").json)}
    client = at(make_app(redis_url="unix:///nonexistent/redis.sock", **config))
    assert ask(client, headers).status == 503
    assert [guess(client, headers).status for _ in range(3)] == [401, 401, 429]
