"""What is measured: every metric with its name, its labels and what it means. ``docs/operations/metrics.md`` tells how to read them.

Labels are words of ours, of which there are few: never a phone, an account, an address or a token.
"""

from collections.abc import Iterable
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REQUEST_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
HASH_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)
PART_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1, 2.5)
SMS_SECONDS = (0.1, 0.25, 0.5, 1, 2, 4, 6)
# Alerts look at how these grow, so that they must be there, at 0, before the first of them happens.
ALERTING = (
    *("internal_error", "job_failed", "gateway_defect", "clock_skewed"),
    *("work_dropped", "event_unwritten", "message_log_unwritten", "account_unerased"),
)


class Metrics:
    """The metrics of one process, of which other processes of the same server may have the like."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._describe_requests()
        self._describe_parts()
        self._describe_sms()
        self._describe_product()
        self._begin_at_zero()

    def expect_gateways(self, gateways: Iterable[str]) -> None:
        """Begin at zero what alerts wait for of each of them."""
        for gateway in gateways:
            self.sms.labels(gateway, "sent", "none")
            self.sms.labels(gateway, "not_sent", "busy")
            self.verified.labels(gateway)

    def _describe_requests(self) -> None:
        self.requests = self._histogram(
            "http_request_duration_seconds",
            "Requests, from the end of their body to the head of their reply.",
            ("route", "method", "status"),
            REQUEST_SECONDS,
        )
        self.problems = self._counter("http_problems", "Refusals and failures, by their code.", "route", "code")
        self.working = self._gauge("http_requests_in_progress", "Requests being worked on.")
        self.replaced = self._counter("workers_replaced", "Workers that died, or hung, and were replaced.")

    def _describe_parts(self) -> None:
        self.hashes = self._histogram(
            "password_hash_duration_seconds", "Hashes of passwords, without the wait.", (), HASH_SECONDS
        )
        self.hash_waits = self._histogram(
            "password_hash_wait_seconds", "Waits of a hash for its place.", (), HASH_SECONDS
        )
        self.hashes_refused = self._counter("password_hashes_refused", "Hashes refused, as too many were waiting.")
        self.hashing = self._gauge("password_hashes_in_progress", "Passwords being hashed.")
        self.hashes_waiting = self._gauge("password_hashes_waiting", "Hashes that wait for a place.")
        self.redis = self._histogram("redis_duration_seconds", "Round trips to Redis.", (), PART_SECONDS)
        self.redis_errors = self._counter("redis_errors", "Round trips to Redis that failed, by their error.", "error")
        self.sql = self._histogram("sql_duration_seconds", "Statements, by their verb.", ("verb",), PART_SECONDS)
        self.sql_errors = self._counter("sql_errors", "Statements and connects that failed, by their error.", "error")
        self.kept_reads = self._counter(
            "kept_sessions_reads", "Checks of a session, by whether the process kept it.", "outcome"
        )
        self.kept_losses = self._counter("kept_sessions_links_lost", "Connections that told of changes, and were lost.")
        self.kept_links = self._gauge("kept_sessions_links", "Workers whom Redis tells of changes.")
        self.kept_accounts = self._gauge("kept_sessions_accounts", "Accounts of which workers keep something.")
        self.circuits = self._gauge("circuits_open", "Workers that leave a part alone, as it does not answer.", "part")

    def _describe_sms(self) -> None:
        self.sms = self._counter(
            "sms_tries", "Tries to send a message; unasked ones too.", "gateway", "outcome", "reason"
        )
        self.sms_seconds = self._histogram("sms_try_duration_seconds", "Calls of a gateway.", ("gateway",), SMS_SECONDS)
        self.receipts = self._counter("sms_receipts", "Receipts of vendors for our messages.", "gateway", "state")
        self.verified = self._counter("sms_verified", "Codes that were sent and typed.", "gateway")

    def _describe_product(self) -> None:
        self.security_events = self._counter("security_events", "What happened to accounts.", "type")
        self.limits = self._counter("limits_reached", "Requests refused, or asked for work, by a limit.", "limit")
        self.fallbacks = self._counter("limits_fallbacks", "Requests whose limit was not counted in its storage.")
        self.work = self._counter(
            "work_decisions", "Acts that were let through, or asked for work.", "kind", "decision"
        )
        self.alarms = self._gauge("alarms", "Workers that see an alarm.", "kind")
        self.job_runs = self._counter("job_runs", "Runs of jobs.", "name", "outcome")
        self.job_seconds = self._gauge("job_last_duration_seconds", "The last run that ended well.", "name", mode="max")
        self.job_ended = self._gauge(
            "job_last_success_timestamp_seconds", "When a run last ended well.", "name", mode="max"
        )
        self.notices = self._counter("notices", "Tries to tell a shopper something.", "channel", "outcome")
        self.log_events = self._counter("log_events", "Lines of the log, by their event.", "event")

    def _begin_at_zero(self) -> None:
        for event in ALERTING:
            self.log_events.labels(event)
        self.sms.labels("none", "not_sent", "budget")
        self.security_events.labels("refresh_reused")

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"dongbao_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str, mode: str = "livesum") -> Gauge:
        """Of several workers the sum, of those that live; or the largest, of all."""
        return Gauge(f"dongbao_{name}", meaning, labels, registry=self.registry, multiprocess_mode=mode)  # type: ignore[arg-type]

    def _histogram(self, name: str, meaning: str, labels: tuple[str, ...], bounds: tuple[float, ...]) -> Histogram:
        return Histogram(f"dongbao_{name}", meaning, labels, registry=self.registry, buckets=bounds)


@cache
def metrics() -> Metrics:
    """Those of this process."""
    return Metrics(CollectorRegistry())
