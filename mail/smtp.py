"""Mails through an SMTP server (RFC 5321), by the client of the standard library."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import ip_address

from mail.compose import Envelope, Sender, compose
from mail.transport import Cause, Mail, NotTaken

# The first that fits; all of the client's own are kinds of OSError.
CAUSES: dict[type[Exception], Cause] = {
    smtplib.SMTPException: Cause.REFUSED,
    ssl.SSLError: Cause.TLS,
    TimeoutError: Cause.TIMEOUT,
    OSError: Cause.UNREACHABLE,
}


class Tls(Enum):
    """How a connection is encrypted. Whichever it is, the server's certificate must be good."""

    WRAPPED = "wrapped"  # from the first byte: smtps
    REQUIRED = "required"  # STARTTLS, or nothing is sent
    OFFERED = "offered"  # STARTTLS where the server has it
    OFF = "off"


@dataclass(frozen=True)
class SmtpSettings:
    """A server, and who our mails are from. With ``user``, STARTTLS must be had unless the server is this machine.

    A mail takes at most ``seconds``, and waits for each answer at most ``step_seconds``.
    """

    host: str
    port: int
    sender: Sender
    tls: Tls = Tls.OFFERED
    user: str = ""
    password: str = field(default="", repr=False)
    seconds: float = 10
    step_seconds: float = 5

    @property
    def must_encrypt(self) -> bool:
        """Whether a server without STARTTLS gets nothing from us."""
        return self.tls is Tls.REQUIRED or (self.tls is Tls.OFFERED and bool(self.user) and not _is_here(self.host))


class SmtpTransport:
    """Hands each mail over on a connection of its own."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    def send(self, mail: Mail) -> None:
        """Hand over one mail, in time whatever the server does; raises ``NotTaken``."""
        envelope = compose(mail, self._settings.sender)
        call = _Call(self._settings, envelope)
        answer: Future[None] = Future()
        # Time limits of sockets run anew with every byte, and looking up a name has none: so the clock is outside.
        threading.Thread(target=call.run, args=(answer,), name="smtp", daemon=True).start()
        if not wait([answer], self._settings.seconds).done:
            call.cut()
            raise NotTaken(Cause.TIMEOUT)
        answer.result()


class _Call:
    """One conversation with the server."""

    def __init__(self, settings: SmtpSettings, envelope: Envelope) -> None:
        self._settings = settings
        self._envelope = envelope
        self._is_cut = False
        self._smtp = _client(settings)

    def run(self, answer: "Future[None]") -> None:
        """Talk, and say how it went."""
        try:
            with _causes():
                self._talk()
        except BaseException as error:
            answer.set_exception(error)
        else:
            answer.set_result(None)
        finally:
            with suppress(OSError):
                self._smtp.close()

    def cut(self) -> None:
        """End the conversation from outside."""
        self._is_cut = True
        with suppress(OSError):
            if self._smtp.sock:
                socket.socket.shutdown(self._smtp.sock, socket.SHUT_RDWR)

    def _talk(self) -> None:
        settings, smtp, envelope = self._settings, self._smtp, self._envelope
        # What the certificate must name: the client knows it only from its constructor, which would connect at once.
        smtp._host = settings.host  # type: ignore[attr-defined]
        code, _ = smtp.connect(settings.host, settings.port)
        self._go_on()
        if code != 220:
            raise NotTaken(Cause.REFUSED)
        smtp.ehlo_or_helo_if_needed()
        self._encrypt()
        self._log_in()
        if envelope.needs_utf8 and not smtp.has_extn("smtputf8"):
            raise NotTaken(Cause.RECIPIENT)
        options = ["SMTPUTF8", "BODY=8BITMIME"] if envelope.needs_utf8 else []
        smtp.sendmail(envelope.sender, [envelope.to], envelope.data, options)
        # It is sent; how the server says goodbye changes nothing.
        with suppress(OSError, smtplib.SMTPException):
            smtp.putcmd("quit")

    def _encrypt(self) -> None:
        if self._settings.tls in (Tls.OFF, Tls.WRAPPED):
            return
        if self._smtp.has_extn("starttls"):
            try:
                self._smtp.starttls(context=ssl.create_default_context())
            except smtplib.SMTPResponseException:
                raise NotTaken(Cause.TLS) from None
            self._go_on()
        elif self._settings.must_encrypt:
            raise NotTaken(Cause.TLS)

    def _log_in(self) -> None:
        """A broken connection is told as such; whatever else goes wrong here is between the server and our account."""
        if not self._settings.user:
            return
        try:
            self._smtp.login(self._settings.user, self._settings.password)
        except smtplib.SMTPServerDisconnected:
            raise
        except (smtplib.SMTPException, UnicodeError):
            raise NotTaken(Cause.AUTH) from None

    def _go_on(self) -> None:
        """A step whose socket ``cut`` could not reach ends here."""
        if self._is_cut:
            raise TimeoutError


@contextmanager
def _causes() -> Iterator[None]:
    """What the client raises, as ``NotTaken``; its texts hold addresses, so they end here."""
    try:
        yield
    except NotTaken:
        raise
    except Exception as error:
        raise NotTaken(_cause(error)) from None


def _cause(error: Exception) -> Cause:
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
            return Cause.RECIPIENT if all(500 <= code < 600 for code in codes) else Cause.REFUSED
        case smtplib.SMTPServerDisconnected():
            return Cause.TIMEOUT if isinstance(error.__context__, TimeoutError) else Cause.UNREACHABLE
        case _:
            return next((cause for kind, cause in CAUSES.items() if isinstance(error, kind)), Cause.REFUSED)


def _client(settings: SmtpSettings) -> smtplib.SMTP:
    """Not connected yet. The name it greets with is given, as finding this machine's own may ask a slow name server."""
    name = settings.sender.domain
    if settings.tls is Tls.WRAPPED:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(local_hostname=name, timeout=settings.step_seconds, context=context)
    return smtplib.SMTP(local_hostname=name, timeout=settings.step_seconds)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
