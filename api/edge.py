"""What happens to every request outside Flask: its name, its body, and the headers of its reply.

At the WSGI level these cost a tenth of what Flask's hooks cost, and they hold for whatever answers inside.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from api.networks import address_in, network_of
from api.readers import Readers
from api.stopping import Stopping
from models.deadlines import within
from services.request_ids import on_behalf_of
from services.room import Room

MAX_BODY_BYTES = 16 * 1024
RECEIPTS, MAX_RECEIPTS_BYTES = "/v1/sms/receipts/", 256 * 1024
MAX_DIGITS = 18
BODY_REFUSED = "dongbao.body_refused"
REQUEST_ID = "dongbao.request_id"
GOOD_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
CONTENT_POLICY = "Content-Security-Policy"
HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("Referrer-Policy", "no-referrer"),
]
# What a reply has that brings no other: pages have a policy of their own, public keys may be kept.
UNLESS_BROUGHT = [("Cache-Control", "no-store"), (CONTENT_POLICY, "default-src 'none'; frame-ancestors 'none'")]
# They answer also when every place is taken by requests that wait for the database.
WATCHED = ("/healthz", "/metrics")
REPLACED = frozenset(name.lower() for name, _ in HEADERS)

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
# Hears of each reply: the request's environment, the status line without its protocol, and the seconds that it took.
Answered = Callable[[Environ, str, float], None]


class Edge:
    """The outermost middleware, but for the one that takes the client's address from a trusted proxy.

    A body is read whole, and bounded, before the request takes one of the places to work: a thread that waits for a slow
    client waits alone. Flask's ``MAX_CONTENT_LENGTH`` cuts a chunked body at the limit in silence, and servers hand on a
    body that ended early as if it were whole; here both are marked in the environment under ``BODY_REFUSED``, with the code
    of the problem. The app says so when a view asks for the body, so that its other checks keep their order.

    ``patience`` is for how many seconds a request may wait for its place and for the database, all waits together; where it
    finds no place in time, ``crowd`` answers it. Once ``stopping`` is true, clients are asked to close their connections.
    """

    def __init__(
        self,
        application: Application,
        places: int,
        patience: float,
        crowd: Application,
        stopping: Stopping,
        answered: Answered,
    ) -> None:
        self._application = application
        self._crowd = crowd
        self._stopping = stopping
        self._patience = patience
        self._answered = answered
        self._places = Room(places)
        self._readers = Readers()

    @property
    def working(self) -> int:
        """How many requests are being worked on."""
        return self._places.taken

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if GOOD_REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        environ[REQUEST_ID] = request_id
        if environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ:
            self._take_body(environ)
        began = time.perf_counter()

        def start(status: str, headers: Headers, *exc_info: Any) -> Any:
            self._answered(environ, status, time.perf_counter() - began)
            ours = _with_ours(headers, request_id)
            return start_response(status, [*ours, ("Connection", "close")] if self._stopping else ours, *exc_info)

        if environ["PATH_INFO"] in WATCHED:
            return self._application(environ, start)
        with within(self._patience), on_behalf_of(request_id):
            if not self._places.acquire(timeout=self._patience):
                return self._crowd(environ, start)
            try:
                return self._application(environ, start)
            finally:
                self._places.release()

    def _take_body(self, environ: Environ) -> None:
        """Read the body, unless too many are being read: slow ones would take all the threads."""
        network = network_of(address_in(environ.get("REMOTE_ADDR", "")))
        with self._readers.place(network) as crowded:
            data, refused = (b"", crowded) if crowded else _read_body(environ)
        environ["wsgi.input"] = BytesIO(data)
        environ["CONTENT_LENGTH"] = str(len(data))
        if refused:
            environ[BODY_REFUSED] = refused


def _with_ours(headers: Headers, request_id: str) -> Headers:
    """The headers of the reply and ours."""
    brought = {name for name, _ in headers}
    kept = [header for header in headers if header[0].lower() not in REPLACED]
    kept += HEADERS
    kept += [header for header in UNLESS_BROUGHT if header[0] not in brought]
    kept.append(("X-Request-ID", request_id))
    return kept


def _read_body(environ: Environ) -> tuple[bytes, str | None]:
    """The body, and the code of what is wrong with it."""
    declared = _declared_length(environ)
    most = MAX_RECEIPTS_BYTES if environ.get("PATH_INFO", "").startswith(RECEIPTS) else MAX_BODY_BYTES
    if declared is not None and declared > most:
        return b"", "payload_too_large"
    try:
        data = environ["wsgi.input"].read(most + 1)
    except OSError:
        return b"", "malformed_json"
    if len(data) > most:
        return b"", "payload_too_large"
    if declared is not None and len(data) < declared:
        return b"", "malformed_json"
    return data, None


def _declared_length(environ: Environ) -> int | None:
    if "HTTP_TRANSFER_ENCODING" in environ:
        return None
    length = environ.get("CONTENT_LENGTH", "").lstrip("0") or "0"
    if not (length.isascii() and length.isdigit()):
        return None
    return int(length[:MAX_DIGITS])
