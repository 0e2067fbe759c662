"""JSON clients, one inside the process and one over HTTP, that see the same replies."""

import http.client
import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask
from werkzeug.datastructures import Headers

from tests.secrecy import SEEN

NO_BODY = object()


@dataclass(frozen=True)
class Reply:
    """What a client got; header names in any case."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a problem."""
        return self.json["code"]


def check(method: str, path: str, reply: Reply, request_body: bytes | None):
    """The hook: every reply that a client sees is held against openapi.yaml."""
    if check_reply:
        check_reply(method, path, reply.status, reply.headers, reply.body, request_body)


def _find_check() -> Callable[..., object] | None:
    try:
        found = importlib.util.find_spec("tests.contract.validation")
    except ModuleNotFoundError:
        return None
    return importlib.import_module("tests.contract.validation").check_reply if found else None


check_reply = _find_check()


class Client:
    """Sends JSON, in English unless ``language`` says otherwise, and ``headers`` each time; ``data`` sends bytes as they are."""

    language: str | None = "en"
    headers: dict[str, str] = {}

    def get(self, path: str, **options: Any) -> Reply:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Reply:
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> Reply:
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Reply:
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Reply:
        return self.request("DELETE", path, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = NO_BODY,
        data: bytes | None = None,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> Reply:
        """One call. ``headers`` win over those that the other arguments make; an empty one is left out."""
        path += f"?{urlencode(query)}" if query else ""
        body = data if json is NO_BODY else _dump(json)
        sent = self._headers(body, token) | self.headers | (headers or {})
        reply = self.exchange(method, path, body, {name: value for name, value in sent.items() if value})
        SEEN.note_exchange(reply.status, body, reply.body)
        check(method, path, reply, body)
        return reply

    def exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        raise NotImplementedError

    def _headers(self, body: bytes | None, token: str | None) -> dict[str, str]:
        return {
            "Accept-Language": self.language or "",
            "Content-Type": "application/json" if body is not None else "",
            "Authorization": f"Bearer {token}" if token is not None else "",
        }


class InProcessClient(Client):
    """Calls the app in the calling thread, as if from ``address``."""

    def __init__(self, app: Flask, address: str = "127.0.0.1"):
        self.app = app
        self.address = address

    def exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        answer = self.app.test_client(use_cookies=False).open(
            path, method=method, data=body, headers=headers, environ_base={"REMOTE_ADDR": self.address}
        )
        return Reply(answer.status_code, answer.headers, answer.data)


class LiveClient(Client):
    """Calls a server, on a new connection each time; safe in many threads."""

    def __init__(self, url: str, timeout_seconds: float = 30):
        self.url = url
        self._host = urlsplit(url).netloc
        self._timeout = timeout_seconds

    def exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        connection = http.client.HTTPConnection(self._host, timeout=self._timeout)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Reply(answer.status, Headers(answer.getheaders()), answer.read())
        finally:
            connection.close()


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
