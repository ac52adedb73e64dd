"""Where a host's name leads, as this machine's resolver has it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias

from arcctl.clients.kubernetes.background import aside

Address: TypeAlias = IPv4Address | IPv6Address


async def addresses(host: str) -> tuple[Address, ...]:
    """Return the addresses of a host, sorted as the resolver does; () where it knows none.

    An address instead of a name leads to itself.
    """
    import socket

    try:
        found = await aside(socket.getaddrinfo, host, 443, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    told = (str(each[4][0]).partition("%")[0] for each in found)
    return tuple(dict.fromkeys(map(ip_address, told)))
