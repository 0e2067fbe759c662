"""Devices: what an account has logged in from, and telling its owner of one never seen before."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select

from models import Device, User
from services.clock import Clock
from services.emails import verified_email
from services.notices import Notices
from services.sources import Source

MOST = 50
NOTICES_A_DAY = 5

# A column for queries of ``users``: whether the account has logged in from the device ``device`` before.
KNOWN = (
    exists()
    .where(Device.user_id == User.id, Device.name == bindparam("device"))
    .correlate(User)
    .label("is_device_known")
)
LOCK = select(User.id).where(User.id == bindparam("owner")).with_for_update(key_share=True)
OF_ACCOUNT = (
    select(Device.name, Device.first_seen_at)
    .where(Device.user_id == bindparam("owner"))
    .order_by(Device.first_seen_at, Device.name)
)
ADD = insert(Device)
FORGET = delete(Device).where(Device.user_id == bindparam("owner"), Device.name == bindparam("device"))


class Devices:
    """The devices of accounts, by the name that the user agent gives: at most ``MOST`` of each account, the newest."""

    def __init__(self, notices: Notices, clock: Clock) -> None:
        self._notices = notices
        self._clock = clock

    def first(self, connection: Connection, user_id: str, source: Source) -> None:
        """Keep the device that an account is registered from."""
        connection.execute(ADD, {"user_id": user_id, "name": source.device, "first_seen_at": self._clock()})

    def meet(self, connection: Connection, account: Any, source: Source) -> None:
        """Keep a device that seems new, and tell the owner, unless it is the account's first.

        ``account`` has id, phone and verified address. Logins at once are put in order by the lock on the account; it must
        be the first thing of its transaction. ``NOTICES_A_DAY`` bounds what somebody with random user agents can cause.
        """
        connection.execute(LOCK, {"owner": account.id})
        known = connection.execute(OF_ACCOUNT, {"owner": account.id}).all()
        if any(device.name == source.device for device in known):
            return
        now = self._clock()
        for device in known[: max(0, len(known) + 1 - MOST)]:
            connection.execute(FORGET, {"owner": account.id, "device": device.name})
        connection.execute(ADD, {"user_id": account.id, "name": source.device, "first_seen_at": now})
        lately = sum(now - device.first_seen_at < timedelta(days=1) for device in known[1:])
        if known and lately < NOTICES_A_DAY:
            self._tell(connection, account, source, now)

    def _tell(self, connection: Connection, account: Any, source: Source, now: datetime) -> None:
        self._notices.tell(
            connection,
            "new_device",
            account.id,
            source,
            phone=account.phone,
            email=verified_email(account),
            at=f"{now:%Y-%m-%d %H:%M}",
            device=source.device,
            ip=source.ip,
        )
