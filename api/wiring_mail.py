"""Builds what sends notices."""

from mail.console import ConsoleTransport
from services.inbox import Inbox
from services.notice_channels import MailChannel, SmsChannel
from services.notices import MAIL, SMS, Channel
from services.sender import Sender


def build_channels(sender: Sender, inbox: Inbox | None) -> dict[str, Channel]:
    """The ways out by name."""
    channels: dict[str, Channel] = {SMS: SmsChannel(sender)}
    return channels | ({MAIL: MailChannel(ConsoleTransport(inbox))} if inbox else {})
