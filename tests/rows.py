"""The database beside the app: to look at rows, and to set what no call can set."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, select, true, update

from models import SecurityEvent, Session, SmsMessage, User


class Rows:
    """Reads and changes rows directly; a phone (E.164) names its account."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def user(self, phone: str) -> dict[str, Any]:
        with self._engine.connect() as connection:
            return dict(connection.execute(select(User.__table__).where(User.phone == phone)).one()._mapping)

    def set_user(self, phone: str, /, **values: Any):
        with self._engine.begin() as connection:
            assert connection.execute(update(User).where(User.phone == phone).values(**values)).rowcount == 1

    def set_messages(self, **values: Any):
        with self._engine.begin() as connection:
            assert connection.execute(update(SmsMessage).values(**values)).rowcount

    def take_phone(self, phone: str):
        """As if a new holder had registered the number."""
        self.set_user(phone, phone=None)

    def verify_email(self, phone: str, email: str):
        """As if the mailed link had been used."""
        self.set_user(phone, email=email, verified_email_key=email.casefold())

    def age_user(self, phone: str, by: timedelta):
        """As if the account had been registered, and used for the last time, so much earlier."""
        user = self.user(phone)
        self.set_user(phone, created_at=user["created_at"] - by)
        for column in ("created_at", "refreshed_at", "expires_at", "ends_at"):
            self._age(column, by, Session.user_id == user["id"])

    def age_refreshes(self, seconds: float):
        """As if each session had been refreshed so much earlier, by the database's clock."""
        self._age("refreshed_at", timedelta(seconds=seconds), true())

    def events(self, user_id: str) -> list[str]:
        """What happened to an account, in words, the oldest first; refusals come a moment late."""
        query = select(SecurityEvent.type).where(SecurityEvent.user_id == user_id).order_by(SecurityEvent.id)
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def users(self) -> int:
        return self._count(User)

    def messages(self) -> int:
        """How many SMS were ordered."""
        return self._count(SmsMessage)

    def sessions(self, **values: Any) -> int:
        """How many sessions have these values."""
        return self._count(Session, *(getattr(Session, name) == value for name, value in values.items()))

    def _age(self, column: str, by: timedelta, which: ColumnElement[bool]):
        with self._engine.begin() as connection:
            for session_id, at in connection.execute(select(Session.id, getattr(Session, column)).where(which)).all():
                connection.execute(update(Session).where(Session.id == session_id).values({column: at - by}))

    def _count(self, model: type, *conditions: Any) -> int:
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(model).where(*conditions))
