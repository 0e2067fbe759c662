"""How people reach the app: as a WSGI server would call it, from an address of theirs."""

import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import Flask

SOLUTION = "X-Challenge-Solution"
OWN_FAULTS = (
    *("code_incorrect", "code_expired", "invalid_credentials", "phone_not_registered", "phone_registered"),
    *("validation_failed", "username_taken"),
)
REFUSALS = (429, 503)


@dataclass(frozen=True)
class Answer:
    """A status and the JSON of a reply."""

    status: int
    json: Any

    @property
    def code(self) -> str:
        """The code of a problem; empty for a success."""
        return str(self.json["code"]) if self.status >= 400 else ""

    @property
    def asks_for_work(self) -> bool:
        """Whether a proof of work is asked for first."""
        return self.code == "challenge_required"

    @property
    def is_refusal(self) -> bool:
        """Whether the server had enough, as opposed to a fault of the caller's own."""
        return self.status in REFUSALS

    @property
    def is_strange(self) -> bool:
        """Whether it is nothing that a caller of this simulation should ever see."""
        return self.status >= 400 and not (self.is_refusal or self.asks_for_work or self.code in OWN_FAULTS)


class FrontDoor:
    """Calls the app in this process: the same code as behind a server, without its sockets."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def post(self, address: str, path: str, body: dict[str, Any] | None, solution: str = "") -> Answer:
        """One call from ``address``, with the solution of a challenge where there is one."""
        data = json.dumps(body).encode() if body is not None else b""
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "mall.example.com",
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": address,
            "CONTENT_TYPE": "application/json" if data else "",
            "CONTENT_LENGTH": str(len(data)),
            "HTTP_USER_AGENT": "Mozilla/5.0 (Linux; Android 14) Chrome/131.0 Mobile Safari/537.36",
            "HTTP_ACCEPT_LANGUAGE": "zh-CN",
            "wsgi.url_scheme": "https",
            "wsgi.input": BytesIO(data),
        }
        if solution:
            environ["HTTP_" + SOLUTION.upper().replace("-", "_")] = solution
        statuses: list[str] = []
        chunks = self._app.wsgi_app(environ, lambda status, *_: statuses.append(status))
        text = b"".join(chunks)
        return Answer(int(statuses[0][:3]), json.loads(text) if text else None)
