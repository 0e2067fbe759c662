"""The words of notices: each kind in both languages, as a mail and as an SMS."""

from datetime import UTC, datetime

import pytest

from services.texts import _NOTICES, notice_text

VALUES = {
    "phone": "+86138****8000",
    "days": "3",
    "link": "https://shop.example/x#token=abc",
    "address": "w****@example.com",
    "at": "2026-11-23T16:05:00Z",
    "device": "Firefox 140",
    "ip": "192.0.2.1",
    "erased_after": "2026-12-31T20:00:00+00:00",
    "hours": "24",
}
AT = datetime(2026, 11, 23, 16, 5, tzinfo=UTC)


@pytest.mark.parametrize("kind", _NOTICES)
def test_every_kind_says_the_same_facts_in_both_languages(kind):
    texts = {language: notice_text(kind, language, **VALUES) for language in ("zh-CN", "en")}
    for value in ("+86138****8000", "https://shop.example/x#token=abc", "w****@example.com", "192.0.2.1"):
        assert (value in texts["zh-CN"].sms) == (value in texts["en"].sms)
    for language, text in texts.items():
        assert text.subject
        assert "\n" not in text.subject
        assert "{" not in text.mail(AT)
        assert text.sms.startswith({"zh-CN": "【咚宝】", "en": "[Dongbao] "}[language])
        assert text.sms.isascii() == (language == "en")


def test_a_mail_greets_tells_when_in_china_and_what_to_do():
    text = notice_text("password_changed", "zh-CN")
    assert text.mail(AT) == (
        "您好：\n\n您的咚宝账号密码已修改，其他设备已退出登录。\n\n如非本人操作，请立即用短信验证码重置密码，并联系客服。\n\n"
        "时间：2026年11月24日00:05（北京时间）\n\n咚宝\n本邮件由系统自动发送，请勿直接回复。\n"
    )


def test_a_link_has_a_line_of_its_own_in_a_mail():
    assert VALUES["link"] in notice_text("verify_email", "en", **VALUES).mail(AT).split("\n")


def test_times_are_china_s_and_other_texts_stay():
    assert "24 November 2026, 00:05 (China time)" in notice_text("new_device", "en", **VALUES).sms
    assert "2027年1月1日04:00（北京时间）" in notice_text("closing", "zh-CN", **VALUES).sms
    assert "24 November 2026, 00:05" in notice_text("new_device", "en", **VALUES | {"at": "2026-11-23 16:05"}).sms
    assert "after soon, for good" in notice_text("closing", "en", erased_after="soon").sms


@pytest.mark.parametrize(
    ("device", "shown"),
    [
        ("Chrome 120.0.1 (Windows NT 10.0)", "Chrome 120.0.1 (Windows NT 10.0)"),
        ("https://evil.example/login", "https evil example/login"),
        ("Call 123!\r\n“Now”", "Call 123Now"),
        ("{link}", "link"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_device_brings_no_link_of_its_own_into_our_mail(device, shown):
    assert f"a new device: {shown} (IP" in notice_text("new_device", "en", **VALUES | {"device": device}).sms
