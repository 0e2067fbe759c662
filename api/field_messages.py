"""What is said of fields that are not right: by key, in each language."""

FIELD_MESSAGES = {
    "required": {"zh-CN": "请填写此项。", "en": "This is required."},
    "null": {"zh-CN": "不能为 null。", "en": "This may not be null."},
    "not_text": {"zh-CN": "应为文本。", "en": "This must be a string."},
    "not_object": {"zh-CN": "请求体应为 JSON 对象。", "en": "The body must be a JSON object."},
    "not_array": {"zh-CN": "请求体应为 JSON 数组。", "en": "The body must be a JSON array."},
    "unknown": {"zh-CN": "没有这个字段。", "en": "There is no such field."},
    "too_long": {"zh-CN": "内容过长。", "en": "This is too long."},
    "phone_invalid": {"zh-CN": "请输入正确的手机号。", "en": "This is not a mobile number."},
    "phone_region": {"zh-CN": "暂不支持该国家或地区的手机号。", "en": "Numbers of this region are not served."},
    "phone_not_taken": {
        "zh-CN": "此用途的验证码发往账号自己的手机号，请勿填写。",
        "en": "This code goes to the account's own phone; leave the field out.",
    },
    "purpose_unknown": {
        "zh-CN": "应为 register、login、reset_password、change_phone 或 confirm。",
        "en": "This must be register, login, reset_password, change_phone or confirm.",
    },
    "code_format": {"zh-CN": "请输入 6 位数字验证码。", "en": "A code has six digits."},
    "username_length": {"zh-CN": "用户名应为 2 到 30 个字符。", "en": "A user name has 2 to 30 characters."},
    "username_characters": {
        "zh-CN": "用户名只能包含文字、数字、下划线和连字符，不能有空格。",
        "en": "A user name has letters, digits, _ and -, and no blanks.",
    },
    "username_digits": {
        "zh-CN": "用户名不能全是数字，也不能像手机号。",
        "en": "A user name may not be all digits, nor read as a phone number.",
    },
    "username_mixed": {
        "zh-CN": "用户名混用了容易混淆的文字。",
        "en": "The user name mixes scripts that look alike.",
    },
    "email_invalid": {"zh-CN": "请输入正确的邮箱地址。", "en": "This is not an e-mail address."},
    "password_length": {"zh-CN": "密码应为 8 到 256 个字符。", "en": "A password has 8 to 256 characters."},
    "password_common": {"zh-CN": "这个密码太常见，容易被猜到。", "en": "This password is too common."},
    "password_personal": {
        "zh-CN": "密码不能是用户名、手机号或邮箱。",
        "en": "A password may not be the user name, phone or e-mail address.",
    },
    "password_differs": {"zh-CN": "两次输入的密码不一致。", "en": "The two passwords differ."},
    "account_invalid": {
        "zh-CN": "请输入用户名、手机号或邮箱。",
        "en": "Give a user name, a phone or an e-mail address.",
    },
    "not_boolean": {"zh-CN": "应为 true 或 false。", "en": "This must be true or false."},
    "page_length": {"zh-CN": "应为 1 到 100 的整数。", "en": "This must be a whole number from 1 to 100."},
    "cursor_invalid": {
        "zh-CN": "请使用上一页返回的 next_cursor。",
        "en": "Give the next_cursor of the page before.",
    },
    "proof_twice": {
        "zh-CN": "请只提供当前密码，或者一个验证码，不要同时提供。",
        "en": "Give the current password or a code, not both.",
    },
    "login_pair": {
        "zh-CN": "请提供 account 和 password，或者 sms_id 和 code，二者选一。",
        "en": "Give account and password, or sms_id and code: one pair.",
    },
}
