"""The hot paths: requests of accounts drawn by lot, each as it is asked most of the time."""

from collections.abc import Callable
from datetime import timedelta

from bench.growth.fill import DAYS, SCATTER
from bench.growth.house import Environ, House
from bench.hashing import PASSWORD


def me(house: House) -> Environ:
    """Asked a moment ago by the same session."""
    return _warmed(house, "/v1/me")


def me_cold(house: House) -> Environ:
    """Not asked for a minute: where accounts are few, they would be asked again sooner."""
    number = house.pick()
    house.wired.cache.forget(house.accounts.user_id(number))
    return house.request("GET", "/v1/me", number=number)


def sessions(house: House) -> Environ:
    """The list of an account."""
    return _warmed(house, "/v1/sessions")


def events(house: House) -> Environ:
    """The newest of an account."""
    return _warmed(house, "/v1/me/events")


def login(house: House) -> Environ:
    """By name and password, from the known device."""
    body = {"account": house.accounts.username(house.pick()), "password": PASSWORD}
    return house.request("POST", "/v1/login", body)


def refresh(house: House) -> Environ:
    """Of a session that was just opened elsewhere, so that its generation is known."""
    number = house.pick()
    with house.connect() as connection:
        row = connection.execute(
            "SELECT counter FROM sessions WHERE id = %s", (house.accounts.session_id(number),)
        ).fetchone()
    token = house.generation(number, row[0] if row else 0)
    return house.request("POST", "/v1/token/refresh", {"refresh_token": house.wired.tokens.sign_refresh(token)})


def sms(house: House) -> Environ:
    """A code for a number that has had none."""
    phone = f"+86137{next(house.unused) * SCATTER % 10**8:08}"
    return house.request("POST", "/v1/sms", {"phone": phone, "purpose": "register"})


def register(house: House) -> Environ:
    """Step 2, with a ticket."""
    number = next(house.unused)
    name = f"newcomer-{number}"
    body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD, "password_confirm": PASSWORD}
    return house.request("POST", "/v1/register", {"ticket": house.wired.tickets.issue(f"+86139{number:08}"), **body})


def purge(house: House) -> int:
    """What the jobs of a night do, with a little to delete; says how many rows."""
    wired, keep = house.wired, timedelta(days=DAYS - 0.1)
    purges = (wired.events.purge, wired.sessions.purge, wired.messages.purge, wired.notice_log.purge)
    return sum(each(keep) for each in purges) + wired.phone_changes.purge() + wired.limit_hits.purge()


def _warmed(house: House, path: str) -> Environ:
    """Of an account that the process keeps by then, wherever it would be asked again by chance or not."""
    number = house.pick()
    for _ in range(3):
        house.ask(house.request("GET", "/v1/me", number=number))
    return house.request("GET", path, number=number)


PATHS: dict[str, Callable[[House], Environ]] = {
    "me": me,
    "me, once a minute": me_cold,
    "sessions": sessions,
    "events": events,
    "login": login,
    "refresh": refresh,
    "sms": sms,
    "register": register,
}
