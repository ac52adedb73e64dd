"""Which ports a session takes (`connectedk8s.md` B.6.2, `arc.md` T55)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.clients.relay.ports import Ports, obstacle
from arcctl.errors import ArcctlError
from arcctl.operations.session import HTTP, HTTPS

if TYPE_CHECKING:
    from arcctl.operations.session import ProxyRequest

_PROPOSED = range(HTTPS + 2, HTTPS + 100, 2)


def chosen(request: ProxyRequest) -> Ports:
    """Return both ports, which are free; raise AZK8S0801 with another one to take.

    A port of one's own has its neighbour below for arcctl, if that is free: the usual one may be
    taken at any moment by another session that is just being opened.
    """
    inner = HTTP if obstacle(request.port - 1) else request.port - 1
    for number in (request.port, inner):
        if what := obstacle(number):
            raise _refused(request, number, what)
    return Ports(request.port, inner)


def _refused(request: ProxyRequest, number: int, what: str) -> ArcctlError:
    free = [each for each in _PROPOSED if not (obstacle(each) or obstacle(each - 1))]
    return ArcctlError(
        f"port {number} {what}",
        code="AZK8S0801",
        why="another session may be open; several stand side by side, each on ports of its own",
        hints=request.at_port(free[0]) if free else f"end what listens on {number}",
    )
