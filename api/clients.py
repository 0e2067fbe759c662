"""Which service is asking: by its name and secret, in HTTP Basic (RFC 6749, 2.3.1)."""

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
        if not _is_known():
            introspect_per_address.count()
            raise InvalidClient
        return view(*args, **kwargs)

    return guarded


def _is_known() -> bool:
    given = request.authorization
    if given is None or given.type != "basic":
        return False
    return services().introspection.knows(given.username or "", given.password or "")
