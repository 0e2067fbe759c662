"""The ways out for notices: as an SMS through the gateways, as a mail through the transport."""

from mail.transport import Mail, Transport
from services.notices import Letter
from services.sender import Sender
from services.texts import SIGNATURE
from sms.gateway import Message


class SmsChannel:
    """Sends a notice as an SMS. A gateway with registered texts sends its own text, and nothing without one."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def send(self, letter: Letter) -> None:
        """Raises as ``Sender.send`` when nothing was sent."""
        text = SIGNATURE[letter.language] + letter.text.text
        self._sender.send(Message(letter.id, letter.to, letter.kind, "", text, letter.language, 0, letter.link), True)


class MailChannel:
    """Sends a notice as a mail."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, letter: Letter) -> None:
        """Raises ``mail.transport.NotTaken`` when it was not."""
        text = letter.text
        self._transport.send(
            Mail(letter.id, letter.to, text.subject, text.text, letter.language, letter.kind, letter.link)
        )
