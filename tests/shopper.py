"""A shopper: walks the product by its front door, over any client."""

import itertools
from collections.abc import Callable
from typing import Any

from tests.clients import Client, Reply
from tests.secrecy import SEEN

PASSWORD = "correct horse battery"
_numbers = itertools.count()


def new_phone() -> str:
    """A Chinese mobile number that no other test has (E.164)."""
    return f"+86139{next(_numbers):08}"


def new_username() -> str:
    return f"shopper-{next(_numbers)}"


class Shopper:
    """Holds a phone, and the tokens of the last session it got. ``read_inbox`` gives the messages as ``(to, code)``, newest first.

    Methods that name a reply return it whatever its status; the others insist on success.
    """

    def __init__(self, client: Client, read_inbox: Callable[[], list[tuple[str, str]]], phone: str | None = None):
        self.client = client
        self.phone = phone or new_phone()
        self.username = new_username()
        self.password = PASSWORD
        self.access_token = ""
        self.refresh_token = ""
        self._read_inbox = read_inbox

    def another(self) -> "Shopper":
        """Somebody else on the same server."""
        return Shopper(self.client, self._read_inbox)

    def on(self, client: Client) -> "Shopper":
        """The same person over another client, with the same tokens."""
        other = Shopper(client, self._read_inbox, self.phone)
        other.username, other.password = self.username, self.password
        other.access_token, other.refresh_token = self.access_token, self.refresh_token
        return other

    # Codes

    def ask_for_code(self, purpose: str = "register", phone: str | None = None) -> Reply:
        body = {"purpose": purpose} if purpose == "confirm" else {"purpose": purpose, "phone": phone or self.phone}
        return self.client.post("/v1/sms", json=body, token=self.access_token or None)

    def send_code(self, purpose: str = "register", phone: str | None = None) -> str:
        """The ``sms_id`` of a code just sent."""
        return _expect(202, self.ask_for_code(purpose, phone)).json["sms_id"]

    def last_code(self, phone: str | None = None) -> str:
        """The digits of the newest message to a phone."""
        code = next(code for to, code in self._read_inbox() if to == (phone or self.phone))
        SEEN.note("code", code)
        return code

    def wrong_code(self, phone: str | None = None) -> str:
        """Six digits that differ from the newest message's."""
        return f"{(int(self.last_code(phone)) + 1) % 1_000_000:06}"

    def verify(self, sms_id: str, code: str) -> Reply:
        return self.client.post(f"/v1/sms/{sms_id}/verify", json={"code": code})

    def resend(self, sms_id: str) -> Reply:
        return self.client.post(f"/v1/sms/{sms_id}/resend")

    def prove(self, purpose: str = "register", phone: str | None = None) -> str:
        """A ticket for a phone: send, read, verify."""
        sms_id = self.send_code(purpose, phone)
        return _expect(200, self.verify(sms_id, self.last_code(phone))).json["ticket"]

    # The account

    def form(self, ticket: str, **changes: Any) -> dict[str, Any]:
        """The body of step 2; ``None`` leaves a field out."""
        body = {
            "ticket": ticket,
            "username": self.username,
            "email": "shopper@example.com",
            "password": self.password,
            "password_confirm": changes.get("password", self.password),
        } | changes
        return {field: value for field, value in body.items() if value is not None}

    def fill_in(self, ticket: str, **changes: Any) -> Reply:
        """Step 2 of the wizard."""
        return self.client.post("/v1/register", json=self.form(ticket, **changes))

    def register(self, phone: str | None = None, **changes: Any) -> dict[str, Any]:
        """Both steps; the session body."""
        self.phone = phone or self.phone
        self.username = changes.get("username", self.username)
        self.password = changes.get("password", self.password)
        return self._take(_expect(201, self.fill_in(self.prove(), **changes)))

    def try_login(self, account: str | None = None, password: str | None = None) -> Reply:
        body = {"account": account or self.username, "password": password or self.password}
        return self.client.post("/v1/login", json=body)

    def login(self, account: str | None = None, password: str | None = None) -> dict[str, Any]:
        return self._take(_expect(200, self.try_login(account, password)))

    def try_login_by_code(self, sms_id: str, code: str) -> Reply:
        return self.client.post("/v1/login", json={"sms_id": sms_id, "code": code})

    def login_by_code(self) -> dict[str, Any]:
        sms_id = self.send_code("login")
        return self._take(_expect(200, self.try_login_by_code(sms_id, self.last_code())))

    def try_refresh(self, token: str | None = None) -> Reply:
        return self.client.post("/v1/token/refresh", json={"refresh_token": token or self.refresh_token})

    def refresh(self, token: str | None = None) -> dict[str, Any]:
        return self._take(_expect(200, self.try_refresh(token)))

    def me(self, token: str | None = None) -> Reply:
        return self.client.get("/v1/me", token=token or self.access_token)

    def logout(self, token: str | None = None) -> Reply:
        return self.client.post("/v1/logout", token=token or self.access_token)

    def sessions(self) -> list[dict[str, Any]]:
        return _expect(200, self.client.get("/v1/sessions", token=self.access_token)).json["sessions"]

    def _take(self, reply: Reply) -> dict[str, Any]:
        self.access_token = reply.json["access_token"]
        self.refresh_token = reply.json["refresh_token"]
        return reply.json


def _expect(status: int, reply: Reply) -> Reply:
    assert reply.status == status, f"{reply.status}: {reply.body.decode()}"
    return reply
