"""Registrations that collide: one phone has one account, one name has one owner."""

import itertools

import pytest
from sqlalchemy import text

from tests.parallel import in_parallel
from tests.races.crowd import at_once, one_for_each_worker, settled, tickets_of, told_apart
from tests.shopper import new_username

pytestmark = pytest.mark.mysql

FOLDINGS = (
    "Admin-{n}",
    "ADMIN-{n}",
    "aDmIn-{n}",
    "ａｄｍｉｎ-{n}",
    "ＡＤＭＩＮ－{n}",
    "ﬁsh-{n}",
    "FISH-{n}",
    "Fish-{n}",
)
_names = itertools.count(100)


def same_names(kind: int = 0) -> list[str]:
    """Spellings that fold to one key, and that nobody has yet."""
    number = next(_names)
    return [name.format(n=number) for name in (FOLDINGS[:5], FOLDINGS[5:])[kind]]


def register_at_once(live, bodies):
    """All of these forms together; those that found no place to hash are handed in again."""
    return at_once(live, len(bodies), lambda client, i: client.post("/v1/register", json=bodies[i]))


def count(engine, table, **values):
    condition = " AND ".join(f"{column} = :{column}" for column in values)
    with engine.connect() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {table} WHERE {condition or 'true'}"), values)


def test_one_ticket_makes_one_account(live, live_shopper, engine):
    """R18, R21, F7: of fifty that register with one ticket, one has the phone."""
    for i in range(4):
        somebody = live_shopper.another()
        ticket = somebody.prove()
        # A form that is sent again has the same name; somebody who tries to make two accounts has another.
        names = [somebody.username if i % 2 else new_username() for _ in range(50)]
        replies = register_at_once(live, [somebody.form(ticket, username=name) for name in names])
        assert told_apart(replies) == {"201": 1, "409 phone_registered": 49}
        assert count(engine, "users", phone=somebody.phone) == 1
        won = next(reply.json for reply in replies if reply.status == 201)
        assert count(engine, "sessions", user_id=won["user"]["id"]) == 1
        assert somebody.me(won["access_token"]).json == won["user"]


def test_one_name_in_a_hundred_spellings_has_one_owner(live, live_shopper, engine):
    """R21, R50: a hundred phones want one name in various foldings."""
    for kind in (0, 1):
        names = same_names(kind)
        tickets = tickets_of(live_shopper, 100)
        users = count(engine, "users")
        replies = register_at_once(
            live, [live_shopper.form(ticket, username=names[i % len(names)]) for i, ticket in enumerate(tickets)]
        )
        assert told_apart(replies) == {"201": 1, "409 username_taken": 99}
        assert count(engine, "users") == users + 1
        loser = next(i for i, reply in enumerate(replies) if reply.status == 409)
        assert live_shopper.fill_in(tickets[loser], username=new_username()).status == 201


def test_registrations_that_share_nothing_all_succeed(live, live_shopper, engine):
    """R21: the database is not locked for those who don't collide, however many come."""
    forms = [live_shopper.form(ticket, username=new_username()) for ticket in tickets_of(live_shopper, 100)]
    assert told_apart(register_at_once(live, forms)) == {"201": 100}
    assert count(engine, "users") == count(engine, "sessions") == 100


@pytest.mark.settings(HASH_PLACES=1, HASH_QUEUE=0, ARGON2_MEMORY_KIB=19456, ARGON2_ITERATIONS=20)
def test_a_crowd_at_the_hashing_places_is_told_to_come_again(live, live_shopper, engine):
    """R21, R39: while a hash of long takes the only place, others are told 503; asked again, one has the phone."""
    ticket = live_shopper.prove()
    forms = [live_shopper.form(ticket, username=new_username()) for _ in range(50)]
    busy = []

    def register(client, i):
        reply = client.post("/v1/register", json=forms[i])
        busy.append(reply.status == 503)
        return reply

    assert told_apart(at_once(live, 50, register)) == {"201": 1, "409 phone_registered": 49}
    assert any(busy)
    assert count(engine, "users", phone=live_shopper.phone) == 1


def test_two_renames_to_one_name(live, live_shopper, engine):
    """R21: one gets it, the other keeps what he had, whichever process serves them."""
    both = [live_shopper, live_shopper.another()]
    for somebody in both:
        somebody.register()
    with one_for_each_worker(live) as clients:
        for _ in range(25):
            before = [somebody.me().json["username"] for somebody in both]
            names = same_names()

            def rename(i, names=names):
                body = {"username": names[i]}
                return settled(lambda: clients[i].patch("/v1/me", json=body, token=both[i].access_token))

            replies = in_parallel(2, rename)
            assert told_apart(replies) == {"200": 1, "409 username_taken": 1}
            winner = next(i for i in (0, 1) if replies[i].status == 200)
            assert replies[winner].json["username"] == both[winner].me().json["username"]
            assert both[1 - winner].me().json["username"] == before[1 - winner]


def test_a_crowd_renames_itself_to_one_name(live, live_shopper, engine):
    """R21: of forty that want a name for themselves, and forty that register with it, one gets it."""
    forms = [live_shopper.form(ticket, username=new_username()) for ticket in tickets_of(live_shopper, 40)]
    tokens = [reply.json["access_token"] for reply in register_at_once(live, forms)]
    tickets = tickets_of(live_shopper, 40)
    names = same_names()

    def call(client, i):
        name = names[i % len(names)]
        if i % 2:
            return client.patch("/v1/me", json={"username": name}, token=tokens[i // 2])
        return client.post("/v1/register", json=live_shopper.form(tickets[i // 2], username=name))

    kinds = told_apart(at_once(live, 80, call))
    assert kinds.pop("409 username_taken") == 79
    assert sum(kinds.values()) == 1
    with engine.connect() as connection:
        owners = connection.scalars(text("SELECT username_key FROM users")).all()
    assert len(owners) == len(set(owners))
    assert len([owner for owner in owners if owner.startswith("admin-")]) == 1
