"""The named limits: what each counts, whom it counts, and which setting holds its numbers.

A limit stands in a Resource's class-level ``decorators``; limits are tried in the order of that list, and the first that is
breached ends the request. Each is counted before anything behind it happens, by Flask-Limiter's strategy on its storage.
Why not by Flask-Limiter's own decorator: ``docs/decisions/0002-limits.md``.
"""

import ipaddress
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

from api.auth import current_caller
from api.parsing import parse_body, read_json, read_object
from api.sources import current_address
from api.wiring import services
from schemas.body import Body
from schemas.login import LoginBody
from schemas.me import ProfileBody
from schemas.sms import SmsBody, needs_token
from services.names import fold
from services.sends import phone_pseudonym

View = Callable[..., Any]


class NamedLimit:
    """A limit with a name; its window is shared by every view that carries it. A key of None is nothing to count."""

    def __init__(self, name: str, key: Callable[[], str | None]) -> None:
        self.name = name
        self.setting = f"LIMIT_{name.upper()}"
        self._key = key

    def __call__(self, view: View) -> View:
        """Put this limit behind those that ``view`` has already."""
        if hasattr(view, "limits"):
            view.limits.append(self)
            return view

        @wraps(view)
        def limited(*args: Any, **kwargs: Any) -> Any:
            for limit in limited.limits:  # type: ignore[attr-defined]
                limit.count()
            return view(*args, **kwargs)

        limited.limits = [self]  # type: ignore[attr-defined]
        return limited

    def count(self) -> None:
        """Count this request in each of the limit's windows; raises ``RateLimited``."""
        key = self._key()
        if key is not None:
            services().limit_windows.hit(self.name, self._rates(), key)

    def clear(self) -> None:
        """Forget what was counted for this request's key."""
        key = self._key()
        if key is not None:
            services().limit_windows.clear(self.name, self._rates(), key)

    def _rates(self) -> str:
        return services().config.limits[self.setting]


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Whom an address stands for: IPv4 in its usual form, also when mapped into IPv6, and of IPv6 the /64 network."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)


def _address() -> str:
    return network_of(current_address())


def _phone() -> str:
    """The phone of an SMS request; JSON, token and body are checked on the way, in this order."""
    if needs_token(read_object()):
        current_caller()
    body = parse_body(SmsBody)
    return services().keyring.pseudonym(body["phone"] if "phone" in body else f"user:{current_caller().profile.id}")


def _caller() -> str:
    """The account that asks."""
    return services().keyring.pseudonym(f"user:{current_caller().profile.id}")


def _sender() -> str | None:
    """The account whose token sends an SMS; no budget stops those. None for the purposes that need none."""
    return _caller() if needs_token(read_object()) else None


def _account() -> str:
    """The account that a login names, in whatever spelling; for a login by code, the phone of the challenge."""
    body = parse_body(LoginBody)
    if "sms_id" in body:
        return services().keyring.pseudonym(f"sms:{phone_pseudonym(body['sms_id'])}")
    kind, identifier = body["account"]
    return services().keyring.pseudonym(f"{kind}:{fold(identifier)}")


def _renamer() -> str | None:
    """The account that takes another name. Attempts to log in are counted by name, so a new name must not be had at will."""
    read_json()
    caller = _caller()
    return caller if "username" in parse_body(ProfileBody) else None


def proof_per_account(schema: type[Body]) -> NamedLimit:
    """Current passwords that are tried in bodies of ``schema`` count with the login attempts of the caller's name."""

    def name() -> str | None:
        read_object()
        caller = current_caller()
        if "current_password" not in parse_body(schema):
            return None
        return services().keyring.pseudonym(f"username:{fold(caller.profile.username)}")

    return NamedLimit("login_per_account", name)


sms_per_address = NamedLimit("sms_per_address", _address)
sms_per_phone = NamedLimit("sms_per_phone", _phone)
sms_per_account = NamedLimit("sms_per_account", _sender)
verify_per_address = NamedLimit("verify_per_address", _address)
register_per_address = NamedLimit("register_per_address", _address)
login_per_address = NamedLimit("login_per_address", _address)
login_per_account = NamedLimit("login_per_account", _account)
availability_per_address = NamedLimit("availability_per_address", _address)
refresh_per_address = NamedLimit("refresh_per_address", _address)
email_per_account = NamedLimit("email_per_account", _caller)
export_per_account = NamedLimit("export_per_account", _caller)
rename_per_account = NamedLimit("rename_per_account", _renamer)
