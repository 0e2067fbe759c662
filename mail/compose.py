"""A mail as it stands on the wire (RFC 5322): text in UTF-8, quoted-printable, named and dated."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, getaddresses

from email_validator import EmailNotValidError, validate_email

from mail.transport import Cause, Mail, NotTaken

ASCII_ADDRESS = re.compile(r"[!-;=?A-~]+@[A-Za-z0-9.-]+")


@dataclass(frozen=True)
class Envelope:
    """A message's bytes, and between whom; ``needs_utf8`` is for a recipient whose name is not ASCII (RFC 6531)."""

    sender: str
    to: str
    data: bytes
    needs_utf8: bool


@dataclass(frozen=True)
class Sender:
    """Who our mails are from: a name that may be empty, and an ASCII address."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """The part behind the ``@``."""
        return self.address.rpartition("@")[2]

    @classmethod
    def read(cls, text: str) -> "Sender":
        """``Name <address>``, or an address; raises ``ValueError``."""
        (name, address), *others = getaddresses([text])
        if others or not ASCII_ADDRESS.fullmatch(address) or not name.isprintable():
            raise ValueError("not an ASCII address")
        return cls(name, address)


def wire_address(address: str) -> str:
    """An address with its domain in ASCII (RFC 5890), as every server knows it; raises ``ValueError``."""
    try:
        checked = validate_email(address, check_deliverability=False, allow_smtputf8=True)
    except EmailNotValidError as error:
        raise ValueError("not an address") from error
    return f"{checked.local_part}@{checked.ascii_domain}"


def compose(mail: Mail, sender: Sender) -> Envelope:
    """The message of ``mail``; the same mail has the same Message-ID each time. Raises ``NotTaken`` for a bad address."""
    try:
        to = wire_address(mail.to)
    except ValueError:
        raise NotTaken(Cause.RECIPIENT) from None
    needs_utf8 = not to.isascii()
    message = EmailMessage(policy=SMTPUTF8 if needs_utf8 else SMTP)
    message["From"] = _mailbox(sender.address, sender.name)
    message["To"] = _mailbox(to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{mail.id}@{sender.domain}>"
    if mail.request_id:
        message["X-Request-ID"] = mail.request_id
    # Nobody's holiday responder should answer (RFC 3834; the second is for Exchange).
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.text, charset="utf-8", cte="quoted-printable")
    message["Content-Language"] = mail.language
    return Envelope(sender.address, to, message.as_bytes(), needs_utf8)


def _mailbox(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(display_name=name, username=local, domain=domain)
