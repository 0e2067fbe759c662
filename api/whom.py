"""Whom a request is counted as: its address, the network of that, its phone, its account. None is nobody."""

from collections.abc import Callable

from flask import g, request

from api.auth import current_caller
from api.networks import neighbourhood_of, network_of
from api.parsing import parse_body, read_json, read_object
from api.sources import current_address
from api.wiring import services
from schemas.body import Body
from schemas.login import LoginBody
from schemas.me import ProfileBody
from schemas.sms import SmsBody, needs_token
from services.budgets import SUFFIX_DIGITS
from services.names import fold
from services.sends import SMS_ID, phone_pseudonym


def address() -> str:
    """The address."""
    return network_of(current_address())


def network() -> str:
    """The network of the address."""
    return neighbourhood_of(current_address())


def everybody() -> str:
    """The whole site."""
    return ""


def phone() -> str:
    """The phone of an SMS request; JSON, token and body are checked on the way, in this order."""
    if needs_token(read_object()):
        current_caller()
    body = parse_body(SmsBody)
    return services().keyring.pseudonym(body["phone"] if "phone" in body else f"user:{current_caller().profile.id}")


def named_phone() -> str | None:
    """The phone that an SMS request names; none where the code goes to the caller's own."""
    return services().keyring.pseudonym(body["phone"]) if "phone" in (body := parse_body(SmsBody)) else None


def prefix() -> str | None:
    """The prefix of that phone, which 10,000 numbers share."""
    body = parse_body(SmsBody)
    return body["phone"][:-SUFFIX_DIGITS] if "phone" in body else None


def phone_of_code() -> str | None:
    """The phone that the code in the URL was sent to."""
    sms_id: str = (request.view_args or {})["sms_id"]
    return phone_pseudonym(sms_id) if SMS_ID.fullmatch(sms_id) else None


def caller() -> str:
    """The account that asks."""
    return services().keyring.pseudonym(f"user:{current_caller().profile.id}")


def sender() -> str | None:
    """The account whose token sends an SMS; no budget stops those. None for the purposes that need none."""
    return caller() if needs_token(read_object()) else None


def account() -> str:
    """The account that a login names, in whatever spelling; for a login by code, the phone of the challenge."""
    if "named_account" not in g:
        g.named_account = _named_account()
    named: str = g.named_account
    return named


def _named_account() -> str:
    body = parse_body(LoginBody)
    if "sms_id" in body:
        return services().keyring.pseudonym(f"sms:{phone_pseudonym(body['sms_id'])}")
    kind, identifier = body["account"]
    return services().keyring.pseudonym(f"{kind}:{fold(identifier)}")


def renamer() -> str | None:
    """The account that takes another name. Attempts to log in are counted by name, so a new name must not be had at will."""
    read_json()
    renaming = caller()
    return renaming if "username" in parse_body(ProfileBody) else None


def prover(schema: type[Body]) -> Callable[[], str | None]:
    """The caller's name where a body of ``schema`` has a current password, which counts with the attempts to log in."""

    def name() -> str | None:
        read_object()
        proving = current_caller()
        if "current_password" not in parse_body(schema):
            return None
        return services().keyring.pseudonym(f"username:{fold(proving.profile.username)}")

    return name
