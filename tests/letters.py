"""Notices as people get them: mails, and SMS without a code. They are sent after the reply, so that tests wait for them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, func, select

from models import Notice
from sms.memory import MemoryGateway
from tests.clients import Client
from tests.waiting import wait_until


@dataclass(frozen=True)
class Letter:
    """One notice; ``to`` is E.164 or an address, ``subject`` and ``link`` are None where there is none."""

    channel: str
    to: str
    kind: str
    subject: str | None
    text: str
    link: str | None

    @property
    def token(self) -> str:
        """What the link carries in its fragment."""
        return (self.link or "").partition("#token=")[2]


class Letters:
    """What was sent through one app or server: in the development inbox, and where the app has a stand-in, in that."""

    def __init__(self, client: Client | None, engine: Engine | None = None, gateway: MemoryGateway | None = None):
        self._client = client
        self._engine = engine
        self._gateway = gateway

    def all(self, to: str | None = None, kind: str | None = None) -> list[Letter]:
        """What is there now, the newest of each channel first."""
        found = [*self._mails_and_texts(), *self._stand_in_texts()]
        return [letter for letter in found if to in (None, letter.to) and kind in (None, letter.kind)]

    def wait_for(self, to: str | None = None, kind: str | None = None, count: int = 1) -> Letter:
        """The newest of at least ``count`` letters to somebody, of a kind."""
        wait_until(lambda: len(self.all(to, kind)) >= count, f"{count} of {kind} to {to} among {self.all()}")
        return self.all(to, kind)[0]

    def settled(self, to: str | None = None, kind: str | None = None) -> list[Letter]:
        """As ``all``, once every notice that was written has been tried: for what must not come, or come once."""
        self.wait_tried()
        return self.all(to, kind)

    def wait_tried(self):
        """Until every notice that was written has been tried."""
        wait_until(lambda: self._untried() == 0, "a try of every notice")

    def _untried(self) -> int:
        waiting = select(func.count()).select_from(Notice).where(Notice.sent_at.is_(None), Notice.error.is_(None))
        assert self._engine, "settled() looks into the database"
        with self._engine.connect() as connection:
            return connection.scalar(waiting)

    def _mails_and_texts(self) -> list[Letter]:
        messages = self._client.get("/dev/inbox", headers={"Accept": "application/json"}).json["messages"]
        return [_letter(message) for message in messages if not message["code"]]

    def _stand_in_texts(self) -> list[Letter]:
        sent = self._gateway.messages if self._gateway else []
        return [
            Letter("sms", message.to, message.purpose, None, message.text, message.link)
            for message in reversed(sent)
            if not message.code
        ]


def _letter(message: dict[str, Any]) -> Letter:
    return Letter(
        message["channel"], message["to"], message["purpose"], message["subject"], message["text"], message["link"]
    )
