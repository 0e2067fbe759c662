"""The catalogue of problems: every code, its status, and what it says in each language."""

from dataclasses import dataclass

from services.errors import ServiceError

LANGUAGES = ("zh-CN", "en")


class MalformedJson(ServiceError):
    """The body is no JSON text that we read."""

    code = "malformed_json"


class UnsupportedMediaType(ServiceError):
    """The body is not declared as JSON."""

    code = "unsupported_media_type"


class PayloadTooLarge(ServiceError):
    """The body is larger than any that we read."""

    code = "payload_too_large"


@dataclass(frozen=True)
class Problem:
    """A code's status, and its title and detail by language. A detail may name members of the problem in braces.

    ``scheme`` is how one proves who one is where the status is 401.
    """

    status: int
    title: dict[str, str]
    detail: dict[str, str]
    scheme: str = "Bearer"


def _problem(
    status: int, zh_title: str, zh_detail: str, en_title: str, en_detail: str, scheme: str = "Bearer"
) -> Problem:
    return Problem(status, {"zh-CN": zh_title, "en": en_title}, {"zh-CN": zh_detail, "en": en_detail}, scheme)


PROBLEMS = {
    "malformed_json": _problem(
        400,
        "请求体不是有效的 JSON",
        "请发送 UTF-8 编码的 JSON 对象，不要有重复的字段名、NaN 或过深的嵌套。",
        "The body is not valid JSON",
        "Send one JSON object in UTF-8, without duplicate names, NaN or deep nesting.",
    ),
    "token_missing": _problem(
        401,
        "需要登录",
        "请登录后在 Authorization 请求头中携带 Bearer 访问令牌。",
        "Log in first",
        "Send the access token in the header Authorization: Bearer.",
    ),
    "token_invalid": _problem(
        401,
        "访问令牌无效",
        "请重新登录以获取新的令牌。",
        "The access token is not valid",
        "Log in again to get a new one.",
    ),
    "token_expired": _problem(
        401,
        "访问令牌已过期",
        "请用刷新令牌换取新的访问令牌。",
        "The access token has expired",
        "Get a new one with the refresh token.",
    ),
    "session_revoked": _problem(
        401, "登录状态已结束", "该会话已退出，请重新登录。", "The session has ended", "It was logged out. Log in again."
    ),
    "invalid_credentials": _problem(
        401,
        "账号或密码不正确",
        "请检查账号和密码后重试，或使用短信验证码登录。",
        "The account or the password is not right",
        "Check both and try again, or log in with an SMS code.",
    ),
    "invalid_client": _problem(
        401,
        "服务身份无效",
        "请用 HTTP Basic 发送 INTROSPECTION_CLIENTS 中的服务名称和密钥。",
        "The service is not known",
        "Send the name and the secret of a service by HTTP Basic, as INTROSPECTION_CLIENTS has them.",
        scheme='Basic realm="introspection"',
    ),
    "refresh_invalid": _problem(401, "刷新令牌无效", "请重新登录。", "The refresh token is not valid", "Log in again."),
    "refresh_expired": _problem(
        401,
        "登录已过期",
        "太久没有使用，请重新登录。",
        "The session has expired",
        "It was idle too long. Log in again.",
    ),
    "refresh_reused": _problem(
        401,
        "刷新令牌被重复使用",
        "为安全起见，该会话已结束，请重新登录。",
        "The refresh token was used before",
        "The session was ended to keep the account safe. Log in again.",
    ),
    "challenge_required": _problem(
        403,
        "请先完成一次计算验证",
        "请用 ALTCHA 组件求解 challenge，然后重新发送同一请求，并在 X-Challenge-Solution 请求头中携带组件给出的结果。",
        "Proof of work is needed",
        "Solve challenge with ALTCHA's widget, and send the same request again with the widget's payload in the header X-Challenge-Solution.",
    ),
    "reauthentication_required": _problem(
        403,
        "需要再次验证身份",
        "请输入当前密码，或使用发送到您手机的验证码确认身份。手机号刚更换或未绑定时只能使用当前密码。",
        "Prove again who you are",
        "Give the current password, or a code sent to your phone (purpose confirm). Soon after a change of phone, and without a phone, only the password counts.",
    ),
    "metrics_token_invalid": _problem(
        401,
        "指标令牌不正确",
        "请在 Authorization 请求头中以 Bearer 令牌携带 METRICS_TOKEN 的值。",
        "The scraper's token is not right",
        "Send the value of METRICS_TOKEN in the header Authorization: Bearer.",
    ),
    "metrics_forbidden": _problem(
        403,
        "指标只向本机提供",
        "请在本机直接访问，不要经过代理；或者设置 METRICS_TOKEN 并以 Bearer 令牌携带它。",
        "Metrics are shown to this machine only",
        "Ask on the machine itself, past any proxy; or set METRICS_TOKEN and send it as a bearer token.",
    ),
    "not_found": _problem(
        404, "没有找到", "请检查地址，或者它已经不存在。", "Not found", "Check the address; or it is there no longer."
    ),
    "phone_not_registered": _problem(
        404,
        "该手机号尚未注册",
        "手机号已验证，可以用返回的 ticket 直接注册。如果您很久以前注册过，请用密码登录，或使用发送到您已验证邮箱的链接。",
        "The phone has no account",
        "The phone is proven: register with the ticket in this reply. If you had an account long ago, log in with your password, or use the link mailed to your verified address.",
    ),
    "method_not_allowed": _problem(
        405,
        "不支持的请求方法",
        "请使用 Allow 响应头中列出的方法。",
        "The method is not allowed",
        "Use one of the methods in the header Allow.",
    ),
    "phone_registered": _problem(
        409,
        "该手机号已注册",
        "请直接登录，或使用其他手机号。",
        "The phone has an account",
        "Log in, or use another phone.",
    ),
    "username_taken": _problem(
        409, "用户名已被使用", "请换一个用户名。", "The user name is taken", "Choose another one."
    ),
    "email_taken": _problem(
        409, "邮箱已被使用", "请换一个邮箱地址。", "The e-mail address is taken", "Use another address."
    ),
    "code_expired": _problem(
        410, "验证码已失效", "请重新获取验证码。", "The code is no longer good", "Ask for a new code."
    ),
    "ticket_expired": _problem(
        410,
        "验证或链接已失效",
        "请重新验证手机号；如果是邮件或短信中的链接，请重新获取。",
        "The ticket or link is no longer good",
        "Verify the phone again, or ask for a new link.",
    ),
    "payload_too_large": _problem(
        413,
        "请求体太大",
        "请求体不能超过 16 KiB，短信回执不能超过 256 KiB。",
        "The body is too large",
        "A body may have 16 KiB at most, receipts of vendors 256 KiB.",
    ),
    "unsupported_media_type": _problem(
        415,
        "不支持的内容类型",
        "请以 Content-Type: application/json 发送请求体。",
        "The content type is not supported",
        "Send the body with Content-Type: application/json.",
    ),
    "validation_failed": _problem(
        422,
        "填写的内容有误",
        "请按 errors 中的提示修改后重试。",
        "Some fields are not right",
        "Correct what errors says and try again.",
    ),
    "code_incorrect": _problem(
        422,
        "验证码不正确",
        "还可以再试 {attempts_left} 次。",
        "The code is not right",
        "Attempts left: {attempts_left}.",
    ),
    "ticket_invalid": _problem(
        422,
        "验证凭证或链接无效",
        "请重新验证手机号；如果是邮件或短信中的链接，请完整地打开它。",
        "The ticket or link is not valid",
        "Verify the phone again, or open the whole link.",
    ),
    "rate_limited": _problem(
        429,
        "操作过于频繁",
        "请在 {retry_after} 秒后重试。",
        "Too many requests",
        "Try again in {retry_after} seconds.",
    ),
    "sms_cooldown": _problem(
        429,
        "短信刚刚发送过",
        "请在 {retry_after} 秒后重新获取。",
        "A message was sent just now",
        "Ask again in {retry_after} seconds.",
    ),
    "sms_hourly_limit": _problem(
        429,
        "本小时短信次数已用完",
        "请在 {retry_after} 秒后重新获取。",
        "This phone got its messages of the hour",
        "Ask again in {retry_after} seconds.",
    ),
    "sms_daily_limit": _problem(
        429,
        "今日短信次数已用完",
        "请在 {retry_after} 秒后重新获取。",
        "This phone got its messages of the day",
        "Ask again in {retry_after} seconds.",
    ),
    "internal_error": _problem(
        500,
        "服务器出错了",
        "请稍后重试；如仍有问题，请提供 request_id 联系我们。",
        "Something went wrong on our side",
        "Try again later; if it stays, tell us the request_id.",
    ),
    "sms_unavailable": _problem(
        503,
        "短信暂时无法发送",
        "短信没有发出，请在 {retry_after} 秒后重试。",
        "Messages can't be sent now",
        "Nothing was sent. Try again in {retry_after} seconds.",
    ),
    "service_unavailable": _problem(
        503,
        "服务繁忙",
        "请在 {retry_after} 秒后重试。",
        "The service is busy",
        "Try again in {retry_after} seconds.",
    ),
}
