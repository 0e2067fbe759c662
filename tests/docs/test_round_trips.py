"""The table of docs/performance.md says what each route asks of Redis and of the database."""

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from api.config import LIMITS
from api.routes import ROUTES
from tests.changes import DORMANT, NEW_PASSWORD, change_password, change_phone, keep, reset, undo
from tests.clients import InProcessClient
from tests.docs.markdown import read, section
from tests.docs.markdown import rows as table
from tests.letters import Letters
from tests.plans import whole_tables_read
from tests.rows import Rows
from tests.shopper import Shopper, new_phone, new_username
from tests.tokens import introspect
from tests.trips import Trips, counted

PAGE, TITLE = "docs/performance.md", "Round trips"
ROUTE = re.compile(r"`[A-Z]+ [^`]+`")
DAY = 86400
SECRET = "a-part-of-the-path-that-nobody-guesses"
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"
COLD, WRONG = "once a minute", "wrong password"


class CountingClient(InProcessClient):
    """Counts requests while they are ``noted``, by their route and a word for their way. Whoever has a token has just used it."""

    def __init__(self, app, address):
        super().__init__(app, address)
        self.seen: dict[str, Trips] = {}
        self._way: str | None = None

    @contextmanager
    def noted(self, way=""):
        self._way = way
        yield
        self._way = None

    def exchange(self, method, path, body, headers):
        if self._way is None:
            return super().exchange(method, path, body, headers)
        if "Authorization" in headers and self._way != COLD:
            super().exchange("GET", "/v1/me", None, headers)
        with counted() as trips:
            reply = super().exchange(method, path, body, headers)
        assert reply.status < 400 or self._way == WRONG, reply.body
        name = ", ".join(filter(None, (f"`{method} {self._rule(method, path)}`", self._way)))
        assert self.seen.setdefault(name, trips) == trips, f"{name} went two ways: {self.seen[name]} and {trips}"
        return reply

    def _rule(self, method, path):
        rule, _ = self.app.url_map.bind("").match(path.partition("?")[0], method, return_rule=True)
        return _described(rule.rule)


@dataclass(frozen=True)
class Walk:
    """One visit to every route."""

    client: CountingClient
    shopper: Shopper
    letters: Letters
    rows: Rows
    pass_time: Any

    def join(self):
        client, shopper = self.client, self.shopper
        client.get("/v1/challenge")  # once in a while somebody reads the traffic of the site
        with client.noted():
            client.get("/v1/challenge")
            client.get("/v1/register/availability", query={"username": shopper.username})
            shopper.register(email=f"{shopper.username}@example.com")
        self.pass_time(61)
        with client.noted(COLD):
            shopper.me()
        with client.noted():
            shopper.me()

    def look(self):
        with self.client.noted():
            self.shopper.sessions()
            for path in ("/v1/me/events", "/v1/me/export"):
                self.client.get(path, token=self.shopper.access_token)
            introspect(self.client, self.shopper.access_token)
        self.rows.set_messages(gateway="tencent", vendor_message_id="t-1")
        receipt = {"sid": "t-1", "report_status": "SUCCESS", "errmsg": "DELIVRD", "user_receive_time": ""}
        with self.client.noted():
            self.client.post(f"/v1/sms/receipts/{SECRET}/tencent", json=[receipt])

    def log_in(self):
        client, shopper = self.client, self.shopper
        with client.noted("password"):
            shopper.login()
        client.headers = {"User-Agent": LAPTOP}
        with client.noted("password, on a new device"):
            shopper.login()
        client.headers = {}
        with client.noted(WRONG):
            shopper.try_login(password="a wrong password")
        sms_id = shopper.send_code("login")
        self.pass_time(61)
        with client.noted():
            shopper.resend(sms_id)
        with client.noted("code"):
            shopper.try_login_by_code(sms_id, shopper.last_code())

    def carry_on(self):
        with self.client.noted():
            old = self.shopper.refresh_token
            self.shopper.refresh()
        with self.client.noted("repeated"):
            self.shopper.refresh(old)

    def end_sessions(self):
        shopper = self.shopper
        shopper.on(self.client).login()
        with self.client.noted():
            (other,) = [session["id"] for session in shopper.sessions() if not session["current"]][:1]
            self.client.delete(f"/v1/sessions/{other}", token=shopper.access_token)
            shopper.logout()
        shopper.login()
        with self.client.noted():
            self.client.delete("/v1/sessions", token=shopper.access_token)
        shopper.login()

    def change(self):
        client, shopper = self.client, self.shopper
        link = self.letters.wait_for(f"{shopper.username}@example.com", "verify_email").token
        with client.noted():
            client.post("/v1/email/verify", json={"token": link})
            shopper.username = new_username()
            client.patch("/v1/me", json={"username": shopper.username}, token=shopper.access_token)
            mail = {"email": f"{shopper.username}@example.com", "current_password": shopper.password}
            client.put("/v1/me/email", json=mail, token=shopper.access_token)
            change_password(shopper)
        shopper.password = NEW_PASSWORD
        shopper.login()

    def move(self):
        client, shopper, phone = self.client, self.shopper, new_phone()
        sms_id = shopper.send_code("change_phone", phone)
        with client.noted():
            change_phone(shopper, sms_id, shopper.last_code(phone))
            undo(shopper, self.letters.wait_for(shopper.phone, "phone_changed").token)

    def come_back(self):
        client, shopper, mail = self.client, self.shopper, f"{self.shopper.username}@example.com"
        self.pass_time(61)
        ticket = shopper.prove("reset_password")
        with client.noted():
            reset(shopper, ticket)
        self.rows.verify_email(shopper.phone, mail)
        self.rows.age_user(shopper.phone, DORMANT)
        self.pass_time(61)
        newcomer = shopper.another()
        newcomer.phone = shopper.phone
        newcomer.try_login_by_code(newcomer.send_code("login"), newcomer.last_code())
        with client.noted():
            keep(shopper, self.letters.wait_for(mail, "phone_claimed").token)

    def leave(self):
        shopper = self.shopper
        shopper.login(shopper.phone)
        with self.client.noted():
            proof = {"current_password": shopper.password}
            self.client.delete("/v1/me", json=proof, token=shopper.access_token)


PARTS = (
    Walk.join,
    Walk.look,
    Walk.log_in,
    Walk.carry_on,
    Walk.end_sessions,
    Walk.change,
    Walk.move,
    Walk.come_back,
    Walk.leave,
)


@pytest.fixture
def walked(make_app, make_shopper, letters, rows, pass_time, redis, redis_url):
    """What each route asked of an app as it is delivered, on a second walk: after the first Redis has counted for a day, and has the scripts.

    Its user may not track, so that no session is kept in the process for a moment that a busy machine makes too short.
    """
    redis.acl_setuser("asker", enabled=True, passwords=["+asker"], keys=["*"], commands=["+@all", "-client"])
    urls = dict.fromkeys(("redis_url", "ratelimit_storage_uri"), redis_url.replace("://", "://asker:asker@", 1))
    app = make_app(challenge="adaptive", unverified_per_prefix=30, callback_secret=SECRET, **urls, **LIMITS)
    for address in ("192.0.2.1", "198.51.100.1"):
        client = CountingClient(app, address)
        walk = Walk(client, make_shopper(client), letters, rows, pass_time)
        for part in PARTS:
            part(walk)
        pass_time(DAY)
    return client.seen


def test_every_route_asks_what_its_row_says_and_reads_no_whole_table(walked, engine, tables):
    written = {row[0]: row for row in table(section(read(PAGE), TITLE)) if ROUTE.match(row[0])}
    counts = {name: _row(name, trips) for name, trips in walked.items()}
    routes = {f"`{method} {_described(url)}`" for url, resource in ROUTES for method in resource.methods}
    assert {ROUTE.match(name)[0] for name in walked} == routes, "Walk routes that are new, in PARTS."
    other = [name for name in {**written, **counts} if written.get(name) != counts.get(name)]
    assert not other, _advice(other, walked)
    statements = {text: values for trips in walked.values() for text, values in trips.statements.items()}
    assert whole_tables_read(engine, statements, tables) == [], "These read whole tables: they need an index."


def _described(rule):
    """A rule of Flask's as the documents write it."""
    return re.sub("<([^>]+)>", r"{\1}", rule)


def _row(name, trips):
    beside = f"{trips.redis_beside} + {trips.sql_beside}" if trips.redis_beside + trips.sql_beside else ""
    return [name, str(len(trips.redis)), str(len(trips.sql)), ", ".join(trips.sql), beside]


def _advice(other, walked):
    """What is different, and the table as it would have to be."""
    asked = [f"{name}: {', '.join(walked[name].redis)}" for name in other if name in walked]
    table = [f"| {' | '.join(_row(name, trips))} |".replace("  ", " ") for name, trips in walked.items()]
    return "\n".join(
        (
            f"Not as {PAGE} says: {', '.join(other)}.",
            "Take out what a route has more. If that has to be so, these are the rows of the table now:",
            *table,
            "Redis was asked:",
            *asked,
        )
    )
