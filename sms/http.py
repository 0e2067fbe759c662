"""The HTTP client of the gateways that have no SDK."""

from typing import Any

import requests

from sms.faults import broken_exchange
from sms.gateway import Delivery
from sms.quiet import hush


class Http:
    """Posts once: no retry, and no redirect, which would post again. Times are in seconds. Threads may share one."""

    def __init__(self, connect_timeout: float, read_timeout: float) -> None:
        hush()
        self._session = requests.Session()
        self._timeouts = (connect_timeout, read_timeout)

    def post(self, url: str, **content: Any) -> requests.Response | Delivery:
        """The whole reply, or what became of the message without one."""
        try:
            return self._session.post(url, timeout=self._timeouts, allow_redirects=False, **content)
        except Exception as error:  # whatever a garbled reply does to the client
            return broken_exchange(error)


def json_object(response: requests.Response) -> dict[str, Any] | None:
    """The JSON object that a reply is, if it is one."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
