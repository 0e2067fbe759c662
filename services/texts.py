"""The words of the messages that shoppers get."""

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


def code_text(purpose: str, code: str, expires_in: int, language: str) -> str:
    """The message that carries a code living for ``expires_in`` seconds."""
    minutes = max(1, expires_in // 60)
    return _CODE[language].format(action=_ACTIONS[purpose][language], code=code, minutes=minutes)
