"""Messages whose vendor must be asked for the receipt with the whole phone, which no table holds: sealed, in Redis, for a while."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
from cryptography.fernet import InvalidToken

from services.clock import Clock
from services.keyring import Keyring
from services.scripts import RedisClient, load_script

MINUTE, HOUR = 60_000, 3_600_000
ASKED_AFTER = (MINUTE, 5 * MINUTE, 30 * MINUTE, 4 * HOUR, 24 * HOUR)
LIFETIME = 48 * HOUR
CAPACITY = 10_000


@dataclass(frozen=True)
class PendingReceipt:
    """A message without a receipt; ``phone`` is E.164."""

    phone: str = field(repr=False)
    message_id: str
    sent_at: datetime
    sealed: str = field(repr=False)


class PendingReceipts:
    """Those of one gateway, due 1 minute, 5 and 30 minutes, 4 hours and 24 hours after they were sent; then they are dropped."""

    def __init__(
        self, gateway: str, redis: RedisClient, keyring: Keyring, clock: Clock, capacity: int = CAPACITY
    ) -> None:
        self._keys = [f"receipts:{{{gateway}}}:noted", f"receipts:{{{gateway}}}:due"]
        self._redis = redis
        self._keyring = keyring
        self._clock = clock
        self._capacity = capacity
        self._note = load_script(redis, "note_pending")
        self._claim = load_script(redis, "claim_pending")

    def note(self, phone: str, message_id: str) -> None:
        """A message has just been sent."""
        sealed = self._keyring.seal(orjson.dumps([phone, message_id, self._clock().timestamp()]).decode())
        self._note(keys=self._keys, args=[sealed, ASKED_AFTER[0], self._capacity, LIFETIME])

    def claim(self) -> PendingReceipt | None:
        """One that is due now, and for nobody else; those that our keys no longer open are dropped."""
        while sealed := self._claim(keys=self._keys, args=ASKED_AFTER):
            try:
                phone, message_id, sent_at = orjson.loads(self._keyring.unseal(sealed.decode()))
            except InvalidToken:
                self._drop(sealed.decode())
            else:
                return PendingReceipt(phone, message_id, datetime.fromtimestamp(sent_at, UTC), sealed.decode())
        return None

    def done(self, pending: PendingReceipt) -> None:
        """Its receipt has come: it is asked for no more."""
        self._drop(pending.sealed)

    def _drop(self, sealed: str) -> None:
        for key in self._keys:
            self._redis.zrem(key, sealed)
