"""Where a gateway is reached: a scheme and a host, so that a proxy or a private gateway can stand there."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from sms.gateway import GatewayUnusable


@dataclass(frozen=True)
class Endpoint:
    """``scheme`` is ``http`` or ``https``; ``host`` has its port with it, where it has one."""

    scheme: str
    host: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}"


def parse_endpoint(url: str, setting: str) -> Endpoint:
    """Read ``https://host`` or ``http://host:port``; raises ``GatewayUnusable``, without the URL, which may hold a password."""
    problem = GatewayUnusable(f"{setting} is scheme and host, such as https://sms.example.com, and nothing more.")
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        raise problem from None
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    if parts.scheme not in ("http", "https") or not host or parts.path not in ("", "/"):
        raise problem
    if parts.netloc.lower() != f"{host}{port}" or parts.query or parts.fragment or not host.isascii():
        raise problem
    return Endpoint(parts.scheme, f"{host}{port}")


def demand(**settings: str) -> None:
    """Raise ``GatewayUnusable`` for a setting that is missing or that no HTTP header could carry."""
    for name, value in settings.items():
        if not value:
            raise GatewayUnusable(f"{name} is missing. See docs/sms.md.")
        if not value.isascii() or not value.isprintable() or value != value.strip():
            raise GatewayUnusable(
                f"{name} has blanks around it, a line break in it, or letters that are not ASCII. Copy it once more."
            )
