"""The mail server is away, or says nothing: nobody notices, and each mail comes once, when it is back."""

import socket
from dataclasses import replace

import pytest

from mail.compose import Sender
from mail.smtp import SmtpSettings
from services.background import drain
from tests.faults.asking import ask
from tests.mails.postbox import Postbox

pytestmark = pytest.mark.one_database

SMTP = SmtpSettings("127.0.0.1", 0, Sender.read("no-reply@shop.example"), seconds=2)


@pytest.fixture(params=["refused", "hung"])
def away(request):
    """The port of a mail server that does not work."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if request.param == "refused":
            listener.close()
        yield port


@pytest.fixture
def postbox():
    postbox = Postbox()
    yield postbox
    postbox.stop()


def test_mails_wait_for_their_server_and_nobody_for_the_mails(
    away, postbox, make_app, make_shopper, pass_time, rows, clock
):
    """R53, F20: registering, changing the address and the password take no longer, and each mail is sent once afterwards."""
    shopper = make_shopper(make_app(smtp=replace(SMTP, port=away)))
    ticket = shopper.prove()
    made = ask(lambda: shopper.fill_in(ticket, email="first@example.com"))
    shopper.login()
    rows.verify_email(shopper.phone, "first@example.com")
    token, proof = shopper.access_token, {"current_password": shopper.password}
    new = {"password": "an entirely new secret", "password_confirm": "an entirely new secret"}
    moved = ask(lambda: shopper.client.put("/v1/me/email", json=proof | {"email": "second@example.com"}, token=token))
    changed = ask(lambda: shopper.client.put("/v1/me/password", json=proof | new, token=token))
    assert [answer.reply.status for answer in (made, moved, changed)] == [201, 202, 200]
    assert max(answer.seconds for answer in (made, moved, changed)) < 1.8, "a reply waits for the mail server"
    assert drain(10)

    repaired = make_app(smtp=replace(SMTP, port=postbox.port, seconds=10))
    pass_time(61)
    for _ in range(3):
        repaired.extensions["dongbao"].notices.send_due()
    told = sorted((to, message["Subject"]) for to, message in postbox.mails)
    assert len(told) == len(set(told)) == 4, told
    assert {to for to, _ in told} == {"first@example.com", "second@example.com"}
