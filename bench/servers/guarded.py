"""granian started from Python, with the guards it lacks.

* refuses a port another server listens on (granian shares it in silence),
* workers die with the main process,
* a worker whose interpreter hangs is killed, and then replaced,
* a request that is not answered in time loses its connection, so that a
  client that sends its body slowly cannot keep a thread,
* a body is read whole, and measured, before one of few places to work is taken,
* a hook when a worker begins and one when it ends.
"""

from __future__ import annotations

import ctypes
import errno
import io
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable
from multiprocessing.sharedctypes import RawArray
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server import Server

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

BODY_LIMIT = 16 * 1024
REQUEST_SECONDS = 6.0  # short, to be seen in a test
HEARTBEAT_SECONDS = 4.0
READERS = 64
PR_SET_PDEATHSIG = 1
TCPI_BYTES_SENT = 200  # offset in struct tcp_info, Linux 4.19 and later


class Workbench:
    """Read the body, then run the application in one of ``places``."""

    def __init__(self, application: Application, places: int) -> None:
        self._application = application
        self._places = threading.BoundedSemaphore(places)

    def __call__(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        refusal = self._take_body(environ)
        if refusal is not None:
            start_response(refusal, [("Content-Type", "text/plain"), ("Connection", "close")])
            return [refusal.encode()]
        with self._places:
            parts = self._application(environ, start_response)
            try:
                return [b"".join(parts)]
            finally:
                close = getattr(parts, "close", None)
                if close is not None:
                    close()

    @staticmethod
    def _take_body(environ: Environ) -> str | None:
        declared = environ.get("CONTENT_LENGTH")
        if declared is None and "HTTP_TRANSFER_ENCODING" not in environ:
            return None
        if declared is not None and int(declared) > BODY_LIMIT:
            return "413 Content Too Large"
        data: bytes = bytes(environ["wsgi.input"].read(BODY_LIMIT + 1))
        if len(data) > BODY_LIMIT:
            return "413 Content Too Large"
        if declared is not None and len(data) < int(declared):
            return "400 Bad Request"
        environ["wsgi.input"] = io.BytesIO(data)
        environ["CONTENT_LENGTH"] = str(len(data))
        return None


def require_free_port(address: str, port: int) -> None:
    """Fail when somebody listens there; SO_REUSEPORT would let granian share it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address, port))
        probe.listen(1)


def die_with_parent(parent: int) -> None:
    """Also leave the process group: a third SIGTERM or SIGINT hangs a worker of granian."""
    os.setpgid(0, 0)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def cut_late_requests(port: int, deadline: float, pause: float = 1.0) -> None:
    """For ever: shut connections on which nothing was sent back for ``deadline`` seconds."""
    waiting: dict[tuple[str, int], tuple[int, float]] = {}
    while True:
        time.sleep(pause)
        now = time.monotonic()
        still: dict[tuple[str, int], tuple[int, float]] = {}
        for name in os.listdir("/proc/self/fd"):
            try:
                copy = os.dup(int(name))
            except OSError:
                continue
            try:
                with socket.socket(fileno=copy) as connection:
                    if connection.family != socket.AF_INET or connection.getsockname()[1] != port:
                        continue
                    peer = connection.getpeername()
                    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232)
                    sent: int = struct.unpack_from("Q", info, TCPI_BYTES_SENT)[0]
                    sent_then, since = waiting.get(peer, (-1, now))
                    if sent != sent_then:
                        since = now
                    still[peer] = (sent, since)
                    if now - since > deadline:
                        connection.shutdown(socket.SHUT_RDWR)
            except OSError as error:
                if error.errno == errno.ENOTSOCK:
                    os.close(copy)
        waiting = still


def serve(make: Callable[[], Application], address: str, port: int, processes: int, places: int) -> None:
    require_free_port(address, port)
    main_pid = os.getpid()
    beats = RawArray(ctypes.c_double, processes)
    server = Server(
        "app",  # not imported: the loader below is used
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=READERS,
        blocking_threads_idle_timeout=600,
        runtime_threads=1,
        backlog=1024,
        backpressure=512,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=5_000, keep_alive=True, max_buffer_size=32_768),
        workers_kill_timeout=10,
        respawn_failed_workers=True,
        log_enabled=os.environ.get("BENCH_LOG") == "1",
    )

    def spawn(worker_id: int, *args: Any, **kwargs: Any) -> None:
        die_with_parent(main_pid)

        def beat() -> None:
            while True:
                beats[worker_id - 1] = time.monotonic()
                time.sleep(0.5)

        threading.Thread(target=beat, daemon=True).start()
        threading.Thread(target=cut_late_requests, args=(port, REQUEST_SECONDS), daemon=True).start()
        try:
            Server._spawn_wsgi_worker(worker_id, *args, **kwargs)
        finally:
            print(f"worker {worker_id} ends", file=sys.stderr, flush=True)

    def watch() -> None:
        while True:
            time.sleep(0.5)
            workers: list[Any] = list(server.wrks)
            for worker in workers:
                age = time.monotonic() - max(beats[worker.idx], worker.birth)
                if age > HEARTBEAT_SECONDS and worker.inner.is_alive():
                    os.kill(worker.inner.pid, signal.SIGKILL)

    @server.on_startup
    def start_watching() -> None:
        threading.Thread(target=watch, daemon=True).start()

    def loader() -> Application:
        application = Workbench(make(), places)
        for secret in [key for key in os.environ if key.startswith("APP_")]:
            del os.environ[secret]  # granian copies os.environ into every WSGI environ
        return application

    server.serve(spawn_target=spawn, target_loader=loader, wrap_loader=False)
