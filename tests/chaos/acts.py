"""What is typed, what world was asked for by it, and how it is taken up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests import arm
from tests.chaos import oracle
from tests.chaos.scenes import CONNECT, OTHER
from tests.chaos.writers import KINDS, REMOVALS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.behind import House
    from tests.chaos.oracle import Goal, Picture

GIVEN = "--protected-settings secrets.yaml"
MOVE = f"move -n harbor -g edge --skip-prechecks --onboarding-timeout 60 -o json {GIVEN}"
_ACCEPTED = "--accept locked-itself --accept source-control-retired"
WEST = f"{MOVE} --target-region westeurope --reassign-identities {_ACCEPTED}"
ELSEWHERE = f"{WEST} --target-name harbor2 --target-group other"
HARBOR2 = arm.HARBOR.replace("/resourceGroups/edge/", "/resourceGroups/other/") + "2"
SETTINGS = {
    "added": {"colour": "blue", "a.b": "x=1"},
    "monitor": {"amalogs.useAADAuth": "false", "size": "3"},
}
CONNECTED = f"{CONNECT} --tags team=edge site=pier7 --yes"
_MANY = ("bare", "plain", "plain", "several", "several", "elder", "locked")


@dataclass(frozen=True)
class Act:
    """One kind of run.

    `prepare` returns the line, once the scene stands. An act with a run is taken up by `resume` or
    `rollback`, another by typing it again. `refused` says that nothing may be changed, whatever
    happens. `writes` tells what others may do beside it.
    """

    name: str
    scenes: tuple[str, ...]
    prepare: Callable[[House], str]
    goal: Callable[[House, Picture], Goal]
    weight: int
    has_run: bool = True
    refused: bool = False
    asks: bool = False
    writes: tuple[str, ...] = ()
    closes: bool = False
    """Whether a run that has stopped is closed by hand, and not taken up"""
    parts: tuple[str, ...] = ()
    """What a rollback may leave as it has come to be, if it names it"""


def _line(line: str) -> Callable[[House], str]:
    return lambda house: line


def _west(house: House, before: Picture) -> Goal:
    return oracle.moved(before, "westeurope")


def _elsewhere(house: House, before: Picture) -> Goal:
    return oracle.moved(before, "westeurope", HARBOR2)


def _gone(house: House, before: Picture) -> Goal:
    return oracle.deleted(before)


def _there(house: House, before: Picture) -> Goal:
    return oracle.connected(before, house.example)


def _same(house: House, before: Picture) -> Goal:
    return oracle.untouched(before)


def _apply(house: House) -> str:
    """Write a manifest with an extension that is new and one that changes."""
    child = {"apiVersion": "2025-03-01", "kind": "extensions"}
    monitor = {
        "extensionType": "microsoft.azuremonitor.containers",
        "autoUpgradeMinorVersion": True,
        "configurationSettings": SETTINGS["monitor"],
    }
    added = {
        "extensionType": "contoso.part",
        "autoUpgradeMinorVersion": True,
        "configurationSettings": SETTINGS["added"],
    }
    identity = {"type": "SystemAssigned"}
    secrets = dict.fromkeys(("amalogs.secret.wsid", "amalogs.secret.key"))
    entries: list[dict[str, Any]] = [
        child
        | {"name": "monitor", "body": {"identity": identity, "properties": monitor}}
        | {"secrets": secrets},
        child
        | {"name": "added", "body": {"identity": identity, "properties": added}}
        | {"secrets": {"added.key": None}},
    ]
    manifest = {"format": "arcctl.configuration/1", "children": entries}
    (house.stage.folder / "harbor.json").write_text(json.dumps(manifest))
    return f"config apply -n harbor -g edge --file harbor.json --yes {GIVEN}"


def _applied(house: House, before: Picture) -> Goal:
    return oracle.applied(before, SETTINGS)


def _edited(house: House) -> str:
    """Store a plan, and let somebody write another region into it."""
    house.stage.well(f"{WEST} --dry-run --plan-out plan.json")
    path = house.stage.folder / "plan.json"
    plan = json.loads(path.read_text())
    text = json.dumps(plan["options"]).replace("westeurope", "northeurope")
    path.write_text(json.dumps(plan | {"options": json.loads(text)}))
    return f"move -n harbor -g edge --plan plan.json --yes -o json {GIVEN}"


def _half_helm(house: House) -> str:
    """Write a helm that knows its version and cannot read anything."""
    script = house.stage.folder / "half-helm"
    script.write_text(
        f'#!/bin/sh\ncase "$1" in version|env) exec "{house.stage.helm}" "$@";; esac\n'
        'echo "Error: Kubernetes cluster unreachable: exec plugin is not of v1" >&2; exit 1\n'
    )
    script.chmod(0o755)
    return f"delete -n harbor -g edge --yes --helm {script}"


_WRONG = f"--kube-context {OTHER}"
_COPIES = ("copied", "copied with key")
_ALL = (*KINDS, *REMOVALS)
ACTS = (
    Act("move", _MANY, _line(f"{WEST} --yes"), _west, 34),
    Act("move elsewhere", _MANY, _line(f"{ELSEWHERE} --yes"), _elsewhere, 12),
    Act("move beside others", _MANY[:5], _line(f"{WEST} --yes"), _west, 10, writes=_ALL),
    Act("move asked", _MANY[:5], _line(WEST), _west, 8, writes=_ALL, asks=True),
    Act("move replanned", _MANY[:5], _line(f"{WEST} --yes --replan"), _west, 5, writes=_ALL),
    Act("move closed", _MANY, _line(f"{WEST} --yes"), _west, 4, closes=True),
    Act("delete", _MANY[:6], _line("delete -n harbor -g edge --yes"), _gone, 8, has_run=False),
    Act("connect", ("unconnected",), _line(CONNECTED), _there, 6, has_run=False),
    Act("apply", ("plain",), _apply, _applied, 10, parts=tuple(SETTINGS)),
    Act("edited plan", ("plain", "several"), _edited, _same, 2, refused=True),
    Act("move of a copy", _COPIES, _line(f"{WEST} --yes {_WRONG}"), _same, 3, refused=True),
    Act(
        "connect of a copy",
        _COPIES,
        _line(f"{CONNECTED} {_WRONG}"),
        _same,
        2,
        has_run=False,
        refused=True,
    ),
    Act(
        "delete of a copy",
        _COPIES,
        _line(f"delete -n harbor -g edge --yes {_WRONG}"),
        _same,
        3,
        has_run=False,
        refused=True,
    ),
    Act(
        "delete without helm",
        ("bare", "plain"),
        _line("delete -n harbor -g edge --yes --helm /nowhere/helm"),
        _same,
        2,
        has_run=False,
        refused=True,
    ),
    Act(
        "delete with half a helm",
        ("bare", "plain"),
        _half_helm,
        _same,
        2,
        has_run=False,
        refused=True,
    ),
    Act(
        "move without helm",
        ("bare",),
        _line(f"{WEST} --yes --helm /nowhere/helm"),
        _same,
        1,
        refused=True,
    ),
)
