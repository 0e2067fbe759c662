"""Numbers that several want, changes that are undone by twenty, and dormant accounts that lose a number once."""

import itertools

import pytest
from sqlalchemy import text

from tests.changes import DORMANT, move
from tests.parallel import in_parallel
from tests.races.crowd import at_once, one_for_each_worker, settled, told_apart
from tests.scrape import Scrape
from tests.shopper import new_phone, new_username
from tests.waiting import wait_until

pytestmark = pytest.mark.mysql

PHONE, UNDO, REGISTER = "/v1/me/phone", "/v1/phone/undo", "/v1/register"


# A phone may get one message after the other.
QUICK = pytest.mark.settings(
    SMS_COOLDOWN_SECONDS=0,
    SMS_PER_HOUR=0,
    SMS_PER_DAY=0,
    LIMIT_LOGIN_PER_ACCOUNT="1000/minute",
    LIMIT_SMS_PER_ACCOUNT="1000/minute",
)


@pytest.fixture
def holders(engine):
    """Who has a phone."""

    def read(phone: str) -> list[str]:
        with engine.connect() as connection:
            return list(connection.scalars(text("SELECT id FROM users WHERE phone = :phone"), {"phone": phone}))

    return read


def events(engine, kind: str) -> int:
    with engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM security_events WHERE type = :kind"), {"kind": kind})


@QUICK
def test_two_changes_to_one_number(live, live_shopper, holders, engine):
    """R21: one account gets it, the other keeps what it had."""
    both = [live_shopper, live_shopper.another()]
    for somebody in both:
        somebody.register()
    with one_for_each_worker(live) as clients:
        for turn in range(10):
            phone = new_phone()
            before = [somebody.me().json["phone"] for somebody in both]
            proofs = []
            for somebody in both:
                sms_id = somebody.send_code("change_phone", phone)
                proofs.append({"sms_id": sms_id, "code": somebody.last_code(phone)})

            def change(i, proofs=proofs):
                body = proofs[i] | {"current_password": both[i].password}
                return settled(lambda: clients[i].put(PHONE, json=body, token=both[i].access_token))

            replies = in_parallel(2, change)
            assert told_apart(replies) == {"200": 1, "409 phone_registered": 1}
            winner = next(i for i in (0, 1) if replies[i].status == 200)
            assert holders(phone) == [both[winner].me().json["id"]]
            assert both[1 - winner].me().json["phone"] == before[1 - winner]
            assert events(engine, "phone_changed") == turn + 1


@QUICK
def test_one_proof_changes_once(live, live_shopper, engine):
    """R1: of twenty that bring the same codes, one changes the phone."""
    live_shopper.register()
    phone = new_phone()
    sms_id = live_shopper.send_code("change_phone", phone)
    body = {"sms_id": sms_id, "code": live_shopper.last_code(phone), "current_password": live_shopper.password}
    token = live_shopper.access_token
    replies = at_once(live, 20, lambda client, i: client.put(PHONE, json=body, token=token))
    assert told_apart(replies) == {"200": 1, "410 code_expired": 19}
    assert events(engine, "phone_changed") == 1


@QUICK
def test_twenty_undo_one_change(live, live_shopper, live_letters, holders, engine):
    """R27: one does; the others are told that it is done, and the credentials change once."""
    for turn in range(5):
        somebody = live_shopper.another()
        somebody.register()
        old = somebody.phone
        assert move(somebody, new_phone()).status == 200
        assert move(somebody, new_phone()).status == 200
        token = live_letters.wait_for(old, "phone_changed").token
        replies = at_once(live, 20, lambda client, i, token=token: client.post(UNDO, json={"token": token}))
        assert told_apart(replies) == {"204": 1, "410 ticket_expired": 19}
        assert len(holders(old)) == 1
        assert events(engine, "phone_change_undone") == turn + 1
        with engine.connect() as connection:
            query = text("SELECT credential_version FROM users WHERE phone = :phone")
            assert connection.scalar(query, {"phone": old}) == 2
        assert somebody.me().status == 401


@QUICK
def test_a_dormant_number_is_detached_once(live, live_shopper, rows, redis, holders, engine):
    """R21: of many that register one recycled number, one has it, and the former owner is told once."""
    for turn in range(5):
        former = live_shopper.another()
        former.register()
        rows.age_user(former.phone, DORMANT)
        redis.flushall()
        owner = rows.user(former.phone)["id"]
        newcomer = former.another()
        tickets = [newcomer.prove("register", former.phone) for _ in range(2)]
        forms = [newcomer.form(tickets[i % 2], username=new_username()) for i in range(20)]
        replies = at_once(live, 20, lambda client, i, forms=forms: client.post(REGISTER, json=forms[i]))
        assert told_apart(replies) == {"201": 1, "409 phone_registered": 19}
        won = next(reply.json for reply in replies if reply.status == 201)
        assert holders(former.phone) == [won["user"]["id"]]
        assert won["user"]["id"] != owner
        assert events(engine, "phone_detached") == turn + 1


@QUICK
def test_an_owner_who_comes_back_while_the_number_goes(live, live_shopper, rows, redis, holders):
    """Whoever is first: the number has one account, and the owner's password opens the owner's account."""
    outcomes = set()
    for _ in range(10):
        former = live_shopper.another()
        former.register()
        rows.age_user(former.phone, DORMANT)
        redis.flushall()
        owner = rows.user(former.phone)["id"]
        newcomer = former.another()
        body = newcomer.form(newcomer.prove("register", former.phone))
        login = {"account": former.username, "password": former.password}

        def call(client, i, body=body, login=login):
            if i % 2:
                return client.post("/v1/login", json=login)
            return client.post(REGISTER, json=body)

        replies = at_once(live, 20, call)
        assert {reply.json["user"]["id"] for reply in replies[1::2]} == {owner}
        kinds = told_apart(replies[::2])
        outcomes.add(tuple(sorted(kinds)))
        assert kinds in ({"201": 1, "409 phone_registered": 9}, {"409 phone_registered": 10})
        (holder,) = holders(former.phone)
        assert (holder == owner) == ("201" not in kinds)
    assert outcomes


@pytest.mark.settings(SMS_COOLDOWN_SECONDS=0, ARGON2_MEMORY_KIB=19456, ARGON2_ITERATIONS=60)
def test_an_owner_who_keeps_the_number_while_a_newcomer_is_hashed(live, live_shopper, live_letters, rows, redis):
    """R21: the look before the hash said dormant; the UPDATE after it looks again."""
    former, address = live_shopper, "keeper@example.com"
    former.register()
    rows.verify_email(former.phone, address)
    rows.age_user(former.phone, DORMANT)
    redis.flushall()
    newcomer = former.another()
    body = newcomer.form(newcomer.prove("register", former.phone))
    token = live_letters.wait_for(address, "phone_claimed").token

    def call(i):
        if i:
            wait_until(lambda: Scrape(live_shopper.client).value("password_hashes_in_progress"), "the hash")
            return live_shopper.client.post("/v1/phone/keep", json={"token": token})
        return live_shopper.client.post(REGISTER, json=body)

    assert told_apart(in_parallel(2, call)) == {"204": 1, "409 phone_registered": 1}
    assert rows.user(former.phone)["username"] == former.username


@QUICK
def test_two_changes_of_one_account(live, live_shopper, engine):
    """R21: a proof of the old number is good for one change; the other proved a number that is no longer the account's."""
    live_shopper.register()
    with one_for_each_worker(live) as clients:
        for turn in range(10):
            bodies = []
            for phone in (new_phone(), new_phone()):
                sms_id = live_shopper.send_code("change_phone", phone)
                bodies.append({"sms_id": sms_id, "code": live_shopper.last_code(phone)})

            def change(i, bodies=bodies):
                body = bodies[i] | {"current_password": live_shopper.password}
                return settled(lambda: clients[i].put(PHONE, json=body, token=live_shopper.access_token))

            kinds = told_apart(in_parallel(2, change))
            assert kinds in ({"200": 1, "403 reauthentication_required": 1}, {"200": 2})
            with engine.connect() as connection:
                changes = connection.execute(text("SELECT old_phone, new_phone FROM phone_changes ORDER BY id")).all()
            assert all(later.old_phone == earlier.new_phone for earlier, later in itertools.pairwise(changes)), turn
