"""A candidate server as a child process, and what /proc says about it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ADDRESS = "127.0.0.1"
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Stat:
    parent: int
    state: str
    cpu_seconds: float
    threads: int


def stat(pid: int) -> Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rsplit(")", 1)[1].split()
    # utime, stime, and the same of children already waited for
    ticks = sum(int(field) for field in fields[11:15])
    return Stat(int(fields[1]), fields[0], ticks / TICK, int(fields[17]))


def tree(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (found := stat(int(entry.name))) and found.state != "Z":
            parents.setdefault(found.parent, []).append(int(entry.name))
    found_pids, todo = [], [root]
    while todo:
        pid = todo.pop()
        found_pids.append(pid)
        todo += parents.get(pid, [])
    return found_pids


def cpu_seconds(root: int) -> float:
    return sum(found.cpu_seconds for pid in tree(root) if (found := stat(pid)))


def rss_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_up(port: int, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with socket.create_connection((ADDRESS, port), 1) as connection:
                connection.sendall(b"GET /who HTTP/1.0\r\nHost: x\r\n\r\n")
                if connection.recv(1):
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise TimeoutError(f"nothing answers on port {port}")


def launch(name: str, target: str, port: int, processes: int, threads: int) -> subprocess.Popen[bytes]:
    quiet = None if os.environ.get("BENCH_LOG") == "1" else subprocess.DEVNULL
    command = [sys.executable, str(HERE / "candidates.py"), name, target]
    command += [str(port), str(processes), str(threads)]
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)


def end(server: subprocess.Popen[bytes]) -> None:
    pids = tree(server.pid)
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(4)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(5)
    for pid in pids:  # only processes seen below the one started here
        found = stat(pid)
        if found is not None and found.state != "Z" and os.path.exists(f"/proc/{pid}"):
            try:
                if os.getsid(pid) == server.pid:
                    os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


@contextmanager
def running(
    name: str, target: str = "api", processes: int = 1, threads: int = 8
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    server = launch(name, target, port, processes, threads)
    try:
        wait_until_up(port)
        time.sleep(0.3)
        yield server, port
    finally:
        end(server)
