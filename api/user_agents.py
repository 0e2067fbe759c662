"""The name of a device, read from its user agent: short, printable, without versions, so that an update is no new device."""

import re
from functools import cache, lru_cache
from urllib.parse import unquote

from ua_parser import Parser
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver

UNKNOWN = "unknown"
LONGEST_READ = 512
LONGEST_PART = 40
# Apps and browsers that the library takes for the engine below them; of several the first counts.
APPS = {
    "wxwork": "WeCom",
    "MicroMessenger": "WeChat",
    "AlipayClient": "Alipay",
    "DingTalk": "DingTalk",
    "Lark/": "Lark",
    "Weibo": "Weibo",
    "aweme": "Douyin",
    "baiduboxapp": "Baidu",
    " QQ/": "QQ",
    "HuaweiBrowser": "Huawei Browser",
    "MiuiBrowser": "Mi Browser",
    "VivoBrowser": "vivo Browser",
    "HeyTapBrowser": "HeyTap Browser",
    "UCBrowser": "UC Browser",
    "Quark/": "Quark",
}
WEB_VIEWS = ("Chrome Mobile WebView", "Mobile Safari UI/WKWebView")
PRODUCTS = {"PostmanRuntime": "Postman", "python-requests": "Python Requests", "Dalvik": "App"}
SYSTEMS = ("iPhone", "iPad", "HarmonyOS", "OpenHarmony")
SYSTEM_NAMES = {"OpenHarmony": "HarmonyOS", "Mac OS X": "macOS"}

_ENGINE_WORDS = re.compile(r"\b(?:Mobile|iOS|WebView|UI/WKWebView)\b")
_LAST_PRODUCT = re.compile(r"\s([A-Za-z][\w-]*)/[\d.]+\s*$")
_VERSION = re.compile(r"(?<![\w.])v?\d+(?:\.\d+)+")
_NO_WORDS = re.compile(r"[^\w+-]+")


def prepare() -> None:
    """Read the library's rules: a matter of some hundred milliseconds, and once."""
    _parser()


def device_name(agent: str) -> str:
    """Such as ``Chrome on Windows``, ``WeChat on Android`` or ``curl``; a header as WSGI has it, of any length.

    It has nothing but words: it goes into messages to the owner, and whoever logs in chooses it.
    """
    return _device_name(agent[:LONGEST_READ])


@lru_cache(maxsize=2048)
def _device_name(agent: str) -> str:
    agent = agent.encode("latin-1", "ignore").decode("utf-8", "replace")
    product = _words(_product(agent)) or _words(agent)
    system = _words(_system(agent))
    if not product:
        return UNKNOWN
    return f"{product} on {system}" if system and system not in product else product


def _product(agent: str) -> str:
    """The app or browser."""
    for sign, app in APPS.items():
        if sign in agent:
            return app
    if agent.startswith("Mozilla/"):
        return _browser(agent)
    first = unquote(re.split(r"[/(;]", agent, maxsplit=1)[0])
    return PRODUCTS.get(first, first)


def _browser(agent: str) -> str:
    """The browser; of an app that shows a page, its own name where it puts one at the end."""
    found = _parser().parse_user_agent(agent)
    if found is None:
        return "Browser"
    last = _LAST_PRODUCT.search(agent) if found.family in WEB_VIEWS else None
    if last and last[1] not in ("Safari", "Mobile"):
        return last[1]
    return _ENGINE_WORDS.sub("", found.family)


def _system(agent: str) -> str:
    """The operating system; of Apple's small ones, the device."""
    name = next((system for system in SYSTEMS if system in agent), None)
    if name is None:
        found = _parser().parse_os(agent)
        name = found.family if found else ""
    return SYSTEM_NAMES.get(name, name)


def _words(text: str) -> str:
    return _NO_WORDS.sub(" ", _VERSION.sub(" ", text)).strip()[:LONGEST_PART].strip()


@cache
def _parser() -> Parser:
    """The rules for browsers and systems; those for a telephone's make are the most, and not needed."""
    browsers, systems, _ = load_lazy_builtins()
    return Parser(Resolver((browsers, systems, [])))
