"""The HTTP server: granian, with the guards that it lacks. The reasons and figures: ``docs/decisions/0001-http-server.md``."""

import ctypes
import gc
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from api.app import create_app
from api.config import SECRET_SETTINGS, Config
from api.embedded_redis import end_with_parent
from api.heartbeats import Heartbeats
from api.jobs import build_jobs, start_jobs
from api.logs import flush_logs
from api.metrics import metrics
from api.metrics_folder import count_as_worker
from api.metrics_states import keep_looking
from api.readers import READERS
from api.slow_clients import watch_slow_clients
from api.stopping import FAREWELL_SECONDS, say_farewell
from api.user_agents import prepare
from services.background import drain

# Threads beside those that work and those that read: for who waits for a place to work, and for who needs none.
WAITERS = 60
HEADERS_SECONDS = 5
REQUEST_SECONDS = 15
STOP_SECONDS = 10
LOOP_DEATHS = 6
LOOP_SECONDS = 20
DRAIN_SECONDS = 3
M_ARENA_MAX = -8
# What the HTTP server says goes where everything goes.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"log": {"class": "api.log_takeover.ToLog"}},
    "loggers": {name: {"handlers": ["log"], "level": "ERROR", "propagate": False} for name in ("_granian", "granian")},
}


class PoliteServer(Server):  # type: ignore[misc,valid-type]
    """Says farewell to its clients before it stops its workers, and stops for no single death of one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._replaced = deque[float](maxlen=LOOP_DEATHS)

    def _respawn_workers(self, workers: list[int], *args: Any, **kwargs: Any) -> None:
        """Granian takes the second death of a worker within 5.5 s for a loop of crashes; here it has to be one of many."""
        super()._respawn_workers(workers, *args, **kwargs)
        self._replaced.extend([time.monotonic()] * len(workers))
        if len(self._replaced) < LOOP_DEATHS or self._replaced[-1] - self._replaced[0] > LOOP_SECONDS:
            self.respawned_wrks.clear()
        if self.interrupt_children:  # who died meanwhile may have called in vain
            self.main_loop_interrupt.set()

    def shutdown(self, exit_code: int = 0) -> None:
        """Stop; all together in ``STOP_SECONDS``. Further signals say nothing new, to the very end of the process."""
        for again in (signal.SIGTERM, signal.SIGINT):
            signal.signal(again, signal.SIG_IGN)
        say_farewell([worker.inner.pid for worker in self.wrks], self.bind_port)
        super().shutdown(exit_code)


def run_server(config: Config, on_start: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished, for at most ``STOP_SECONDS``.

    The app is made once and inherited by the workers; it connects to nothing before its first request.
    """
    app = create_app(config)
    prepare()
    _spare_collector()
    _share_heap()
    heartbeats = Heartbeats(config.workers)
    parent = os.getpid()
    server = _make_server(config)

    def spawn(worker_id: int, *args: Any, **kwargs: Any) -> None:
        _tie_to(parent)
        app.extensions["stopping"].listen(config.port)
        if count_as_worker(worker_id):
            metrics().replaced.inc()
        heartbeats.beat(worker_id - 1)
        keep_looking(app)
        watch_slow_clients(config.port, REQUEST_SECONDS)
        if config.jobs and worker_id == 1:
            start_jobs(build_jobs(app.extensions["dongbao"]))
        try:
            Server._spawn_wsgi_worker(worker_id, *args, **kwargs)
            drain(DRAIN_SECONDS)
        finally:
            app.extensions.get("traces", bool)()
            flush_logs()

    def load() -> Flask:
        # The server copies the environment into that of every request.
        for name in SECRET_SETTINGS:
            os.environ.pop(name, None)
        return app

    server.on_startup(lambda: heartbeats.watch(lambda: server.wrks))
    server.on_startup(on_start)
    server.serve(spawn_target=spawn, target_loader=load, wrap_loader=False)


def _make_server(config: Config) -> PoliteServer:
    return PoliteServer(
        "wsgi:app",
        address=str(socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0][4][0]),
        port=config.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_SECONDS * 1000, max_buffer_size=32_768),
        workers=config.workers,
        blocking_threads=config.threads + READERS + WAITERS,
        blocking_threads_idle_timeout=600,
        backpressure=1024,
        workers_kill_timeout=int(STOP_SECONDS - FAREWELL_SECONDS),
        respawn_failed_workers=True,
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
    )


def _spare_collector() -> None:
    """Never look through what lives as long as the process: one full collection would hold up a request for 0.1 s."""
    gc.collect()
    gc.freeze()


def _share_heap() -> None:
    """Let the threads of a worker have one heap (mallopt(3)): of several, each keeps the 19 MiB of a hash for its next one."""
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def _tie_to(parent: int) -> None:
    """End a worker with its parent, and keep it out of the terminal's signals: three at once hang one."""
    os.setpgid(0, 0)
    end_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
