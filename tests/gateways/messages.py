"""Messages to send, each to a phone of its own."""

import itertools

from sms.gateway import Message

_numbers = itertools.count()


def a_message(**changes) -> Message:
    """A code to log in with; another phone each time."""
    fields = {
        "id": "challenge-1",
        "to": f"+861380013{next(_numbers) % 10000:04}",
        "purpose": "login",
        "code": "902714",
        "text": "【咚宝】登录验证码902714，5分钟内有效。",
        "language": "zh-CN",
        "expires_in": 300,
    }
    return Message(**{**fields, **changes})


def a_notice(**changes) -> Message:
    """A message without a code."""
    return a_message(purpose="phone_changed", code="", text="您的手机号已更换。", **changes)
