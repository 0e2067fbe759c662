"""The names of devices."""

import pytest

from api.user_agents import device_name

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0"
NAMES = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36": "Chrome on Windows",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/126.0.0.0": "Edge on Windows",
    f"Mozilla/5.0 (Linux; Android 13; M2012K11AC Build/TKQ1; wv) Version/4.0 {CHROME} Mobile Safari/537.36 XWEB/1160065 "
    "MMWEBSDK/20231202 MicroMessenger/8.0.47.2560(0x28002F51) WeChat/arm64 Weixin NetType/WIFI": "WeChat on Android",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
    "MicroMessenger/8.0.49(0x18003132) NetType/WIFI Language/zh_CN": "WeChat on iPhone",
    f"Mozilla/5.0 (Linux; Android 12; PEEM00; wv) {CHROME} Mobile Safari/537.36 AlipayClient/10.5.80": "Alipay on Android",
    f"Mozilla/5.0 (Phone; OpenHarmony 5.0) {CHROME} Safari/537.36 ArkWeb/4.1 Mobile HuaweiBrowser/5.0": "Huawei Browser on HarmonyOS",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1": "Safari on iPhone",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
    "Safari/605.1.15": "Safari on macOS",
    "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0": "Firefox on Linux",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 DongbaoApp/3.2": "DongbaoApp on iPhone",
    "DongbaoApp/3.2 (iPhone; iOS 18.1)": "DongbaoApp on iPhone",
    "DongbaoApp/3.2 (Android 14; Xiaomi 14)": "DongbaoApp on Android",
    "Dongbao/3 CFNetwork/1494.0.7 Darwin/23.4.0": "Dongbao on iOS",
    "%E5%92%9A%E5%AE%9D/3 CFNetwork/1494.0.7 Darwin/23.4.0": "咚宝 on iOS",
    "咚宝/3.2 (Android 14)": "咚宝 on Android",
    "Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7 Build/TQ3A)": "App on Android",
    "okhttp/4.12.0": "okhttp",
    "curl/8.5.0": "curl",
    "PostmanRuntime/7.36.0": "Postman",
    "MyApp 3.2": "MyApp",
    "": "unknown",
    " \t": "unknown",
}
HOSTILE = {
    "long": "x" * 8192,
    "open": "(" * 8192,
    "digits": "Mozilla/" + "1" * 8184,
    "numbers": "1." * 4096,
    "web views": "Mozilla/5.0 (Linux; Android 13; wv)" + " a/1" * 2000,
    "escapes": "%ff" * 2700,
    "colours": "\x1b[31mred\x1b[0m",
    "lines": "one\r\ntwo\nthree",
    "nul": "a\x00b",
    "no UTF-8": "\xff\xfe\xe5",
    "backwards": "\u202egnp.exe",
    "surrogate": "%ed%a0%80",
}


def header(text: str) -> str:
    """A header as WSGI has it: its bytes, each a character."""
    return text.encode().decode("latin-1")


@pytest.mark.parametrize(("agent", "name"), NAMES.items(), ids=NAMES.values())
def test_a_device_is_called_by_its_app_and_system(agent, name):
    assert device_name(header(agent.replace("{}", "126"))) == name


@pytest.mark.parametrize("agent", NAMES)
def test_an_update_is_no_new_device(agent):
    older, newer = (agent.replace("{}", "126"), agent.replace("{}", "127").replace("3.2", "3.10").replace("8.5", "9.0"))
    assert device_name(header(older)) == device_name(header(newer))


@pytest.mark.parametrize("agent", HOSTILE.values(), ids=HOSTILE)
def test_a_name_is_short_printable_and_of_one_line(agent):
    """R51: whatever a client sends, the log and the owner get words."""
    name = device_name(header(agent))
    assert 1 <= len(name) <= 100
    assert name.isprintable()


@pytest.mark.parametrize(
    "agent", ["http://evil.example/x", "see evil.example", "x https://evil.example", "a@evil.example"]
)
def test_no_link_comes_into_the_message_to_the_owner(agent):
    assert not set("./:@") & set(device_name(agent))
