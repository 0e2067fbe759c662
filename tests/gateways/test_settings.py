"""A gateway that cannot work does not start, and says in one sentence what to do."""

import re
import subprocess
import sys

import pytest

from api.config import ROOT
from sms.endpoint import Endpoint, parse_endpoint
from sms.gateway import GatewayUnusable
from sms.templates import ANY, Templates

SECRET = "hush-hush-secret"


def run(code: str) -> str:
    """What Python prints in a process of its own."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("name", "package"), [("tencent", "tencentcloud"), ("aliyun", "alibabacloud_dysmsapi20170525")]
)
def test_a_missing_sdk_is_one_sentence(name, package):
    said = run(
        f"import sys; sys.modules[{package!r}] = None\n"
        "from sms.gateway import GatewayUnusable\n"
        f"try:\n    import sms.{name}\n"
        "except GatewayUnusable as error:\n    print(error)"
    )
    assert said == (f"SMS_GATEWAYS names {name}, and its SDK is not installed: pip install -r requirements-{name}.txt.")


def test_who_uses_no_sdk_needs_none():
    assert (
        run(
            "import sys\nfor name in ('tencentcloud', 'alibabacloud_dysmsapi20170525', 'darabonba', 'Tea'):\n"
            "    sys.modules[name] = None\n"
            "import sms.console, sms.deadline, sms.juhe, sms.memory, sms.vendor_codes, sms.webhook\nprint('well')"
        )
        == "well"
    )


@pytest.mark.parametrize(
    ("name", "changes", "setting"),
    [
        ("tencent", {"secret_id": ""}, "TENCENT_SECRET_ID"),
        ("tencent", {"secret_key": f" {SECRET}"}, "TENCENT_SECRET_KEY"),
        ("tencent", {"secret_key": f"{SECRET}\n"}, "TENCENT_SECRET_KEY"),
        ("tencent", {"secret_key": f"{SECRET}\n{SECRET}"}, "TENCENT_SECRET_KEY"),
        ("tencent", {"secret_id": f"{SECRET}密钥"}, "TENCENT_SECRET_ID"),
        ("tencent", {"sdk_app_id": ""}, "TENCENT_SDK_APP_ID"),
        ("tencent", {"region": ""}, "TENCENT_REGION"),
        ("tencent", {"endpoint": "sms.tencentcloudapi.com"}, "TENCENT_ENDPOINT"),
        ("tencent", {"templates": Templates({})}, "TENCENT_TEMPLATE_ID"),
        ("tencent", {"templates": Templates({(ANY, ANY): "1"}, params=("minutes",))}, "TENCENT_TEMPLATE_PARAMS"),
        ("aliyun", {"access_key_id": ""}, "ALIYUN_ACCESS_KEY_ID"),
        ("aliyun", {"access_key_secret": f"{SECRET}\t"}, "ALIYUN_ACCESS_KEY_SECRET"),
        ("aliyun", {"endpoint": f"https://user:{SECRET}@dysmsapi.aliyuncs.com"}, "ALIYUN_ENDPOINT"),
        ("aliyun", {"templates": Templates({(ANY, ANY): ""}, {ANY: "咚宝"})}, "ALIYUN_TEMPLATE_CODE"),
        ("aliyun", {"templates": Templates({(ANY, ANY): "1"})}, "ALIYUN_SIGN_NAME"),
        ("aliyun", {"templates": Templates({(ANY, ANY): "1"}, params=("code", "code"))}, "ALIYUN_TEMPLATE_PARAMS"),
        ("juhe", {"key": ""}, "JUHE_KEY"),
        ("juhe", {"endpoint": f"https://v.juhe.cn/sms/send?key={SECRET}"}, "JUHE_ENDPOINT"),
        ("juhe", {"templates": Templates({})}, "JUHE_TEMPLATE_ID"),
        ("juhe", {"templates": Templates({(ANY, ANY): "1"}, params=("code", "name"))}, "JUHE_TEMPLATE_PARAMS"),
        ("juhe", {"variables": "json"}, "JUHE_VARIABLES"),
        ("webhook", {"url": ""}, "WEBHOOK_URL"),
        ("webhook", {"url": f"sms.example.com/{SECRET}"}, "WEBHOOK_URL"),
        ("webhook", {"secret": ""}, "WEBHOOK_SECRET"),
    ],
)
def test_a_bad_setting_is_named_and_its_value_is_not(request, name, changes, setting):
    vendor = request.getfixturevalue(name)
    with pytest.raises(GatewayUnusable) as refusal:
        vendor.gateway(**changes)
    text = str(refusal.value)
    assert re.search(rf"\b{setting}\b", text)
    assert SECRET not in text
    assert text.endswith(".")


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://sms.tencentcloudapi.com", Endpoint("https", "sms.tencentcloudapi.com")),
        ("https://SMS.example.com/", Endpoint("https", "sms.example.com")),
        ("http://127.0.0.1:8080", Endpoint("http", "127.0.0.1:8080")),
        ("http://[::1]:8080", Endpoint("http", "[::1]:8080")),
    ],
)
def test_an_endpoint_is_scheme_and_host(url, endpoint):
    assert parse_endpoint(url, "X") == endpoint
    assert str(endpoint) == url.lower().rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sms.example.com",
        "ftp://sms.example.com",
        "https://",
        "https://sms.example.com/path",
        "https://sms.example.com?a=1",
        "https://sms.example.com#a",
        "https://user@sms.example.com",
        "https://sms.example.com:port",
        "https://sms.example.com:99999",
        "https://[::1",
        "https://短信.example.com",
    ],
)
def test_anything_else_is_no_endpoint(url):
    with pytest.raises(GatewayUnusable, match="SOME_ENDPOINT"):
        parse_endpoint(url, "SOME_ENDPOINT")
