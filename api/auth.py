"""Who is asking: the hook that reads the token, and the guard that asks for one."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, g, request

from api.wiring import services
from services.errors import TokenMissing
from services.sessions import Caller

View = Callable[..., Any]
SCHEME = "bearer "


def init_auth(app: Flask) -> None:
    """Read the token of every request before its view runs."""
    app.before_request(_read_token)


def login_required(view: View) -> View:
    """Let in only callers with a living session; raises ``TokenMissing`` and its kin."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        current_caller()
        return view(*args, **kwargs)

    guarded.login_required = True  # type: ignore[attr-defined]
    return guarded


def current_caller() -> Caller:
    """The caller, checked once per request; raises ``TokenMissing``, ``TokenInvalid``, ``TokenExpired`` or ``SessionRevoked``."""
    if "caller" not in g:
        if g.token is None:
            raise TokenMissing
        g.caller = services().sessions.check(services().known_tokens.read(g.token).claims)
    caller: Caller = g.caller
    return caller


def _read_token() -> None:
    """Take the token out of the header; it is never taken from a URL or a cookie (RFC 6750, 5.3)."""
    header: str = request.environ.get("HTTP_AUTHORIZATION", "")
    g.token = header[len(SCHEME) :].strip() if header[: len(SCHEME)].lower() == SCHEME else None
