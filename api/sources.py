"""Where a request comes from: the address, the device as its session keeps it, and what to call the request in logs."""

from flask import request

from api.edge import REQUEST_ID
from api.errors import language
from api.networks import address_in
from api.user_agents import device_name
from services.sources import Source


def current_source() -> Source:
    """The device's name, the address, the request's id, and the reader's language."""
    name = device_name(request.environ.get("HTTP_USER_AGENT", ""))
    return Source(name, current_address(), request.environ[REQUEST_ID], language())


def current_address() -> str:
    """The client's address in its usual form; ``::`` where a proxy names none."""
    return address_in(request.remote_addr or "")
