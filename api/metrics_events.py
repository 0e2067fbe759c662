"""What services say is counted on its way to the log: they know no metrics, and say at the level *debug* what is a number and no line."""

from collections.abc import Callable
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from api.metrics import Metrics, metrics

Facts = EventDict


def count_event(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A processor of structlog; what was said at *debug* goes no further."""
    measured, name = metrics(), event["event"]
    if count := COUNTED.get(name):
        count(measured, event)
    if method == "debug":
        raise structlog.DropEvent
    measured.log_events.labels(name).inc()
    return event


def _hashed(measured: Metrics, facts: Facts) -> None:
    measured.hashes.observe(facts["seconds"])
    measured.hash_waits.observe(facts["waited"])


def _tried(measured: Metrics, facts: Facts) -> None:
    measured.sms.labels(facts["gateway"], facts["outcome"], facts["reason"] or "none").inc()
    measured.sms_seconds.labels(facts["gateway"]).observe(facts["seconds"])


def _unasked(measured: Metrics, facts: Facts) -> None:
    measured.sms.labels(facts["gateway"], "not_sent", facts["reason"]).inc()


def _ran(measured: Metrics, facts: Facts) -> None:
    measured.job_runs.labels(facts["job"], "done").inc()
    measured.job_seconds.labels(facts["job"]).set(facts["seconds"])
    measured.job_ended.labels(facts["job"]).set_to_current_time()


def _told(outcome: str) -> Callable[[Metrics, Facts], None]:
    return lambda measured, facts: measured.notices.labels(facts["channel"], outcome).inc()


COUNTED: dict[Any, Callable[[Metrics, Facts], None]] = {
    "password_hashed": _hashed,
    "hash_refused": lambda measured, _: measured.hashes_refused.inc(),
    "limit_reached": lambda measured, facts: measured.limits.labels(facts["limit"]).inc(),
    "limit_fell_back": lambda measured, _: measured.fallbacks.inc(),
    "work_weighed": lambda measured, facts: measured.work.labels(facts["kind"], facts["decision"]).inc(),
    "security_event": lambda measured, facts: measured.security_events.labels(facts["type"]).inc(),
    "sms_tried": _tried,
    "sms_unasked": _unasked,
    "receipt_kept": lambda measured, facts: measured.receipts.labels(facts["gateway"], facts["state"]).inc(),
    "message_verified": lambda measured, facts: measured.verified.labels(facts["gateway"]).inc(),
    "job_ran": _ran,
    "job_failed": lambda measured, facts: measured.job_runs.labels(facts["job"], "failed").inc(),
    "notice_sent": _told("sent"),
    "notice_not_sent": _told("not_sent"),
    "notice_given_up": _told("given_up"),
}
