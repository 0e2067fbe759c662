"""What other services may ask of a token (RFC 7662), and which services may ask."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from services.errors import SessionRevoked, TokenExpired, TokenInvalid
from services.known_tokens import KnownTokens
from services.sessions import Sessions
from services.tokens import CLIENT


@dataclass(frozen=True)
class Inactive:
    """Whatever is no access token that would be let in here and now; why, is not told."""

    active: bool = False


@dataclass(frozen=True)
class Active:
    """An access token that is let in: whose it is, of which session, and from when to when it is good (Unix seconds)."""

    active: bool
    sub: str
    username: str
    sid: str
    client_id: str
    iss: str
    aud: str
    iat: int
    exp: int
    token_type: str


class Introspection:
    """Answers the services of ``clients``, each written ``name:secret``; one with two secrets is there twice."""

    def __init__(
        self, tokens: KnownTokens, sessions: Sessions, clients: Sequence[str], issuer: str, audience: str
    ) -> None:
        self._tokens = tokens
        self._sessions = sessions
        self._clients = [client.encode() for client in clients]
        self._issuer = issuer
        self._audience = audience

    def knows(self, credentials: str) -> bool:
        """Whether ``name:secret`` is a service; all are compared, so that the time tells nothing of names."""
        compared = [hmac.compare_digest(credentials.encode(), client) for client in self._clients]
        return True in compared

    def look(self, token: str) -> Active | Inactive:
        """What holds of an access token now, by the same check that stands before every call."""
        try:
            issued = self._tokens.read(token)
            caller = self._sessions.check(issued.claims)
        except (TokenInvalid, TokenExpired, SessionRevoked):
            return Inactive()
        return Active(
            active=True,
            sub=caller.profile.id,
            username=caller.profile.username,
            sid=caller.session_id,
            client_id=CLIENT,
            iss=self._issuer,
            aud=self._audience,
            iat=issued.issued_at,
            exp=issued.expires_at,
            token_type="Bearer",
        )
