"""Workers that die in the middle of one request; their parent replaces each."""

import http.client
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median

import psutil

from tests.clients import Reply
from tests.races.crowd import KeptClient
from tests.servers.live import LiveServer
from tests.waiting import wait_until

GONE = (OSError, http.client.HTTPException)
# The kill comes at a moment of the time that the request takes, or of half of it afterwards.
LATEST = 1.5


def usual_seconds(calls: list[Callable[[], Reply]]) -> float:
    """How long requests of a kind take here and now."""
    taken = []
    for call in calls:
        began = time.monotonic()
        call()
        taken.append(time.monotonic() - began)
    return median(taken)


class Doomed:
    """The workers of a server. The youngest is spared: its parent would take many such deaths for a loop of crashes, and end."""

    def __init__(self, live: LiveServer):
        self._live = live
        self._count = len(self._pids())

    def killed_in(self, call: Callable[[KeptClient], Reply], seconds: float) -> Reply | None:
        """Call a worker that is killed at a random moment of about so many seconds; its reply, if that came first."""
        client, worker = self._connected()
        killer = threading.Timer(random.uniform(0, LATEST * seconds), os.kill, (worker, signal.SIGKILL))
        killer.start()
        try:
            return call(client)
        except GONE:
            return None
        finally:
            killer.join()
            client.close()
            wait_until(lambda: self._is_replaced(worker), "another worker")

    def _connected(self) -> tuple[KeptClient, int]:
        """A connection that has been in use, and the worker that serves it."""
        youngest = max(self._pids(), key=lambda pid: psutil.Process(pid).create_time())
        others = self._pids() - {youngest}
        while True:
            client = KeptClient(self._live.url)
            with suppress(*GONE):
                client.get("/healthz")
                for pid in others:
                    if _serves(pid, client):
                        return client, pid
            client.close()

    def _is_replaced(self, worker: int) -> bool:
        """Each worker listens for itself: with one that does not yet, the next death could leave nobody who answers."""
        pids = self._pids()
        return worker not in pids and len(pids) == self._count and all(_listens(pid) for pid in pids)

    def _pids(self) -> set[int]:
        """The children of the parent, by proc(5): psutil looks at all the processes of the machine for them."""
        pids = set()
        for task in Path(f"/proc/{self._live.pid}/task").glob("*/children"):
            with suppress(OSError):
                pids |= {int(pid) for pid in task.read_text(encoding="ascii").split()}
        return pids


def _listens(pid: int) -> bool:
    with suppress(psutil.Error):
        return any(found.status == psutil.CONN_LISTEN for found in psutil.Process(pid).net_connections("tcp4"))
    return False


def _serves(pid: int, client: KeptClient) -> bool:
    connections = psutil.Process(pid).net_connections("tcp4")
    return any(connection.raddr and connection.raddr.port == client.local_port for connection in connections)
