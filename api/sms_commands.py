"""``flask sms …``: what became of messages, for whoever answers a shopper's "why did I get no code?"."""

import secrets
import sys
from datetime import datetime, timedelta
from typing import Any

import click
from flask.cli import AppGroup

from api.sms_standing import standing_lines
from api.wiring import services
from schemas.fields import parse_phone
from services.phones import mask_phone
from services.texts import code_text
from sms.gateway import Message, Outcome

sms_commands = AppGroup("sms", help="Messages: trace them, send one, count them.")

MOST_TRIES = 50
EXPLANATIONS = {
    "cooldown": "the vendor's pause between two messages to this number",
    "hourly_limit": "the vendor's hourly limit of this number",
    "daily_limit": "the vendor's daily limit of this number",
    "rate": "the vendor's rate limit of our account",
    "quota": "our account's quota is used up: raise it in the vendor's console",
    "bad_number": "the vendor says this is no number",
    "opted_out": "the number's owner refused messages from us",
    "region": "the account or template does not serve this region",
    "content": "the vendor refused the text: check the template",
    "misconfigured": "a setting, signature or template is wrong: see docs/sms.md",
    "no_template": "the vendor has no text of ours for this notice: register one, see docs/sms.md",
    "no_credit": "the account has no credit: pay the vendor",
    "unreachable": "the vendor could not be reached",
    "left_alone": "it failed too often of late, and was left alone for a while",
    "refused": "the vendor refused with a code that we don't know",
    "budget": "our own budget is spent",
    "busy": "too many messages waited in gateways at that moment",
}


@sms_commands.command("trace")
@click.argument("phone")
@click.option("--days", default=7, type=click.IntRange(1, 3650), show_default=True, help="How far to look back.")
def trace(phone: str, days: int) -> None:
    """What was tried for PHONE, newest first."""
    number = _phone(phone)
    found = services().messages.trace(number, timedelta(days=days), MOST_TRIES + 1)
    rows, more = found[:MOST_TRIES], len(found) > MOST_TRIES
    tries = "1 try" if len(rows) == 1 else f"{len(rows)} tries"
    click.echo(f"{mask_phone(number)}: {'more than ' if more else ''}{tries} in {days} days")
    for row in rows:
        click.echo(_line(row))
    if more:
        click.echo(f"Only the newest {MOST_TRIES} are shown; the others are in the table sms_messages.")
    if not rows:
        click.echo(
            "Nothing was tried: the shopper gave another number, or a limit or a crowd refused the request before."
        )
    for line in standing_lines(number):
        click.echo(line)


@sms_commands.command("send")
@click.option("--to", "phone", required=True, help="The phone, in any usual spelling.")
@click.option("--gateway", "name", required=True, help="One of the gateways that the settings name.")
@click.option("--language", default="zh-CN", type=click.Choice(["zh-CN", "en"]), show_default=True)
def send(phone: str, name: str, language: str) -> None:
    """Send a real test message (purpose login), and print what the vendor said."""
    gateways = services().gateways
    if name not in gateways:
        sys.exit(f"The settings name {', '.join(gateways)}; '{name}' is not among them.")
    number = _phone(phone)
    code = f"{secrets.randbelow(10**6):06}"
    text = code_text("login", code, 300, language)
    message = Message(secrets.token_hex(8), number, "login", code, text, language, 300)
    delivery = gateways[name].send(message)
    services().messages.record(name, message, delivery)
    click.echo(f"outcome     {delivery.outcome.value}")
    if delivery.reason:
        click.echo(f"reason      {delivery.reason.value}: {EXPLANATIONS[delivery.reason.value]}")
    if delivery.fault:
        click.echo(f"fault       {delivery.fault}")
    for label, value in (
        ("vendor code", delivery.vendor_code),
        ("message id", delivery.message_id),
        ("request id", delivery.request_id),
    ):
        click.echo(f"{label:<11} {value or '-'}")
    sys.exit(0 if delivery.outcome is Outcome.SENT else 1)


@sms_commands.command("stats")
@click.option("--days", default=7, type=click.IntRange(1, 3650), show_default=True, help="How far to look back.")
def stats(days: int) -> None:
    """Sent, delivered and verified messages, and their rates, by gateway and region; no gateway was tried for what is unasked."""
    click.echo(f"{'gateway':<10}{'region':<8}{'tried':>8}{'unasked':>9}{'sent':>8}{'delivered':>16}{'verified':>16}")
    for row in services().messages.stats(timedelta(days=days)):
        click.echo(
            f"{row.gateway:<10}{row.region:<8}{row.tried:>8}{row.unasked:>9}{row.sent:>8}"
            f"{_share(row.delivered, row.sent):>16}{_share(row.verified, row.sent):>16}"
        )
    for budget, refused in sorted(_refusals(days).items()):
        click.echo(f"refused for the budget '{budget}': {refused}")


@sms_commands.command("purge")
def purge() -> None:
    """Delete messages older than SMS_LOG_DAYS."""
    days = services().config.sms.log_days
    click.echo(f"{services().messages.purge(timedelta(days=days))} messages older than {days} days deleted")


def _refusals(days: int) -> dict[str, int]:
    budgets = services().budgets
    return budgets.refusals(days) if budgets else {}


def _phone(text: str) -> str:
    number = parse_phone(text)
    if number is None:
        sys.exit("This is not a mobile number.")
    return number


def _line(row: Any) -> str:
    """One try in words."""
    words = [f"{row.sent_at:%Y-%m-%d %H:%M:%S}Z", f"{row.purpose:<14}", f"{row.gateway:<8}", f"{row.outcome:<9}"]
    if row.reason:
        words.append(EXPLANATIONS.get(row.reason, row.reason))
    if row.vendor_code:
        words.append(f"({row.vendor_code})")
    if row.receipt:
        words.append(f"{row.receipt} {_moment(row.receipt_at, row.sent_at)} {row.receipt_code or ''}".rstrip())
    elif row.outcome != "not_sent":
        words.append("no receipt")
    words.append(f"code typed {_moment(row.verified_at, row.sent_at)}" if row.verified_at else "code not typed")
    return "  ".join(words)


def _moment(at: datetime, sent_at: datetime) -> str:
    """With the day, where it is another one."""
    return f"{at:%H:%M:%S}Z" if at.date() == sent_at.date() else f"{at:%Y-%m-%d %H:%M:%S}Z"


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.0%})" if whole else f"{part}"
