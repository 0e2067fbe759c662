"""Keys for sealing and for names, all derived from ``SECRET_KEYS``."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, MultiFernet


class Keyring:
    """Secrets, oldest first, as itsdangerous lists them: the newest seals, all of them open.

    Each use has a key of its own, derived with HMAC-SHA256 from the secret and the name of the use.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self.secrets = tuple(secrets)
        newest_first = tuple(reversed(self.secrets))
        self._box = MultiFernet([Fernet(base64.urlsafe_b64encode(_derive(s, "seal"))) for s in newest_first])
        self._check_keys = [_derive(secret, "check") for secret in newest_first]
        self._name_key = _derive(self.secrets[0], "name")

    def seal(self, text: str) -> str:
        """Encrypt ``text`` so that a copy of Redis is worth nothing without the keys."""
        return self._box.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Open what any of the keys sealed; raises ``cryptography.fernet.InvalidToken``."""
        return self._box.decrypt(sealed).decode()

    def checks(self, *parts: str) -> list[str]:
        """The digest of ``parts`` under every key, the newest first: store the first, compare with all."""
        message = "\0".join(parts).encode()
        return [hmac.new(key, message, hashlib.sha256).hexdigest() for key in self._check_keys]

    def pseudonym(self, identifier: str) -> str:
        """A stable name for an identifier, 64 bits in hex; it changes only when the oldest key is taken away."""
        return hmac.new(self._name_key, identifier.encode(), hashlib.sha256).hexdigest()[:16]


def _derive(secret: str, use: str) -> bytes:
    return hmac.new(secret.encode(), f"dongbao.{use}".encode(), hashlib.sha256).digest()
