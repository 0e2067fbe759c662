"""How each candidate server is started.

``python candidates.py NAME TARGET PORT PROCESSES THREADS`` becomes that
server, so that measure.py and behaviour.py start all of them the same way.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ADDRESS = "127.0.0.1"


def load(target: str) -> Any:
    return getattr(import_module("app"), target)


def granian(target: str, port: int, processes: int, threads: int) -> None:
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.server import Server

    Server(
        f"app:{target}",
        address=ADDRESS,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=threads,
        blocking_threads_idle_timeout=600,
        backpressure=512,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=5_000, max_buffer_size=65_536),
        workers_kill_timeout=10,
        respawn_failed_workers=True,
        log_enabled=os.environ.get("BENCH_LOG") == "1",
    ).serve()


def _gunicorn(kind: str, target: str, port: int, processes: int, threads: int) -> None:
    args = ["-b", f"{ADDRESS}:{port}", "-w", str(processes), "-k", kind, "--log-level", "error"]
    if kind == "gthread":
        args += ["--threads", str(threads)]
    args += ["--graceful-timeout", "10", "--no-control-socket", f"app:{target}"]
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *args])


def gunicorn_sync(target: str, port: int, processes: int, threads: int) -> None:
    _gunicorn("sync", target, port, processes, threads)


def gunicorn_gthread(target: str, port: int, processes: int, threads: int) -> None:
    _gunicorn("gthread", target, port, processes, threads)


def _forked(processes: int, run: Callable[[], None]) -> None:
    """Run the same server in every child; pass a stop on to all of them."""
    children: list[int] = []
    for _ in range(processes):
        pid = os.fork()
        if pid == 0:
            run()
            os._exit(0)
        children.append(pid)

    def stop(_signum: int, _frame: object) -> None:
        for child in children:
            try:
                os.kill(child, signal.SIGTERM)
            except ProcessLookupError:
                pass

    signal.signal(signal.SIGTERM, stop)
    for child in children:
        os.waitpid(child, 0)


def waitress(target: str, port: int, processes: int, threads: int) -> None:
    from waitress import serve

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((ADDRESS, port))
    listener.listen(1024)
    _forked(processes, lambda: serve(load(target), sockets=[listener], threads=threads))


def cheroot(target: str, port: int, processes: int, threads: int) -> None:
    from cheroot.wsgi import Server

    def run() -> None:
        server = Server((ADDRESS, port), load(target), numthreads=threads, reuse_port=True)
        signal.signal(signal.SIGTERM, lambda *_: setattr(server, "interrupt", SystemExit()))
        server.start()

    _forked(processes, run)


def uwsgi(target: str, port: int, processes: int, threads: int) -> None:
    args = ["uwsgi", "--http11-socket", f"{ADDRESS}:{port}", "--master", "--need-app"]
    args += ["--processes", str(processes), "--threads", str(threads), "--lazy-apps"]
    args += ["--die-on-term", "--disable-logging", "--module", f"app:{target}"]
    args += ["--virtualenv", sys.prefix]
    os.execv(str(Path(sys.executable).with_name("uwsgi")), args)


CANDIDATES: dict[str, Callable[[str, int, int, int], None]] = {
    "granian": granian,
    "gunicorn-sync": gunicorn_sync,
    "gunicorn-gthread": gunicorn_gthread,
    "waitress": waitress,
    "cheroot": cheroot,
    "uwsgi": uwsgi,
}


def main() -> None:
    name, target, port, processes, threads = sys.argv[1:6]
    os.chdir(HERE)
    CANDIDATES[name](target, int(port), int(processes), int(threads))


if __name__ == "__main__":
    main()
