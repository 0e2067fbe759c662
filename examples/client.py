"""A client for Dongbao Accounts in Python, with the standard library alone.

It walks the wizard against a server of development: ``python examples/client.py [http://127.0.0.1:5000]``.
"""

import base64
import hashlib
import itertools
import json
import sys
import threading
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

MOST_DEMANDS = 3


class Problem(Exception):
    """A failure that the server explains; ``body`` has the members of docs/errors.md."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(f"{body['code']}: {body['detail']}")
        self.body = body


class Accounts:
    """Holds the tokens of one session, and refreshes them when the access token has expired; safe in many threads."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._tokens: dict[str, str] = {}
        self._refreshing = threading.Lock()

    def start(self, path: str, **form: str) -> Any:
        """Register or log in, and keep the tokens."""
        self._tokens = self.send("POST", path, form)
        return self._tokens

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """A call that needs a token."""
        token = self._tokens["access_token"]
        try:
            return self.send(method, path, body, token)
        except Problem as problem:
            if problem.body["code"] != "token_expired":
                raise
        with self._refreshing:
            if self._tokens["access_token"] == token:
                self.start("/v1/token/refresh", refresh_token=self._tokens["refresh_token"])
        return self.send(method, path, body, self._tokens["access_token"])

    def send(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """Any call, with work done for it where the server asks for some, which may be harder each time; raises ``Problem``."""
        solution, demands = "", 0
        while True:
            try:
                return self._exchange(method, path, body, token, solution)
            except Problem as problem:
                demands += 1
                if "challenge" not in problem.body or demands == MOST_DEMANDS:
                    raise
                solution = solve(problem.body["challenge"])

    def _exchange(self, method: str, path: str, body: Any, token: str, solution: str) -> Any:
        headers = {"Accept": "application/json", "Accept-Language": "en", "Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if solution:
            headers["X-Challenge-Solution"] = solution
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._base + path, data, headers, method=method)  # noqa: S310
        try:
            with urlopen(request, timeout=5) as reply:  # noqa: S310
                return json.loads(reply.read() or "null")
        except HTTPError as error:
            raise Problem(json.loads(error.read())) from None


def solve(challenge: dict[str, Any]) -> str:
    """The payload for ``X-Challenge-Solution``, as ALTCHA's widget makes it."""
    wanted = challenge["parameters"]
    nonce, salt = bytes.fromhex(wanted["nonce"]), bytes.fromhex(wanted["salt"])
    for counter in itertools.count():
        password = nonce + counter.to_bytes(4, "big")
        key = hashlib.pbkdf2_hmac("sha256", password, salt, wanted["cost"], wanted["keyLength"]).hex()
        if key.startswith(wanted["keyPrefix"]):
            break
    solution = {"counter": counter, "derivedKey": key}
    return base64.b64encode(json.dumps({"challenge": challenge, "solution": solution}).encode()).decode()


def main(base: str) -> None:
    """The wizard, a call and the end."""
    accounts = Accounts(base)
    phone, password = f"135{int(time.time()) % 10**8:08}", "correct horse battery"
    sms_id = accounts.send("POST", "/v1/sms", {"phone": phone, "purpose": "register"})["sms_id"]
    code = accounts.send("GET", "/dev/inbox")["messages"][0]["code"]
    ticket = accounts.send("POST", f"/v1/sms/{sms_id}/verify", {"code": code})["ticket"]
    form = {
        "username": f"王五-{phone}",
        "email": "wangwu@example.com",
        "password": password,
        "password_confirm": password,
    }
    accounts.start("/v1/register", ticket=ticket, **form)
    print(accounts.call("GET", "/v1/me"))  # noqa: T201
    accounts.call("POST", "/v1/logout")


if __name__ == "__main__":
    main(*sys.argv[1:] or ["http://127.0.0.1:5000"])
