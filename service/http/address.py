"""Whom a request comes from, as far as the network can tell."""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from aiohttp import web

Network = IPv4Network | IPv6Network

FARTHEST: Final = 500
"""Characters at the end of a header that are looked at: those before them are the caller's own."""
FOR: Final = re.compile(r"(?:^|;)\s*for\s*=\s*\"?([^\";]*)", re.IGNORECASE)
PORT: Final = re.compile(r"^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$")


class Proxies:
    """The networks of the proxies whose word about their clients is taken."""

    __slots__ = ("networks",)

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        """Trust the hosts of `networks`."""
        self.networks = tuple(networks)

    def trusts(self, address: str) -> bool:
        """Whether `address`, in its usual spelling, is one of them."""
        host = ip_address(address)
        return any(host in network for network in self.networks)


PROXIES: Final = web.AppKey("proxies", Proxies)


def address_of(request: web.BaseRequest) -> str:
    """Return the address of the client in its usual spelling, empty where there is none.

    What X-Forwarded-For or else Forwarded (RFC 7239) say is only taken from a trusted proxy: the
    client is then the last of those they name that is no such proxy itself.
    """
    remote = usual(request.remote or "")
    proxies = request.app.get(PROXIES) if isinstance(request, web.Request) else None
    if proxies is None or not proxies.networks:
        return remote
    headers = request.headers
    if named := headers.getall("X-Forwarded-For", ()):
        return client(remote, plain(end(named)), proxies)
    return client(remote, elements(end(headers.getall("Forwarded", ()))), proxies)


@lru_cache(maxsize=4096)
def client(remote: str, hops: tuple[str, ...], proxies: Proxies) -> str:
    """Return who called the first trusted proxy of the row that ends at `remote`.

    `hops` are what the proxies said, the nearest last. Where a trusted one names nobody that has
    an address, it stands for its client.
    """
    address = remote
    for hop in reversed(hops):
        if not address or not hop or not proxies.trusts(address):
            break
        address = hop
    return address


@lru_cache(maxsize=4096)
def plain(text: str) -> tuple[str, ...]:
    """Return the addresses that X-Forwarded-For names; empty for what is none."""
    return tuple(usual(part) for part in text.split(","))


@lru_cache(maxsize=4096)
def elements(text: str) -> tuple[str, ...]:
    """Return the addresses that Forwarded names; empty for what is none, such as `unknown`."""
    found = (FOR.search(part.strip()) for part in text.split(","))
    return tuple(usual(of[1]) if of else "" for of in found)


def end(lines: Sequence[str]) -> str:
    """Return the end of a header, with no element cut in two."""
    text = ",".join(lines)
    return text if len(text) <= FARTHEST else text[-FARTHEST:].partition(",")[2]


@lru_cache(maxsize=4096)
def usual(text: str) -> str:
    """Return the address in `text`, perhaps with a port, in its usual spelling; empty if none.

    IPv4 within IPv6 is IPv4, and the zone of an IPv6 address goes (RFC 4291, 4007).
    """
    text = text.strip()
    found = PORT.match(text)
    try:
        address = ip_address(((found[1] or found[2] or "") if found else text).partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
