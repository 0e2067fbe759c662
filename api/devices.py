"""Where a request comes from: the address, and the device as its session keeps it."""

import ipaddress
from functools import lru_cache

from flask import request

from services.sessions import Device

MAX_NAME = 200


def current_device() -> Device:
    """The user agent's own name, printable and short, and the address."""
    agent = request.headers.get("User-Agent", "")
    name = "".join(character for character in agent if character.isprintable())[:MAX_NAME]
    return Device(name, current_address())


def current_address() -> str:
    """The client's address in its usual form; ``::`` where a proxy names none."""
    return _address_in(request.remote_addr or "")


@lru_cache(maxsize=4096)
def _address_in(text: str) -> str:
    """Some proxies write a port behind the address, or a word in place of it."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return "::"
