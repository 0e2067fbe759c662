"""The words of the messages that shoppers get."""

from dataclasses import dataclass

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
# By kind and language: the subject of a mail, and the text, whose braces are filled with the notice's values.
_NOTICES = {
    "password_changed": {
        "zh-CN": (
            "您的登录密码已修改",
            "您的咚宝账号密码已修改，其他设备已退出登录。如非本人操作，请立即重置密码并联系客服。",
        ),
        "en": (
            "Your password was changed",
            "The password of your Dongbao account was changed, and other devices were logged out. If it wasn't you, reset it at once and contact us.",
        ),
    },
    "password_reset": {
        "zh-CN": (
            "您的登录密码已重置",
            "您的咚宝账号密码已通过短信重置，所有设备已退出登录。如非本人操作，请立即联系客服。",
        ),
        "en": (
            "Your password was reset",
            "The password of your Dongbao account was reset by SMS, and all devices were logged out. If it wasn't you, contact us at once.",
        ),
    },
    "phone_changed": {
        "zh-CN": (
            "您的手机号已更换",
            "您的咚宝账号绑定的手机号已更换为{phone}。如非本人操作，请在{days}天内撤销：{link}",
        ),
        "en": (
            "Your phone was changed",
            "The phone of your Dongbao account was changed to {phone}. If it wasn't you, undo it within {days} days: {link}",
        ),
    },
    "phone_added": {
        "zh-CN": ("您的账号绑定了手机号", "您的咚宝账号已绑定手机号{phone}。如非本人操作，请立即修改密码并联系客服。"),
        "en": (
            "A phone was added to your account",
            "Your Dongbao account now has the phone {phone}. If it wasn't you, change your password at once and contact us.",
        ),
    },
    "phone_change_undone": {
        "zh-CN": ("手机号更换已撤销", "您的咚宝账号已恢复原手机号，所有设备已退出登录。请用短信验证码登录并重置密码。"),
        "en": (
            "The change of phone was undone",
            "Your Dongbao account has its former phone again, and all devices were logged out. Log in by SMS code and reset the password.",
        ),
    },
    "phone_claimed": {
        "zh-CN": (
            "有人验证了您的手机号",
            "您的咚宝账号已很久未使用，刚刚有人通过短信验证了其手机号{phone}。如果是您本人，请打开链接继续使用原账号：{link}。否则无需操作，该号码可能会与您的账号解绑，邮箱和密码仍可登录。",
        ),
        "en": (
            "Somebody proved your phone number",
            "Your Dongbao account was not used for long, and its phone {phone} was just proven by SMS. If it was you, open this link to go on with the account: {link}. If not, do nothing: the number may leave your account, which keeps its e-mail and password logins.",
        ),
    },
    "phone_detached": {
        "zh-CN": (
            "手机号已与您的账号解绑",
            "手机号{phone}已由新的持有人注册，已与您的咚宝账号解绑。您仍可用邮箱和密码登录。",
        ),
        "en": (
            "A phone number left your account",
            "The phone {phone} was registered by its new holder and has left your Dongbao account. Your e-mail and password still log in.",
        ),
    },
    "verify_email": {
        "zh-CN": ("请验证您的邮箱", "请在24小时内打开链接，验证您的咚宝账号邮箱：{link} 如非本人操作，请忽略本邮件。"),
        "en": (
            "Verify your e-mail address",
            "Open this link within 24 hours to verify the address of your Dongbao account: {link} If it wasn't you, ignore this mail.",
        ),
    },
    "email_changing": {
        "zh-CN": (
            "您的邮箱即将更换",
            "有人请求将您的咚宝账号邮箱更换为{email}。如非本人操作，请立即修改密码并联系客服。",
        ),
        "en": (
            "Your e-mail address is being changed",
            "Somebody asked to change the address of your Dongbao account to {email}. If it wasn't you, change your password at once and contact us.",
        ),
    },
    "new_device": {
        "zh-CN": (
            "新设备登录提醒",
            "您的咚宝账号于{at}（UTC）在新设备“{device}”（{ip}）上登录。如非本人操作，请立即修改密码。",
        ),
        "en": (
            "A login from a new device",
            "Your Dongbao account was logged in at {at} UTC on a new device, {device} ({ip}). If it wasn't you, change your password at once.",
        ),
    },
    "closing": {
        "zh-CN": ("您的账号正在注销", "您的咚宝账号将于{erased_after}（UTC）之后删除。在此之前登录即可恢复账号。"),
        "en": (
            "Your account is being closed",
            "Your Dongbao account will be erased after {erased_after} UTC. Log in before then to keep it.",
        ),
    },
    "reopened": {
        "zh-CN": ("您的账号已恢复", "您已重新登录，咚宝账号的注销已取消。"),
        "en": ("Your account is open again", "You logged in, and your Dongbao account is no longer being closed."),
    },
}


@dataclass(frozen=True)
class NoticeText:
    """What a notice says; an SMS has no subject, and the name of the site in front."""

    subject: str
    text: str


def notice_text(kind: str, language: str, **values: str) -> NoticeText:
    """The words of a notice; ``values`` are those that its text names in braces."""
    subject, text = _NOTICES[kind][language]
    return NoticeText(subject, text.format(**values))


def code_text(purpose: str, code: str, expires_in: int, language: str) -> str:
    """The message that carries a code living for ``expires_in`` seconds."""
    minutes = max(1, expires_in // 60)
    return _CODE[language].format(action=_ACTIONS[purpose][language], code=code, minutes=minutes)
