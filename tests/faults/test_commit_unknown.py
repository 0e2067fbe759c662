"""The database commits and is never heard to: 503 says *maybe*, and asking again says what became of it."""

import pytest

from tests.changes import change_password, move, reset, undo
from tests.faults.asking import SLOWEST_SECONDS, ask
from tests.faults.wire import end_connections
from tests.letters import Letters
from tests.shopper import new_phone
from tests.timetravel import age_redis


@pytest.fixture
def lose_reply(postgres, wire):
    """Have the reply to the next message with these words lost, after it was carried out."""

    def arm(words: str, before: str = ""):
        end_connections(postgres, wire)  # on an old one a statement that was prepared goes without its words
        wire.break_after(words, before)

    return arm


def unheard(call, wire):
    answer = ask(call)
    assert (answer.said, answer.seconds < SLOWEST_SECONDS) == ("service_unavailable", True)
    assert wire.broken.wait(10)


def test_an_account_that_was_made_unheard(visitor, wire, lose_reply):
    """R20, F17: the same ticket then says that the phone has an account, and the password opens it."""
    ticket = visitor.prove()
    lose_reply("COMMIT", before="INSERT INTO users")
    unheard(lambda: visitor.fill_in(ticket), wire)
    assert visitor.fill_in(ticket).code == "phone_registered"
    visitor.login()


def test_a_refresh_that_was_done_unheard(visitor, wire, lose_reply):
    """R24, F17: the same token gets what it would have got, and the session lives."""
    visitor.register()
    lose_reply("UPDATE sessions SET counter")
    unheard(visitor.try_refresh, wire)
    visitor.refresh()
    visitor.refresh()
    assert visitor.me().status == 200


def test_a_refresh_that_was_done_unheard_and_long_ago(postgres, visitor, wire, lose_reply):
    """R24, F17: a database that hung wakes up later than the grace lasts; that the client asks again is no theft."""
    visitor.register()
    lose_reply("UPDATE sessions SET counter")
    unheard(visitor.try_refresh, wire)
    with postgres.connect() as beside:
        beside.execute("UPDATE sessions SET refreshed_at = refreshed_at - interval '1 minute'")
    visitor.refresh()
    visitor.refresh()


def test_a_logout_that_was_done_unheard(visitor, wire, lose_reply):
    """R26, F17: asking again finds it done; meanwhile the token is not good for long, whatever the cache has."""
    visitor.register()
    visitor.me()
    lose_reply("UPDATE sessions SET ended_at")
    unheard(visitor.logout, wire)
    assert visitor.logout().status == 204
    assert visitor.me().code == "session_revoked"
    assert visitor.try_refresh().code == "refresh_invalid"


def a_reset(visitor):
    ticket = visitor.prove("reset_password")
    return lambda: reset(visitor, ticket)


def an_undoing(visitor):
    old_phone = visitor.phone
    move(visitor, new_phone())
    token = Letters(visitor.client).wait_for(old_phone, "phone_changed").token
    return lambda: undo(visitor, token)


def a_closing(visitor):
    body = {"current_password": visitor.password}
    return lambda: visitor.client.delete("/v1/me", json=body, token=visitor.access_token)


def a_change(visitor):
    return lambda: change_password(visitor)


@pytest.mark.parametrize("prepare", [a_change, a_reset, an_undoing, a_closing])
def test_new_credentials_that_were_set_unheard(visitor, redis, wire, lose_reply, prepare):
    """R26, R27, F17: they can't be set once more, and so what a thief has ends at once, though the cache knew it."""
    stolen = visitor.register()["access_token"]
    visitor.login()
    age_redis(redis, 61)  # for the next message
    act = prepare(visitor)
    assert visitor.me(stolen).status == 200
    lose_reply("COMMIT", before="UPDATE users")
    unheard(act, wire)
    assert visitor.me(stolen).code == "session_revoked"


@pytest.mark.one_database
@pytest.mark.parametrize("act", ["disable", "logout", "anonymise"])
def test_what_an_operator_did_unheard(visitor, wire, shop, make_app, lose_reply, act):
    """R26, F17: asked again or not, the tokens end at once."""
    visitor.register()
    assert visitor.me().status == 200
    lose_reply("COMMIT", before="UPDATE sessions" if act == "logout" else "UPDATE users")
    console = make_app(database_url=shop.database_url).test_cli_runner()
    assert console.invoke(args=["accounts", act, visitor.username, "--yes"]).exit_code
    assert wire.broken.wait(10)
    assert visitor.me().code == "session_revoked"
