"""Round trips: what a request asks of Redis and of the database, counted where the drivers send it."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from redis.connection import AbstractConnection
from sqlalchemy import Engine, event

from services.background import drain

# A connection's own beginning; whoever has one open does not pay for it.
GREETINGS = ("hello", "auth", "select", "client", "info", "role")
SETTLE_SECONDS = 10
TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE) (\w+)")
IN_BRACKETS = re.compile(r"\([^()]*\)")


@dataclass
class Trips:
    """What was asked before the reply, in words, and how often ``beside`` it, by other threads.

    ``statements`` has the texts of all that was asked of the database, each with some parameters of it.
    """

    redis: list[str] = field(default_factory=list)
    sql: list[str] = field(default_factory=list)
    redis_beside: int = 0
    sql_beside: int = 0
    statements: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


@contextmanager
def counted() -> Iterator[Trips]:
    """Count what this thread asks, and then what it left to others; a pipeline is one."""
    trips, asker = Trips(), threading.get_ident()

    def note_redis(packed: Any) -> None:
        words = _redis_words(packed)
        if words.startswith(GREETINGS):
            return
        if threading.get_ident() == asker:
            trips.redis.append(words)
        else:
            trips.redis_beside += 1

    def note_sql(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        trips.statements[statement] = parameters
        if threading.get_ident() == asker:
            trips.sql.append(_sql_words(statement))
        else:
            trips.sql_beside += 1

    with _telling_redis(note_redis), _telling_sql(note_sql):
        yield trips
        assert drain(SETTLE_SECONDS)


@contextmanager
def _telling_redis(note: Any) -> Iterator[None]:
    """Every client sends through this method of redis-py's connections."""
    send = AbstractConnection.send_packed_command

    def send_and_tell(connection: AbstractConnection, command: Any, *args: Any, **options: Any) -> Any:
        note(command)
        return send(connection, command, *args, **options)

    AbstractConnection.send_packed_command = send_and_tell  # type: ignore[method-assign]
    try:
        yield
    finally:
        AbstractConnection.send_packed_command = send  # type: ignore[method-assign]


@contextmanager
def _telling_sql(note: Any) -> Iterator[None]:
    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _redis_words(packed: Any) -> str:
    """The first command, and the beginning of its key; a script's hash and number of keys left out."""
    parts = (packed if isinstance(packed, bytes) else b"".join(packed)).split(b"\r\n")[2::2]
    words = [part.decode(errors="replace") for part in parts[:4]]
    key = words[3:4] if words[0].startswith("EVAL") else words[1:2]
    return " ".join([words[0].lower(), *(name.partition("{")[0][:40] for name in key)])


def _sql_words(statement: str) -> str:
    """The verb, and the table that it is about."""
    text = " ".join(statement.split())
    while IN_BRACKETS.search(text):
        text = IN_BRACKETS.sub("", text)
    verb, table = text.partition(" ")[0].lower(), TABLE.search(text)
    return f"{verb} {table[1]}" if table else verb
