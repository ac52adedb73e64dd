"""Commands of az for what arcctl leaves to a person."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arcctl.model.connected_cluster import Body

_BEFORE = "/providers/Microsoft.Authorization/"


def typed(command: str, **options: str) -> str:
    """Return a command with its options, quoted for a shell."""
    return " ".join([command, *(f"{name} {shlex.quote(each)}" for name, each in options.items())])


def locking(path: str, body: Body) -> str:
    """Return the command that makes a lock; `path` is the lock's own."""
    properties = body["properties"]
    return typed(
        "az lock create",
        **{
            "--name": path.rpartition("/")[2],
            "--lock-type": properties.get("level", "CanNotDelete"),
            "--resource": locked(path),
            **({"--notes": properties["notes"]} if properties.get("notes") else {}),
        },
    )


def locked(path: str) -> str:
    """Return what a lock is on."""
    return path[: path.casefold().rindex(_BEFORE.casefold())]
