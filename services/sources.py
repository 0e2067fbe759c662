"""Where a request comes from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """The device and address as sessions and events keep them; the request's name in logs; ``zh-CN`` or ``en``."""

    device: str
    ip: str
    request_id: str
    language: str


# Of what no request asked for: jobs, and operators at a console.
OURSELVES = Source("", "", "", "zh-CN")
