"""One honest shopper, from the first click to the session, with the mistakes that people make."""

from random import Random

from bench.attack.accounts import Account
from bench.attack.carrier import Carrier
from bench.attack.simulation import Actor
from bench.attack.visitor import Step, Visitor

# Of all codes: how many are never typed, how many are asked for twice, and how many are mistyped at first.
ABANDONED, SENT_AGAIN, MISTYPED = 0.08, 0.08, 0.08
# Of all passwords: how many are mistyped, and how many of those are forgotten in truth.
PASSWORD_MISTYPED, PASSWORD_FORGOTTEN = 0.15, 0.25


class Shopper:
    """Each way in is what somebody does at one visit."""

    def __init__(self, visitor: Visitor, account: Account, carrier: Carrier, random: Random) -> None:
        self._visitor = visitor
        self._account = account
        self._carrier = carrier
        self._random = random

    def register(self) -> Actor:
        """The wizard."""
        ticket = yield from self._prove("register")
        if not ticket:
            return
        yield self._random.uniform(20, 120)
        password = self._account.password
        yield from self._visitor.post(
            "/v1/register",
            ticket=ticket,
            username=self._account.username,
            email="shopper@example.com",
            password=password,
            password_confirm=password,
        )

    def log_in_by_code(self) -> Actor:
        """Without the password."""
        sms_id = yield from self._get_code("login")
        if sms_id:
            yield from self._type_code("/v1/login", sms_id=sms_id)

    def log_in(self) -> Actor:
        """With the password, or with a new one where it is forgotten."""
        if self._random.random() < PASSWORD_MISTYPED:
            forgotten = self._random.random() < PASSWORD_FORGOTTEN
            for _ in range(3 if forgotten else 1):
                yield from self._log_in("not the password")
                yield self._random.uniform(5, 20)
            if forgotten:
                yield from self._reset()
        yield from self._log_in(self._account.password)

    def _log_in(self, password: str) -> Step:
        return (yield from self._visitor.post("/v1/login", account=self._account.username, password=password))

    def _reset(self) -> Actor:
        ticket = yield from self._prove("reset_password")
        if ticket:
            yield self._random.uniform(10, 40)
            password = self._account.password
            yield from self._visitor.post(
                "/v1/password/reset", ticket=ticket, password=password, password_confirm=password
            )

    def _prove(self, purpose: str) -> Actor:
        """A ticket; nothing for who gave up or was refused."""
        sms_id = yield from self._get_code(purpose)
        if not sms_id:
            return None
        answer = yield from self._type_code(f"/v1/sms/{sms_id}/verify")
        return answer.json.get("ticket")

    def _get_code(self, purpose: str) -> Actor:
        """The ``sms_id`` of a code that is on the phone; nothing for who gave up or was refused."""
        answer = yield from self._visitor.post("/v1/sms", phone=self._account.phone, purpose=purpose)
        if answer.status != 202 or self._random.random() < ABANDONED:
            return None
        sms_id: str = answer.json["sms_id"]
        if self._random.random() < SENT_AGAIN:
            yield self._random.uniform(62, 100)
            answer = yield from self._visitor.post(f"/v1/sms/{sms_id}/resend")
            if answer.status != 202:
                return None
        yield self._random.uniform(5, 60)
        return sms_id

    def _type_code(self, path: str, **body: str) -> Step:
        code = self._carrier.code_on(self._account.phone)
        if self._random.random() < MISTYPED:
            yield from self._visitor.post(path, **body, code=f"{(int(code) + 1) % 10**6:06}")
            yield self._random.uniform(5, 20)
        return (yield from self._visitor.post(path, **body, code=code))
