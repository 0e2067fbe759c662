"""The stand-ins' accounts, as an operator would set them."""

from tests.gateways import aliyun, juhe, tencent, webhook

ACCOUNTS = {
    "tencent": {
        "TENCENT_SECRET_ID": tencent.SECRET_ID,
        "TENCENT_SECRET_KEY": tencent.SECRET_KEY,
        "TENCENT_SDK_APP_ID": tencent.APP_ID,
        "TENCENT_SIGN_NAME": "咚宝",
        "TENCENT_TEMPLATE_ID": "449739",
    },
    "aliyun": {
        "ALIYUN_ACCESS_KEY_ID": aliyun.ACCESS_KEY_ID,
        "ALIYUN_ACCESS_KEY_SECRET": aliyun.ACCESS_KEY_SECRET,
        "ALIYUN_SIGN_NAME": "咚宝",
        "ALIYUN_TEMPLATE_CODE": "SMS_100",
    },
    "juhe": {"JUHE_KEY": juhe.KEY, "JUHE_TEMPLATE_ID": "166"},
    "webhook": {"WEBHOOK_SECRET": webhook.SECRET},
}


def settings_of(vendor) -> dict[str, str]:
    """To send through this stand-in."""
    setting = "WEBHOOK_URL" if vendor.name == "webhook" else f"{vendor.name.upper()}_ENDPOINT"
    return {"SMS_GATEWAYS": vendor.name, **ACCOUNTS[vendor.name], setting: vendor.standin.url}
