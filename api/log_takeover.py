"""Makes a process say everything as events of the log: what libraries log, what is printed, and what nobody caught."""

import io
import logging
import os
import sys
import threading
import warnings
from types import TracebackType

import structlog

from api.log_writer import LineWriter
from api.logs import configure_logs, write_aside
from api.redaction import redact

log = structlog.get_logger()
STANDARD = (0, 1, 2)


def take_over(log_format: str) -> LineWriter:
    """Let a thread write the log, and let nothing else reach standard output and standard error."""
    _occupy_closed_descriptors()
    writer = write_aside(log_format, descriptor=2)
    configure_logs(log_format)
    sys.excepthook = _tell_uncaught
    threading.excepthook = lambda args: _tell_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _tell_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    logging.basicConfig(handlers=[ToLog()], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    warnings.simplefilter("default")
    sys.stdout = sys.stderr = Printed()
    return writer


class ToLog(logging.Handler):
    """Hands on what libraries log; their words are not ours, so that only what can't be personal is kept of them."""

    def emit(self, record: logging.LogRecord) -> None:
        """Make one event of one record."""
        try:
            words = redact(record.getMessage())
            log.log(record.levelno, "library", logger=record.name, words=words, exc_info=record.exc_info)
        except Exception:
            log.error("library", logger=record.name, words="unreadable")


class Printed(io.TextIOBase):
    """Stands in for a standard stream: each line that is printed is an event."""

    def __init__(self) -> None:
        self._begun = ""

    def write(self, text: str) -> int:
        """Take a part of a line, or several lines."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in filter(str.strip, lines):
            log.warning("printed", words=redact(line))
        return len(text)


def _tell_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if not issubclass(kind, SystemExit | KeyboardInterrupt):
        log.error("uncaught", exc_info=(kind, error or kind(), trace))


def _occupy_closed_descriptors() -> None:
    """A closed standard stream would give its number to the next file that is opened, and that would get the log."""
    for number in STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
