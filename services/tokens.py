"""Access and refresh tokens: what is inside, and how long they live."""

from dataclasses import dataclass
from datetime import UTC, datetime

from services.clock import Clock
from services.errors import RefreshExpired, RefreshInvalid, TokenExpired, TokenInvalid
from services.keyring import Keyring
from services.signing import Expired, Forged, SignedTexts


@dataclass(frozen=True)
class Claims:
    """What an access token says: whose it is, of which session, under which version of the credentials."""

    user_id: str
    session_id: str
    credential_version: int


@dataclass(frozen=True)
class Issued:
    """An access token that we signed: its claims, and from when to when it is good, in Unix seconds."""

    claims: Claims
    issued_at: int
    expires_at: int


@dataclass(frozen=True)
class RefreshClaims:
    """What a refresh token says: the claims, its generation, and when its session ends in any case."""

    claims: Claims
    counter: int
    ends_at: datetime


class Tokens:
    """Signs and reads both kinds; lifetimes in seconds."""

    def __init__(self, keyring: Keyring, clock: Clock, access_lifetime: int, refresh_lifetime: int) -> None:
        self.access_lifetime = access_lifetime
        self.refresh_lifetime = refresh_lifetime
        self._access = SignedTexts(keyring.secrets, "access", clock)
        self._refresh = SignedTexts(keyring.secrets, "refresh", clock)

    def sign_access(self, claims: Claims) -> str:
        """An access token."""
        return self._access.sign([claims.user_id, claims.session_id, claims.credential_version])

    def read_access(self, token: str) -> Claims:
        """The claims of an access token; raises ``TokenExpired`` or ``TokenInvalid``. The session is not checked here."""
        return self.read_issued(token).claims

    def read_issued(self, token: str) -> Issued:
        """The same, with its times."""
        try:
            claims, signed_at = self._access.read_dated(token, self.access_lifetime)
            issued_at = int(signed_at.timestamp())
            return Issued(Claims(*claims), issued_at, issued_at + self.access_lifetime)
        except Expired:
            raise TokenExpired from None
        except Forged:
            raise TokenInvalid from None

    def sign_refresh(self, refresh: RefreshClaims) -> str:
        """A refresh token of one generation."""
        claims = refresh.claims
        ends_at = int(refresh.ends_at.timestamp())
        return self._refresh.sign(
            [claims.user_id, claims.session_id, claims.credential_version, refresh.counter, ends_at]
        )

    def read_refresh(self, token: str) -> RefreshClaims:
        """The claims of a refresh token; raises ``RefreshExpired`` or ``RefreshInvalid``."""
        try:
            *claims, counter, ends_at = self._refresh.read(token, self.refresh_lifetime)
        except Expired:
            raise RefreshExpired from None
        except Forged:
            raise RefreshInvalid from None
        return RefreshClaims(Claims(*claims), counter, datetime.fromtimestamp(ends_at, UTC))
