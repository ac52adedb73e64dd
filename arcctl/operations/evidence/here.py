"""What this machine knows: arcctl itself, its surroundings, and the runs that it remembers."""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from arcctl import __version__
from arcctl.operations.evidence.piece import Tray, piece
from arcctl.operations.history import history

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.settings import Settings

_MOST_RUNS = 10
_OURS = re.compile(
    r"^(ARCCTL_|AZURE_|ARM_|HELM|KUBE|RELEASETRAIN$|CI$|SSL_|REQUESTS_)", re.IGNORECASE
)
_PROXY = re.compile(r"^(https?|no|all)_proxy$", re.IGNORECASE)


@piece("arcctl", "this machine")
async def machine(tray: Tray) -> str:
    """The version, and which variables are set; of proxies also the host, of others no value."""
    settings = tray.sight.clients.settings
    told = [
        f"arcctl       {__version__}",
        f"Python       {sys.version.split()[0]}",
        f"system       {platform.system()} {platform.release()} {platform.machine()}",
        f"cloud        {settings.cloud}",
        f"subscription {tray.sight.cluster.subscription}",
        f"correlation  {settings.correlation_id}",
        "",
        "set in the environment (values are left out, but of proxies):",
        *_variables(settings),
    ]
    tray.lines("arcctl.txt", told)
    return f"arcctl {__version__}"


def _variables(settings: Settings) -> Iterator[str]:
    for name, value in sorted(settings.environ.items()):
        if _PROXY.search(name):
            yield f"  {name}={_without_sign_in(value)}"
        elif _OURS.search(name):
            yield f"  {name}"


def _without_sign_in(proxy: str) -> str:
    """Return the address of a proxy; a list of hosts without one stays as it is."""
    if "@" not in proxy:
        return proxy
    try:
        split = urlsplit(proxy if "://" in proxy else f"//{proxy}")
        port = f":{split.port}" if split.port else ""
    except ValueError:
        return "(cannot be read)"
    return f"{split.scheme or 'http'}://{split.hostname}{port} (with a sign-in)"


@piece("runs", "runs")
async def runs(tray: Tray) -> str:
    """The last journals, of this machine and of the cluster; they hold no secrets by design."""
    mine = tray.sight.cluster.path.lower()
    known = [each for each in await history(tray.sight.clients) if each.cluster.lower() == mine]
    if not known:
        return tray.absent("no run of this cluster is known here or in it")
    found = [
        each.to_document() | {"entries": [asdict(entry) for entry in each.entries]}
        for each in known[:_MOST_RUNS]
    ]
    tray.json("runs.json", found)
    return f"{len(found)} runs"
