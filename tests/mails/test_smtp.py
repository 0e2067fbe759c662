"""Mails through a real SMTP server: what arrives, and what is said of what does not."""

import time
from dataclasses import replace
from email.utils import parsedate_to_datetime

import pytest

from mail.smtp import SmtpSettings, SmtpTransport, Tls
from mail.transport import Cause, Mail, NotTaken
from services.clock import system_clock
from tests.certificates import certificate
from tests.gateways.sockets import not_accepting, refusing, resetting_in_handshake, silent_in_handshake
from tests.mails.conftest import SENDER
from tests.mails.postbox import Postbox, Rude, server_context

TEXT = "您好：\n\n请打开链接：\n\nhttps://shop.example/verify-email#token=" + "a" * 300 + "\n\n.\n咚宝\n"
MAIL = Mail(
    "0" * 31 + "1", "li.si@example.com", "请验证您的邮箱，确认这是您本人的邮箱地址", TEXT, "zh-CN", "verify_email"
)
USER = {"user": "shop", "password": "p@ss: wörd"}
HASTY = {"seconds": 1.2, "step_seconds": 0.6}
SOON = 4.5  # seconds, on a busy machine: whoever is not hasty waits 5 for an answer, and drops come for 6


def cause_of(transport, mail=MAIL):
    with pytest.raises(NotTaken) as refused:
        transport.send(mail)
    assert refused.value.__cause__ is None
    assert mail.to not in repr(refused.value)
    assert str(refused.value) == refused.value.cause.value
    return refused.value.cause


def said(message):
    return message.get_content().replace("\r\n", "\n")


def test_a_mail_arrives_as_it_was_written(postbox, transport_to):
    transport_to(postbox).send(MAIL)
    (message,) = postbox.of("li.si@example.com")
    assert message["Subject"] == MAIL.subject
    assert said(message) == TEXT
    assert message.get_content_type() == "text/plain"
    assert (message.get_content_charset(), message["Content-Transfer-Encoding"]) == ("utf-8", "quoted-printable")
    assert (message["From"], message["To"]) == ("咚宝 <no-reply@shop.example>", "li.si@example.com")
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", "zh-CN")
    assert abs((parsedate_to_datetime(message["Date"]) - system_clock()).total_seconds()) < 60
    assert message["Message-ID"] == f"<{MAIL.id}@shop.example>"
    assert max(len(line) for line in message.as_bytes().splitlines()) <= 78


def test_a_mail_that_comes_twice_can_be_told_by_its_id(postbox, transport_to):
    for _ in range(2):
        transport_to(postbox).send(MAIL)
    first, second = postbox.of(MAIL.to)
    assert first["Message-ID"] == second["Message-ID"]
    assert first["X-Request-ID"] is None


def test_a_mail_names_the_request_that_it_tells_of(postbox, transport_to):
    transport_to(postbox).send(replace(MAIL, request_id="asked-7"))
    assert [message["X-Request-ID"] for message in postbox.of(MAIL.to)] == ["asked-7"]


def test_a_domain_of_other_letters_is_written_as_servers_know_it(postbox, transport_to):
    transport_to(postbox).send(replace(MAIL, to="li.si@例子.中国"))
    assert len(postbox.of("li.si@xn--fsqu00a.xn--fiqs8s")) == 1


def test_a_name_of_other_letters_takes_a_server_that_knows_them(started, transport_to):
    knows, knows_not = started(Postbox(enable_SMTPUTF8=True)), started(Postbox(enable_SMTPUTF8=False))
    mail = replace(MAIL, to="李四@example.com")
    transport_to(knows).send(mail)
    (message,) = knows.of("李四@example.com")
    assert (message["Subject"], said(message)) == (MAIL.subject, TEXT)
    assert cause_of(transport_to(knows_not), mail) is Cause.RECIPIENT


@pytest.mark.parametrize(
    "to",
    [
        "li@example.com\r\nBcc: x@example.com",
        "li@example.com>, <x@example.com",
        "li@example.com, x@example.com",
        "li",
        "",
    ],
)
def test_what_is_no_address_goes_nowhere(postbox, transport_to, to):
    with pytest.raises(NotTaken, match="recipient"):
        transport_to(postbox).send(replace(MAIL, to=to))
    assert postbox.mails == []


def test_a_subject_can_t_bring_headers(postbox, transport_to):
    with pytest.raises(ValueError, match=r"linefeed|carriage"):
        transport_to(postbox).send(replace(MAIL, subject="Hello\r\nBcc: x@example.com"))
    assert postbox.mails == []


def test_starttls_is_used_where_it_is_offered(started, transport_to, trusted):
    postbox = started(Postbox(tls_context=server_context(trusted)))
    transport_to(postbox).send(MAIL)
    assert postbox.encrypted == [True]


def test_smtps_speaks_tls_at_once(started, transport_to, trusted):
    postbox = started(Postbox(wrapped=server_context(trusted)))
    transport_to(postbox, tls=Tls.WRAPPED).send(MAIL)
    assert len(postbox.mails) == 1


@pytest.mark.parametrize("tls", [Tls.OFFERED, Tls.REQUIRED, Tls.WRAPPED])
@pytest.mark.parametrize("bad", [{}, {"address": "127.0.0.2"}, {"days": -1}], ids=["unknown", "another's", "ended"])
def test_a_bad_certificate_ends_it(started, transport_to, tmp_path, monkeypatch, tls, bad):
    path = certificate(tmp_path, **bad)
    if bad:  # trusted but for that
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    context = server_context(path)
    postbox = started(Postbox(wrapped=context) if tls is Tls.WRAPPED else Postbox(tls_context=context))
    assert cause_of(transport_to(postbox, tls=tls, **USER)) is Cause.TLS
    assert postbox.mails == []


def test_what_must_be_encrypted_is_not_sent_in_clear(postbox, transport_to):
    assert cause_of(transport_to(postbox, tls=Tls.REQUIRED)) is Cause.TLS
    assert postbox.mails == []


@pytest.mark.parametrize(
    ("host", "changes", "must"),
    [
        ("mail.example", {}, False),
        ("mail.example", USER, True),
        ("mail.example", USER | {"tls": Tls.OFF}, False),
        ("mail.example", {"tls": Tls.REQUIRED}, True),
        ("127.0.0.1", USER, False),
        ("::1", USER, False),
        ("localhost", USER, False),
    ],
)
def test_a_password_leaves_this_machine_encrypted_only(host, changes, must):
    assert SmtpSettings(host, 587, SENDER, **changes).must_encrypt is must


def test_a_server_may_ask_who_we_are(started, transport_to, trusted):
    postbox = started(Postbox(login=("shop", "p@ss: word"), tls_context=server_context(trusted)))
    transport_to(postbox, user="shop", password="p@ss: word").send(MAIL)
    assert len(postbox.of(MAIL.to)) == 1
    assert cause_of(transport_to(postbox, user="shop", password="wrong")) is Cause.AUTH
    assert cause_of(transport_to(postbox, **USER)) is Cause.AUTH
    assert cause_of(transport_to(postbox)) is Cause.REFUSED


def test_a_server_that_knows_no_logins_does_not_get_our_mails(postbox, transport_to):
    assert cause_of(transport_to(postbox, user="shop", password="word")) is Cause.AUTH


@pytest.mark.parametrize(
    ("command", "answer", "cause"),
    [
        ("RCPT", "550 5.1.1 no such mailbox li.si@example.com", Cause.RECIPIENT),
        ("RCPT", "450 4.2.1 come again", Cause.REFUSED),
        ("RCPT", "421 4.3.2 closing", Cause.REFUSED),
        ("MAIL", "550 5.7.1 not as that sender", Cause.REFUSED),
        ("DATA", "554 5.7.1 spam", Cause.REFUSED),
        ("DATA", "451 4.3.0 disk full", Cause.REFUSED),
        ("DROP", "", Cause.UNREACHABLE),
    ],
)
def test_a_refusal_says_whose_it_is(postbox, transport_to, command, answer, cause):
    postbox.answers[command] = answer
    assert cause_of(transport_to(postbox)) is cause


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ((b"554 no service\r\n",), Cause.REFUSED),
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), Cause.REFUSED),
        ((b"220 here\r\n", b"500 what\r\n", b"500 what\r\n"), Cause.REFUSED),
        ((b"220 here\r\n", b"250-x\r\n250 STARTTLS\r\n", b"454 not now\r\n"), Cause.TLS),
        ((b"220 here\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n", b"not tls at all\r\n"), Cause.TLS),
    ],
)
def test_odd_servers(started, transport_to, lines, cause):
    assert cause_of(transport_to(started(Rude(*lines)))) is cause


def test_nobody_there():
    with refusing() as address:
        transport = SmtpTransport(SmtpSettings("127.0.0.1", int(address.rpartition(":")[2]), SENDER))
        assert cause_of(transport) is Cause.UNREACHABLE
    assert cause_of(SmtpTransport(SmtpSettings("no-such-host.invalid", 25, SENDER))) is Cause.UNREACHABLE


@pytest.mark.parametrize(("place", "tls"), [(not_accepting, Tls.OFF), (silent_in_handshake, Tls.WRAPPED)])
def test_a_silent_server_is_left_in_time(place, tls):
    """F20: whatever step it falls silent at."""
    with place() as address:
        port = int(address.rpartition(":")[2])
        began = time.monotonic()
        assert cause_of(SmtpTransport(SmtpSettings("127.0.0.1", port, SENDER, tls, **HASTY))) is Cause.TIMEOUT
    assert time.monotonic() - began < SOON


def test_a_connection_that_breaks_in_the_handshake():
    with resetting_in_handshake() as address:
        port = int(address.rpartition(":")[2])
        assert cause_of(SmtpTransport(SmtpSettings("127.0.0.1", port, SENDER, Tls.WRAPPED))) is Cause.UNREACHABLE


@pytest.mark.parametrize("lines", [(b"220 " + b"x" * 60,), (b"220-x\r\n" * 60,), (b"220 here\r\n", b"250-x\r\n" * 60)])
def test_a_dripping_server_is_left_in_time_and_hung_up_on(started, transport_to, lines):
    server = started(Rude(*lines, pause=0.1))
    began = time.monotonic()
    assert cause_of(transport_to(server, **HASTY)) is Cause.TIMEOUT
    assert time.monotonic() - began < SOON
    assert server.ended.wait(10)


def test_ten_seconds_are_the_most():
    assert SmtpSettings("mail.example", 25, SENDER).seconds <= 10


def test_what_is_taken_is_sent_however_the_server_says_goodbye(started, transport_to):
    lines = [b"220 here\r\n", b"250 x\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go\r\n", b"250 taken\r\n"]
    began = time.monotonic()
    transport_to(started(Rude(*lines))).send(MAIL)
    assert time.monotonic() - began < SOON


def test_settings_and_mails_show_no_secrets():
    shown = repr([SmtpSettings("mail.example", 25, SENDER, user="shop", password="hunter2"), MAIL])
    assert "hunter2" not in shown
    assert MAIL.to not in shown
    assert "token" not in shown
