"""Which account an operator means, and how it is shown."""

import sys
from typing import Any, NoReturn

import click
from marshmallow import ValidationError

from api.wiring import services
from schemas.fields import AccountName
from services.ids import is_id
from services.operators import AccountCard

NOT_FOUND = 1


def find_account(text: str) -> AccountCard:
    """The account that an operator names in whatever way; ends the program where there is none."""
    card = services().operators.find(*_read(text))
    if card is None:
        end(NOT_FOUND, "There is no such account.")
    return card


def _read(text: str) -> tuple[str, str]:
    """What kind of name this is, and in the form that is kept."""
    if is_id(text):
        return "id", text
    try:
        read: Any = AccountName().deserialize(text)
    except ValidationError:
        end(NOT_FOUND, "This is no id, phone, user name or address.")
    kind, identifier = read
    return kind, identifier


def end(code: int, sentence: str) -> NoReturn:
    """End the program with a sentence on standard error."""
    click.echo(sentence, err=True)
    sys.exit(code)


def name_of(card: AccountCard) -> str:
    """The account in a sentence."""
    return f"{card.username or 'the erased account'} ({card.phone or 'no phone'}, {card.id})"


def lines_of(card: AccountCard) -> list[str]:
    """The account as a page of the console."""
    facts = {
        "id": card.id,
        "user name": card.username or "-",
        "phone": card.phone or "-",
        "address": f"{card.email} ({'verified' if card.email_verified else 'not verified'})" if card.email else "-",
        "status": card.status,
        "erased after": f"{card.erased_after:%Y-%m-%d %H:%M}Z" if card.erased_after else "-",
        "registered": f"{card.created_at:%Y-%m-%d %H:%M}Z",
        "sessions": str(card.sessions),
    }
    events = [
        f"{event.at:%Y-%m-%d %H:%M:%S}Z  {event.type:<22}{event.ip or '':<16}{event.device or ''}"
        for event in card.events
    ]
    return [*(f"{label:<13}{value}" for label, value in facts.items()), *(line.rstrip() for line in events)]
