"""The device that a request comes from, as its session keeps it."""

from flask import request

from services.sessions import Device

MAX_NAME = 200


def current_device() -> Device:
    """The user agent's own name, printable and short, and the address."""
    agent = request.headers.get("User-Agent", "")
    name = "".join(character for character in agent if character.isprintable())[:MAX_NAME]
    return Device(name, request.remote_addr or "")
