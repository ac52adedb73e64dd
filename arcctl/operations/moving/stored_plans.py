"""Plans in files: `--plan-out` and `--plan`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from arcctl.errors import FindingsError, UsageError
from arcctl.model import plain_file
from arcctl.model.bounded import read_json
from arcctl.model.plan import Plan, damaged
from arcctl.operations.moving.observing import PART, changes, in_detail
from arcctl.operations.moving.request import MoveRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.model.connected_cluster import Body
    from arcctl.model.resource_id import ClusterId

OUTDATED = "plan-outdated"
_MOST = 12


def store(plan: Plan, path: str) -> None:
    """Write a plan where only its owner may read it; whole, or not at all."""
    place = Path(path).expanduser()
    text = json.dumps(plan.to_document(), indent=2, ensure_ascii=False) + "\n"
    try:
        plain_file.write(place, text)
    except OSError as error:
        raise UsageError(
            f"cannot write the plan to {path}",
            code="plan-file",
            why=error.strerror or str(error),
            hints=f"ls -ld {place.parent}",
        ) from error


def read(path: str, cluster: ClusterId | None = None) -> Plan:
    """Read a stored plan, which must be for `cluster` where one is named.

    Raise UsageError: `plan-file` where it cannot be read, `plan-damaged` and `plan-newer` as
    `Plan.from_document` does, `plan-other` for another cluster's.
    """
    try:
        text = plain_file.given_text(Path(path).expanduser())
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"cannot read the plan {path}", code="plan-file", why=why) from error
    try:
        document = read_json(text)
    except ValueError:
        document = None  # what is not even JSON is damaged in the same words
    plan = Plan.from_document(document)
    try:
        MoveRequest.from_document(plan.options)
    except (TypeError, ValueError) as error:
        raise damaged(f"options: {error}") from error
    if cluster and plan.source != cluster:
        source = plan.source
        raise UsageError(
            f"the plan {path} is for {source.name} (group {source.group}), not for {cluster.name}",
            code="plan-other",
            hints=f"arcctl move -n {source.name} -g {source.group} --plan {path}",
        )
    return plan


def require_unmoved(stored: Plan, now: Plan, resource: Body | None = None) -> None:
    """Raise FindingsError with the differences where the world has moved since `stored`.

    `resource` is what `now` was made of; without it no field is named.
    """
    if moved := changes(stored.observed, now.observed):
        known = stored.observed.items()
        before = {name.removeprefix(PART): each for name, each in known if name.startswith(PART)}
        raise outdated(stored, in_detail(moved, before, resource))


def again(stored: Plan) -> str:
    """Return the command that plans this move again."""
    return f"{MoveRequest.from_document(stored.options).line} --dry-run --plan-out FILE"


def outdated(stored: Plan, moved: Sequence[str]) -> FindingsError:
    """Return the error for a world that is not the planned one any more; `moved` says how."""
    rest = len(moved) - _MOST
    more = (f"… and {rest} more",) if rest > 0 else ()
    return FindingsError(
        "the cluster is no longer as it was when this move was planned",
        code=OUTDATED,
        why=(*moved[:_MOST], *more, f"planned at {stored.made_at}; nothing was changed"),
        hints=f"plan again, and look at what is new: {again(stored)}",
    )
