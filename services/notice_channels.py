"""The ways out for notices: as an SMS through the gateways, as a mail through the transport."""

from mail.transport import Cause, Mail, NotTaken, Transport
from services.errors import Invalid, ServiceError
from services.mail_caps import MailCaps
from services.notices import Letter, NotTold
from services.sender import NoTemplate, Sender
from services.sms_caps import SmsCaps
from sms.gateway import Message

# Another try would fare no better.
FINAL = (Cause.RECIPIENT, Cause.UNSET)
# What is wrong with the server, or between us and it, is wrong for every mail.
OUTAGES = (Cause.UNREACHABLE, Cause.TIMEOUT, Cause.TLS, Cause.AUTH)


class SmsChannel:
    """Sends a notice as an SMS. A gateway with registered texts sends its own text, and nothing without one."""

    def __init__(self, sender: Sender, caps: SmsCaps) -> None:
        self._sender = sender
        self._caps = caps

    def send(self, letter: Letter) -> None:
        """Raises ``NotTold`` when nothing was sent.

        Given up are a number that is none or has had its notices of the day, and a text that none registered.
        """
        if not self._caps.claim(letter.kind, letter.to, letter.id):
            raise NotTold("capped", final=True)
        message = Message(
            letter.id, letter.to, letter.kind, "", letter.text.sms, letter.language, 0, letter.link, letter.request_id
        )
        try:
            self._sender.send(message, True)
        except ServiceError as error:
            raise NotTold(error.code, final=isinstance(error, (Invalid, NoTemplate))) from None


class MailChannel:
    """Sends a notice as a mail."""

    def __init__(self, transport: Transport, caps: MailCaps) -> None:
        self._transport = transport
        self._caps = caps

    def send(self, letter: Letter) -> None:
        """Raises ``NotTold`` when it was not taken, or the address has had its mails of the day."""
        if not self._caps.claim(letter.kind, letter.to, letter.id):
            raise NotTold("capped", final=True)
        text = letter.text.mail(letter.at)
        subject = letter.text.subject
        mail = Mail(letter.id, letter.to, subject, text, letter.language, letter.kind, letter.link, letter.request_id)
        try:
            self._transport.send(mail)
        except NotTaken as error:
            raise NotTold(error.cause.value, final=error.cause in FINAL, outage=error.cause in OUTAGES) from None
