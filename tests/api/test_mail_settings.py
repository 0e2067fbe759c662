"""MAIL_URL, MAIL_FROM and PUBLIC_URL: how they are read, and what is said of bad ones."""

import re

import pytest

from api.bad_setting import BadSetting
from api.config import SECRET_SETTINGS, read_config
from mail.compose import Sender
from mail.smtp import SmtpSettings, Tls
from services.dispatch import ANY_REGION, Route
from tests.settings import environment, environment_of

SENDER = Sender("咚宝", "no-reply@shop.example")
FROM = "咚宝 <no-reply@shop.example>"


@pytest.fixture
def read(tmp_path):
    def read(**settings):
        with environment_of(environment(tmp_path, f"sqlite:///{tmp_path}/x", "redis://nowhere", **settings)):
            return read_config()

    return read


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", SmtpSettings("mail.example", 587, SENDER)),
        ("smtps://mail.example", SmtpSettings("mail.example", 465, SENDER, Tls.WRAPPED)),
        ("smtp://mail.example:25?starttls=off", SmtpSettings("mail.example", 25, SENDER, Tls.OFF)),
        ("smtp://[::1]:25/?starttls=required", SmtpSettings("::1", 25, SENDER, Tls.REQUIRED)),
        (
            "smtp://shop%40example.com:p%2F%23%3A%E5%AF%86@mail.example:2525",
            SmtpSettings("mail.example", 2525, SENDER, user="shop@example.com", password="p/#:密"),
        ),
    ],
)
def test_a_server_is_named_by_a_url(read, url, expected):
    assert read(MAIL_URL=url, MAIL_FROM=FROM).smtp == expected


@pytest.mark.parametrize("url", ["", "console"])
def test_without_a_server_there_is_the_inbox(read, url):
    assert read(MAIL_URL=url).smtp is None


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://u:hunter2@",
        "smtp://u:hunter2@mail.example:99999",
        "smtp://u:hunter2@mail.example:port",
        "smtp://u:hun#ter2@mail.example",
        "smtp://u:hun/ter2@mail.example",
        "smtp://u:hunter2@mail.example/inbox",
        "smtp://u:hunter2@[mail.example",
        "smtp://u:hunter2@mail.example?starttls=maybe",
        "smtp://u:hunter2@mail.example?tls=1",
        "smtp://u:hunter2@mail.example?x",
    ],
)
def test_a_bad_url_is_told_without_its_password(read, url):
    with pytest.raises(BadSetting, match="MAIL_URL") as said:
        read(MAIL_URL=url, MAIL_FROM=FROM)
    assert "hun" not in str(said.value)


@pytest.mark.parametrize(
    "sender", ["", "咚宝", "no-reply", "咚宝@shop.example", "a@b.example, c@d.example", "a b@c.example"]
)
def test_a_server_needs_a_sender(read, sender):
    with pytest.raises(BadSetting, match="MAIL_FROM"):
        read(MAIL_URL="smtp://mail.example", MAIL_FROM=sender)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example/", "https://shop.example"),
        ("https://shop.example/mall/", "https://shop.example/mall"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("", "http://127.0.0.1:5000"),
    ],
)
def test_links_begin_with_the_public_url(read, url, expected):
    assert read(PUBLIC_URL=url).public_url == expected


def test_without_one_they_lead_to_the_server_itself(read):
    assert read(PORT=5001).public_url == "http://127.0.0.1:5001"


@pytest.mark.parametrize(
    "url",
    [
        "shop.example",
        "ftp://shop.example",
        "https://",
        "https://shop.example/#/x",
        "https://shop.example?x",
        "https://u@shop.example",
        "https://shop.example:0x",
        "https://shop .example",
        "https://商城.example",
    ],
)
def test_what_is_no_site_is_refused(read, url):
    with pytest.raises(BadSetting, match="PUBLIC_URL"):
        read(PUBLIC_URL=url)


def test_the_url_is_kept_from_requests():
    assert "MAIL_URL" in SECRET_SETTINGS


REAL = {"routes": {ANY_REGION: Route(({"memory": 1},))}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        (REAL, ["mails_go_nowhere"]),
        (REAL | {"smtp": SmtpSettings("mail.example", 25, SENDER)}, []),
        (REAL | {"app_env": "production"}, ["mails_go_nowhere", "links_are_not_https"]),
        (REAL | {"app_env": "production", "public_url": "https://shop.example"}, ["mails_go_nowhere"]),
    ],
)
def test_the_operator_is_warned_once_at_the_start(make_app, capsys, changes, expected):
    make_app(**changes)
    assert re.findall(r"\[warning +\] (\w+)", capsys.readouterr().err) == expected
