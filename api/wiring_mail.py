"""Builds what sends notices."""

import structlog

from api.config import Config
from mail.console import ConsoleTransport
from mail.nowhere import Nowhere
from mail.smtp import SmtpTransport
from mail.transport import Transport
from services.inbox import Inbox
from services.keyring import Keyring
from services.mail_caps import MailCaps
from services.notice_channels import MailChannel, SmsChannel
from services.notices import MAIL, SMS, Channel
from services.scripts import RedisClient
from services.sender import Sender
from services.sms_caps import SmsCaps


def build_channels(
    config: Config, sender: Sender, redis: RedisClient, keyring: Keyring, inbox: Inbox | None
) -> dict[str, Channel]:
    """The ways out by name."""
    caps = MailCaps(redis, keyring, {"verify_email": config.mail_verify_per_day})
    return {SMS: SmsChannel(sender, SmsCaps(redis, keyring)), MAIL: MailChannel(_transport(config, inbox), caps)}


def warn_of_mails(config: Config) -> None:
    """Say at the start what keeps mails from going out, or their links from working."""
    log = structlog.get_logger()
    if config.smtp is None and not config.uses_console:
        log.warning("mails_go_nowhere", hint="set MAIL_URL; until then see what was not sent by: flask notices list")
    if config.is_production and not config.public_url.startswith("https://"):
        log.warning("links_are_not_https", public_url=config.public_url, hint="set PUBLIC_URL to https://…")


def _transport(config: Config, inbox: Inbox | None) -> Transport:
    """The server that is set, else the development inbox, else none."""
    if config.smtp:
        return SmtpTransport(config.smtp)
    return ConsoleTransport(inbox) if inbox else Nowhere()
