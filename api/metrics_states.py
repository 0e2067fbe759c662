"""How things stand: what each worker looks at again and again, and what all nodes share and a scrape asks for."""

import threading
import time
from collections.abc import Iterable
from contextlib import suppress

from flask import Flask
from prometheus_client.core import GaugeMetricFamily, Metric
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from api.edge import Edge
from api.metrics import Metrics, metrics
from api.wiring import Services
from models.deadlines import within
from services.breakers import left_alone
from services.tracked_reads import TrackedReads

LOOK_SECONDS = 1
SHARED_SECONDS = 0.5


def keep_looking(app: Flask) -> None:
    """In a worker: look each second, in a thread of its own; a scrape may be answered by another worker."""

    def repeat() -> None:
        while True:
            look(app)
            time.sleep(LOOK_SECONDS)

    threading.Thread(target=repeat, name="metrics", daemon=True).start()


def look(app: Flask) -> None:
    """Note how this worker stands."""
    edge: Edge = app.extensions["edge"]
    wired: Services = app.extensions["dongbao"]
    measured = metrics()
    measured.working.set(edge.working)
    measured.hashing.set(wired.passwords.hashing)
    measured.hashes_waiting.set(wired.passwords.waiting)
    for part, is_open in _circuits(wired):
        measured.circuits.labels(part).set(is_open)
    for kind, is_alarm in wired.debts.alarms.items():
        measured.alarms.labels(kind).set(is_alarm)
    if tracked := wired.cache.tracked:
        app.extensions.setdefault("kept_reads", KeptReads(tracked)).note(measured)


class KeptReads:
    """Adds to the counters what a process counted since the last look: its checks of sessions have no time for more than a number."""

    def __init__(self, tracked: TrackedReads) -> None:
        self._tracked = tracked
        self._lock = threading.Lock()
        self._noted = (0, 0, 0)

    def note(self, measured: Metrics) -> None:
        """Note how often what was kept was of use, and how it stands."""
        tracked = self._tracked
        with self._lock:
            counted = (tracked.hits, tracked.misses, tracked.losses)
            hits, misses, losses = (now - before for now, before in zip(counted, self._noted, strict=True))
            self._noted = counted
        measured.kept_reads.labels("hit").inc(hits)
        measured.kept_reads.labels("miss").inc(misses)
        measured.kept_losses.inc(losses)
        measured.kept_links.set(tracked.is_linked)
        measured.kept_accounts.set(tracked.entries)


def _circuits(wired: Services) -> Iterable[tuple[str, bool]]:
    return (
        ("database", wired.database.is_left_alone),
        ("redis", any(node.connection_pool.circuit.is_open for node in wired.redis.nodes())),
        ("limits", wired.limit_windows.is_left_alone),
    )


class SharedStates:
    """What Redis and the database know for all nodes. Where one is away its metrics are missing from the scrape."""

    def __init__(self, wired: Services) -> None:
        self._wired = wired

    def describe(self) -> Iterable[Metric]:
        """The families without a value."""
        return _breakers(), _living(), _owed(), _oldest()

    def collect(self) -> Iterable[Metric]:
        """The families, as far as they can be had within a moment."""
        families: list[Metric] = []
        with within(SHARED_SECONDS):
            # Behind a balancer nobody may ask for readiness, which tells the log of a clock that is off.
            self._wired.readiness.look()
            with suppress(RedisError):
                families.append(self._breakers())
                families.append(self._sessions())
            with suppress(SQLAlchemyError):
                families += self._notices()
        return families

    def _breakers(self) -> Metric:
        family = _breakers()
        for gateway in self._wired.gateways:
            family.add_metric([gateway], left_alone(self._wired.redis, gateway) > 0)
        return family

    def _sessions(self) -> Metric:
        family = _living()
        if (living := self._wired.living_sessions.last_count()) is not None:
            family.add_metric([], living)
        return family

    def _notices(self) -> Iterable[Metric]:
        owed, oldest = _owed(), _oldest()
        for one in self._wired.notice_log.owed():
            owed.add_metric([one.channel], one.count)
            oldest.add_metric([one.channel], one.age_seconds)
        return owed, oldest


def _breakers() -> GaugeMetricFamily:
    return GaugeMetricFamily("dongbao_sms_breaker_open", "Whether a gateway is left alone.", labels=["gateway"])


def _living() -> GaugeMetricFamily:
    return GaugeMetricFamily("dongbao_sessions_living", "Sessions, as they were counted last.", labels=())


def _owed() -> GaugeMetricFamily:
    return GaugeMetricFamily("dongbao_notices_owed", "Notices not sent yet, and not given up.", labels=["channel"])


def _oldest() -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "dongbao_notices_oldest_age_seconds", "How long the oldest of them waits.", labels=["channel"]
    )
