"""What a run has saved, written for a person: manifests for `config apply`, and commands for the rest.

So no run keeps anything to itself: whoever ends it by hand can put back what it had in its care.
"""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.clients.arm_versions import kind_of, pins
from arcctl.errors import UsageError
from arcctl.model.bundle import Bundle
from arcctl.model.region import canonical
from arcctl.model.resource_id import ClusterId
from arcctl.model.run_shape import as_written
from arcctl.operations import config_apply, move
from arcctl.operations.configuration import manifests
from arcctl.operations.moving.worlds import BUNDLE, moving_of
from arcctl.operations.steps.pieces import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.operations.runs import Run
    from arcctl.operations.steps.pieces import Piece
    from arcctl.operations.world import World

CONFIGURATION, README, COMMANDS = "configuration", "README.md", "commands.sh"
_ROLES, _LOCKS = "microsoft.authorization/roleassignments", "microsoft.authorization/locks"
_PLAIN_ROLE = {"roleDefinitionId", "principalType", "principalId"}

Pieces = list["Piece"]


@dataclass(frozen=True, slots=True)
class Saved:
    """What was written: `children` and `attached` are counted."""

    run: str
    folder: str
    children: int
    attached: int

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "run": self.run,
            "folder": self.folder,
            "children": self.children,
            "attached": self.attached,
        }


def export(run: Run, world: World, folder: str) -> Saved:
    """Write all that the run holds of a cluster below `folder`; no secrets, since it holds none.

    Raise UsageError `folder` where something else lies there, or nothing can be written.
    """
    place = Path(folder).expanduser()
    children, region, hung = _contents(run, world)
    cluster = ClusterId.parse(run.header.cluster)
    try:
        _must_be_free(place, run.id)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        configuration = place / CONFIGURATION
        manifests.write_folder(configuration, children, cluster.path, region)
        _write(place / README, _readme(run, cluster, children, hung))
        if run.verb == move.VERB:
            resource = run.documents[BUNDLE]["resource"]
            _write(place / "resource.json", _json(resource))
        if hung:
            _write(place / COMMANDS, _commands(run, place, hung))
    except OSError as error:
        raise UsageError(
            f"cannot write what {run.id} has saved to {folder}",
            code="folder",
            why=error.strerror or str(error),
            hints=f"arcctl history {run.id} --export FOLDER, with another one",
        ) from error
    return Saved(run.id, str(place), len(children), len(hung))


def _contents(run: Run, world: World) -> tuple[Sequence[Child], str, Pieces]:
    if run.verb == config_apply.VERB:
        return config_apply.wanted_of(run), "", []
    if run.verb != move.VERB or BUNDLE not in run.documents:
        raise UsageError(
            f"{run.id} has saved nothing that could be exported",
            code="folder",
            why=f"it is a run of {run.verb}",
            hints=f"arcctl history {run.id}",
        )
    with as_written(f"what {run.id} has saved"):
        bundle = Bundle.from_document(run.documents[BUNDLE])
    moving = moving_of(run, world, {})
    children = [child for child in bundle.children if child.carried]
    return children, canonical(bundle.region), pieces(moving)


def _must_be_free(place: Path, run: str) -> None:
    """Refuse a folder in which anything lies but an earlier export of this very run."""
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return
    mark = place / README
    if (
        place.is_dir()
        and mark.is_file()
        and mark.read_text(errors="replace").startswith(_title(run))
    ):
        return
    raise UsageError(
        f"{place} is not empty",
        code="folder",
        why="what a run has saved is written to a folder of its own",
        hints=f"arcctl history {run} --export {shlex.quote(f'{place}-2')}",
    )


def _title(run: str) -> str:
    return f"# Saved by {run}\n"


def _readme(run: Run, cluster: ClusterId, children: Sequence[Child], hung: Pieces) -> str:
    lines = [_title(run.id), f"What the {run.verb} of `{cluster.path}` had in its care.\n"]
    if run.verb == move.VERB:
        lines.append("The resource itself, as it was, is in `resource.json`.\n")
    if children:
        lines += [
            f"- `{CONFIGURATION}/`: {len(children)} extensions and configurations.\n",
            "  Secrets are not among them; each manifest names those that it needs.\n",
            f"      arcctl config apply {cluster.named} --file {CONFIGURATION}\n",
        ]
    if hung:
        lines += [
            f"- `{COMMANDS}`: the commands that put back the roles, locks, policies and settings.\n",
            f"      sh {COMMANDS}\n",
            *(f"  - {words}\n" for _, _, words in hung),
        ]
    return "\n".join(lines)


def _commands(run: Run, place: Path, hung: Pieces) -> str:
    lines = [f"#!/bin/sh\n# What hung on the cluster of {run.id}. It needs az, signed in.\nset -e"]
    lines.append('cd "$(dirname "$0")"')
    for number, piece in enumerate(hung, 1):
        lines += [f"\n# {piece[2]}", *_command(place, number, piece)]
    return "\n".join(lines) + "\n"


def _command(place: Path, number: int, piece: Piece) -> Iterator[str]:
    path, body, _ = piece
    kind, properties = kind_of(path), body["properties"]
    if kind == _ROLES and set(properties) <= _PLAIN_ROLE:
        yield _typed(
            "az role assignment create",
            **{
                "--assignee-object-id": properties["principalId"],
                "--assignee-principal-type": properties.get("principalType", "User"),
                "--role": properties["roleDefinitionId"],
                "--scope": path.partition("/providers/Microsoft.Authorization/")[0],
            },
        )
        return
    if kind == _LOCKS:
        yield _typed(
            "az lock create",
            **{
                "--name": path.rpartition("/")[2],
                "--lock-type": properties.get("level", "CanNotDelete"),
                "--resource": path.partition("/providers/Microsoft.Authorization/")[0],
                **({"--notes": properties["notes"]} if properties.get("notes") else {}),
            },
        )
        return
    file = f"attached/{number:02}-{kind.rpartition('/')[2]}.json"
    (place / file).parent.mkdir(mode=0o700, exist_ok=True)
    _write(place / file, _json(body))
    url = f"{path}?api-version={(pins(kind) or ('VERSION',))[0]}"
    yield _typed("az rest", **{"--method": "put", "--url": url, "--body": f"@{file}"})


def _typed(command: str, **options: str) -> str:
    return " ".join([command, *(f"{name} {shlex.quote(each)}" for name, each in options.items())])


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
