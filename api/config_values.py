"""How the values of settings are read; a bad one raises ``BadSetting``, which names it."""

from environs import Env
from limits import parse_many

from api.bad_setting import BadSetting


def listed(text: str) -> list[str]:
    """The parts of a list, by commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def at_least(least: int, env: Env, name: str, default: int) -> int:
    """A whole number."""
    value = env.int(name, default)
    if value < least:
        raise BadSetting(f"{name} is {value}; it must be at least {least}. See docs/configuration.md.")
    return value


def read_port(env: Env) -> int:
    """The port to listen on."""
    port = at_least(1, env, "PORT", 5000)
    if port > 65535:
        raise BadSetting(f"PORT is {port}; it must be at most 65535. See docs/configuration.md.")
    return port


def seconds(env: Env, name: str, default: float) -> float:
    """A time, which may be broken."""
    value = env.float(name, default)
    if not 0 < value < float("inf"):
        raise BadSetting(f"{name} is {value}; it must be more than 0 seconds. See docs/configuration.md.")
    return value


def switch(env: Env, name: str, default: str) -> bool:
    """Whether it is on."""
    word = env.str(name, default)
    if word not in ("on", "off"):
        raise BadSetting(f"{name} is '{word}'; it is on or off.")
    return word == "on"


def limit(env: Env, name: str, default: str) -> str:
    """Windows of a limit, as the limits package reads them."""
    text = env.str(name, default)
    try:
        parse_many(text)
    except ValueError as error:
        raise BadSetting(f"{name} is '{text}'; write it like '{default}'. See docs/configuration.md.") from error
    return text
