"""Asking for many things at once while something is broken, and how long each answer took."""

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.clients import Client, Reply
from tests.parallel import in_parallel
from tests.shopper import Shopper
from tests.waiting import wait_until

# Every answer is to come in 3 s, and what is back to be in use in 2; a busy machine takes longer, and a defect for ever.
SLOWEST_SECONDS = 6
BACK_SECONDS = 10
CROWD = 6
AWAY = {"service_unavailable"}
# What a shopper is told while there is no database: a code can be sent, a profile read that was read a moment ago.
PROMISED = dict.fromkeys(
    ("verify", "register", "available", "login", "refresh", "sessions", "rename", "logout"), AWAY
) | {"send": {202}, "me": {200}}


@dataclass(frozen=True)
class Timed:
    """A reply and after how many seconds it came."""

    reply: Reply
    seconds: float

    @property
    def said(self) -> object:
        """The code of a problem, else the status."""
        return self.reply.code if self.reply.status >= 400 else self.reply.status


def ask(call: Callable[[], Reply]) -> Timed:
    started = time.monotonic()
    reply = call()
    return Timed(reply, time.monotonic() - started)


def seconds_of_most(call: Callable[[], Reply], times: int = 8) -> float:
    """How long the slowest of so many calls took but one, which the machine may have held up."""
    return sorted(ask(call).seconds for _ in range(times))[-2]


def ask_together(calls: Mapping[str, Callable[[], Reply]], times: int = 1) -> dict[str, list[Timed]]:
    """All calls at once, each so many times; every reply must have come in time."""
    names = list(calls) * times
    answers = in_parallel(len(names), lambda i: ask(calls[names[i]]))
    for name, answer in zip(names, answers, strict=True):
        assert answer.seconds < SLOWEST_SECONDS, f"{name} took {answer.seconds:.1f} s to say {answer.said}"
    return {name: [answer for asked, answer in zip(names, answers, strict=True) if asked == name] for name in calls}


def said(answers: Mapping[str, list[Timed]]) -> dict[str, set[object]]:
    """What each call was told."""
    return {name: {answer.said for answer in told} for name, told in answers.items()}


def wait_until_back(client: Client):
    """All workers have found out that the database is back, and soon."""

    def is_back() -> bool:
        return client.get("/readyz").status == 200

    wait_until(lambda: all(is_back() for _ in range(16)), "the database's return", seconds=BACK_SECONDS)


@dataclass
class Visit:
    """Somebody in the middle of everything: logged in twice, with a ticket and some codes."""

    shopper: Shopper
    other_session: str
    ticket: str
    codes: list[tuple[str, str]]

    @classmethod
    def of(cls, shopper: Shopper, codes: int = 1) -> "Visit":
        other_session = shopper.register()["access_token"]
        shopper.login()
        shopper.me()
        others = [shopper.another() for _ in range(codes)]
        sent = [(other.send_code(), other.last_code()) for other in others]
        return cls(shopper, other_session, shopper.another().prove(), sent)

    def calls(self) -> dict[str, Callable[[], Reply]]:
        """One of each kind."""
        who, codes = self.shopper, itertools.cycle(self.codes)
        return {
            "send": lambda: who.another().ask_for_code(),
            "verify": lambda: who.verify(*next(codes)),
            "register": lambda: who.fill_in(self.ticket, username=f"{who.username}-2"),
            "available": lambda: who.client.get("/v1/register/availability", query={"username": "somebody"}),
            "login": who.try_login,
            "me": who.me,
            "refresh": who.try_refresh,
            "sessions": lambda: who.client.get("/v1/sessions", token=who.access_token),
            "rename": lambda: who.client.patch(
                "/v1/me", json={"username": f"{who.username}-3"}, token=who.access_token
            ),
            "logout": lambda: who.logout(self.other_session),
        }

    def goes_on(self):
        """Nothing of it was lost: the same ticket, code and tokens are good, and a session that was to end can be ended."""
        who = self.shopper
        assert who.fill_in(self.ticket, username=f"{who.username}-4").status == 201
        assert all(who.verify(*code).json["ticket"] for code in self.codes)
        assert ask(lambda: who.logout(self.other_session)).said in {204, "session_revoked"}
        fresh = who.refresh()
        assert who.try_login().status == 200
        assert who.logout(fresh["access_token"]).status == 204
        assert who.me(fresh["access_token"]).code == "session_revoked"
