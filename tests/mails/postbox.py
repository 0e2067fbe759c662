"""A real SMTP server on loopback: it keeps what it takes, and refuses, delays, drops or drips as it is told."""

import asyncio
import socket
import ssl
import threading
import time
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Postbox:
    """``answers`` are replies in place of the usual, by command (RCPT, DATA, MAIL); ``mails`` are (recipient, message)."""

    def __init__(self, **options):
        self.answers = {}
        self.delay = 0
        self.mails = []
        self.encrypted = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        wrapped = options.pop("wrapped", None)
        login = options.pop("login", None)
        if login:
            options |= {"authenticator": _checks(*login), "auth_required": True}
        self._controller = _OnSocket(self._listener, self, wrapped, options)
        self._controller.start()

    def stop(self):
        with suppress(Exception):
            self._controller.stop(no_assert=True)

    def of(self, recipient):
        return [message for to, message in self.mails if to == recipient]

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        envelope.mail_from, envelope.mail_options = address, options
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if "DROP" in self.answers:
            server.transport.abort()
            return "250 never said"
        if "DATA" in self.answers:
            return self.answers["DATA"]
        await asyncio.sleep(self.delay)
        self.encrypted.append(session.ssl is not None)
        message = message_from_bytes(
            envelope.original_content.replace(b"\r\n", b"\n"), policy=policy.default, _class=EmailMessage
        )
        self.mails += [(to, message) for to in envelope.rcpt_tos]
        return "250 taken"


class _OnSocket(Controller):
    """Listens on a socket that is there already, so that no other process can take its port."""

    def __init__(self, listener, handler, wrapped, options):
        super().__init__(handler, hostname="127.0.0.1", port=listener.getsockname()[1], ssl_context=wrapped, **options)
        self._listener = listener

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, sock=self._listener, ssl=self.ssl_context)

    def _trigger_server(self):
        """The usual one calls, which a server that speaks TLS at once takes for a broken client."""
        if self.ssl_context is None:
            super()._trigger_server()
        else:
            self._factory_invoker()


def _checks(user, password):
    def check(server, session, envelope, mechanism, given):
        fits = (given.login, given.password) == (user.encode(), password.encode())
        return AuthResult(success=fits, handled=False)

    return check


class Rude:
    """Not a mail server: says ``lines`` one after the other, whatever it hears, each byte ``pause`` seconds after the last."""

    def __init__(self, *lines, pause=0.0):
        self._lines = lines
        self._pause = pause
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.ended = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        connection, _ = self._listener.accept()
        connection.settimeout(30)
        try:
            for line in self._lines:
                for byte in line:
                    connection.sendall(bytes([byte]))
                    time.sleep(self._pause)
                connection.recv(10_000)
            while connection.recv(10_000):
                pass
        except OSError:
            pass
        self.ended.set()
        connection.close()

    def stop(self):
        self._listener.close()


def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
