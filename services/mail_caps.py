"""How many mails of a kind an address may have in a day: nobody shall fill a stranger's mailbox with our mails."""

from collections.abc import Mapping

from services.keyring import Keyring
from services.names import fold
from services.scripts import RedisClient, load_script

DAY = 86400


class MailCaps:
    """Counts in Redis, by pseudonym. ``per_day`` is by kind, 0 for no limit; kinds that it doesn't name have none."""

    def __init__(self, redis: RedisClient, keyring: Keyring, per_day: Mapping[str, int]) -> None:
        self._keyring = keyring
        self._per_day = per_day
        self._claim_mail = load_script(redis, "claim_mail")

    def claim(self, kind: str, address: str, mail_id: str) -> bool:
        """Count one mail, once however often it is tried; False where the address has had its share of 24 hours.

        ``li+a@…`` and ``li+b@…`` are one mailbox at most providers, and are counted as one.
        """
        limit = self._per_day.get(kind, 0)
        if not limit:
            return True
        local, _, domain = fold(address).rpartition("@")
        mailbox = self._keyring.pseudonym(f"mailbox:{local.partition('+')[0]}@{domain}")
        return bool(self._claim_mail(keys=[f"mails:{{{mailbox}}}:{kind}"], args=[mail_id, limit, DAY]))
