"""Which service is asking: by its name and secret, in HTTP Basic (RFC 6749, 2.3.1)."""

import base64
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import request

from api.limits import introspect_per_address
from api.parsing import read_json
from api.wiring import services
from services.errors import InvalidClient

View = Callable[..., Any]


def client_required(view: View) -> View:
    """Let in only known services; raises ``InvalidClient``, and ``RateLimited`` where an address has failed too often.

    A right secret is not counted, and let in at any time: nobody else at its address can lock a service out.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        read_json()
        if not services().introspection.knows(_credentials()):
            introspect_per_address.count()
            raise InvalidClient
        return view(*args, **kwargs)

    return guarded


def _credentials() -> str:
    """``name:secret`` of the header, or nothing; werkzeug's own reader fails on letters that are not ASCII."""
    scheme, _, rest = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest.strip(), validate=True).decode()
    except ValueError:
        return ""
