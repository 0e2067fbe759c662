"""Bodies at the WSGI level: read whole, and bounded, before a request may take one of the places to work.

A thread that waits for a slow client's body then waits alone: the places are left to requests that have arrived.
"""

import threading
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

MAX_BODY_BYTES = 16 * 1024
REFUSED = "dongbao.body_refused"

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class WholeBodies:
    """A middleware in front of the app.

    Flask's own ``MAX_CONTENT_LENGTH`` cuts a chunked body at the limit in silence, and servers hand on a body that ended
    early as if it were whole. Here both are marked in the environment under ``REFUSED``, with the code of the problem; the
    app says so when a view asks for the body, so that its other checks keep their order.
    """

    def __init__(self, application: Application, places: int, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._application = application
        self._places = threading.BoundedSemaphore(places)
        self._max_bytes = max_bytes

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Read the body, then run the app in one of the places."""
        if environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ:
            data, refused = self._read(environ)
            environ["wsgi.input"] = BytesIO(data)
            environ["CONTENT_LENGTH"] = str(len(data))
            if refused:
                environ[REFUSED] = refused
        with self._places:
            return self._application(environ, start_response)

    def _read(self, environ: Environ) -> tuple[bytes, str | None]:
        """The body, and the code of what is wrong with it."""
        declared = _declared_length(environ)
        if declared is not None and declared > self._max_bytes:
            return b"", "payload_too_large"
        try:
            data = environ["wsgi.input"].read(self._max_bytes + 1)
        except OSError:
            return b"", "malformed_json"
        if len(data) > self._max_bytes:
            return b"", "payload_too_large"
        if declared is not None and len(data) < declared:
            return b"", "malformed_json"
        return data, None


def _declared_length(environ: Environ) -> int | None:
    if "HTTP_TRANSFER_ENCODING" in environ:
        return None
    length = environ.get("CONTENT_LENGTH", "")
    return int(length) if length.isascii() and length.isdigit() else None
