"""The forms of an address of Redis: one server, the primary that Sentinels name, or a Cluster."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from redis.connection import parse_url

from api.bad_setting import BadSetting

ONE, SENTINEL, CLUSTER = "one", "sentinel", "cluster"
PORTS = {SENTINEL: 26379, CLUSTER: 6379}
SCHEMES = ("redis", "rediss", "unix", "redis+unix", *(f"{tls}+{kind}" for tls in ("redis", "rediss") for kind in PORTS))
MANY = re.compile(
    r"(?P<tls>rediss?)\+(?P<kind>sentinel|cluster)://(?:(?P<login>[^@/?#]*)@)?(?P<hosts>[^@/?#]+)"
    r"(?:/(?P<service>[^/?#]*))?(?:/(?P<db>[0-9]+))?/?(?:\?(?P<query>[^#]*))?"
)
HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(?::(?P<port>[0-9]{1,5}))?")
FORMS = (
    "write it like redis://:password@host:6379/0, unix:///run/redis.sock, "
    "redis+sentinel://:password@host1:26379,host2:26379/mymaster/0 or redis+cluster://:password@host1:6379,host2:6379"
)


@dataclass(frozen=True)
class RedisAddress:
    """``options`` are the keywords of redis-py's connections; ``hosts`` and ``service`` are of Sentinels or a Cluster."""

    kind: str
    options: Mapping[str, Any] = field(repr=False)
    hosts: tuple[tuple[str, int], ...] = ()
    service: str = ""


def is_redis(uri: str) -> bool:
    """Whether an address of a limiter's storage is one of ours."""
    return uri.partition("://")[0] in SCHEMES


def read_redis_address(setting: str, url: str) -> RedisAddress:
    """Read the ``url`` of a setting; raises ``BadSetting``, which does not repeat it, as there may be a password in it."""
    try:
        many = MANY.fullmatch(url)
        return _read_many(many) if many else RedisAddress(ONE, parse_url(url.removeprefix("redis+")))
    except ValueError as error:
        raise BadSetting(f"{setting} can't be read; {FORMS}.") from error


def _read_many(many: re.Match[str]) -> RedisAddress:
    kind, service, db = many["kind"], many["service"] or "", many["db"]
    if bool(service) != (kind == SENTINEL) or (kind == CLUSTER and db is not None):
        raise ValueError
    login = f"{many['login']}@" if many["login"] else ""
    options = parse_url(f"{many['tls']}://{login}host/{db or 0}?{many['query'] or ''}")
    del options["host"]
    if kind == CLUSTER and options.pop("db", 0):
        raise ValueError
    return RedisAddress(kind, options, tuple(_read_host(host, kind) for host in many["hosts"].split(",")), service)


def _read_host(text: str, kind: str) -> tuple[str, int]:
    host = HOST.fullmatch(text.strip())
    if host is None or not 0 < int(host["port"] or PORTS[kind]) < 65536:
        raise ValueError
    return host["name"].strip("[]"), int(host["port"] or PORTS[kind])
