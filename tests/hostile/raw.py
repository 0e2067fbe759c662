"""Bytes on a socket, for what no HTTP library would send."""

import http.client
import socket
from contextlib import closing

from werkzeug.datastructures import Headers

from tests.clients import Reply
from tests.servers.live import LiveServer


def request_head(method: str, path: str, *fields: str | bytes) -> bytes:
    """A request line and header fields, Host among them."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *fields]
    return b"\r\n".join(line if isinstance(line, bytes) else line.encode() for line in lines) + b"\r\n\r\n"


def connect(live: LiveServer, timeout_seconds: float = 20, source: str = "127.0.0.1") -> socket.socket:
    """A connection to the server, from an address of loopback."""
    return socket.create_connection(("127.0.0.1", live.port), timeout=timeout_seconds, source_address=(source, 0))


def converse(live: LiveServer, *parts: bytes, ends_early: bool = False) -> Reply | None:
    """Send these bytes, and hang up behind them or not; the reply, or None where the connection is cut without one."""
    with closing(connect(live)) as connection:
        try:
            for part in parts:
                connection.sendall(part)
            if ends_early:
                connection.shutdown(socket.SHUT_WR)
        except ConnectionError:
            # The server may have answered and hung up before all was sent.
            pass
        return read_reply(connection, is_head=parts[0].startswith(b"HEAD "))


def read_reply(connection: socket.socket, is_head: bool = False) -> Reply | None:
    """The next reply on a connection, or None where there is none any more."""
    answer = http.client.HTTPResponse(connection, method="HEAD" if is_head else None)
    try:
        answer.begin()
        return Reply(answer.status, Headers(answer.getheaders()), answer.read())
    except (http.client.HTTPException, ConnectionError):
        return None


def is_from_the_server_itself(reply: Reply) -> bool:
    """Whether the HTTP server refused before the application saw anything: an empty 4xx."""
    return 400 <= reply.status < 500 and not reply.body and "X-Request-ID" not in reply.headers
