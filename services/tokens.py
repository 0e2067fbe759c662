"""Access and refresh tokens: what is inside, and how long they live.

Access tokens have one of two forms. Both are read at any time, the ``JWT`` where there are keys for it; which one is written
is a setting, so that a change of it ends no token. Refresh tokens are read by nobody but us and have one form.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.clock import Clock
from services.errors import RefreshExpired, RefreshInvalid, TokenExpired, TokenInvalid
from services.jwts import Jwts, looks_like_jwt
from services.keyring import Keyring
from services.signing import Expired, Forged, SignedTexts

# RFC 9068 wants to know which client a token was issued to: here the mall's own pages and apps, which are one.
CLIENT = "dongbao"


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
    """Signs and reads both kinds; lifetimes in seconds. Access tokens are written as JWTs where ``writes_jwts`` says so."""

    def __init__(
        self,
        keyring: Keyring,
        clock: Clock,
        access_lifetime: int,
        refresh_lifetime: int,
        jwts: Jwts | None = None,
        *,
        writes_jwts: bool = False,
    ) -> None:
        self.access_lifetime = access_lifetime
        self.refresh_lifetime = refresh_lifetime
        self._access = SignedTexts(keyring.secrets, "access", clock)
        self._refresh = SignedTexts(keyring.secrets, "refresh", clock)
        self._jwts = jwts
        self._writes_jwts = writes_jwts

    def sign_access(self, refresh: RefreshClaims) -> str:
        """An access token of a session; what others verify by themselves says that it does not outlive the session."""
        claims = refresh.claims
        if self._jwts and self._writes_jwts:
            return self._jwts.sign(_jwt_claims(claims), self.access_lifetime, int(refresh.ends_at.timestamp()))
        return self._access.sign([claims.user_id, claims.session_id, claims.credential_version])

    def read_issued(self, token: str) -> Issued:
        """An access token; raises ``TokenExpired`` or ``TokenInvalid``. The session is not checked here."""
        try:
            if self._jwts and looks_like_jwt(token):
                return _issued(self._jwts.read(token, self.access_lifetime))
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


def _jwt_claims(claims: Claims) -> dict[str, Any]:
    """Under the names of RFC 9068 where it has one."""
    return {
        "sub": claims.user_id,
        "sid": claims.session_id,
        "client_id": CLIENT,
        "credential_version": claims.credential_version,
    }


def _issued(jwt: dict[str, Any]) -> Issued:
    return Issued(Claims(jwt["sub"], jwt["sid"], jwt["credential_version"]), jwt["iat"], jwt["exp"])
