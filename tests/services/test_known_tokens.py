"""Tokens that were verified before: known by their whole text, and never for longer than they are good."""

import pytest

from services.known_tokens import KnownTokens
from services.tokens import Claims, Issued

DAY = 86400


@pytest.mark.parametrize(("seconds", "code"), [(901, "token_expired"), (DAY, "token_expired"), (-DAY, "token_invalid")])
def test_a_known_token_has_its_time(shopper, clock, seconds, code):
    """It was let in a moment ago; then its time is over, or it comes from the future."""
    shopper.register()
    assert [shopper.me().status for _ in range(2)] == [200, 200]
    clock.advance(seconds)
    assert shopper.me().code == code


def test_a_letter_makes_another_token(shopper):
    shopper.register()
    shopper.me()
    for changed in (shopper.access_token[:-2], shopper.access_token.swapcase(), shopper.access_token + "="):
        assert shopper.me(changed).code == "token_invalid"


def test_only_the_last_are_known(monkeypatch, clock):
    monkeypatch.setattr("services.known_tokens.MOST", 2)
    read = []

    class Tokens:
        def read_issued(self, token):
            read.append(token)
            now = int(clock().timestamp())
            return Issued(Claims(token, token, 1), now, now + 900)

    known = KnownTokens(Tokens(), clock)
    assert [known.read(token).claims.user_id for token in "abcbca"] == list("abcbca")
    assert read == ["a", "b", "c", "a"]
