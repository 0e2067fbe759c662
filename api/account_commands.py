"""``flask accounts …``: what an operator does when a shopper calls.

Exit codes: 0 done, or nothing to do; 1 there is no such account; 2 refused, and nothing was changed.
"""

import sys
from collections.abc import Callable

import click
from flask.cli import AppGroup

from api.account_lookup import end, find_account, lines_of, name_of
from api.replies import dump_json
from api.wiring import services
from services.errors import NotFound, ServiceError
from services.sources import OURSELVES

REFUSED = 2

account_commands = AppGroup(
    "accounts", help="Accounts: look, lock, log out, anonymise. ACCOUNT is an id, phone, user name or verified address."
)
account = click.argument("account")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of words.")
yes = click.option("--yes", is_flag=True, help="Don't ask.")


@account_commands.command("show")
@account
@as_json
def show(account: str, as_json: bool) -> None:
    """The account, how many sessions live, and its newest events."""
    card = find_account(account)
    click.echo(dump_json(card) if as_json else "\n".join(lines_of(card)))


@account_commands.command("disable")
@account
@yes
@as_json
def disable(account: str, yes: bool, as_json: bool) -> None:
    """Lock ACCOUNT: every session ends, and nobody logs in."""
    _act(account, "Disable", services().operators.disable, "disabled", yes, as_json)


@account_commands.command("enable")
@account
@yes
@as_json
def enable(account: str, yes: bool, as_json: bool) -> None:
    """Unlock ACCOUNT: its holder may log in again; one that was closing goes on closing."""
    _act(account, "Enable", services().operators.enable, "enabled", yes, as_json)


@account_commands.command("logout")
@account
@yes
@as_json
def logout(account: str, yes: bool, as_json: bool) -> None:
    """End every session of ACCOUNT."""
    _act(account, "End all sessions of", services().operators.log_out, "logged out", yes, as_json)


@account_commands.command("anonymise")
@account
@yes
@as_json
def anonymise(account: str, yes: bool, as_json: bool) -> None:
    """Take the person out of ACCOUNT now, for good."""
    _act(account, "Erase for good", services().operators.anonymise, "anonymised", yes, as_json)


@account_commands.command("undo-phone")
@account
@yes
@as_json
def undo_phone(account: str, yes: bool, as_json: bool) -> None:
    """Give ACCOUNT the phone back that it had before the newest change."""
    _act(account, "Undo the change of phone of", _undo_phone, "given its former phone", yes, as_json)


@account_commands.command("purge")
@as_json
def purge(as_json: bool) -> None:
    """Erase the closed accounts whose time has come, as the job does every hour."""
    erased = services().erasure.erase_due()
    click.echo(dump_json({"erased": erased}) if as_json else f"{erased} accounts erased")


def _undo_phone(user_id: str) -> bool:
    try:
        services().phone_changes.undo_latest(user_id, OURSELVES)
    except NotFound:
        return False
    return True


def _act(account: str, question: str, act: Callable[[str], bool], done: str, yes: bool, as_json: bool) -> None:
    """Find, ask, do, and show the account as it is now."""
    card = find_account(account)
    _ask(f"{question} {name_of(card)}?", yes)
    try:
        changed = act(card.id)
    except ServiceError as error:
        end(REFUSED, f"Refused: {error.code}. Nothing was changed.")
    card = services().operators.find("id", card.id) or card
    said = f"{name_of(card)} is {done}." if changed else f"There was nothing to do: {name_of(card)} is {card.status}."
    click.echo(dump_json({"changed": changed, "account": card}) if as_json else said)


def _ask(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        end(REFUSED, "Nobody is there to ask: say --yes. Nothing was changed.")
    if not click.confirm(question, err=True):
        end(REFUSED, "Nothing was changed.")
