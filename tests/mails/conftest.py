import pytest

from mail.compose import Sender
from mail.smtp import SmtpSettings, SmtpTransport
from tests.certificates import certificate
from tests.mails.postbox import Postbox

SENDER = Sender.read("咚宝 <no-reply@shop.example>")


@pytest.fixture
def started():
    """Servers made by a test, stopped at its end."""
    servers = []

    def keep(server):
        servers.append(server)
        return server

    yield keep
    for server in servers:
        server.stop()


@pytest.fixture
def postbox(started):
    return started(Postbox())


@pytest.fixture
def transport_to():
    """A transport to a server, patient for a second only; changes are those of ``SmtpSettings``."""

    def make(server, **changes):
        return SmtpTransport(SmtpSettings(**{"host": "127.0.0.1", "port": server.port, "sender": SENDER} | changes))

    return make


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """A certificate for 127.0.0.1 that this process trusts."""
    path = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path
