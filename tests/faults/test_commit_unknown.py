"""The database commits and is never heard to: 503 says *maybe*, and asking again says what became of it."""

import pytest

from tests.faults.asking import ask


@pytest.fixture
def lose_reply(postgres, wire):
    """Have the reply to the next message with these words lost, after it was carried out."""

    def arm(words: str, before: str = ""):
        postgres.end_connections()  # on an old connection a statement that was prepared goes without its words
        wire.break_after(words, before)

    return arm


def unheard(call, wire):
    answer = ask(call)
    assert (answer.said, answer.seconds < 3) == ("service_unavailable", True)
    assert wire.broken.wait(3)


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
