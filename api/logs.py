"""Logs: one event a line, JSON in production, with the request's id and never a secret."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from traceback import TracebackException
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, ExcInfo, WrappedLogger

from api.log_writer import LineWriter
from api.metrics_events import count_event
from api.redaction import redact
from services.request_ids import current_request_id

FLUSH_SECONDS = 1
# A line of a pipe is written in one piece if it has no more than 4,096 bytes (pipe(7)).
FRAMES = 10

# The values of variables in a traceback would be passwords and codes.
WITHOUT_LOCALS = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=FRAMES)


class Direct:
    """Writes each line at once; one that can't be written is lost."""

    def __init__(self) -> None:
        self.stream: TextIO | None = sys.stderr

    def write(self, line: bytes) -> None:
        """Take one whole line; never raises."""
        with suppress(OSError, ValueError):
            if self.stream:
                self.stream.write(line.decode())
                self.stream.flush()


class Lines:
    """What structlog writes to: each method takes one rendered event."""

    def __init__(self, *_: Any) -> None:
        pass

    def msg(self, line: str | bytes) -> None:
        """Write one line."""
        text = line.encode("utf-8", "backslashreplace") if isinstance(line, str) else line
        _out.write(text + b"\n")

    debug = info = warning = warn = error = critical = fatal = exception = log = msg


_out: Direct | LineWriter = Direct()


def configure_logs(log_format: str) -> None:
    """Let structlog write its events as ``json`` or for the ``console``; to standard error, unless a thread writes them."""
    if isinstance(_out, Direct):
        _out.stream = sys.stderr
    shared = [
        count_event,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
    ]
    if log_format == "json":
        processors = [
            *shared,
            structlog.processors.ExceptionRenderer(_exception),
            structlog.processors.JSONRenderer(_dump),
        ]
    else:
        processors = [
            *shared,
            structlog.dev.ConsoleRenderer(colors=os.isatty(2), exception_formatter=_show_exception),
        ]
    structlog.configure(
        processors=processors,  # type: ignore[arg-type]
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=Lines,
        cache_logger_on_first_use=False,
    )


def write_aside(log_format: str, descriptor: int) -> LineWriter:
    """From now on, let a thread write to ``descriptor``: whoever logs waits for nobody."""
    writer = LineWriter(descriptor, _dropped_as_json if log_format == "json" else _dropped_as_text)
    write_to(writer)
    return writer


def write_to(out: Direct | LineWriter) -> None:
    """From now on, let all lines of this process go there."""
    global _out  # noqa: PLW0603
    _out = out


def flush_logs() -> bool:
    """Before the process ends: wait a moment for what is not written yet."""
    return _out.flush(FLUSH_SECONDS) if isinstance(_out, LineWriter) else True


def _add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if name := current_request_id():
        event["request_id"] = name
    return event


def _exception(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Where it came from; of its text, what can't be a shopper's."""
    return _redacted(WITHOUT_LOCALS(exc_info))


def _redacted(stacks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for stack in stacks:
        stack["exc_value"] = redact(stack["exc_value"])
        stack["exc_notes"] = [redact(note) for note in stack["exc_notes"]]
        stack["exceptions"] = [_redacted(group) for group in stack.get("exceptions", [])]
    return stacks


def _show_exception(out: TextIO, exc_info: ExcInfo) -> None:
    """Where it came from, what it came of first; of their texts, what can't be a shopper's."""
    out.write("\n" + "".join(_shown(TracebackException(*exc_info))).rstrip())


def _shown(error: TracebackException) -> Iterator[str]:
    if before := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        yield from _shown(before)
    yield "Traceback (most recent call last):\n"
    yield from error.stack.format()
    yield redact("".join(error.format_exception_only()))
    for each in error.exceptions or ():
        yield from _shown(each)


def _dump(event: EventDict, **_: Any) -> str | bytes:
    """As orjson does it; what that refuses, such as half a surrogate pair, is escaped or shown by its ``repr``."""
    try:
        return orjson.dumps(event, default=repr)
    except TypeError:
        return json.dumps(event, default=repr, skipkeys=True)


def _dropped_as_json(missing: int) -> bytes:
    facts = {"event": "lines_dropped", "level": "warning", "timestamp": _now(), "dropped": missing}
    return orjson.dumps(facts) + b"\n"


def _dropped_as_text(missing: int) -> bytes:
    return f"{_now()} [warning  ] lines_dropped                  dropped={missing}\n".encode()


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
