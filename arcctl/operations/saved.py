"""What a run has saved, written for a person: manifests for `config apply`, and commands for the rest.

So no run keeps anything to itself: whoever ends it by hand can put back what it had in its care.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.clients.arm_versions import kind_of, pins
from arcctl.errors import Refusal, UsageError
from arcctl.model import plain_file
from arcctl.model.bundle import Bundle
from arcctl.model.configuration.secrets import needs
from arcctl.model.resource_id import ClusterId
from arcctl.model.run_shape import as_written
from arcctl.operations import config_apply, move, reconnecting
from arcctl.operations.az import locking, typed
from arcctl.operations.configuration import manifests
from arcctl.operations.moving.home import home_of
from arcctl.operations.moving.worlds import BUNDLE, moving_of
from arcctl.operations.steps.pieces import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.operations.moving.home import Home
    from arcctl.operations.runs import Run
    from arcctl.operations.steps.pieces import Piece
    from arcctl.operations.world import World

CONFIGURATION, README, COMMANDS = "configuration", "README.md", "commands.sh"
SECRETS = "secrets.yaml"
_ROLES, _LOCKS = "microsoft.authorization/roleassignments", "microsoft.authorization/locks"
_PLAIN_ROLE = {"roleDefinitionId", "principalType", "principalId"}

Pieces = list["Piece"]


@dataclass(frozen=True, slots=True)
class Sleepers:
    """Agents that a closed run has left at zero: the commands that wake them, and the one that heals."""

    waking: tuple[str, ...]
    healing: str

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {"wake": list(self.waking), "heal": self.healing}


@dataclass(frozen=True, slots=True)
class _Contents:
    """What a run holds, of which cluster, and why of that one."""

    cluster: ClusterId
    bundle: Bundle | None
    children: Sequence[Child]
    hung: Pieces
    why: str = ""


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


async def export(
    run: Run, world: World, folder: str, home: Home | None = None, asleep: Sleepers | None = None
) -> Saved:
    """Write all that the run holds of a cluster below `folder`; no secrets, since it holds none.

    `home` is where the saved things belong, looked up where it is not given; `asleep` are agents
    that nothing wakes any more.

    Raise UsageError `folder` where something else lies there, or nothing can be written.
    """
    return _written(run, await _contents(run, world, home), folder, asleep)


async def exported(
    run: Run, world: World, folder: str, home: Home | None = None, asleep: Sleepers | None = None
) -> Saved | None:
    """Write it out as `export`; None where the run holds nothing, or nothing that is whole."""
    if run.verb not in (move.VERB, config_apply.VERB) or not run.documents:
        return None
    try:
        return await export(run, world, folder, home, asleep)
    except Refusal as error:
        if error.code != "document-damaged":
            raise
        world.warn(f"{error.message}, so nothing of it is written out")
        return None


def _written(run: Run, contents: _Contents, folder: str, asleep: Sleepers | None) -> Saved:
    place = Path(folder).expanduser()
    bundle, children, hung = contents.bundle, contents.children, contents.hung
    region = bundle.region if bundle else ""
    try:
        _must_be_free(place, run.id)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        configuration = place / CONFIGURATION
        manifests.write_folder(configuration, children, contents.cluster.path, region)
        secret = {child.key: [need.name for need in needs(child)] for child in children}
        secret = {key: wanted for key, wanted in secret.items() if wanted}
        _write(place / README, _readme(run, contents, secret, asleep))
        if secret:
            _write_once(place / SECRETS, _to_fill_in(secret))
        if bundle:
            _write(place / "resource.json", _json(bundle.resource))
        if hung:
            _write(place / COMMANDS, _commands(run, place, hung))
    except OSError as error:
        raise UsageError(
            f"cannot write what {run.id} has saved to {folder}",
            code="folder",
            why=error.strerror or str(error),
            hints=f"with another one: arcctl history {run.id} --export FOLDER",
        ) from error
    return Saved(run.id, str(place), len(children), len(hung))


async def _contents(run: Run, world: World, home: Home | None) -> _Contents:
    """Return what it holds, all of it as it was where the move began."""
    if run.verb == config_apply.VERB:
        cluster = ClusterId.parse(run.header.cluster)
        return _Contents(cluster, None, config_apply.wanted_of(run), [])
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
    home = home or await home_of(moving)
    children = [child for child in bundle.children if child.carried]
    fitted = replace(bundle, source=home.cluster, region=home.region)
    hung = pieces(replace(moving, bundle=bundle, cluster=home.cluster))
    return _Contents(home.cluster, fitted, children, hung, home.why)


def _must_be_free(place: Path, run: str) -> None:
    """Refuse a folder in which anything lies but an earlier export of this very run."""
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return
    mark = place / README
    if (
        place.is_dir()
        and mark.is_file()
        and plain_file.contents(mark).decode(errors="replace").startswith(_title(run))
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


def _readme(
    run: Run, held: _Contents, secret: Mapping[str, Sequence[str]], asleep: Sleepers | None
) -> str:
    """Write what a person types in this folder, from top to bottom, to have it all again."""
    lines = [_title(run.id), f"What the {run.verb} of `{run.header.cluster}` had in its care.\n"]
    lines.append("Type these commands in this folder, in this order.\n")
    lines += _waking(asleep) if asleep else ()
    lines += _reconnect(held) if held.bundle else ()
    if held.children:
        given = f" --protected-settings {SECRETS}" if secret else ""
        lines += [
            f"- `{CONFIGURATION}/`: {len(held.children)} extensions and configurations.\n",
            *(_of_secrets(secret) if secret else ()),
            f"      arcctl config apply {held.cluster.named} --file {CONFIGURATION}{given}\n",
        ]
    if held.hung:
        lines += [
            f"- `{COMMANDS}`: the commands that put back the roles, locks, policies and settings.\n",
            f"      sh {COMMANDS}\n",
            *(f"  - {words}\n" for _, _, words in held.hung),
        ]
    return "\n".join(lines)


def _waking(asleep: Sleepers) -> Iterator[str]:
    yield "- The agents are scaled to zero, and no run wakes them any more. Scale them back first:\n"
    yield from (f"      {each}\n" for each in asleep.waking)
    yield (
        "  Until they run, `connect`, `delete`, `move` and `config apply` refuse this cluster "
        "(`cluster-unproved`). If you are certain that it is the right one, this command brings "
        "back the agents of namespace `azure-arc`:\n"
    )
    yield f"      {asleep.healing}\n"


def _reconnect(held: _Contents) -> Iterator[str]:
    assert held.bundle
    yield "- `resource.json`: the resource itself, as it was. Where it is gone, connect it again:\n"
    commands, by_hand = reconnecting.commands(held.bundle)
    yield from (f"      {each}\n" for each in commands)
    yield f"  {held.why}\n"
    yield "  It gets a new identity: roles that the old one had must be given to that one.\n"
    if by_hand:
        yield f"  Only the cluster held the values of these, so fill them in: {', '.join(by_hand)}.\n"


def _of_secrets(secret: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield f"  Azure does not give these back, so fill them in in `{SECRETS}` first:\n"
    yield from (f"  - {key}: {', '.join(wanted)}\n" for key, wanted in secret.items())


def _to_fill_in(secret: Mapping[str, Sequence[str]]) -> str:
    lines = [
        "# Values that Azure does not give back; a ~ says nothing. A script can say {env: NAME}."
    ]
    for key, wanted in secret.items():
        lines += [f"{json.dumps(key)}:", *(f"  {json.dumps(name)}: ~" for name in wanted)]
    return "\n".join(lines) + "\n"


def _write_once(path: Path, text: str) -> None:
    """Leave a file alone that a person may have filled in since."""
    if not path.exists():
        _write(path, text)


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
        yield typed(
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
        yield locking(path, body)
        return
    file = f"attached/{number:02}-{kind.rpartition('/')[2]}.json"
    (place / file).parent.mkdir(mode=0o700, exist_ok=True)
    _write(place / file, _json(body))
    url = f"{path}?api-version={(pins(kind) or ('VERSION',))[0]}"
    yield typed("az rest", **{"--method": "put", "--url": url, "--body": f"@{file}"})


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _write(path: Path, text: str) -> None:
    plain_file.write(path, text)
