"""``flask notices …``: what shoppers had to be told and were not."""

import sys
from datetime import datetime

import click
from flask.cli import AppGroup

from api.replies import dump_json
from api.wiring import services
from services.notice_log import NoticeView

notice_commands = AppGroup("notices", help="Mails and SMS notices: list those not sent, try them again.")


@notice_commands.command("list")
@click.option("--all", "sent_too", is_flag=True, help="Those that were sent as well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--limit", default=200, type=click.IntRange(1, 100_000), show_default=True)
def list_notices(sent_too: bool, as_json: bool, limit: int) -> None:
    """What was not sent, newest first."""
    views = services().notice_log.list(sent_too, limit)
    for view in views:
        click.echo(dump_json(view) if as_json else _line(view))
    if not views and not as_json:
        click.echo("There are no notices." if sent_too else "Every notice was sent.")


@notice_commands.command("retry")
@click.argument("notice_id", metavar="[ID]", required=False)
def retry(notice_id: str | None) -> None:
    """Send the failed notice ID now, or all that failed."""
    asked, sent = services().notice_log.retry(notice_id)
    if notice_id and not asked:
        sys.exit("No notice of this id has failed.")
    click.echo(f"{asked} tried again, {sent} sent")


def _line(view: NoticeView) -> str:
    """One notice in words."""
    words = [_time(view.created_at), f"{view.channel:<4}", f"{view.kind:<20}", f"{view.recipient_masked:<28}"]
    words.append(f"{view.attempts} tries" if view.attempts != 1 else "1 try  ")
    if view.sent_at:
        words.append(f"sent {_time(view.sent_at)}")
    else:
        words += [view.error or "not tried yet", f"next {_time(view.due_at)}" if view.due_at else "given up"]
    return "  ".join([*words, view.id])


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"
