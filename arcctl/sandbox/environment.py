"""The environment in which arcctl, az, helm and kubectl talk to the sandbox (`arm.md` 15)."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from arcctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SHELLS = ("bash", "fish", "powershell")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def no_proxy(hosts: Iterable[str], environ: Mapping[str, str] = os.environ) -> str:
    """Return the hosts that no proxy must see: the sandbox's, and those already named."""
    named = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    return ",".join(dict.fromkeys([*_LOOPBACK, *hosts, *filter(None, named.split(","))]))


def exports(environment: Mapping[str, str], shell: str = "bash") -> Iterator[str]:
    """Write the environment as lines that a shell can evaluate."""
    if shell not in SHELLS:
        raise UsageError(f"unknown shell: {shell}", why="one of " + ", ".join(SHELLS))
    for name, value in environment.items():
        if shell == "powershell":
            yield "$env:{} = '{}'".format(name, value.replace("'", "''"))
        elif shell == "fish":
            yield "set -gx {} '{}'".format(name, value.replace("\\", "\\\\").replace("'", "\\'"))
        else:
            yield f"export {name}={shlex.quote(value)}"
