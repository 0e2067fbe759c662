"""The words of the messages that shoppers get."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

_CODE = {
    "zh-CN": "【咚宝】{action}验证码{code}，{minutes}分钟内有效。请勿告诉他人，咚宝工作人员不会向您索取。",
    "en": "[Dongbao] {code} is your code to {action}. It is good for {minutes} minutes. Never share it; we will not ask for it.",
}
_ACTIONS = {
    "register": {"zh-CN": "注册", "en": "sign up"},
    "login": {"zh-CN": "登录", "en": "log in"},
    "reset_password": {"zh-CN": "重置密码", "en": "reset your password"},
    "change_phone": {"zh-CN": "更换手机号", "en": "change your phone"},
    "confirm": {"zh-CN": "身份确认", "en": "confirm it is you"},
}


SIGNATURE = {"zh-CN": "【咚宝】", "en": "[Dongbao] "}
# By kind and language: the subject of a mail, and the sentences, whose braces are filled with the notice's values. A mail
# has each on lines of its own, an SMS one behind the other.
_NOTICES: dict[str, dict[str, tuple[str, ...]]] = {
    "password_changed": {
        "zh-CN": (
            "您的登录密码已修改",
            "您的咚宝账号密码已修改，其他设备已退出登录。",
            "如非本人操作，请立即用短信验证码重置密码，并联系客服。",
        ),
        "en": (
            "Your password was changed",
            "The password of your Dongbao account was changed, and all other devices were logged out.",
            "If it wasn't you, reset the password by SMS at once, and contact us.",
        ),
    },
    "password_reset": {
        "zh-CN": (
            "您的登录密码已重置",
            "您的咚宝账号密码已通过短信验证码重置，所有设备已退出登录。",
            "如非本人操作，请立即联系客服。",
        ),
        "en": (
            "Your password was reset",
            "The password of your Dongbao account was reset by SMS, and all devices were logged out.",
            "If it wasn't you, contact us at once.",
        ),
    },
    "phone_added": {
        "zh-CN": (
            "您的账号绑定了手机号",
            "您的咚宝账号已绑定手机号{phone}。",
            "如非本人操作，请立即修改密码，并联系客服。",
        ),
        "en": (
            "A phone number was added to your account",
            "Your Dongbao account now has the phone number {phone}.",
            "If it wasn't you, change your password at once, and contact us.",
        ),
    },
    "phone_changed": {
        "zh-CN": (
            "您的手机号已更换",
            "您的咚宝账号绑定的手机号已更换为{phone}。",
            "如非本人操作，请在{days}天内打开链接撤销：",
            "{link}",
        ),
        "en": (
            "Your phone number was changed",
            "The phone number of your Dongbao account was changed to {phone}.",
            "If it wasn't you, open this link within {days} days to undo it:",
            "{link}",
        ),
    },
    "phone_change_undone": {
        "zh-CN": (
            "手机号更换已撤销",
            "您的咚宝账号已恢复原手机号，所有设备已退出登录。",
            "请用短信验证码登录，并立即重置密码。",
        ),
        "en": (
            "The change of your phone number was undone",
            "Your Dongbao account has its former phone number again, and all devices were logged out.",
            "Log in by SMS code, and reset the password at once.",
        ),
    },
    "phone_claimed": {
        "zh-CN": (
            "有人验证了您的手机号",
            "您的咚宝账号已很久未使用，刚刚有人通过短信验证了它的手机号{phone}。",
            "如果您仍在使用该手机号，请打开链接，继续使用原账号：",
            "{link}",
            "如果不是您，无需操作：该手机号可能会与您的账号解绑，您仍可用邮箱和密码登录。",
        ),
        "en": (
            "Somebody proved your phone number",
            "Your Dongbao account was not used for long, and somebody has just proven its phone number {phone} by SMS.",
            "If the number is still yours, open this link to go on with the account:",
            "{link}",
            "If not, do nothing: the number may leave your account, and your e-mail address and password still log in.",
        ),
    },
    "phone_detached": {
        "zh-CN": (
            "手机号已与您的账号解绑",
            "手机号{phone}已由新的持有人注册，并已与您的咚宝账号解绑。",
            "您仍可用邮箱和密码登录，登录后可以绑定新的手机号。",
        ),
        "en": (
            "A phone number has left your account",
            "The phone number {phone} was registered by its new holder, and has left your Dongbao account.",
            "Your e-mail address and password still log in; then you can add your new number.",
        ),
    },
    "verify_email": {
        "zh-CN": (
            "请验证您的邮箱",
            "请在{hours}小时内打开链接，验证您的咚宝账号邮箱：",
            "{link}",
            "如果您没有注册咚宝账号或更换邮箱，请忽略本邮件。",
        ),
        "en": (
            "Verify your e-mail address",
            "Open this link within {hours} hours to verify the e-mail address of your Dongbao account:",
            "{link}",
            "If you have no Dongbao account, or asked for no change of its address, ignore this mail.",
        ),
    },
    "email_changing": {
        "zh-CN": (
            "您的邮箱即将更换",
            "有人请求将您的咚宝账号邮箱更换为{address}，新邮箱验证后即生效。",
            "如非本人操作，请立即修改密码，此次更换随即作废。",
        ),
        "en": (
            "Your e-mail address is being changed",
            "Somebody asked to change the e-mail address of your Dongbao account to {address}. It is changed once that address is verified.",
            "If it wasn't you, change your password at once: that stops it.",
        ),
    },
    "new_device": {
        "zh-CN": (
            "新设备登录提醒",
            "您的咚宝账号于{at}在新设备“{device}”（IP {ip}）上登录。",
            "如非本人操作，请立即修改密码，并退出该设备的登录。",
        ),
        "en": (
            "A login from a new device",
            "Your Dongbao account was logged in at {at} on a new device: {device} (IP {ip}).",
            "If it wasn't you, change your password at once, and log that device out.",
        ),
    },
    "closing": {
        "zh-CN": (
            "您的账号正在注销",
            "您的咚宝账号正在注销，将于{erased_after}之后删除，删除后无法恢复。",
            "如需保留账号，请在此之前登录。",
        ),
        "en": (
            "Your account is being closed",
            "Your Dongbao account is being closed. It will be erased after {erased_after}, for good.",
            "To keep it, log in before then.",
        ),
    },
    "reopened": {
        "zh-CN": (
            "您的账号已恢复",
            "您的咚宝账号刚刚有人登录，注销已取消。",
            "如非本人操作，请立即修改密码，并联系客服。",
        ),
        "en": (
            "Your account is open again",
            "Your Dongbao account was logged in, and is no longer being closed.",
            "If it wasn't you, change your password at once, and contact us.",
        ),
    },
}
_BETWEEN = {"zh-CN": "", "en": " "}
_MAIL = {
    "zh-CN": "您好：\n\n{body}\n\n时间：{at}\n\n咚宝\n本邮件由系统自动发送，请勿直接回复。\n",
    "en": "Hello,\n\n{body}\n\nWhen: {at}\n\nDongbao\nThis mail was sent automatically; replies are not read.\n",
}
# Shoppers read China's time, whatever the server's is.
_CHINA = timezone(timedelta(hours=8))
_TIME = {
    "zh-CN": "{at.year}年{at.month}月{at.day}日{at:%H:%M}（北京时间）",
    "en": "{at.day} {at:%B %Y}, {at:%H:%M} (China time)",
}
_TIMES = ("at", "erased_after")
_LONGEST_DEVICE = 60


@dataclass(frozen=True)
class NoticeText:
    """What a notice says: the subject of a mail, and its sentences."""

    subject: str
    sentences: tuple[str, ...]
    language: str

    @property
    def sms(self) -> str:
        """As an SMS, with the name of the site in front; it has no subject."""
        return SIGNATURE[self.language] + _BETWEEN[self.language].join(self.sentences)

    def mail(self, at: datetime) -> str:
        """As a mail, of what happened at ``at``."""
        return _MAIL[self.language].format(body="\n\n".join(self.sentences), at=time_text(at, self.language))


def notice_text(kind: str, language: str, **values: str) -> NoticeText:
    """The words of a notice; ``values`` are those that its text names in braces, times among them in ISO 8601."""
    said = {name: _said(name, value, language) for name, value in values.items()}
    subject, *sentences = _NOTICES[kind][language]
    return NoticeText(subject, tuple(sentence.format(**said) for sentence in sentences), language)


def time_text(at: datetime, language: str) -> str:
    """A time as people in China say it."""
    return _TIME[language].format(at=at.astimezone(_CHINA))


def code_text(purpose: str, code: str, expires_in: int, language: str) -> str:
    """The message that carries a code living for ``expires_in`` seconds."""
    minutes = max(1, expires_in // 60)
    return _CODE[language].format(action=_ACTIONS[purpose][language], code=code, minutes=minutes)


def _said(name: str, value: str, language: str) -> str:
    if name in _TIMES:
        return _time_said(value, language)
    return _tamed(value) if name == "device" else value


def _time_said(value: str, language: str) -> str:
    """A time without a zone is UTC; a text that is no time stays as it is."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return time_text(at if at.tzinfo else at.replace(tzinfo=UTC), language)


def _tamed(device: str) -> str:
    """A device is named by whoever logs in: no sentence of theirs, nor a link, may come in a mail of ours."""
    letters = re.sub(r"[^\w .,()/+-]", "", device)
    return re.sub(r"\.(?=[^\W\d])|/{2,}", " ", letters)[:_LONGEST_DEVICE].strip()
