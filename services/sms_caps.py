"""How many notices of a kind a number may have in a day: no budget stops them, and whoever has an account can cause them."""

from services.keyring import Keyring
from services.scripts import RedisClient, load_script

A_DAY = 10
DAY = 86400


class SmsCaps:
    """Counts in Redis, by pseudonym."""

    def __init__(self, redis: RedisClient, keyring: Keyring) -> None:
        self._keyring = keyring
        self._claim_mail = load_script(redis, "claim_mail")

    def claim(self, kind: str, phone: str, notice_id: str) -> bool:
        """Count one notice to ``phone`` (E.164), once however often it is tried; False beyond the share of 24 hours."""
        key = f"notices:{{{self._keyring.pseudonym(phone)}}}:{kind}"
        return bool(self._claim_mail(keys=[key], args=[notice_id, A_DAY, DAY]))
