"""The database beside the app: to look at rows, and to set what no call can set."""

from typing import Any

from sqlalchemy import Engine, func, select, update

from models import Session, User


class Rows:
    """Reads and changes rows directly; a phone (E.164) names its account."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def user(self, phone: str) -> dict[str, Any]:
        with self._engine.connect() as connection:
            return dict(connection.execute(select(User.__table__).where(User.phone == phone)).one()._mapping)

    def set_user(self, phone: str, **values: Any):
        with self._engine.begin() as connection:
            assert connection.execute(update(User).where(User.phone == phone).values(**values)).rowcount == 1

    def verify_email(self, phone: str, email: str):
        """As if the mailed link had been used."""
        self.set_user(phone, email=email, verified_email_key=email.casefold())

    def users(self) -> int:
        return self._count(User)

    def sessions(self, **values: Any) -> int:
        """How many sessions have these values."""
        return self._count(Session, *(getattr(Session, name) == value for name, value in values.items()))

    def _count(self, model: type, *conditions: Any) -> int:
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(model).where(*conditions))
