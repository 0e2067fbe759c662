"""An HTTP server on loopback that stands in for a vendor, and fails on command in the ways that vendors do."""

import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


class Fault(Enum):
    """What goes wrong; each strikes after the whole request was read, and where it says so, taken."""

    HANG = auto()  # no answer, until released
    RESET = auto()  # the connection is reset
    CLOSE = auto()  # the connection is closed without an answer
    LATE = auto()  # the answer comes after ``delay`` seconds
    DRIP = auto()  # the answer comes a byte per ``pace`` seconds, from its status line on
    DRIP_BODY = auto()  # the status and headers at once, then a byte per ``pace`` seconds
    CUT = auto()  # half of the body that the headers promise, then the end
    NOT_HTTP = auto()  # an answer in another protocol
    BAD_HEADERS = auto()  # an answer whose headers are none


@dataclass(frozen=True)
class Request:
    """What was asked. Header names are in lower case, the query is decoded."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query_string(self) -> str:
        return urlsplit(self.target).query

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    """What is answered."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    location: str = ""


def as_json(value, status: int = 200) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False).encode(), status)


class StandIn:
    """A vendor. ``requests`` is all that came in, ``messages`` what was taken as the vendor takes a message."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._released = threading.Event()
        self.reset()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def reset(self) -> None:
        """Forget all, and end what hangs and drips; from here on all is well."""
        self.release()
        self._released = threading.Event()
        self.requests: list[Request] = []
        self.messages: list = []
        self.connections = 0
        self.closings = 0
        self.under_way = 0
        self.most_under_way = 0
        self.fault: Fault | None = None
        self.reply: Reply | None = None  # answered in place of the vendor's own
        self.tamper: Callable[[Request], Request] = lambda request: request
        self.clock: Callable[[], float] = time.time
        self.delay = 1.0
        self.pace = 1.0
        self.closes_idle_connections = False

    @property
    def address(self) -> tuple[str, int]:
        return self._server.server_address[:2]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.address[1]}"

    def answer(self, request: Request) -> Reply:
        """Judge a request as the vendor does, and take its message if it is good."""
        raise NotImplementedError

    @contextmanager
    def attending(self) -> Iterator[None]:
        """Count a request among those that are under way."""
        with self._lock:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            yield
        finally:
            with self._lock:
                self.under_way -= 1

    def take(self, request: Request) -> Reply:
        """Keep the request, and answer it; one at a time."""
        with self._lock:
            request = self.tamper(request)
            self.requests.append(request)
            own = self.answer(request)
            return self.reply or own

    def release(self) -> None:
        """End what hangs and drips."""
        self.fault = None
        self._released.set()

    @property
    def released(self) -> threading.Event:
        """Set when what hangs and drips now is to end."""
        return self._released

    def stop(self) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, standin: StandIn) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.standin = standin
        self.idle: set[socket.socket] = set()

    def process_request(self, request, client_address):
        self.standin.connections += 1
        super().process_request(request, client_address)

    def close_request(self, request):
        super().close_request(request)
        if request in self.idle:
            self.idle.discard(request)
            self.standin.closings += 1

    def handle_error(self, request, client_address):
        """Clients that have gone away are what is tested here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self):
        with self.server.standin.attending():
            self._attend()

    def _attend(self):
        standin = self.server.standin
        released, fault = standin.released, standin.fault
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = standin.take(Request(self.command, self.path, headers, body))
        match fault:
            case Fault.HANG:
                released.wait(30)
                self.close_connection = True
            case Fault.RESET:
                self._reset()
            case Fault.CLOSE:
                self.close_connection = True
            case Fault.LATE:
                released.wait(standin.delay)
                self._send(reply)
            case Fault.DRIP:
                self._drip(self._head(reply) + reply.body, released)
            case Fault.DRIP_BODY:
                self.wfile.write(self._head(reply))
                self._drip(reply.body, released)
            case Fault.CUT:
                self.wfile.write(self._head(reply) + reply.body[: len(reply.body) // 2])
                self.close_connection = True
            case Fault.NOT_HTTP:
                self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")
                self.close_connection = True
            case Fault.BAD_HEADERS:
                head = b"HTTP/1.1 200 OK\r\nnonsense\r\n : more\r\nContent-Type application/json\r\n\r\n"
                self.wfile.write(head + b"nothing")
                self.close_connection = True
            case _:
                self._send(reply)
        if standin.closes_idle_connections:
            self.server.idle.add(self.connection)
            self.close_connection = True

    do_GET = do_POST  # noqa: N815

    def _send(self, reply: Reply):
        self.wfile.write(self._head(reply) + reply.body)

    def _head(self, reply: Reply) -> bytes:
        head = [
            f"HTTP/1.1 {reply.status} Whatever",
            f"Content-Type: {reply.content_type}",
            f"Content-Length: {len(reply.body)}",
            *([f"Location: {reply.location}"] if reply.location else []),
        ]
        return "\r\n".join([*head, "", ""]).encode()

    def _drip(self, data: bytes, released: threading.Event):
        pace = self.server.standin.pace
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(data)):
            if released.wait(pace):
                break
            self.wfile.write(data[i : i + 1])
        self.close_connection = True

    def _reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        self.close_connection = True

    def log_message(self, *args):
        """Nothing: the log belongs to the tests."""
