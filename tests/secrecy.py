"""What the tests used that must lie nowhere, and the places where it is looked for.

Clients note each code, token, ticket, link, password and phone that they see. After each test, Redis, the database and the log
of the apps in this process are looked through for those of that test; at the end, the log of the server for those of all.
"""

import json
import re
import time
from collections.abc import Iterable, Iterator
from typing import Any

from redis import Redis
from sqlalchemy import Engine, Table, select

from api.logs import Direct, write_to
from schemas.fields import parse_phone
from tests.servers.redis_cluster import nodes_of

SECRET_FIELDS = {
    **dict.fromkeys(("password", "password_confirm", "current_password"), "password"),
    **dict.fromkeys(("ticket", "token", "access_token", "refresh_token"), "token"),
    **dict.fromkeys(("phone", "account", "to"), "phone"),
    **dict.fromkeys(("code", "old_code"), "code"),
    "link": "token",
}
# Whoever has the database has the phones, as docs/security.md says; and nobody else.
ALLOWED = {
    ("users", "phone"): "phone",
    ("phone_changes", "old_phone"): "phone",
    ("phone_changes", "new_phone"): "phone",
}
KEPT_NOWHERE = ("password", "token", "phone", "code")
# A password that was refused may be a name or an address; no log says what anybody typed.
ATTEMPT = "a password that was refused"
# A log has words of its own.
PLAIN_WORD = re.compile("[a-z_]+")
# Fractions look like codes: those of a time, and of a number.
FRACTIONS = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+|datetime\.datetime\([^)]*\)|(?<![\w.=-])\d+\.\d+(?![\w.=-])"
)
SIX_DIGITS = re.compile(r"(?<![0-9A-Za-z])[0-9]{6}(?![0-9A-Za-z])")
HOUR, MANY_HOURS = 3600, 100 * 24
WORD = re.compile(r"[A-Za-z0-9_.=-]{6,}")
NUMBER = re.compile(r"(?<![0-9A-Za-z])\d{7,}(?![0-9A-Za-z])")
READ_ALL = """
local all = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind, value = redis.call('TYPE', key).ok, {}
  if kind == 'string' then value = {redis.call('GET', key)}
  elseif kind == 'hash' then value = redis.call('HGETALL', key)
  elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1)
  elseif kind == 'set' then value = redis.call('SMEMBERS', key)
  elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1) end
  all[#all + 1] = key .. ' ' .. table.concat(value, ' ')
end
return all
"""


class Seen:
    """Secrets by their kind: those of the test that runs, and those of all tests with the name of theirs."""

    def __init__(self):
        self.of_this_test: dict[str, str] = {}
        self.of_all: dict[str, tuple[str, str]] = {}
        self._test = ""

    def begin(self, test: str):
        self._test = test
        self.of_this_test = {}

    def note(self, kind: str, value: object):
        """Remember one; what is too short to be a secret, or no phone, is none."""
        text = _canonical(kind, value) if kind and isinstance(value, str) else ""
        if text and not (kind == ATTEMPT and (text in self.of_all or PLAIN_WORD.fullmatch(text))):
            self.of_this_test[text] = kind
            self.of_all[text] = (kind, self._test)

    def note_exchange(self, status: int, sent: bytes | None, got: bytes):
        """Whatever a call and its reply carry; a code that was refused is a guess and no code."""
        for field, value in _fields(got):
            self.note(SECRET_FIELDS.get(field, ""), value)
        for field, value in _fields(sent):
            kind = SECRET_FIELDS.get(field, "")
            self.note(kind if status < 300 or kind == "phone" else ATTEMPT if kind == "password" else "", value)


SEEN = Seen()


class Tap(Direct):
    """Writes as the log does, and keeps what it wrote."""

    def __init__(self):
        super().__init__()
        self.lines: list[bytes] = []

    def write(self, line: bytes):
        self.lines.append(line)
        super().write(line)


TAP = Tap()
write_to(TAP)


def lying_in(text: str, kinds: Iterable[str] = KEPT_NOWHERE) -> list[tuple[str, str]]:
    """Secrets of this test that stand in a text as words of their own."""
    text = FRACTIONS.sub("", text)
    there = [secret for secret, kind in SEEN.of_this_test.items() if kind in kinds and secret in text]
    return [
        (SEEN.of_this_test[secret], secret)
        for secret in there
        if re.search(rf"(?<![0-9A-Za-z]){_prefix(secret)}{re.escape(secret)}(?![0-9A-Za-z])", text)
    ]


def lying_in_redis(redis: "Redis[bytes]") -> list[tuple[str, str]]:
    entries = [entry for node in nodes_of(redis) for entry in node.eval(READ_ALL, 0)]
    return lying_in(without_hours("\n".join(entry.decode("latin-1") for entry in entries)))


def without_hours(text: str) -> str:
    """Messages are counted by the number of their hour since 1970, which looks like a code: those of these months are left out."""
    this_hour = time.time() // HOUR
    return SIX_DIGITS.sub(lambda digits: "" if abs(int(digits[0]) - this_hour) < MANY_HOURS else digits[0], text)


def lying_in_rows(engine: Engine, tables: Iterable[Table]) -> list[tuple[str, str, str]]:
    """In any column of any table, but for what a column is for."""
    found = []
    with engine.connect() as connection:
        for table in tables:
            for row in connection.execute(select(table)).mappings():
                for column, value in row.items():
                    if isinstance(value, str):
                        allowed = ALLOWED.get((table.name, column))
                        found += [(f"{table.name}.{column}", *lie) for lie in lying_in(value) if lie[0] != allowed]
    return found


def lying_in_whole_log(log: str) -> list[tuple[str, str, str]]:
    """Secrets of any test, with that test's name; codes excepted, of which so many are some number or other of the log."""
    secrets = {secret: of for secret, of in SEEN.of_all.items() if of[0] != "code"}
    words = {*WORD.findall(log), *(number[-11:] for number in NUMBER.findall(log))}
    spaced = [secret for secret in secrets if not WORD.fullmatch(secret) and secret in log]
    return sorted((*secrets[secret], secret) for secret in {*(words & secrets.keys()), *spaced})


def _prefix(secret: str) -> str:
    """A phone may have its country before it."""
    return "(?:86)?" if secret.isdigit() and len(secret) > 6 else ""


def _canonical(kind: str, value: str) -> str:
    if kind == "phone":
        return (parse_phone(value) or "").removeprefix("+86")
    if kind == "token":
        return value.rpartition("#token=")[2] if len(value) >= 20 else ""
    if kind == "code":
        return value if re.fullmatch("[0-9]{6}", value) else ""
    return value if len(value) >= 8 else ""


def _fields(body: bytes | None) -> Iterator[tuple[str, Any]]:
    """Every field of an object, at any depth, with its value."""
    try:
        yield from _walk(json.loads(body or b"null"))
    except (ValueError, RecursionError):
        return


def _walk(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _walk(part)
