"""Three WSGI callables to put behind a candidate server.

``bare``    the least a WSGI application can do: what is left is the server.
``api``     Flask with an empty flask-restful resource, plus routes that
            behaviour.py uses to look at a request from the inside.
``joined``  ``api`` with the response handed over as one list of bytes.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, request
from flask_restful import Api, Resource

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

BODY_LIMIT = 16 * 1024


def bare(_environ: Environ, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


class Empty(Resource):  # type: ignore[misc]
    def get(self) -> dict[str, str]:
        return {}


api = Flask(__name__)
api.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
Api(api).add_resource(Empty, "/empty")


def as_json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


@api.get("/who")
def who() -> Response:
    return as_json({"pid": os.getpid(), "thread": threading.get_native_id()})


@api.get("/sleep/<int:milliseconds>")
def sleep(milliseconds: int) -> Response:
    time.sleep(min(milliseconds, 20_000) / 1000)
    return as_json({"pid": os.getpid()})


@api.get("/hang")
def hang() -> Response:
    """Hold the interpreter: a C call that never lets go of the lock."""
    import ctypes

    ctypes.PyDLL(None).sleep(8)
    return as_json({"pid": os.getpid()})


@api.route("/environ", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
def environ() -> Response:
    """Request environment without the variables of the process itself."""
    seen = {k: str(v) for k, v in request.environ.items() if k not in os.environ}
    seen["leaks_process_environment"] = str("PATH" in request.environ)
    return as_json(seen)


@api.post("/body")
def body() -> Response:
    """Read the body the way Flask does; its limit is BODY_LIMIT."""
    data = request.get_data()
    return as_json({"read": len(data), "content_length": request.content_length})


@api.post("/input")
def raw_input() -> Response:
    """Read wsgi.input by hand and stop after BODY_LIMIT + 1 bytes."""
    stream = request.environ["wsgi.input"]
    data = b""
    while len(data) <= BODY_LIMIT:
        chunk = stream.read(BODY_LIMIT + 1 - len(data))
        if not chunk:
            break
        data += chunk
    return as_json(
        {
            "read": len(data),
            "CONTENT_LENGTH": request.environ.get("CONTENT_LENGTH"),
            "wsgi.input_terminated": request.environ.get("wsgi.input_terminated"),
            "type": type(stream).__name__,
        }
    )


@api.post("/refuse")
def refuse() -> Response:
    """Answer without touching the body."""
    with open("/proc/self/status", encoding="ascii") as status:
        peak = next(line for line in status if line.startswith("VmHWM"))
    return as_json({"peak_kib": int(peak.split()[1])}, 413)


def joined(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    parts = api(environ, start_response)
    try:
        return [b"".join(parts)]
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
