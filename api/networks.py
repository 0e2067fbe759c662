"""Addresses and the networks that they stand for, in their usual forms."""

import ipaddress
from functools import lru_cache

SUBSCRIBER, SITE = 64, 48


@lru_cache(maxsize=4096)
def address_in(text: str) -> str:
    """The address of a text; some proxies write a port behind it, or a word in place of it, which is ``::``."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return "::"


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Whom an address stands for: IPv4 in its usual form, also when mapped into IPv6, and of IPv6 the /64 network."""
    return _network(address, 32, SUBSCRIBER)


@lru_cache(maxsize=4096)
def neighbourhood_of(address: str) -> str:
    """The network that an address shares with its neighbours: /24 of IPv4, /48 of IPv6."""
    return _network(address, 24, SITE)


def _network(address: str, bits: int, bits_of_ipv6: int) -> str:
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network((parsed, bits_of_ipv6), strict=False).network_address)
        parsed = parsed.ipv4_mapped
    return str(ipaddress.ip_network((parsed, bits), strict=False).network_address)
